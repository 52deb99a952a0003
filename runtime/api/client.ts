/**
 * Typed client of the HTTP API, for the CLI, the Pulumi side, the demo and programs of others. Errors come back as the
 * classes they left the runtime as; a runtime that can't be reached is an {@link UnavailableError} naming its endpoint.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { DefinitionKind } from "../model/config";
import {
  BugError,
  ConfigError,
  ConflictError,
  ForbiddenError,
  GoneError,
  NoCapacityError,
  NotFoundError,
  UnauthorizedError,
  HeadroomError,
  UnavailableError,
  type Problem,
} from "../model/errors";
import type { ApiScope, Decision } from "../model/state";
import type {
  CheckDefinitionBody,
  DefinitionView,
  DrainingView,
  ErrorBody,
  ExplanationView,
  HealthView,
  HeartbeatBody,
  NodeView,
  RequestSessionBody,
  SessionView,
  StagingView,
  StatusView,
} from "./contracts";
import type { BudgetsView, BudgetView } from "./budget-contracts";
import type { ConnectionView } from "./connection-contracts";
import type { CreatedApiKey } from "./key-contracts";
import type { PlanView } from "./plan-contracts";
import type { LaneView } from "./lane-contracts";
import type { ForgottenView, OrphanView } from "./orphan-contracts";
import { parseEndpoint } from "./endpoint";
import type { SecretsStateView } from "./secrets-contracts";
import { readEvents, type ServerEvent } from "./event-source";
import { networkMessageOf, sendRequest, type HttpAnswer } from "./http-call";
import type { WorkerView } from "./worker-contracts";

export { canonicalJson, digestOf } from "./digest";

export interface ClientOptions {
  /** e.g. `http://127.0.0.1:8700`; a path is kept, so that a proxy may serve the API below one. */
  readonly endpoint: string;
  readonly apiKey?: string;
  /** Certificates in PEM: of an https endpoint only one signed by these is taken. Default: those that Node knows. */
  readonly tlsCa?: string;
  /** One try may take this long. Default 30,000. */
  readonly timeoutMs?: number;
  /** Further tries of requests that may be repeated. Default 2. */
  readonly retries?: number;
  /** Cancels everything this client does. */
  readonly signal?: AbortSignal;
}

interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  /** Instead of the API key, for calls of nodes. */
  readonly token?: string;
}

/** First wait before a repeated try; doubles. */
const retryDelayMs = 150;

/** Connections in a row that told nothing before watching a session is given up: some 20 s. */
const watchTriesMax = 7;

/** The runtime says something every 15 s; a connection that is silent for this long is dead. */
const silentMsMax = 60_000;

export class HeadroomClient {
  readonly endpoint: string;

  constructor(private readonly options: ClientOptions) {
    this.endpoint = parseEndpoint(options.endpoint);
  }

  health(): Promise<HealthView> {
    return this.answer({ method: "GET", path: "/healthz" });
  }
  status(): Promise<StatusView> {
    return this.answer({ method: "GET", path: "/api/v1/status" });
  }
  plan(): Promise<PlanView> {
    return this.answer({ method: "GET", path: "/api/v1/plan" });
  }
  async decisions(filter: { after?: string; limit?: number } = {}): Promise<Decision[]> {
    return (await this.get<{ decisions: Decision[] }>("/api/v1/decisions", filter)).decisions;
  }
  explain(subject: ExplanationView["subject"], id: string): Promise<ExplanationView> {
    return this.answer({ method: "GET", path: `/api/v1/explain/${subject}/${encodeURIComponent(id)}` });
  }
  async closeLane(laneId: string): Promise<LaneView> {
    const call: Call = { method: "POST", path: `/api/v1/lanes/${encodeURIComponent(laneId)}/close` };
    return (await this.answer<{ lane: LaneView }>(call)).lane;
  }
  async lanes(): Promise<LaneView[]> {
    return (await this.answer<{ lanes: LaneView[] }>({ method: "GET", path: "/api/v1/lanes" })).lanes;
  }
  async workers(): Promise<WorkerView[]> {
    return (await this.answer<{ workers: WorkerView[] }>({ method: "GET", path: "/api/v1/workers" })).workers;
  }
  /** Needs an admin key, as the rotation does. */
  secrets(): Promise<SecretsStateView> {
    return this.answer({ method: "GET", path: "/api/v1/secrets" });
  }
  /** Not repeated by itself: a second one would be refused while the first goes on. */
  rotateSecrets(): Promise<SecretsStateView> {
    return this.answer({ method: "POST", path: "/api/v1/secrets/rotate" });
  }
  async budgets(): Promise<BudgetView[]> {
    return (await this.get<BudgetsView>("/api/v1/budgets")).budgets;
  }
  async orphans(): Promise<OrphanView[]> {
    return (await this.get<{ orphans: OrphanView[] }>("/api/v1/orphans")).orphans;
  }
  forgetNode(id: string, force: boolean): Promise<ForgottenView> {
    return this.answer({ method: "POST", path: `/api/v1/nodes/${encodeURIComponent(id)}/forget`, body: { force } });
  }

  /** Every problem and warning of a document, as if the `pending` ones existed. */
  checkDefinition(body: CheckDefinitionBody): Promise<{ problems: Problem[]; warnings: Problem[] }> {
    return this.answer({ method: "POST", path: "/api/v1/definitions/check", body });
  }
  async putDefinition(definition: {
    kind: DefinitionKind;
    name: string;
    doc: Record<string, unknown>;
    owner: string;
  }): Promise<DefinitionView> {
    const { kind, name, doc, owner } = definition;
    const call: Call = { method: "PUT", path: definitionPath(kind, name), body: { doc, owner } };
    return (await this.answer<{ definition: DefinitionView }>(call)).definition;
  }
  /** Undefined = there is none. */
  definition(kind: DefinitionKind, name: string): Promise<DefinitionView | undefined> {
    const call: Call = { method: "GET", path: definitionPath(kind, name) };
    return orUndefined(async () => (await this.answer<{ definition: DefinitionView }>(call)).definition);
  }
  async definitions(kind: DefinitionKind): Promise<DefinitionView[]> {
    return (await this.get<{ definitions: DefinitionView[] }>(`/api/v1/definitions/${kind}`)).definitions;
  }
  /** Undefined = it is gone; else what it still waits for: ask again until it is gone. */
  async deleteDefinition(kind: DefinitionKind, name: string, owner: string): Promise<DrainingView | undefined> {
    return this.answer({ method: "DELETE", path: definitionPath(kind, name), query: { owner } });
  }

  /** With an idempotency key the request is repeated when the answer is lost, and counts once. */
  async requestSession(body: RequestSessionBody, idempotencyKey?: string): Promise<SessionView> {
    const call: Call = { method: "POST", path: "/api/v1/sessions", body, idempotencyKey };
    return (await this.answer<{ session: SessionView }>(call)).session;
  }
  async sessions(status?: SessionView["status"]): Promise<SessionView[]> {
    return (await this.get<{ sessions: SessionView[] }>("/api/v1/sessions", { status })).sessions;
  }
  async session(sessionId: string): Promise<SessionView> {
    return (await this.get<{ session: SessionView }>(`/api/v1/sessions/${encodeURIComponent(sessionId)}`)).session;
  }
  /** How its user gets in, with credentials. */
  async connection(sessionId: string): Promise<ConnectionView> {
    const path = `/api/v1/sessions/${encodeURIComponent(sessionId)}/connection`;
    return (await this.get<{ connection: ConnectionView }>(path)).connection;
  }
  /**
   * The session, and again with each change, until it runs or has ended. Connects again when the connection is lost.
   * Fails with an {@link UnavailableError} when that does not help.
   */
  async *watchSession(sessionId: string): AsyncGenerator<SessionView> {
    let lastEventId: string | undefined;
    for (let failures = 0; ; failures += 1) {
      try {
        for await (const { id, event, data } of this.events(sessionId, lastEventId)) {
          [failures, lastEventId] = [0, id];
          yield (JSON.parse(data) as { session: SessionView }).session;
          if (event === "end") return;
        }
      } catch (error) {
        if (!(error instanceof UnavailableError) || failures >= watchTriesMax || this.options.signal?.aborted)
          throw error;
      }
      if (failures > watchTriesMax)
        throw this.unreachable(new Error("it ends the events of a session too early"), undefined);
      await delay(retryDelayMs * 2 ** failures);
    }
  }
  async releaseSession(sessionId: string): Promise<SessionView> {
    const call: Call = { method: "DELETE", path: `/api/v1/sessions/${encodeURIComponent(sessionId)}` };
    return (await this.answer<{ session: SessionView }>(call)).session;
  }
  async setSessionStatus(sessionId: string, status: "running" | "paused" | "stopped"): Promise<SessionView> {
    const path = `/api/v1/sessions/${encodeURIComponent(sessionId)}/status`;
    return (await this.answer<{ session: SessionView }>({ method: "PUT", path, body: { status } })).session;
  }

  async staging(): Promise<StagingView["staging"]> {
    return (await this.answer<StagingView>({ method: "GET", path: "/api/v1/staging" })).staging;
  }

  async nodes(): Promise<NodeView[]> {
    return (await this.answer<{ nodes: NodeView[] }>({ method: "GET", path: "/api/v1/nodes" })).nodes;
  }
  async node(nodeId: string): Promise<NodeView> {
    return (await this.get<{ node: NodeView }>(`/api/v1/nodes/${encodeURIComponent(nodeId)}`)).node;
  }
  /** Drains it; it is destroyed when its last session ended. */
  async deleteNode(nodeId: string): Promise<NodeView> {
    const call: Call = { method: "DELETE", path: `/api/v1/nodes/${encodeURIComponent(nodeId)}` };
    return (await this.answer<{ node: NodeView }>(call)).node;
  }
  /** It takes no new session and stays until it is undrained or deleted. */
  async drainNode(nodeId: string): Promise<NodeView> {
    const call: Call = { method: "POST", path: `/api/v1/nodes/${encodeURIComponent(nodeId)}/drain` };
    return (await this.answer<{ node: NodeView }>(call)).node;
  }
  async undrainNode(nodeId: string): Promise<NodeView> {
    const call: Call = { method: "POST", path: `/api/v1/nodes/${encodeURIComponent(nodeId)}/undrain` };
    return (await this.answer<{ node: NodeView }>(call)).node;
  }
  heartbeat(nodeId: string, token: string, body: HeartbeatBody): Promise<{ nodeId: string; status: string }> {
    return this.answer({
      method: "POST",
      path: `/api/v1/nodes/${encodeURIComponent(nodeId)}/heartbeat`,
      body,
      token,
    });
  }

  createApiKey(body: { name: string; scope: ApiScope }, idempotencyKey?: string): Promise<CreatedApiKey> {
    return this.answer({ method: "POST", path: "/api/v1/api-keys", body, idempotencyKey });
  }
  async deleteApiKey(name: string): Promise<void> {
    await this.answer({ method: "DELETE", path: `/api/v1/api-keys/${name}` });
  }

  /** One connection's events; ends when the runtime ends it. */
  private async *events(sessionId: string, lastEventId: string | undefined): AsyncGenerator<ServerEvent> {
    const { apiKey, signal } = this.options;
    const path = `/api/v1/sessions/${encodeURIComponent(sessionId)}/events`;
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), silentMsMax);
    const hear = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silentMsMax);
    };
    try {
      const response = await sendRequest({
        ...{ url: this.endpoint + path, method: "GET", tlsCa: this.options.tlsCa },
        headers: {
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
          ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
        },
        signal: signal ? AbortSignal.any([silence.signal, signal]) : silence.signal,
      });
      if (response.status !== 200) await this.read(response, { method: "GET", path });
      else yield* readEvents(response.body, hear);
    } catch (error) {
      if (error instanceof HeadroomError) throw error;
      throw this.unreachable(error, silence.signal.aborted ? `silent for ${silentMsMax / 1000} s` : undefined);
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
  }

  private get<T>(path: string, query: Call["query"] = {}): Promise<T> {
    return this.answer<T>({ method: "GET", path, query });
  }
  /** The parsed body of a good answer; repeats what may be repeated. The caller says what the route answers with. */
  private async answer<T>(call: Call): Promise<T> {
    const isRepeatable = call.method !== "POST" || call.idempotencyKey !== undefined;
    const retries = isRepeatable ? (this.options.retries ?? 2) : 0;
    for (let tries = 0; ; tries += 1) {
      try {
        return (await this.tryOnce(call)) as T;
      } catch (error) {
        if (!(error instanceof UnavailableError) || tries >= retries || this.options.signal?.aborted) throw error;
        await delay(retryDelayMs * 2 ** tries);
      }
    }
  }

  private async tryOnce(call: Call): Promise<unknown> {
    const { timeoutMs = 30_000, signal, apiKey } = this.options;
    const key = call.token ?? apiKey;
    // A timer that keeps the process alive, unlike AbortSignal.timeout: a command must not end before its answer.
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    try {
      const response = await sendRequest({
        url: this.endpoint + call.path + formatQuery(call.query),
        ...{ method: call.method, tlsCa: this.options.tlsCa },
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(call.body === undefined ? {} : { "content-type": "application/json" }),
          ...(call.idempotencyKey === undefined ? {} : { "idempotency-key": call.idempotencyKey }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        signal: signal ? AbortSignal.any([timeout.signal, signal]) : timeout.signal,
      });
      return await this.read(response, call);
    } catch (error) {
      if (error instanceof HeadroomError) throw error;
      throw this.unreachable(error, timeout.signal.aborted ? `no answer within ${timeoutMs / 1000} s` : undefined);
    } finally {
      clearTimeout(timer);
    }
  }

  private async read(response: HttpAnswer, call: Pick<Call, "method" | "path">): Promise<unknown> {
    const text = await response.text();
    if (response.status === 204) return undefined;
    const body = parseObject(text);
    if (response.status >= 200 && response.status < 300 && body !== undefined) return body;
    if (body !== undefined && typeof body["code"] === "string" && typeof body["message"] === "string") {
      throw this.errorOf(body as unknown as ErrorBody, response.status);
    }
    const what = `${this.endpoint} answered ${call.method} ${call.path} with ${response.status} and no Headroom body`;
    throw new UnavailableError(`${what}; check that the endpoint is a Headroom runtime`);
  }

  private errorOf(
    { code, message, problems, requestId, leader, sessionId, reason }: ErrorBody,
    status: number,
  ): HeadroomError {
    const options = { problems: problems ?? [] };
    switch (code) {
      case "noCapacity":
        return new NoCapacityError(message, { ...options, sessionId, reason });
      case "notFound":
        return new NotFoundError(message, options);
      case "conflict":
        return new ConflictError(message, options);
      case "gone":
        return new GoneError(message, options);
      case "unauthorized":
        return new UnauthorizedError(`${this.endpoint}: ${message}`, options);
      case "forbidden":
        return new ForbiddenError(message, options);
      case "unavailable":
      case "rateLimited":
        return new UnavailableError(
          `${this.endpoint}: ${message}${leader ? `; the leader is ${leader}` : ""}`,
          options,
        );
    }
    if (status < 500) return new ConfigError(message, options);
    return new BugError(`${this.endpoint}: ${message}${requestId ? ` (request ${requestId})` : ""}`, options);
  }

  private unreachable(cause: unknown, why: string | undefined): UnavailableError {
    const reason = why ?? networkMessageOf(cause);
    const advice = "check that it runs (headroom serve) and that the endpoint is right";
    return new UnavailableError(`the Headroom runtime at ${this.endpoint} can't be reached: ${reason}; ${advice}`, {
      cause,
    });
  }
}

function definitionPath(kind: DefinitionKind, name: string): string {
  return `/api/v1/definitions/${kind}/${encodeURIComponent(name)}`;
}

function formatQuery(query: Call["query"]): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  if (given.length === 0) return "";
  const text = new URLSearchParams();
  for (const [name, value] of given) text.set(name, String(value));
  return `?${text.toString()}`;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

async function orUndefined<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
