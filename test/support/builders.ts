/** A small world of definitions and rows with sensible defaults; tests state only what matters. */
import { z } from "zod";
import { noAccountRules } from "../../runtime/model/accounts";
import type { CloudCatalog, DefinitionDocOf, DefinitionKind, VmProviderFacts } from "../../runtime/model/config";
import type { ConfigDemand } from "../../runtime/model/demand";
import type { ConfigState, Node, RouteFailures, Session } from "../../runtime/model/state";
import type { Shape } from "../../runtime/model/shapes";
import { HotState } from "../../runtime/store/hot-state";
import type { Change } from "../../runtime/model/changes";
import { startMs } from "./virtual-clock";

export const gib = 2 ** 30;
export const tester = "tester";

/** Settings name the shape directly; without cores the shape is not known, or a check tells it of the size. */
const vmFacts: VmProviderFacts = {
  settings: z.strictObject({
    cores: z.number().optional(),
    memoryGib: z.number().default(8),
    gpus: z.number().default(0),
    size: z.string().optional(),
  }),
  secretFields: [],
  account: noAccountRules,
  shape: ({ cores, memoryGib, gpus }) =>
    typeof cores === "number" ? { cores, memoryBytes: Number(memoryGib) * gib, gpus: Number(gpus) } : undefined,
  sizeOf: ({ size }) => (typeof size === "string" ? size : undefined),
  startupScriptBytesMax: 16_384,
  osTypes: ["linux", "windows"],
  wrapScript: (script) => script,
  defaultScripts: { dockerAgent: "agent {manager_token}", server: "server {checkin_jwt}" },
};
const dnsFacts = { settings: z.strictObject({}), secretFields: [], account: noAccountRules };
export const catalog: CloudCatalog = { vm: { local: vmFacts, aws: vmFacts }, dns: { local: dnsFacts, aws: dnsFacts } };

type Docs = { readonly [K in DefinitionKind]: DefinitionDocOf<K> };
export type AgentConfigDoc = Extract<Docs["autoscaleConfig"], { type: "dockerAgent" }>;
export type ServerConfigDoc = Extract<Docs["autoscaleConfig"], { type: "server" }>;

export function zoneDoc(doc: Partial<Docs["zone"]> = {}): Docs["zone"] {
  return { name: "eu", upstreamAuthAddress: "headroom.example.com", ...doc };
}

export function poolDoc(doc: Partial<Docs["pool"]> = {}): Docs["pool"] {
  return { name: "agents", type: "dockerAgent", ...doc };
}

/** 4 cores, 8 GiB. */
export function vmProviderDoc(doc: Partial<Docs["vmProviderConfig"]> = {}): Docs["vmProviderConfig"] {
  return { name: "vms", kind: "local", maxInstances: 100, settings: { cores: 4 }, ...doc };
}

/** Leaves 15 minutes after it is not needed any more. */
export function agentConfigDoc(doc: Partial<AgentConfigDoc> = {}): AgentConfigDoc {
  return { name: "agents", type: "dockerAgent", pool: "agents", zone: "eu", vmProvider: "vms", ...doc };
}

export function serverConfigDoc(doc: Partial<ServerConfigDoc> = {}): ServerConfigDoc {
  return { name: "servers", type: "server", pool: "servers", zone: "eu", vmProvider: "vms", ...doc };
}

export function scheduleDoc(doc: Partial<Docs["schedule"]> = {}): Docs["schedule"] {
  return {
    name: "office",
    autoscaleConfig: "agents",
    days: ["mon", "tue", "wed", "thu", "fri"],
    start: "08:00",
    end: "18:00",
    timezone: "UTC",
    ...doc,
  };
}

/** 2 cores, 2 GiB. */
export function workspaceDoc(doc: Partial<Docs["workspace"]> = {}): Docs["workspace"] {
  return { name: "office", pools: ["agents"], cores: 2, memory: "2GiB", ...doc };
}

export function desktopDoc(doc: Partial<Docs["workspace"]> = {}): Docs["workspace"] {
  return { name: "desktop", pools: ["servers"], kind: "desktop", cores: 1, memory: "1GiB", ...doc };
}

/** Two sessions of `office` in `eu`. */
export function stagingDoc(doc: Partial<Docs["stagingConfig"]> = {}): Docs["stagingConfig"] {
  return { name: "offices", zone: "eu", workspace: "office", sessions: 2, ...doc };
}

/** An Active Directory of the domain `example.org`. */
export function ldapDoc(doc: Partial<Docs["ldapConfig"]> = {}): Docs["ldapConfig"] {
  const login = { serviceAccountDn: "headroom@example.org", serviceAccountPassword: "a password" };
  return { name: "corp", urls: ["ldaps://dc1.example.org"], searchBase: "DC=example,DC=org", ...login, ...doc };
}

/** 100 a day of the whole installation, with what comes then. */
export function budgetDoc(doc: Partial<Docs["budget"]> = {}): Docs["budget"] {
  return { name: "money", amount: 100, per: "day", ...doc };
}

export interface WorldDocs {
  readonly budgets?: readonly Docs["budget"][];
  readonly ldapConfigs?: readonly Docs["ldapConfig"][];
  readonly zones?: readonly Docs["zone"][];
  readonly pools?: readonly Docs["pool"][];
  readonly vmProviders?: readonly Docs["vmProviderConfig"][];
  readonly configs?: readonly Docs["autoscaleConfig"][];
  readonly schedules?: readonly Docs["schedule"][];
  readonly workspaces?: readonly Docs["workspace"][];
  readonly staging?: readonly Docs["stagingConfig"][];
}

/** One zone, an agent pool, a server pool, and the two workspaces that run in them. */
export const plainDocs = {
  zones: [zoneDoc()],
  pools: [poolDoc(), poolDoc({ name: "servers", type: "server" })],
  vmProviders: [vmProviderDoc()],
  workspaces: [workspaceDoc(), desktopDoc()],
} as const;

/** In the order in which they may be declared. */
export function documentsOf(docs: WorldDocs): { kind: DefinitionKind; name: string; doc: Record<string, unknown> }[] {
  const all = { ...plainDocs, ...docs };
  const of = (kind: DefinitionKind, list: readonly { readonly name: string }[] = []) =>
    list.map((doc) => ({ kind, name: doc.name, doc: { ...doc } }));
  return [
    ...of("zone", all.zones),
    ...of("pool", all.pools),
    ...of("vmProviderConfig", all.vmProviders),
    ...of("ldapConfig", all.ldapConfigs),
    ...of("autoscaleConfig", all.configs),
    ...of("schedule", all.schedules),
    ...of("workspace", all.workspaces),
    ...of("stagingConfig", all.staging),
    ...of("budget", all.budgets),
  ];
}

export function definitionChanges(docs: WorldDocs): Change[] {
  return documentsOf(docs).map(({ kind, name, doc }) => ({
    kind: "put",
    table: "definition",
    row: { kind, name, doc, owner: tester, updatedAtMs: startMs },
  }));
}

export const aShape: Shape = { cores: 4, memoryBytes: 8 * gib, gpus: 0 };

const reason = { code: "test", text: "made by a test", numbers: {} };

/** A running agent of 4 cores and 8 GiB, one hour old. */
export function aNode(node: Partial<Node> = {}): Node {
  const nodeId = node.nodeId ?? "n1";
  return {
    nodeId,
    zone: "eu",
    pool: "agents",
    autoscaleConfig: "agents",
    vmProvider: "vms",
    laneId: "agents-1",
    status: "running",
    statusSinceMs: startMs - 3_600_000,
    createdAtMs: startMs - 3_600_000,
    runningSinceMs: startMs - 3_600_000,
    lastHeartbeatMs: startMs,
    shape: aShape,
    readyWhen: "heartbeat",
    provisionTimeoutSeconds: 600,
    missingTimeoutSeconds: 600,
    deadTimeoutSeconds: 3600,
    address: "10.0.0.1",
    reason,
    ...node,
  };
}

/** A running RDP server for one session. */
export function aServer(node: Partial<Node> = {}): Node {
  return aNode({
    pool: "servers",
    autoscaleConfig: "servers",
    sessionsMax: 1,
    usersMax: 1,
    isReusable: true,
    readyWhen: "probe",
    connectionPort: 3389,
    ...node,
  });
}

let sessions = 0;

/** Queued, 2 cores and 2 GiB, of a user of its own. */
export function aSession(session: Partial<Session> = {}): Session {
  sessions += 1;
  const status = session.nodeId === undefined ? "queued" : "running";
  return {
    sessionId: `s${sessions}`,
    workspace: "office",
    userId: `user${sessions}`,
    status,
    requestedAtMs: startMs,
    sequence: sessions,
    needs: { cores: 2, memoryBytes: 2 * gib, gpus: 0 },
    reason,
    ...session,
  };
}

export function aDesktopSession(session: Partial<Session> = {}): Session {
  return aSession({ workspace: "desktop", needs: { cores: 1, memoryBytes: gib, gpus: 0 }, ...session });
}

/** One failure of class CAPACITY just now, to be retried in half a minute. */
export function someFailures(failures: Partial<RouteFailures> = {}): RouteFailures {
  const last = { class: "CAPACITY" as const, message: "no room", atMs: startMs };
  return { consecutiveFailures: 1, retryAtMs: startMs + 30_000, last, ...failures };
}

export function aConfigState(failures: ConfigState["failures"], autoscaleConfig = "agents"): ConfigState {
  return { autoscaleConfig, ...(failures ? { failures } : {}) };
}

export interface WorldRows extends WorldDocs {
  readonly nodes?: readonly Node[];
  readonly sessions?: readonly Session[];
  readonly configStates?: readonly ConfigState[];
  readonly configDemands?: readonly ConfigDemand[];
}

export function aState(rows: WorldRows = {}): HotState {
  const state = new HotState();
  state.apply(definitionChanges(rows));
  state.apply(rowChanges(rows));
  return state;
}

export function rowChanges({
  nodes = [],
  sessions: rows = [],
  configStates = [],
  configDemands = [],
}: WorldRows): Change[] {
  return [
    ...nodes.map((row): Change => ({ kind: "put", table: "node", row })),
    ...rows.map((row): Change => ({ kind: "put", table: "session", row })),
    ...configStates.map((row): Change => ({ kind: "put", table: "configState", row })),
    ...configDemands.map((row): Change => ({ kind: "put", table: "configDemand", row })),
  ];
}
