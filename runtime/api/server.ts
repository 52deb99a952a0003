/**
 * The HTTP server over the route table. Order for every request: headers, rate limit, who calls, body, handler.
 * A caller without a good key costs no more than a hash: its body is never read.
 */
import express, { type NextFunction, type Request, type Response } from "express";
import helmet from "helmet";
import { ForbiddenError, HeadroomError, UnauthorizedError, UnavailableError } from "../model/errors";
import { allows, findApiKey } from "./api-keys";
import { isLeader, type ApiBackend, type Leader } from "./backend";
import { bodyBytesMax, nodeBodyBytesMax } from "./contracts";
import { answerOf, RequestError } from "./error-answers";
import { bindKey, findAnswer, keepAnswer, reused } from "./idempotency";
import { digestOf } from "./digest";
import { assertPlainJson } from "./plain-json";
import { RateLimiter, RateLimitError } from "./rate-limit";
import type { Answer, Route, RouteContext } from "./route";

/** Filled step by step while a request passes; lives as long as the response. */
interface RequestState {
  readonly requestId: string;
  leader?: Leader;
  apiKey?: RouteContext["apiKey"];
  bearer?: string;
}

/** Retries of requests whose first try is still running, by bound idempotency key. */
type Running = Map<string, { readonly bodyHash: string; readonly answer: Promise<Answer> }>;

export function createApp(backend: ApiBackend, routes: readonly Route[]): express.Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.enable("strict routing");
  const limiter = new RateLimiter(backend.clock, backend.requestsPerMinute);
  app.use(begin(backend), securityHeaders(), limitAddress(limiter));
  const readBody = express.json({ limit: bodyBytesMax, type: "application/json" });
  // Nodes show their token only to the handler, so whoever reaches the port can send these bodies.
  const readNodeBody = express.json({ limit: nodeBodyBytesMax, type: "application/json" });
  const running: Running = new Map();
  for (const route of routes) {
    const read = route.access === "node" ? readNodeBody : readBody;
    const admitted = admit(route, backend, limiter);
    const steps = route.body ? [admitted, requireJson, read] : [admitted];
    app[route.method](expressPath(route.path), ...steps, dispatch(route, backend, running));
  }
  for (const [path, methods] of methodsByPath(routes)) app.all(expressPath(path), refuseMethod(methods));
  app.use(() => {
    throw new RequestError(404, "notFound", "no such route; GET /api/v1/openapi.json lists all");
  });
  app.use(refuse(backend));
  return app;
}

function stateOf(response: Response): RequestState {
  return response.locals as RequestState;
}

/** Gives the request its id. Requests are logged at level `debug` only, and always without the query string. */
function begin({ log, rng }: ApiBackend) {
  const prefix = rng.id(6);
  const isLogging = log.isLevelEnabled("debug");
  let count = 0;
  return (request: Request, response: Response, next: NextFunction): void => {
    count += 1;
    const requestId = `${prefix}-${count.toString(36)}`;
    response.locals = { requestId };
    if (isLogging) {
      const { method, path } = request;
      response.once("finish", () => log.debug({ requestId, method, path, status: response.statusCode }, "request"));
    }
    next();
  };
}

/** Of Helmet's headers those that mean something for JSON; the others are for pages, and cost time in every answer. */
function securityHeaders() {
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    // The API speaks plain HTTP behind whatever terminates TLS; that proxy decides about HSTS.
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
}

function limitAddress(limiter: RateLimiter) {
  return (request: Request, _response: Response, next: NextFunction): void => {
    limiter.count("address", request.socket.remoteAddress ?? "");
    next();
  };
}

/** Lets in who may use the route, and only the leader answers what needs state. */
function admit(route: Route, backend: ApiBackend, limiter: RateLimiter) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (route.access === "public") return next();
    const state = stateOf(response);
    const current = backend.current();
    if (!isLeader(current)) {
      throw new UnavailableError(current.message);
    }
    state.leader = current;
    const bearer = bearerOf(request);
    if (route.access === "node") {
      state.bearer = bearer;
      return next();
    }
    if (bearer === undefined) throw new UnauthorizedError("send an API key as `Authorization: Bearer hr_...`");
    const key = findApiKey(bearer, current.ledger.state.apiKeys.values());
    if (!key) throw new UnauthorizedError("this API key is not known here; create one with POST /api/v1/api-keys");
    limiter.count("key", key.name);
    if (!allows(key.scope, route.access)) {
      throw new ForbiddenError(`key "${key.name}" has scope ${key.scope}; this needs ${route.access} or more`);
    }
    state.apiKey = key;
    next();
  };
}

function bearerOf(request: Request): string | undefined {
  const match = /^Bearer +(\S{1,4096})$/i.exec(request.headers.authorization ?? "");
  return match?.[1];
}

function requireJson(request: Request, _response: Response, next: NextFunction): void {
  const type = request.headers["content-type"];
  if (type !== undefined && /^application\/json\s*(;|$)/i.test(type)) return next();
  throw new RequestError(415, "unsupportedMediaType", "send the body as Content-Type: application/json");
}

function dispatch(route: Route, backend: ApiBackend, running: Running) {
  const name = `${route.method} ${route.path}`;
  return async (request: Request, response: Response): Promise<void> => {
    const state = stateOf(response);
    if (route.body && request.body === undefined) {
      throw new RequestError(400, "config", "the body is empty; send one JSON object");
    }
    const raw = { params: request.params, query: request.query, body: request.body as unknown };
    assertPlainJson(raw.body);
    assertPlainJson(raw.query);
    const header = route.takesIdempotencyKey ? request.headers["idempotency-key"] : undefined;
    const run = (idempotencyKey?: string) => route.run(raw, contextOf(state, backend, raw.body, idempotencyKey));
    if (header === undefined) return send(response, await run());
    const key = bindKey(String(header), state.apiKey?.name ?? "", name);
    send(response, await runOnce({ key, body: raw.body, leader: state.leader!, running, run: () => run(key) }));
  };
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
  if (kept) return kept;
  const answer = run();
  running.set(key, { bodyHash, answer });
  try {
    return await answer;
  } finally {
    running.delete(key);
  }
}

function contextOf(state: RequestState, backend: ApiBackend, body: unknown, key: string | undefined): RouteContext {
  return {
    backend,
    leader: () => {
      if (!state.leader) throw new UnavailableError("this runtime does not lead");
      return state.leader;
    },
    apiKey: state.apiKey,
    bearer: state.bearer,
    idempotencyKey: key,
    answerChanges: (answer) => {
      const { leader } = state;
      if (key === undefined || !leader) return [];
      return keepAnswer({ key, body, answer }, leader.ledger.state, leader.clock.now());
    },
  };
}

function refuseMethod(methods: readonly string[]) {
  const allowed = methods.map((method) => method.toUpperCase()).join(", ");
  return (request: Request, response: Response): void => {
    response.setHeader("allow", allowed);
    throw new RequestError(405, "methodNotAllowed", `${request.method} is not possible here; use ${allowed}`);
  };
}

function refuse(backend: ApiBackend) {
  // Express knows an error handler by its four parameters.
  return (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const { requestId } = stateOf(response);
    const answer = answerOf(error, requestId);
    if (answer.status >= 500 && answer.status !== 503) {
      backend.log.error({ requestId, method: request.method, path: request.path, err: error }, "request failed");
    }
    if (response.headersSent) return void response.destroy();
    if (error instanceof RateLimitError) response.setHeader("retry-after", String(error.retryAfterSeconds));
    if (answer.status === 503) response.setHeader("retry-after", "1");
    const current = error instanceof HeadroomError && answer.status === 503 ? backend.current() : undefined;
    const leader = current && !isLeader(current) ? current.leaderUrl : undefined;
    send(response, leader ? { ...answer, body: { ...answer.body, leader } } : answer);
  };
}

function send(response: Response, { status, body }: Answer): void {
  response.statusCode = status;
  if (body === undefined) return void response.end();
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.end(JSON.stringify(body));
}

/** `/api/v1/nodes/{id}` → `/api/v1/nodes/:id`. */
function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ":$1");
}

function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of routes) methods.set(path, [...(methods.get(path) ?? []), method]);
  return methods;
}
