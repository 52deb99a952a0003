/**
 * What users declare: zod schemas (strict, defaults filled, all problems reported at once) and their types.
 * The document type (`ZoneDoc` …) is what travels in Pulumi inputs and API bodies: units are strings there.
 * The resolved type (`Zone` …) is what the runtime works with: bytes and seconds, defaults filled.
 * References are names of other definitions. Whether they exist is checked in `references.ts`.
 */
import { z } from "zod";
import type { AccountRules } from "./accounts";
import { BugError, ConfigError, tellFirst, type Problem } from "./errors";
import { cores, count, durationSchema, hostSchema, memorySchema, nameSchema } from "./fields";
import { dnsProviderConfigSchema, vmProviderConfigSchema } from "./provider-config";
import { stagingConfigSchema } from "./staging-config";
import { lifecycleFields, lifecycleProblems } from "./lifecycle-fields";
import type { Shape } from "./state";
import { scheduleSchema } from "./schedule";

export { durationSchema, memorySchema, nameSchema } from "./fields";
export { scheduleSchema, weekdays, type Schedule, type Weekday } from "./schedule";
export type { Permissions, StagingConfig } from "./staging-config";

export const zoneSchema = z
  .strictObject({
    name: nameSchema,
    /**
     * Address at which new VMs reach the runtime's API: a host name or IP, with an optional port.
     * `proxy`, `localhost` and `$request_host$` mean nothing on another machine and are refused unless `local`.
     */
    upstreamAuthAddress: z.string().min(1).max(300),
    /** True for a zone whose nodes all run on this machine (the `local` VM provider). Default false. */
    local: z.boolean().default(false),
    /** Which docker agent gets a new session. Default `mostSessions`: pack, so that others can empty. */
    loadStrategy: z.enum(["leastLoad", "mostLoad", "leastSessions", "mostSessions"]).default("mostSessions"),
    /** Try other zones when no node of the requested zone is free. Default true. */
    searchAlternateZones: z.boolean().default(true),
    /** Place on static members before autoscaled nodes. Default true. */
    prioritizeStaticAgents: z.boolean().default(true),
  })
  .superRefine((zone, context) => {
    const host = zone.upstreamAuthAddress.replace(/:\d{1,5}$/, "");
    const meansNothingElsewhere = ["proxy", "$request_host$", "localhost"].includes(host) || host.startsWith("127.");
    if (zone.local || (!meansNothingElsewhere && hostSchema.safeParse(zone.upstreamAuthAddress).success)) return;
    context.addIssue({
      code: "custom",
      path: ["upstreamAuthAddress"],
      message: "use a host name or IP address that new VMs can reach, or set local: true for nodes on this machine",
      input: zone.upstreamAuthAddress,
    });
  });

const staticMemberSchema = z.strictObject({
  name: nameSchema,
  zone: nameSchema,
  /** Host name or IP of the machine. */
  address: hostSchema,
  cores: cores,
  memory: memorySchema,
  gpus: count.default(0),
  /**
   * TCP port that is probed. While it has not answered for 10 minutes the member is missing and takes no new session.
   * Absent = the member is always taken to be there.
   */
  connectionPort: z.int().min(1).max(65535).optional(),
  /** Server pools only: sessions and distinct users at the same time. Default 1. */
  maxSimultaneousSessions: count.min(1).default(1),
  maxSimultaneousUsers: count.min(1).default(1),
});

export const poolSchema = z.strictObject({
  name: nameSchema,
  /** `dockerAgent`: VMs that run containers. `server`: VMs reached by RDP, VNC, KasmVNC or SSH. */
  type: z.enum(["dockerAgent", "server"]),
  /** Machines that exist already; never created or destroyed. */
  staticMembers: z.array(staticMemberSchema).max(1000).default([]),
});

export const workspaceSchema = z.strictObject({
  name: nameSchema,
  /** Pools that may run it, in order of preference; at least one. */
  pools: z.array(nameSchema).min(1).max(100),
  /** Zones that may run it; empty = every zone. */
  zones: z.array(nameSchema).max(100).default([]),
  /**
   * `container` runs on pools of type `dockerAgent`, the others on pools of type `server`. Of `desktop`s a user has at
   * most one per server, of `remoteApp`s any number, beside it. Default `container`.
   */
  kind: z.enum(["container", "desktop", "remoteApp"]).default("container"),
  /** vCPUs that one session takes. */
  cores: cores,
  memory: memorySchema,
  gpus: count.default(0),
  enabled: z.boolean().default(true),
});

const startupScriptSchema = z.strictObject({
  /** The script; `{variable}`s are replaced, other braces are doubled, unless `raw`. */
  text: z.string().max(1_000_000),
  /** Leave the text exactly as it is. Default false. */
  raw: z.boolean().default(false),
  osType: z.enum(["linux", "windows"]).default("linux"),
});
export type OsType = z.output<typeof startupScriptSchema>["osType"];

const autoscaleCommon = {
  name: nameSchema,
  pool: nameSchema,
  zone: nameSchema,
  /** Name of the VM provider config that makes the nodes. */
  vmProvider: nameSchema,
  /**
   * VM provider configs that stand in, best first: another zone, size, on demand instead of spot, or another cloud. The
   * next one is used while the one before is out of capacity or quota, at its `maxInstances`, or its circuit is open;
   * new nodes go to the first again as soon as it takes them. Nodes on a fallback stay until they are not needed; they
   * are the first to leave. Default none.
   */
  fallbackVmProviders: z.array(nameSchema).max(10).default([]),
  /** False freezes it: no create, no destroy, no placement. Default true. */
  enabled: z.boolean().default(true),
  /** True empties it: no new sessions, nodes leave when idle. Default false. */
  drain: z.boolean().default(false),
  /** True gives each waiting session capacity of its own instead of packing them. Default false. */
  aggressiveScaling: z.boolean().default(false),
  /** Nodes by which aggressive scaling may pass `maxNodes`; never passes `maxInstances`. Default 0. */
  aggressiveOvershoot: count.default(0),
  /**
   * How long an excess must persist without a break before idle nodes go: as many as it had at its least. Default 15m.
   */
  downscaleBackoff: durationSchema.prefault("15m"),
  /** Nodes kept whatever the demand. Default 0. */
  minNodes: count.default(0),
  /** Nodes never exceeded by this config; absent = only the VM provider's `maxInstances` counts. */
  maxNodes: count.min(1).optional(),
  /** Count the pool's static members in this zone as capacity. Default true. */
  countStatic: z.boolean().default(true),
  /** vCPUs credited to each node; 0 = what the size has, else what the node reports. Default 0. */
  coresOverride: cores.default(0),
  gpusOverride: count.default(0),
  memoryOverride: memorySchema.prefault("0MB"),
  /**
   * What a new VM runs when it starts. Docker agents and servers with `requireCheckin` get the token of their check-in only
   * here, so they must have one that uses it; only the `local` VM provider has a default one.
   */
  startupScript: startupScriptSchema.optional(),
  ...lifecycleFields,
  /** A queued session ends with its reason after this. Default 30m. */
  queueTimeout: durationSchema.prefault("30m"),
  /**
   * A session that was given a node and is not `running` after this ends with its reason, and its room is free again. On
   * static members 10m. Default 10m; 0s = never.
   */
  startTimeout: durationSchema.prefault("10m"),
  /** Create `<node id>.<baseDomainName>` for each node. Default false. */
  registerDns: z.boolean().default(false),
  baseDomainName: z.string().max(253).optional(),
  /** Name of the DNS provider config; required with `registerDns`. */
  dnsProvider: nameSchema.optional(),
};

export const agentAutoscaleConfigSchema = z.strictObject({
  type: z.literal("dockerAgent"),
  ...autoscaleCommon,
  /** vCPUs kept free beyond what queued sessions need. Default 0 = none. */
  standbyCores: cores.default(0),
  standbyGpus: count.default(0),
  standbyMemory: memorySchema.prefault("0MB"),
  /**
   * Sessions of one workspace that could start at once. What is free on one node counts only as far as whole sessions fit
   * there, so that capacity in pieces does not. Shares what is free with the other standby values. Default none.
   */
  standbySlots: z.strictObject({ workspace: nameSchema, count }).optional(),
  /** PEM certificate and key, for scripts that use `{nginx_cert_in}` and `{nginx_key_in}`. The key is secret. */
  nginxCert: z.string().max(100_000).optional(),
  nginxKey: z.string().max(100_000).optional(),
});

export const serverAutoscaleConfigSchema = z.strictObject({
  type: z.literal("server"),
  ...autoscaleCommon,
  connectionType: z.enum(["kasmvnc", "rdp", "vnc", "ssh"]).default("rdp"),
  /** TCP port of the connection. */
  connectionPort: z.int().min(1).max(65535).default(3389),
  /** Wait for the VM's own call before it counts as running; else a TCP probe of the port. Default false. */
  requireCheckin: z.boolean().default(false),
  /** False: one session, then the server is destroyed. Default true. */
  reusable: z.boolean().default(true),
  /** Sessions that must be placeable at any time. Default 0. */
  minimumAvailableSessions: count.default(0),
  maxSimultaneousSessionsPerServer: count.min(1).default(1),
  maxSimultaneousUsers: count.min(1).default(1),
  /** Account on the servers, for scripts that use `{connection_username}` and `{connection_password}`. */
  connectionUsername: z.string().min(1).max(256).optional(),
  /** Secret. */
  connectionPassword: z.string().min(1).max(1024).optional(),
});

export const autoscaleConfigSchema = z
  .discriminatedUnion("type", [agentAutoscaleConfigSchema, serverAutoscaleConfigSchema])
  .superRefine((config, context) => {
    const issue = (path: string, message: string, input?: unknown, index?: number) =>
      context.addIssue({ code: "custom", path: index === undefined ? [path] : [path, index], message, input });
    if (config.registerDns && !config.baseDomainName) issue("baseDomainName", "required with registerDns");
    if (config.registerDns && !config.dnsProvider) issue("dnsProvider", "required with registerDns");
    if (config.maxNodes !== undefined && config.minNodes > config.maxNodes) {
      issue("minNodes", `at most maxNodes (${config.maxNodes})`, config.minNodes);
    }
    const names = [config.vmProvider, ...config.fallbackVmProviders];
    for (const [index, name] of config.fallbackVmProviders.entries()) {
      if (names.indexOf(name) <= index) issue("fallbackVmProviders", "each VM provider config once", name, index);
    }
    for (const [field, message] of lifecycleProblems(config)) issue(field, message);
    if (config.type !== "server") return;
    const { connectionUsername, connectionPassword } = config;
    if (
      config.connectionType === "kasmvnc" &&
      (connectionUsername === undefined) !== (connectionPassword === undefined)
    ) {
      const missing = connectionUsername === undefined ? "connectionUsername" : "connectionPassword";
      issue(missing, "with connection type kasmvnc both connectionUsername and connectionPassword, or neither");
    }
    const single = !config.reusable || config.connectionType === "kasmvnc" || config.connectionType === "vnc";
    if (single && config.maxSimultaneousSessionsPerServer !== 1) {
      const why = config.reusable ? `connection type ${config.connectionType}` : "reusable: false";
      issue("maxSimultaneousSessionsPerServer", `1 with ${why}`, config.maxSimultaneousSessionsPerServer);
    }
  });

export type Zone = z.output<typeof zoneSchema>;
export type Pool = z.output<typeof poolSchema>;
export type StaticMember = z.output<typeof staticMemberSchema>;
export type Workspace = z.output<typeof workspaceSchema>;
export type AgentAutoscaleConfig = z.output<typeof agentAutoscaleConfigSchema>;
export type ServerAutoscaleConfig = z.output<typeof serverAutoscaleConfigSchema>;
export type AutoscaleConfig = z.output<typeof autoscaleConfigSchema>;
export type VmProviderConfig = z.output<typeof vmProviderConfigSchema>;
export type DnsProviderConfig = z.output<typeof dnsProviderConfigSchema>;

/** Every kind of definition with its schema; the key is the name used in API paths and in the store. */
export const definitionSchemas = {
  zone: zoneSchema,
  pool: poolSchema,
  workspace: workspaceSchema,
  vmProviderConfig: vmProviderConfigSchema,
  dnsProviderConfig: dnsProviderConfigSchema,
  autoscaleConfig: autoscaleConfigSchema,
  schedule: scheduleSchema,
  stagingConfig: stagingConfigSchema,
} as const;

/** Names of the VM provider configs that may make the config's nodes, the preferred one first. */
export function vmProvidersOf(config: AutoscaleConfig): readonly string[] {
  return [config.vmProvider, ...config.fallbackVmProviders];
}

export type DefinitionKind = keyof typeof definitionSchemas;
export const definitionKinds = Object.keys(definitionSchemas) as DefinitionKind[];

export type DefinitionOf<K extends DefinitionKind> = z.output<(typeof definitionSchemas)[K]>;
export type DefinitionDocOf<K extends DefinitionKind> = z.input<(typeof definitionSchemas)[K]>;

/** What the runtime must know of each cloud without loading it: made from `provider/registry.ts` and injected. */
export interface CloudCatalog {
  readonly vm: FactsByKind<VmProviderFacts>;
  readonly dns: FactsByKind<DnsProviderFacts>;
}
export type FactsByKind<Facts> = Readonly<Record<string, Facts>>;

/** Facts of a definition's kind. No definition of another kind is ever read: see {@link findProblems}. */
export function factsOf<Facts>(facts: FactsByKind<Facts>, kind: string): Facts {
  const found = knownFacts(facts, kind);
  if (found === undefined)
    throw new BugError(`a definition of kind "${kind}" was read, which this version does not know`);
  return found;
}

/** Facts of a kind that another version may have written; undefined = this version lacks it. */
export function knownFacts<Facts>(facts: FactsByKind<Facts>, kind: string): Facts | undefined {
  return Object.hasOwn(facts, kind) ? facts[kind] : undefined;
}

export interface DnsProviderFacts {
  /** Strict schema of `settings`. */
  readonly settings: z.ZodType<Record<string, unknown>>;
  /** Names of the fields of `settings` that are secret: never shown, never logged. */
  readonly secretFields: readonly string[];
  /** Which of `settings` say which account, and which make the template. */
  readonly account: AccountRules;
  /** Why this runtime takes no definition of this kind and makes nothing new of it; absent = it does. */
  readonly refusal?: string;
  /** What is wrong with (well-formed) settings beyond their schema; `path` is that of the field. Default nothing. */
  findProblems?(settings: Readonly<Record<string, unknown>>): Problem[];
}

export interface VmProviderFacts extends DnsProviderFacts {
  /** What one VM of these (parsed) settings offers, when that is known without asking the cloud. */
  shape(settings: Readonly<Record<string, unknown>>): Shape | undefined;
  /** Name of the size of these (parsed) settings, whose shape the account's check may tell. */
  sizeOf?(settings: Readonly<Record<string, unknown>>): string | undefined;
  /** Bytes that a rendered and wrapped startup script may have. */
  readonly startupScriptBytesMax: number;
  /** Systems that its VMs may run. */
  readonly osTypes: readonly OsType[];
  /** The rendered script as it is sent to the cloud. */
  wrapScript(script: string, osType: OsType): string;
  /** Scripts with which nodes of its own image check in, by type of pool. */
  readonly defaultScripts: Readonly<Partial<Record<Pool["type"], string>>>;
  /** Public key of these settings, for `{ssh_key}`. */
  sshPublicKey?(settings: Readonly<Record<string, unknown>>): string | undefined;
}

/** Fields of documents that are secret, beside those of `settings`: never shown, never logged. */
export const secretFields: Readonly<Partial<Record<DefinitionKind, readonly string[]>>> = {
  autoscaleConfig: ["connectionPassword", "nginxKey"],
};

/** Every problem of `doc`, with paths; empty when it is a good document of `kind`. */
export function findProblems(kind: DefinitionKind, doc: unknown, catalog: CloudCatalog): Problem[] {
  const parsed = definitionSchemas[kind].safeParse(doc);
  if (!parsed.success) return problemsOf(parsed.error, doc, secretFields[kind]);
  const byKind = factsByKind(kind, catalog);
  if (!byKind) return [];
  const { kind: cloud, settings } = parsed.data as VmProviderConfig | DnsProviderConfig;
  const facts = knownFacts(byKind, cloud);
  if (!facts)
    return [{ path: "kind", message: `got "${cloud}"; this version knows ${Object.keys(byKind).join(", ")}` }];
  const inner = facts.settings.safeParse(settings);
  if (inner.success) return [];
  return problemsOf(inner.error, settings, facts.secretFields).map(inSettings);
}

/** Why this runtime would not take the document from whoever declares it now, although it could read it. */
export function findRefusals(kind: DefinitionKind, doc: unknown, catalog: CloudCatalog): Problem[] {
  const problems = findProblems(kind, doc, catalog);
  if (problems.length > 0) return problems;
  const byKind = factsByKind(kind, catalog);
  if (!byKind) return [];
  const { kind: cloud, settings } = parseDefinition(kind, doc) as VmProviderConfig | DnsProviderConfig;
  const facts = factsOf(byKind, cloud);
  if (facts.refusal !== undefined) return [{ path: "kind", message: facts.refusal }];
  return (facts.findProblems?.(settings) ?? []).map(inSettings);
}

/** Undefined for documents that are of no cloud. */
function factsByKind(kind: DefinitionKind, catalog: CloudCatalog): FactsByKind<DnsProviderFacts> | undefined {
  if (kind === "vmProviderConfig") return catalog.vm;
  return kind === "dnsProviderConfig" ? catalog.dns : undefined;
}

function inSettings(problem: Problem): Problem {
  return { ...problem, path: problem.path ? `settings.${problem.path}` : "settings" };
}

/** The resolved definition, or a {@link ConfigError} with every problem. */
export function parseDefinition<K extends DefinitionKind>(kind: K, doc: unknown): DefinitionOf<K> {
  const parsed = definitionSchemas[kind].safeParse(doc);
  if (!parsed.success) throw ConfigError.of(problemsOf(parsed.error, doc, secretFields[kind]), kind);
  return parsed.data as DefinitionOf<K>;
}

/** Zod's issues as problems: path in dots and brackets, the value seen (unless secret), what is allowed. */
export function problemsOf(error: z.ZodError, input: unknown, secret: readonly string[] = []): Problem[] {
  const tell = (issue: z.core.$ZodIssue): Problem => {
    const seen = valueAt(input, issue.path);
    const isSecret = secret.includes(String(issue.path[0]));
    const got = isSecret ? "a secret" : truncate(JSON.stringify(seen) ?? String(seen));
    const shown = seen === undefined ? "is missing" : `got ${got}`;
    return { path: formatPath(issue.path), message: `${shown}; ${issue.message}` };
  };
  const wrong = error.issues.filter((issue) => issue.code !== "unrecognized_keys");
  const unknown = error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? issue.keys.map((key) => ({ path: issue.path, key })) : [],
  );
  return [
    ...tellFirst(wrong, tell),
    ...tellFirst(unknown, ({ path, key }) => ({ path: formatPath([...path, key]), message: "unknown field" })),
  ];
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text ? `${text}.${String(part)}` : String(part);
  }, "");
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

function truncate(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
