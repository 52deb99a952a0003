/** What Prometheus reads. */
import { z } from "zod";
import { NotFoundError } from "../../model/errors";
import { isLeader } from "../backend";
import { route, type Route } from "../route";

const metrics = route({
  method: "get",
  path: "/metrics",
  access: "viewer",
  isOfThisProcess: true,
  summary: "Metrics of this process in the text format of Prometheus; those of the fleet only from the leader",
  textType: "text/plain",
  responses: { 200: z.string() },
  async handle(_input, { backend }) {
    if (backend.metrics === undefined) throw new NotFoundError("this process counts nothing");
    const current = backend.current();
    const text = await backend.metrics.scrape(isLeader(current) ? current : undefined);
    const headers = { "content-type": backend.metrics.contentType, "content-length": String(Buffer.byteLength(text)) };
    return { status: 200, headers, stream: (response) => void response.end(text) };
  },
});

export const metricsRoutes: readonly Route[] = [metrics];
