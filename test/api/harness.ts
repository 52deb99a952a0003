/** The API over a store in memory, on a real port of the loopback address. */
import { z } from "zod";
import { noAccountRules } from "../../runtime/model/accounts";
import { createApiKey, hashApiKey } from "../../runtime/api/api-keys";
import type { Forwarding, Leader, Standby } from "../../runtime/api/backend";
import { HeadroomClient } from "../../runtime/api/client";
import { listen, type Listening, type TimeOuts } from "../../runtime/api/listen";
import { createLogger } from "../../runtime/api/log";
import type { TlsCertificate } from "../../runtime/api/tls-certificate";
import type { TrustedProxies } from "../../runtime/api/trusted-proxies";
import { createRoutes } from "../../runtime/api/routes";
import { FleetFeed } from "../../runtime/api/fleet-feed";
import { SessionFeed } from "../../runtime/api/session-feed";
import { createFront } from "../../runtime/api/front";
import { Broker } from "../../runtime/broker/broker";
import { Requesters } from "../../runtime/broker/requesters";
import { SessionAccounts } from "../../runtime/broker/session-accounts";
import { NodeTokens } from "../../runtime/broker/node-tokens";
import { createRng } from "../../runtime/main/chance";
import { Metrics } from "../../runtime/metrics/metrics";
import { realClock } from "../../runtime/model/real-clock";
import type { CloudCatalog, VmProviderFacts } from "../../runtime/model/config";
import type { Lane, ApiScope, Node } from "../../runtime/model/state";
import { plan } from "../../runtime/planner/planning/plan";
import { HotState } from "../../runtime/store/hot-state";
import type { Change } from "../../runtime/model/changes";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryDisk, MemoryStore } from "../../runtime/store/memory";
import { Resealing } from "../../runtime/store/resealing";
import { secretsKey } from "../../runtime/store/sealer";
import type { Ledger } from "../../runtime/store/store";

const facts: VmProviderFacts = {
  settings: z.strictObject({ region: z.string().optional(), password: z.string().optional() }),
  secretFields: ["password"],
  account: noAccountRules,
  shape: () => ({ cores: 4, memoryBytes: 8 * 2 ** 30, gpus: 0 }),
  startupScriptBytesMax: 16_384,
  osTypes: ["linux", "windows"],
  wrapScript: (script) => script,
  defaultScripts: { dockerAgent: "agent {manager_token}", server: "server {checkin_jwt}" },
};
export const testCatalog: CloudCatalog = { vm: { local: facts, aws: facts }, dns: { local: facts, aws: facts } };

export const tokenSecret = Buffer.alloc(32, 7);

/** Fields without which no answer can be told apart from another's. */
export interface Reply {
  readonly status: number;
  // The tests look at whatever comes.
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
  readonly text: string;
}

export interface RequestOptions {
  readonly method?: string;
  readonly key?: string;
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Api {
  readonly disk = new MemoryDisk();
  readonly logLines: string[] = [];
  readonly keys: Record<ApiScope, string> = {
    admin: createApiKey(),
    operator: createApiKey(),
    broker: createApiKey(),
    viewer: createApiKey(),
  };
  readonly tokens = new NodeTokens(tokenSecret);
  readonly requesters = new Requesters();
  readonly feed = new SessionFeed({ streamsMax: 20, heartbeatMs: 300 });
  readonly fleetFeed = new FleetFeed({ streamsMax: 20, streamsOfKeyMax: 3, heartbeatMs: 300 });
  readonly routes = createRoutes(this.feed, this.fleetFeed);
  readonly metrics = new Metrics({
    version: "0.0.0",
    onTrouble: (error) => {
      throw error;
    },
  });
  requestsPerMinute = 1_000_000;
  guacamoleKey: Uint8Array | undefined;
  requestsPerMinuteOfUser: number | undefined;
  catalog = testCatalog;
  timeOuts: TimeOuts | undefined;
  certificate: TlsCertificate | undefined;
  proxies: TrustedProxies | undefined;
  forwarding: Forwarding | undefined;
  current: Leader | Standby = { message: "this runtime is starting" };
  private listening: Listening | undefined;

  static async start(
    options: Partial<
      Pick<
        Api,
        | "requestsPerMinute"
        | "requestsPerMinuteOfUser"
        | "catalog"
        | "timeOuts"
        | "certificate"
        | "proxies"
        | "forwarding"
      >
    > = {},
  ): Promise<Api> {
    const api = new Api();
    api.requestsPerMinuteOfUser = options.requestsPerMinuteOfUser;
    [api.timeOuts, api.certificate, api.proxies] = [options.timeOuts, options.certificate, options.proxies];
    api.forwarding = options.forwarding;
    api.catalog = options.catalog ?? testCatalog;
    api.requestsPerMinute = options.requestsPerMinute ?? api.requestsPerMinute;
    await api.lead();
    await api.leader.ledger.commit(
      Object.entries(api.keys).map(([scope, key]): Change => {
        const row = { name: `${scope}-key`, scope: scope as ApiScope, hash: hashApiKey(key), createdAtMs: 1 };
        return { kind: "put", table: "apiKey", row };
      }),
    );
    await api.open();
    return api;
  }

  get url(): string {
    return this.listening!.url;
  }

  get leader(): Leader {
    if (!("ledger" in this.current)) throw new Error("stands by");
    return this.current;
  }

  /** Takes the disk over as a started runtime does. */
  async lead(): Promise<void> {
    const store = new MemoryStore({ disk: this.disk });
    const state = new HotState();
    state.apply(await store.load());
    const ledger = new GroupCommitLedger({ state, store, onLost: () => undefined, watch: this.metrics });
    const { tokens, catalog } = this;
    const broker = new Broker({
      ledger,
      clock: realClock,
      rng: createRng(),
      catalog,
      tokens,
      requesters: this.requesters,
      wake: () => undefined,
    });
    this.current = {
      ledger,
      store,
      broker,
      accounts: new SessionAccounts({ ledger, clock: realClock, rng: createRng(), tokens }),
      clock: realClock,
      catalog,
      epoch: store.epoch,
      plan: () => plan(state, { nowMs: realClock.now(), catalog }),
      facts: { version: "0.0.0", engine: "none", store: "memory", url: "http://test", startedAtMs: 1 },
      apiKeySecret: tokenSecret,
      secrets: this.resealing(ledger),
    };
  }

  /** Of a store in memory, which seals nothing. */
  private resealing(ledger: Ledger): Resealing {
    const keys = { keys: [secretsKey(tokenSecret)], add: async () => undefined, dropOlder: async () => undefined };
    const store = { rowsToSeal: async () => [], countSealed: async () => ({ rows: 0, toSeal: 0 }) };
    const quiet = { keyChanged: () => [], tell: () => [], onTrouble: () => undefined };
    return new Resealing({ ledger, store, keys, clock: realClock, ...quiet });
  }

  async open(port = 0): Promise<void> {
    const destination = { write: (line: string) => void this.logLines.push(line) };
    const app = createFront(
      {
        version: "0.0.0",
        clock: realClock,
        rng: createRng(),
        log: createLogger({ level: "debug", destination }),
        requestsPerMinute: this.requestsPerMinute,
        guacamoleKey: this.guacamoleKey,
        requestsPerMinuteOfUser: this.requestsPerMinuteOfUser,
        proxies: this.proxies,
        metrics: this.metrics,
        forwarding: this.forwarding,
        current: () => this.current,
      },
      this.routes,
    );
    const { timeOuts, certificate } = this;
    this.listening = await listen({ host: "127.0.0.1", port, app, timeOuts, certificate });
  }

  /** As after kill -9: nothing in memory survives. */
  async restart(port = 0): Promise<void> {
    await this.close();
    await this.lead();
    await this.open(port);
  }

  async close(): Promise<void> {
    await this.listening?.close(100);
  }

  client(scope: ApiScope): HeadroomClient {
    const tlsCa = this.certificate?.pair.cert;
    return new HeadroomClient({ endpoint: this.url, apiKey: this.keys[scope], tlsCa, retries: 0 });
  }

  async request(path: string, options: RequestOptions = {}): Promise<Reply> {
    const { method = "GET", key, body, headers } = options;
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    // The stream of everything has no end to wait for.
    const isEndless = response.ok && path.startsWith("/api/v1/events");
    const text = isEndless ? await firstEvent(response) : await response.text();
    const isJson = text !== "" && /json/.test(response.headers.get("content-type") ?? "json");
    const parsed = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: response.status, body: parsed, headers: response.headers, text };
  }

  /** A zone, a pool, a workspace, a key of user `ada`, and a running node with room for four sessions. */
  async furnish(settings: object = { region: "r1", password: "hunter2-secret" }): Promise<Node> {
    const client = this.client("operator");
    const owner = "test";
    const memory = "2GiB";
    await client.putDefinition({
      kind: "zone",
      name: "eu",
      doc: { name: "eu", upstreamAuthAddress: "127.0.0.1:1", local: true },
      owner,
    });
    await client.putDefinition({ kind: "pool", name: "agents", doc: { name: "agents", type: "dockerAgent" }, owner });
    await client.putDefinition({
      kind: "vmProviderConfig",
      name: "here",
      doc: { name: "here", kind: "local", maxInstances: 9, settings },
      owner,
    });
    await client.putDefinition({
      kind: "autoscaleConfig",
      name: "agents-eu",
      doc: { name: "agents-eu", type: "dockerAgent", pool: "agents", zone: "eu", vmProvider: "here" },
      owner,
    });
    await client.putDefinition({
      kind: "workspace",
      name: "office",
      doc: { name: "office", pools: ["agents"], cores: 1, memory },
      owner,
    });
    const node = aNode();
    await this.leader.ledger.commit([
      { kind: "put", table: "lane", row: aLane() },
      { kind: "put", table: "node", row: node },
      { kind: "put", table: "userKey", row: aUserKey },
    ]);
    return node;
  }
}

/** What a stream of events begins with, up to the end of its first event that has data; then hangs up. */
export async function firstEvent(response: Response): Promise<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += part.value;
    if (/^data: .*\n\n/m.test(text)) break;
  }
  await reader.cancel();
  return text;
}

/** What is in it nobody looks at. */
const aUserKey = {
  userId: "ada",
  privateKey: "a key",
  publicKey: "ssh-rsa AAAA",
  fingerprint: "SHA256:x",
  updatedAtMs: 1,
};

export function aLane(): Lane {
  const names = { laneId: "lane-1", autoscaleConfig: "agents-eu", stack: "lane-1" };
  return { ...names, desiredRevision: 1, appliedRevision: 1 };
}

/** `node-lost`, which can be given up, and `node-boots`, which may fetch its script: the others are needed afterwards. */
export function loseNode(api: Api): Promise<void> {
  const rows = [
    aNode({ nodeId: "node-lost", status: "missing" }),
    aNode({ nodeId: "node-boots", status: "starting", runningSinceMs: undefined, fetchedScript: "echo hello" }),
  ];
  return api.leader.ledger.commit(rows.map((row) => ({ kind: "put", table: "node", row })));
}

/** A schedule named as its pool is, for config `agents-eu`: a window on every day of the week, for 24 hours. */
export async function addSchedule(api: Api): Promise<void> {
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  const window = { days, start: "00:00", end: "24:00", timezone: "Europe/Berlin" };
  const doc = { name: "agents", autoscaleConfig: "agents-eu", ...window };
  await api.client("operator").putDefinition({ kind: "schedule", name: "agents", doc, owner: "test" });
}

/** The token that a node route takes: of the node that the route's sample is about. */
export function nodeTokenFor(api: Api, path: string): string {
  const isBooting = path.endsWith("/startup-script");
  const purpose = isBooting || path.endsWith("set_server_status") ? "checkin" : "agent";
  const nowMs = Date.now();
  const nodeId = isBooting ? "node-boots" : "node-1";
  return api.tokens.issue({ nodeId, purpose, expiresAtMs: nowMs + 60_000, nowMs });
}

export function aNode(changes: Partial<Node> = {}): Node {
  return {
    nodeId: "node-1",
    zone: "eu",
    pool: "agents",
    autoscaleConfig: "agents-eu",
    vmProvider: "here",
    laneId: "lane-1",
    spec: {
      nodeId: "node-1",
      zone: "eu",
      pool: "agents",
      autoscaleConfig: "agents-eu",
      vmProvider: "here",
      kind: "local",
      settings: { region: "r1", password: "hunter2-secret" },
      osType: "linux",
      startupScript: "#!/bin/sh\ncurl token-in-script",
    },
    status: "running",
    statusSinceMs: realClock.now(),
    createdAtMs: realClock.now(),
    shape: { cores: 4, memoryBytes: 8 * 2 ** 30, gpus: 0 },
    readyWhen: "heartbeat",
    provisionTimeoutSeconds: 600,
    missingTimeoutSeconds: 600,
    deadTimeoutSeconds: 3600,
    address: "127.0.0.9",
    runningSinceMs: realClock.now(),
    lastHeartbeatMs: realClock.now(),
    reason: { code: "test", text: "made by a test", numbers: {} },
    ...changes,
  };
}
