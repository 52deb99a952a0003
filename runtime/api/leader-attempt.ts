/** One attempt to have a request answered by the leader: its answer is passed on, or it is told what became of it. */
import { request as plainRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import { forwardedHeader, notLeadingHeader } from "./forwarded-call";
import type { HeldRequest } from "./held-request";
import { networkMessageOf } from "./http-call";
import type { PeerAgents } from "./peer-agents";

/** A leader that takes no connection within this time is tried again. */
const connectMs = 2_000;

/** An answer up to this is passed on in one piece, which is cheaper than as it comes. Unit: bytes. */
const wholeBytesMax = 64 * 1024;

/** What concerns one connection and not the request, by RFC 9110, and what is told anew. */
const ofConnection: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"],
  ...["proxy-authenticate", "proxy-authorization", forwardedHeader],
]);

/** Where a leader answers, as Node takes it. */
export interface LeaderPlace {
  readonly leaderUrl: string;
  readonly isSecured: boolean;
  readonly options: { readonly host: string; readonly port?: string };
}

export function placeOf(leaderUrl: string): LeaderPlace {
  const { protocol, hostname, port } = new URL(leaderUrl);
  const host = hostname.replace(/^\[|\]$/g, "");
  return { leaderUrl, isSecured: protocol === "https:", options: port === "" ? { host } : { host, port } };
}

export interface LeaderCall {
  readonly place: LeaderPlace;
  readonly held: HeldRequest;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Value of {@link forwardedHeader}. */
  readonly claim: string;
  readonly response: ServerResponse;
  readonly agents: PeerAgents;
  /** Calls `giveUp` when the attempt is to be given up, until its own answer is called. */
  readonly watch: (giveUp: (why: Error) => void) => () => void;
}

export type Attempt =
  /** The answer is passed on, to its end. */
  | { readonly kind: "answered" }
  /** The leader did nothing with the request: it may be sent again, whatever it is. */
  | { readonly kind: "notDone"; readonly why: string }
  /** It may have been done: the connection ended before the answer came. */
  | { readonly kind: "unknown"; readonly why: string };

/** Never rejects. */
export function askLeader(call: LeaderCall): Promise<Attempt> {
  const { place, held, method, target, claim, response, agents, watch } = call;
  const { isSecured } = place;
  const { host } = place.options;
  const options = { ...place.options, method, path: target, headers: requestHeaders(held, claim) };
  return new Promise((resolve) => {
    const sent = isSecured
      ? tlsRequest({ ...options, agent: agents.tls, servername: isIP(host) === 0 ? host : "" })
      : plainRequest({ ...options, agent: agents.plain });
    const stopWatching = watch((why) => sent.destroy(why));
    let mayBeDone = false;
    const abandon = (): void => {
      if (!sent.closed) sent.destroy();
    };
    const settle = (attempt: Attempt): void => {
      stopWatching();
      response.off("close", abandon);
      resolve(attempt);
    };
    sent.once("socket", (socket) => {
      whenConnected(socket, isSecured, () => {
        mayBeDone = true;
        if (held.body === undefined) sendAsItComes(held, sent);
      });
    });
    sent.on("error", (error) => settle({ kind: mayBeDone ? "unknown" : "notDone", why: networkMessageOf(error) }));
    sent.once("response", (answer) => {
      if (answer.headers[notLeadingHeader] === undefined) {
        passOn(answer, response);
        answer.once("close", () => settle({ kind: "answered" }));
        return;
      }
      answer.resume();
      settle({ kind: "notDone", why: "it does not lead" });
    });
    response.once("close", abandon);
    if (held.body !== undefined) sent.end(held.body);
  });
}

function sendAsItComes(held: HeldRequest, sent: ReturnType<typeof plainRequest>): void {
  const body = held.stream();
  body.once("error", (error) => sent.destroy(error));
  body.pipe(sent);
}

/** Until then nothing of the request was sent. */
function whenConnected(socket: Socket, isSecured: boolean, tell: () => void): void {
  if (!socket.connecting) return tell();
  const timer = setTimeout(() => socket.destroy(new Error(`it takes no connection within ${connectMs} ms`)), connectMs);
  socket.once("close", () => clearTimeout(timer));
  socket.once(isSecured ? "secureConnect" : "connect", () => {
    clearTimeout(timer);
    tell();
  });
}

/** As they came, but for those of the connection; pairs one after the other, as Node takes them. */
function requestHeaders({ request, body }: HeldRequest, claim: string): string[] {
  const headers = [...withoutConnection(request), forwardedHeader, claim];
  if (body === undefined) return headers;
  const isBodyless = body.length === 0 && request.headers["content-length"] === undefined;
  const own = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "content-length");
  if (own !== -1) headers.splice(own, 2);
  return isBodyless && request.headers["transfer-encoding"] === undefined
    ? headers
    : [...headers, "content-length", String(body.length)];
}

function withoutConnection({ rawHeaders, headers }: IncomingMessage): string[] {
  const named = new Set((headers.connection ?? "").toLowerCase().split(/\s*,\s*/));
  const left: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    if (!ofConnection.has(name) && !named.has(name)) left.push(rawHeaders[index]!, rawHeaders[index + 1]!);
  }
  return left;
}

/** Events end in order when the leader goes: whoever listens connects again. Any other answer must not look whole. */
function passOn(answer: IncomingMessage, response: ServerResponse): void {
  const isEventStream = (answer.headers["content-type"] ?? "").startsWith("text/event-stream");
  const headers = withoutConnection(answer);
  // A stream that has ended must not hold up the closing of the port.
  if (isEventStream) headers.push("connection", "close");
  if (Number(answer.headers["content-length"] ?? Infinity) <= wholeBytesMax) {
    passOnWhole(answer, response, headers);
    return;
  }
  response.writeHead(answer.statusCode ?? 502, headers);
  if (isEventStream) response.flushHeaders();
  answer.on("error", () => (isEventStream ? response.end() : response.destroy()));
  answer.pipe(response);
}

function passOnWhole(answer: IncomingMessage, response: ServerResponse, headers: string[]): void {
  const chunks: Buffer[] = [];
  answer.on("error", () => response.destroy());
  answer.on("data", (chunk: Buffer) => void chunks.push(chunk));
  answer.once("end", () => {
    response.writeHead(answer.statusCode ?? 502, headers);
    response.end(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
  });
}
