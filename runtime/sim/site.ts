/** A made-up customer: zones, pools, VM providers, configs, schedules and workspaces, all valid, none like the next. */
import { z } from "zod";
import { noAccountRules } from "../model/accounts";
import type { CloudCatalog, DefinitionDocOf, DefinitionKind, VmProviderFacts } from "../model/config";
import { weekdays } from "../model/config";
import { guestScript } from "./guests";
import type { SeededRng } from "./rng";
import { shapeOfVm } from "./vm-shape";

type Docs = { readonly [K in DefinitionKind]: DefinitionDocOf<K> };
export type AutoscaleConfigDoc = Docs["autoscaleConfig"];
export type VmProviderDoc = Docs["vmProviderConfig"];

/** Settings name the shape directly; without cores it is known only once a node has reported. */
const vmFacts: VmProviderFacts = {
  settings: z.strictObject({
    cores: z.number().optional(),
    gpus: z.number().optional(),
    tenant: z.string(),
    key: z.string(),
  }),
  secretFields: ["key"],
  account: { fields: ["tenant", "key"], place: [], identity: ({ tenant }) => ({ tenant: String(tenant) }) },
  shape: (settings) => (typeof settings["cores"] === "number" ? shapeOfVm(settings) : undefined),
  startupScriptBytesMax: 16_384,
  osTypes: ["linux", "windows"],
  wrapScript: (script) => script,
  defaultScripts: { dockerAgent: "agent {manager_token}", server: "server {checkin_jwt}" },
};
const dnsFacts = { settings: z.strictObject({}), secretFields: [], account: noAccountRules };
export const simCatalog: CloudCatalog = {
  vm: { local: vmFacts, aws: vmFacts },
  dns: { local: dnsFacts, aws: dnsFacts },
};

export interface Site {
  readonly zones: readonly Docs["zone"][];
  readonly pools: readonly Docs["pool"][];
  readonly vmProviders: readonly Docs["vmProviderConfig"][];
  readonly configs: readonly AutoscaleConfigDoc[];
  readonly schedules: readonly Docs["schedule"][];
  readonly workspaces: readonly Docs["workspace"][];
  /** Asked for now and then. */
  readonly rareWorkspaces: readonly Docs["workspace"][];
  readonly stagingConfigs: readonly Docs["stagingConfig"][];
}

/** A large customer on the same site: `nodes` in all, most of them always there. */
export function enlarge(site: Site, nodes: number): Site {
  const vmProviders = site.vmProviders.map((provider) => ({ ...provider, maxInstances: nodes }));
  const minNodes = Math.floor((0.8 * nodes) / site.configs.length);
  const configs = site.configs.map((config) => ({ ...config, minNodes, maxNodes: nodes }));
  return { ...site, vmProviders, configs };
}

export function makeSite(rng: SeededRng): Site {
  const zones = makeZones(rng);
  const zoneNames = zones.map(({ name }) => name);
  const more = rng.fork("more");
  const vmProviders = Array.from({ length: rng.between(1, 3) }, (_, index) => ({
    name: `vms-${index + 1}`,
    kind: rng.pick(["local", "aws"] as const),
    maxInstances: rng.between(2, 14),
    settings: {
      ...firstAccount(`vms-${index + 1}`),
      ...(rng.chance(0.9) ? { cores: rng.pick([2, 4, 8]) } : {}),
      ...(more.chance(0.3) ? { gpus: more.between(1, 4) } : {}),
    },
  }));
  const pools: Docs["pool"][] = [
    { name: "agents", type: "dockerAgent", staticMembers: staticMembers(rng, zoneNames) },
    { name: "servers", type: "server", staticMembers: staticMembers(rng, zoneNames) },
  ];
  const names = vmProviders.map(({ name }) => name);
  const configs = Array.from({ length: rng.between(1, 5) }, (_, index) =>
    withoutSlots(
      makeConfig(rng, { name: `config-${index + 1}`, zone: rng.pick(zoneNames), vmProviders: rng.shuffle(names) }),
    ),
  );
  const schedules = configs.filter(() => rng.chance(0.3)).map((config) => makeSchedule(rng, config.name));
  const stagingConfigs = makeStagingConfigs(rng, zoneNames);
  const workspaces = makeWorkspaces(rng, zoneNames);
  const hasGpus = configs.some(
    ({ type, vmProvider }) =>
      type === "dockerAgent" && vmProviders.some(({ name, settings }) => name === vmProvider && settings.gpus),
  );
  return {
    zones,
    pools,
    vmProviders,
    configs,
    schedules,
    workspaces,
    rareWorkspaces: hasGpus ? [renderWorkspace] : [],
    stagingConfigs,
  };
}

/** Each VM provider config begins with an account of its own. */
function firstAccount(vmProvider: string) {
  return { tenant: `${vmProvider}-first`, key: `${vmProvider}-first/0` };
}

/** Workspaces are declared after configs, so slots for them come with an edit. */
function withoutSlots(config: AutoscaleConfigDoc): AutoscaleConfigDoc {
  if (config.type !== "dockerAgent") return config;
  const copy = { ...config };
  delete copy.standbySlots;
  return copy;
}

const renderWorkspace: Docs["workspace"] = {
  name: "render",
  pools: ["agents"],
  cores: 1,
  memory: "1GiB",
  gpus: 1,
};

/** Of workspaces that run everywhere, so that they can be declared whatever the zones. */
function makeStagingConfigs(rng: SeededRng, zones: readonly string[]): Docs["stagingConfig"][] {
  return zones
    .filter(() => rng.chance(0.4))
    .map((zone) => ({
      name: `staged-${zone}`,
      zone,
      workspace: "lab",
      sessions: rng.between(1, 4),
      expiration: rng.pick(["2m", "10m", "24h"]),
    }));
}

function makeZones(rng: SeededRng): Docs["zone"][] {
  return ["eu", "us"].slice(0, rng.between(1, 2)).map((name) => ({
    name,
    upstreamAuthAddress: "headroom.example.com",
    loadStrategy: rng.pick(["leastLoad", "mostLoad", "leastSessions", "mostSessions"] as const),
    searchAlternateZones: rng.chance(0.7),
    prioritizeStaticAgents: rng.chance(0.7),
  }));
}

function staticMembers(rng: SeededRng, zones: readonly string[]) {
  return Array.from({ length: rng.pick([0, 0, 1, 2]) }, (_, index) => ({
    name: `static-${index + 1}`,
    zone: rng.pick(zones),
    address: `10.99.0.${index + 1}`,
    cores: 4,
    memory: "8GiB",
    maxSimultaneousSessions: rng.between(1, 3),
    maxSimultaneousUsers: rng.between(1, 3),
  }));
}

/** Time-outs are short, so that a run sees them; the guests' pauses are made to match. */
export function makeConfig(
  rng: SeededRng,
  place: { readonly name: string; readonly zone: string; readonly vmProviders: readonly string[] },
): AutoscaleConfigDoc {
  const minNodes = rng.pick([0, 0, 0, 1, 2]);
  const { name, zone, vmProviders } = place;
  const common = {
    name,
    zone,
    vmProvider: vmProviders[0]!,
    fallbackVmProviders: vmProviders.slice(1, rng.between(1, vmProviders.length)),
    ...(rng.chance(0.2) ? { maxNodeAge: "1h", rotatePreWarm: rng.pick(["0s", "5m"]) } : {}),
    onSpecChange: rng.pick(["keep", "keep", "rotate"] as const),
    quarantine: rng.pick([0, 0, 0, 1]),
    aggressiveScaling: rng.chance(0.3),
    aggressiveOvershoot: rng.pick([0, 0, 1]),
    downscaleBackoff: rng.pick(["0s", "30s", "2m", "5m"]),
    minNodes,
    ...(rng.chance(0.5) ? { maxNodes: rng.between(Math.max(1, minNodes), 8) } : {}),
    countStatic: rng.chance(0.7),
    startupScript: { text: guestScript },
    provisionTimeout: rng.pick(["90s", "3m", "5m"]),
    missingTimeout: "90s",
    deadTimeout: rng.pick(["3m", "5m"]),
    queueTimeout: rng.pick(["2m", "10m", "20m"]),
    coresOverride: rng.pick([0, 0, 0, 3]),
  };
  const more = rng.fork(`more ${name}`);
  if (rng.chance(0.6)) {
    return {
      ...common,
      type: "dockerAgent",
      pool: "agents",
      standbyCores: rng.pick([0, 0, 1, 2, 5]),
      standbyMemory: rng.pick(["0MB", "0MB", "2GiB"]),
      ...(more.chance(0.2) ? { standbySlots: { workspace: "lab", count: more.between(1, 3) } } : {}),
    };
  }
  const reusable = rng.chance(0.6);
  const connectionType = rng.pick(["rdp", "kasmvnc"] as const);
  const sessions = reusable && connectionType === "rdp" ? rng.between(1, 4) : 1;
  return {
    ...common,
    type: "server",
    pool: "servers",
    connectionType,
    requireCheckin: rng.chance(0.5),
    reusable,
    minimumAvailableSessions: rng.pick([0, 0, 1, 3]),
    maxSimultaneousSessionsPerServer: sessions,
    maxSimultaneousUsers: rng.between(1, sessions),
  };
}

export function makeSchedule(rng: SeededRng, autoscaleConfig: string): Docs["schedule"] {
  const clock = () => `${String(rng.below(24)).padStart(2, "0")}:${rng.pick(["00", "10", "30", "50"])}`;
  return {
    name: `hours-${autoscaleConfig}`,
    autoscaleConfig,
    days: rng.shuffle(weekdays).slice(0, rng.between(4, 7)),
    start: clock(),
    end: clock(),
    timezone: rng.pick(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
    leadTime: rng.pick(["0s", "0s", "10m", "auto"]),
    ...(rng.chance(0.3) ? { minNodes: rng.between(0, 1) } : {}),
  };
}

function makeWorkspaces(rng: SeededRng, zones: readonly string[]): Docs["workspace"][] {
  const limit = () => (rng.chance(0.2) ? [rng.pick(zones)] : []);
  return [
    { name: "office", pools: ["agents"], cores: 1, memory: "1GiB", zones: limit() },
    { name: "lab", pools: ["agents"], cores: rng.pick([0.3, 1.5, 2]), memory: "2GiB" },
    { name: "desktop", pools: ["servers"], kind: "desktop", cores: 1, memory: "1GiB", zones: limit() },
    { name: "app", pools: ["servers"], kind: rng.pick(["desktop", "remoteApp"] as const), cores: 0.5, memory: "1GiB" },
  ];
}

/** In the order in which they may be declared. */
export function documentsOf(site: Site): { kind: DefinitionKind; name: string; doc: Record<string, unknown> }[] {
  const of = (kind: DefinitionKind, docs: readonly { readonly name: string }[]) =>
    docs.map((doc) => ({ kind, name: doc.name, doc: { ...doc } }));
  return [
    ...of("zone", site.zones),
    ...of("pool", site.pools),
    ...of("vmProviderConfig", site.vmProviders),
    ...of("autoscaleConfig", site.configs),
    ...of("schedule", site.schedules),
    ...of("workspace", site.workspaces),
    ...of("workspace", site.rareWorkspaces),
    ...of("stagingConfig", site.stagingConfigs),
  ];
}
