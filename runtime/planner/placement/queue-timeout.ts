/** How long a session may wait in the queue. */
import type { Snapshot } from "../../model/snapshot";
import type { Session } from "../../model/state";
import { configsFor, placesOf } from "./places";

/** In seconds; where no config might serve the session. */
const queueTimeoutDefaultSeconds = 1800;

/** In seconds: the longest `queueTimeout` of the configs that might serve it. */
export function queueTimeoutOf(
  { workspace: name, zone }: Pick<Session, "workspace" | "zone">,
  snapshot: Snapshot,
): number {
  // Nobody knows what the definitions that can't be read allow, so nobody waits too long meanwhile.
  if (snapshot.unreadable.size > 0) return Infinity;
  const workspace = snapshot.workspaces.get(name);
  const configs = workspace
    ? placesOf(workspace, zone, snapshot).flatMap((place) => configsFor(workspace, place, snapshot))
    : [];
  return configs.length > 0 ? Math.max(...configs.map(({ queueTimeout }) => queueTimeout)) : queueTimeoutDefaultSeconds;
}
