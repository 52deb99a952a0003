/**
 * Browsers that show another origin: a zone names those of its front ends (`allowedOrigins`). Their scripts may then call
 * the API with a key that they hold; cookies and the like are never sent along.
 */
import type { IncomingHttpHeaders } from "node:http";
import { isLeader, type Leader, type Standby } from "./backend";

type Headers = Readonly<Record<string, string>>;

const nothing: Headers = {};

/** What a script of another origin may see of an answer beside its body. */
const exposed = "retry-after";

/** What a preflight may ask for; `content-type` must be there for JSON. */
const preflightHeaders: Headers = {
  "access-control-allow-methods": "GET, POST, PUT, DELETE",
  "access-control-allow-headers": "authorization, content-type, idempotency-key, last-event-id",
  "access-control-max-age": "600",
};

/** For every answer to a request that names an origin, so that no cache gives one origin's answer to another. */
export function corsHeaders({ origin }: IncomingHttpHeaders, current: Leader | Standby): Headers {
  if (origin === undefined || !isLeader(current)) return nothing;
  let hasOrigins = false;
  for (const { allowedOrigins } of current.ledger.state.zones.values()) {
    hasOrigins ||= allowedOrigins.length > 0;
    if (!allowedOrigins.includes(origin)) continue;
    return { vary: "origin", "access-control-allow-origin": origin, "access-control-expose-headers": exposed };
  }
  return hasOrigins ? { vary: "origin" } : nothing;
}

/** The headers of a good answer to a preflight; undefined = it is none, or not of an allowed origin. */
export function preflightOf(method: string, headers: IncomingHttpHeaders, cors: Headers): Headers | undefined {
  const isPreflight = method === "OPTIONS" && headers["access-control-request-method"] !== undefined;
  return isPreflight && cors["access-control-allow-origin"] !== undefined ? preflightHeaders : undefined;
}
