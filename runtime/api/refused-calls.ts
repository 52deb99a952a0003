/** Hands a refused request that shows a node's token to the journal of that node. */
import type { IncomingMessage } from "node:http";
import { parse as parseQuery } from "node:querystring";
import { isLeader, type ApiBackend } from "./backend";
import type { Refusal } from "./error-answers";

interface RefusedRequest {
  readonly request: IncomingMessage;
  readonly path: string;
  readonly query: string;
}

/** Whatever route it was meant for. The answer does not wait for it. */
export function noteRefusedCall(
  { status, body }: Refusal,
  { request, path, query }: RefusedRequest,
  backend: ApiBackend,
): void {
  // Who calls too often is not looked at any closer, and our own faults are in the log.
  if (status === 429 || status < 400 || status >= 500) return;
  const token = shownToken(request, query);
  const leader = token === undefined ? undefined : backend.current();
  if (token === undefined || leader === undefined || !isLeader(leader)) return;
  const call = `${request.method} ${path}`;
  leader.broker.refusedCalls
    .note(token, { call, status, code: body.code, message: body.message })
    .catch((error: unknown) => backend.log.warn({ err: error }, "a refused call of a node could not be noted"));
}

/** What looks like a token of a node; keys of the API do not. */
function shownToken({ headers }: IncomingMessage, query: string): string | undefined {
  const bearer = /^Bearer +(\S{1,4096})$/i.exec(headers.authorization ?? "")?.[1];
  const shown = bearer ?? (query === "" ? undefined : parseQuery(query)["token"]);
  return typeof shown === "string" && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(shown) ? shown : undefined;
}
