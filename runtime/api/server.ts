/**
 * Answers a request by the route table, through whichever door it came (`front.ts`). Order for every request: rate
 * limit, route, who calls, body, handler; and the same headers on every answer. A caller without a good key costs no
 * more than a hash: its body is never read.
 */
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { BugError, ForbiddenError, HeadroomError, UnauthorizedError, UnavailableError } from "../model/errors";
import { allows, findApiKey, isGood } from "./api-keys";
import { isLeader, type ApiBackend, type ForwardOutcome, type Leader } from "./backend";
import { readJson, skipBody } from "./body";
import { bodyBytesMax, nodeBodyBytesMax } from "./contracts";
import { corsHeaders, preflightOf } from "./cors";
import { answerOf, RequestError, type Refusal } from "./error-answers";
import { notLeadingHeader } from "./forwarded-call";
import { bindKey, findAnswer, keepAnswer, reused } from "./idempotency";
import { digestOf } from "./digest";
import { noteRefusedCall } from "./refused-calls";
import { assertPlainJson } from "./plain-json";
import { networkOf, RateLimiter } from "./rate-limit";
import type { Answer, Route, RouteContext } from "./route";
import { Router } from "./router";
import { assertPlainTarget, readQuery, splitTarget } from "./target";
import { findSignedIn, type SignIn } from "./sign-in";
import { clientOf, type Client } from "./trusted-proxies";

/** Keep browsers and caches from doing anything with an answer but showing it to its own origin as plain JSON. */
const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none';frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "SAMEORIGIN",
};

/** A browser that came by https once never comes by plain http again, for a year. */
export const strictTransport = { "strict-transport-security": "max-age=31536000" };

/** What every answer to one request carries. */
type CommonHeaders = Readonly<Record<string, string>>;

interface WrittenAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly text?: string;
  readonly stream?: Answer["stream"];
}

/** Who calls: what the access of the route asks for has been shown. */
interface Caller {
  readonly leader?: Leader;
  readonly apiKey?: RouteContext["apiKey"];
  readonly signIn?: SignIn;
  readonly isHttps: boolean;
  readonly bearer?: string;
  readonly lastEventId?: string;
}

/** What is known of a request in the end, however it ended. */
interface Seen {
  readonly sinceMs: number;
  /** Absent = no route has its path and method. */
  route?: Route;
}

/** Retries of requests whose first try is still running, by bound idempotency key. */
type Running = Map<string, { readonly bodyHash: string; readonly answer: Promise<Answer> }>;

export class Api {
  private readonly limiter: RateLimiter;
  private readonly running: Running = new Map();
  private readonly idPrefix: string;
  private readonly isLogging: boolean;
  private requests = 0;

  constructor(
    private readonly backend: ApiBackend,
    private readonly router: Router,
  ) {
    const { clock, requestsPerMinute, requestsPerMinuteOfUser } = backend;
    this.limiter = new RateLimiter(clock, requestsPerMinute, requestsPerMinuteOfUser);
    this.idPrefix = backend.rng.id(6);
    this.isLogging = backend.log.isLevelEnabled("debug");
  }

  /** Never rejects. Requests are logged at level `debug` only, and always without the query string. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const requestId = `${this.idPrefix}-${this.requests.toString(36)}`;
    const { path, query } = splitTarget(request.url ?? "");
    const { client, isForwarded, disbelief } = this.callerOf(request);
    const cors = corsHeaders(request.headers, this.backend.current());
    const common = { ...securityHeaders, ...(client.isHttps ? strictTransport : {}), ...cors };
    const seen: Seen = { sinceMs: performance.now() };
    let written: WrittenAnswer;
    try {
      this.limiter.count("address", networkOf(client.address));
      if (disbelief !== undefined) throw disbelief;
      const outcome = await this.leaveToLeader(request, response, { client, isForwarded });
      if (outcome?.kind === "serveHere") return await this.serve(outcome.request, response);
      if (outcome?.kind === "answered") return;
      const preflight = preflightOf(request.method ?? "", request.headers, cors);
      const answer = preflight ? { status: 204, headers: preflight } : await this.answer(request, seen, client);
      written = write(answer, common);
    } catch (error) {
      const refusal = this.refusal(error, { requestId, method: request.method, path });
      noteRefusedCall(refusal, { request, path, query }, this.backend);
      written = write(refusal, common);
    }
    const { status, headers, text, stream } = written;
    response.writeHead(status, headers);
    if (stream) stream(response);
    else response.end(text);
    const seconds = (performance.now() - seen.sinceMs) / 1000;
    this.backend.metrics?.answered({ method: request.method ?? "", route: seen.route?.path, status, seconds });
    if (this.isLogging) this.backend.log.debug({ requestId, method: request.method, path, status }, "request");
  }

  /**
   * What the leader alone answers is forwarded to it; undefined = to be answered here. A forwarded request goes no
   * further, so that two replicas that both know of no leader don't send it to and fro.
   */
  private async leaveToLeader(
    request: IncomingMessage,
    response: ServerResponse,
    { client, isForwarded }: { client: Client; isForwarded: boolean },
  ): Promise<ForwardOutcome | undefined> {
    const { forwarding } = this.backend;
    const current = this.backend.current();
    const { path } = splitTarget(request.url ?? "");
    if (forwarding === undefined || isLeader(current) || !this.router.needsLeader(path)) return undefined;
    if (isForwarded) throw new RequestError(503, "unavailable", current.message, { [notLeadingHeader]: "1" });
    assertPlainTarget(request.url ?? "");
    const isRepeatable = this.router.isRepeatable(request.method ?? "", path, request.headers);
    const outcome = await forwarding.forward(request, response, { client, isRepeatable });
    if (outcome.kind === "unavailable") throw new UnavailableError(outcome.message);
    return outcome;
  }

  /** Who calls, as another replica of ours says of a request that it forwards, or else as {@link clientOf} finds. */
  private callerOf(request: IncomingMessage): { client: Client; isForwarded: boolean; disbelief?: Error } {
    try {
      const client = this.backend.forwarding?.callerOf(request);
      if (client) return { client, isForwarded: true };
    } catch (error) {
      const disbelief = error instanceof Error ? error : new BugError(String(error));
      return { client: clientOf(request, this.backend.proxies), isForwarded: false, disbelief };
    }
    return { client: clientOf(request, this.backend.proxies), isForwarded: false };
  }

  private async answer(request: IncomingMessage, seen: Seen, { isHttps }: Client): Promise<Answer> {
    assertPlainTarget(request.url ?? "");
    const { path, query } = splitTarget(request.url ?? "");
    const { route, params } = this.router.find(request.method ?? "", path);
    seen.route = route;
    const caller = this.admit(route, request.headers, isHttps);
    // Nodes show their token only to the handler, so whoever reaches the port can send these bodies.
    const bytesMax = route.access === "node" ? nodeBodyBytesMax : bodyBytesMax;
    const body = route.body
      ? await readJson(request, bytesMax, route.access !== "node")
      : await skipBody(request, bytesMax);
    assertStillGood(caller);
    const raw = { params, query: readQuery(query), body };
    assertPlainJson(raw.body);
    assertPlainJson(raw.query);
    const run = (key?: string) => route.run(raw, this.contextOf(caller, body, key));
    const header = route.takesIdempotencyKey ? request.headers["idempotency-key"] : undefined;
    if (header === undefined) return run();
    const key = bindKey(String(header), caller.apiKey, `${route.method} ${route.path}`);
    return runOnce({ key, body, leader: caller.leader!, running: this.running, run: () => run(key) });
  }

  /** Lets in who may use the route, and only the leader answers what needs state. */
  private admit(route: Route, headers: IncomingHttpHeaders, isHttps: boolean): Caller {
    if (route.access === "public") return { isHttps };
    const leader = this.backend.current();
    if (!isLeader(leader) && route.isOfThisProcess) return { isHttps };
    if (!isLeader(leader)) throw new UnavailableError(leader.message);
    const bearer = /^Bearer +(\S{1,4096})$/i.exec(headers.authorization ?? "")?.[1];
    if (route.access === "node") return { leader, bearer, isHttps };
    const { apiKey, signIn } = bearer === undefined ? signedIn(headers, leader, isHttps) : showing(bearer, leader);
    this.limiter.count("key", apiKey.name);
    if (!allows(apiKey.scope, route.access)) {
      throw new ForbiddenError(`key "${apiKey.name}" has scope ${apiKey.scope}; this needs ${route.access} or more`);
    }
    const lastEventId = route.isEventStream ? headers["last-event-id"] : undefined;
    const last = lastEventId === undefined ? {} : { lastEventId: String(lastEventId) };
    return { leader, apiKey, isHttps, ...(signIn ? { signIn } : {}), ...last };
  }

  private contextOf(caller: Caller, body: unknown, key: string | undefined): RouteContext {
    return {
      backend: this.backend,
      leader: () => {
        if (!caller.leader) throw new UnavailableError("this runtime does not lead");
        return caller.leader;
      },
      apiKey: caller.apiKey,
      isHttps: caller.isHttps,
      ...(caller.signIn ? { signIn: caller.signIn } : {}),
      bearer: caller.bearer,
      lastEventId: caller.lastEventId,
      idempotencyKey: key,
      countUser: (userId) => this.limiter.count("user", userId),
      answerChanges: (answer) => {
        const { leader } = caller;
        if (key === undefined || !leader) return [];
        return keepAnswer({ key, body, answer }, leader.ledger.state, leader.clock.now());
      },
    };
  }

  private refusal(error: unknown, request: { requestId: string; method?: string; path: string }): Refusal {
    const answer = answerOf(error, request.requestId);
    if (answer.status >= 500 && answer.status !== 503)
      this.backend.log.error({ ...request, err: error }, "request failed");
    if (answer.status !== 503) return answer;
    const headers = { ...answer.headers, "retry-after": "1" };
    const current = error instanceof HeadroomError ? this.backend.current() : undefined;
    const leader = current && !isLeader(current) ? current.leaderUrl : undefined;
    return { ...answer, headers, ...(leader ? { body: { ...answer.body, leader } } : {}) };
  }
}

type Shown = Pick<Caller, "signIn"> & { readonly apiKey: NonNullable<Caller["apiKey"]> };

/** A program, with the key itself. */
function showing(bearer: string, { ledger }: Leader): Shown {
  const apiKey = findApiKey(bearer, ledger.state.apiKeys.values());
  if (apiKey) return { apiKey };
  throw new UnauthorizedError("this API key is not known here; create one with POST /api/v1/api-keys");
}

/** A browser, with its cookie. */
function signedIn(headers: IncomingHttpHeaders, { ledger, apiKeySecret, clock }: Leader, isHttps: boolean): Shown {
  const { apiKeys } = ledger.state;
  const found = findSignedIn(headers, { apiKeys, secret: apiKeySecret, nowMs: clock.now(), isHttps });
  if (found) return found;
  throw new UnauthorizedError("send an API key as `Authorization: Bearer hr_...`");
}

/** A body may take its time; a key that was deleted meanwhile does nothing more. */
function assertStillGood({ apiKey, leader }: Caller): void {
  if (apiKey === undefined || !leader || isGood(apiKey, leader.ledger.state.apiKeys)) return;
  throw new UnauthorizedError(`key "${apiKey.name}" was deleted`);
}

/** The kept answer of an earlier request with this key, that of one that is running now, or a new one. */
async function runOnce(options: {
  key: string;
  body: unknown;
  leader: Leader;
  running: Running;
  run: () => Promise<Answer>;
}): Promise<Answer> {
  const { key, body, leader, running, run } = options;
  const bodyHash = digestOf(body);
  const other = running.get(key);
  if (other) {
    if (other.bodyHash !== bodyHash) throw reused();
    return other.answer;
  }
  const kept = findAnswer(key, body, leader.ledger.state, leader.clock.now());
  if (kept) {
    await leader.ledger.settled();
    return kept;
  }
  const answer = run();
  running.set(key, { bodyHash, answer });
  try {
    return await answer;
  } finally {
    running.delete(key);
  }
}

function write({ status, body, headers, stream }: Answer, common: CommonHeaders): WrittenAnswer {
  if (stream) return { status, headers: { ...common, ...headers }, stream };
  if (body === undefined) return { status, headers: { ...common, ...headers } };
  const text = JSON.stringify(body);
  const type = "application/json; charset=utf-8";
  const length = Buffer.byteLength(text);
  return { status, headers: { ...common, "content-type": type, "content-length": length, ...headers }, text };
}
