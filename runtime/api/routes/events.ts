/** What has changed, told at once. */
import { fleetEventSchema } from "../fleet-event-contracts";
import type { FleetFeed } from "../fleet-feed";
import { route, type Route } from "../route";

/** `feed`: who listens; one per server. */
export function eventRoutes(feed: FleetFeed): readonly Route[] {
  const events = route({
    method: "get",
    path: "/api/v1/events",
    access: "viewer",
    summary: "Server-sent events: counts, and the ids of what has changed; event `whole` first, then `change`",
    responses: { 200: fleetEventSchema },
    isEventStream: true,
    async handle(_input, context) {
      return feed.answer(context);
    },
  });
  return [events];
}
