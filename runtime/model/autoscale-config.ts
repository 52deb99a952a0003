/** What users declare of how many nodes there are: of docker agents, and of servers. */
import { z } from "zod";
import { connectionFields, connectionProblems, withConnectionDefaults } from "./connection";
import { cores, count, definitionName, domainSchema, durationSchema, memorySchema, nameSchema } from "./fields";
import { directoryNameSchema } from "./ldap-config";
import { lifecycleFields, lifecycleProblems } from "./lifecycle-fields";
import { durationForms, parseDuration } from "./units";
import { objectiveProblems, waitObjectiveSchema } from "./wait-objective";

const startupScriptSchema = z.strictObject({
  text: z
    .string()
    .max(1_000_000)
    .describe(
      "The script. These are replaced, once, by what they name; any other brace is doubled (`${{HOME}}`): `{server_id}`, " +
        "`{provider_name}`, `{upstream_auth_address}`, `{server_hostname}`, `{server_external_fqdn}` (empty without " +
        "`registerDns`), `{checkin_jwt}` or its older name `{registration_token}`, `{manager_token}`, " +
        "`{connection_username}`, `{connection_password}`, `{ad_join_credential}`, `{domain}`, `{nginx_cert_in}`, " +
        "`{nginx_key_in}`, `{ssh_key}`. Those without a value are left empty. Filled and wrapped, it may be as long as " +
        "the VM provider takes it (AWS 16 KiB), or 256 KiB where it is fetched (`delivery`).",
    ),
  raw: z.boolean().default(false).describe("Leave the text exactly as it is: no variables, no doubled braces."),
  osType: z.enum(["linux", "windows"]).default("linux").describe("System of the VM that runs it."),
  delivery: z
    .enum(["inline", "fetch"])
    .optional()
    .describe(
      "How it comes into the VM. `inline`: whole, within what the VM provider takes. `fetch`: a small one comes that fetches " +
        "it from the runtime with the node's token, compares its SHA-256 and runs it; at most 256 KiB, and only scripts " +
        "that run as a file. The image needs `curl`, and a certificate of the runtime that it trusts. Default: `inline`.",
    ),
});
export type OsType = z.output<typeof startupScriptSchema>["osType"];

const backoffSchema = z
  .string({ error: `use "auto" or ${durationForms}` })
  .transform((text, context): number | "auto" => {
    if (text === "auto") return text;
    const seconds = parseDuration(text);
    if (seconds !== undefined) return seconds;
    context.addIssue({ code: "custom", message: `use "auto" or ${durationForms}`, input: text });
    return 0;
  });

const autoscaleCommon = {
  name: definitionName,
  pool: nameSchema.describe("Name of the pool whose nodes it makes."),
  zone: nameSchema.describe("Name of the zone whose nodes it makes."),
  vmProvider: nameSchema.describe("Name of the VM provider config that makes them."),
  fallbackVmProviders: z
    .array(nameSchema)
    .max(10)
    .default([])
    .describe(
      "Names of VM provider configs that stand in, best first: another zone, size, on demand instead of spot, or another " +
        "cloud. The next one is used while the one before is out of capacity or quota, at its `maxInstances`, or its " +
        "circuit is open; new nodes go to the first again as soon as it takes them. Nodes on a fallback stay until they " +
        "are not needed, and are the first to leave.",
    ),
  enabled: z.boolean().default(true).describe("False freezes it: no create, no destroy, no placement."),
  drain: z.boolean().default(false).describe("True empties it: no new sessions, nodes leave when idle."),
  aggressiveScaling: z
    .boolean()
    .default(false)
    .describe("True gives each waiting session capacity of its own instead of packing them: faster, dearer."),
  aggressiveOvershoot: count
    .default(0)
    .describe("Nodes by which aggressive scaling may pass `maxNodes`; never passes the VM provider's `maxInstances`."),
  downscaleBackoff: backoffSchema
    .prefault("15m")
    .describe(
      "How long an excess must persist without a break before idle nodes go: as many as it had at its least. Short " +
        'values thrash. `"auto"`, with `waitObjective`: as boots and the forecast have it, and 15 minutes while there is none.',
    ),
  waitObjective: waitObjectiveSchema.optional(),
  minNodes: count.default(0).describe("Nodes kept whatever the demand."),
  maxNodes: count
    .min(1)
    .optional()
    .describe("Nodes never exceeded by this config. Default: only the VM provider's `maxInstances` counts."),
  countStatic: z.boolean().default(true).describe("Count the pool's static members in this zone as capacity."),
  coresOverride: cores
    .default(0)
    .describe("vCPUs credited to each node; 0 = what its size has, else what the node reports."),
  gpusOverride: count.default(0).describe("GPUs credited to each node; 0 = as with `coresOverride`."),
  memoryOverride: memorySchema
    .prefault("0MB")
    .describe('Memory credited to each node, e.g. `"16GiB"`; `"0MB"` = as with `coresOverride`.'),
  startupScript: startupScriptSchema
    .optional()
    .describe(
      "What a new VM runs when it starts. A docker agent, and a server with `requireCheckin`, gets the token of its " +
        "check-in only here: its script must use `{manager_token}`, or `{checkin_jwt}` for the server. " +
        "Default none; for those on local VMs, one that checks in.",
    ),
  ...lifecycleFields,
  queueTimeout: durationSchema.prefault("30m").describe("A queued session ends with its reason after this."),
  startTimeout: durationSchema
    .prefault("10m")
    .describe(
      "A session that was given a node and is not reported `running` after this ends with its reason, and its room is " +
        'free again; `"0s"` = never: such a session then holds its node until somebody ends it.',
    ),
  registerDns: z.boolean().default(false).describe("Create an A record `<node id>.<baseDomainName>` for each node."),
  baseDomainName: domainSchema.optional().describe("Domain of the records. Default none; required with `registerDns`."),
  dnsProvider: nameSchema
    .optional()
    .describe("Name of the DNS provider config. Default none; required with `registerDns`."),
};

export const agentAutoscaleConfigSchema = z.strictObject({
  type: z.literal("dockerAgent").describe("Type of the pool."),
  ...autoscaleCommon,
  standbyCores: cores
    .default(0)
    .describe("vCPUs kept free beyond what queued sessions need; 0: the next session may wait for a new node."),
  standbyGpus: count.default(0).describe("GPUs kept free."),
  standbyMemory: memorySchema.prefault("0MB").describe('Memory kept free, e.g. `"8GiB"`.'),
  standbySlots: z
    .strictObject({
      workspace: nameSchema.describe(
        "Name of a workspace of kind `container` that may run in the config's pool and zone, and fits each of its nodes.",
      ),
      count: count.describe("Sessions that must be placeable, beyond those that wait. A schedule may replace it."),
    })
    .optional()
    .describe(
      "Sessions of one workspace that could start at once. What is free on one node counts only as far as whole sessions " +
        "fit there: four nodes with one free core each have no slot for a session of two cores. It shares what is free " +
        "with the other standby values. Default none.",
    ),
  nginxCert: z
    .string()
    .max(100_000)
    .optional()
    .describe("PEM certificate for startup scripts that use `{nginx_cert_in}`. Default none."),
  nginxKey: z.string().max(100_000).optional().describe("Its PEM key, for `{nginx_key_in}`. Default none."),
});

export const serverAutoscaleConfigSchema = z.strictObject({
  type: z.literal("server").describe("Type of the pool."),
  ...autoscaleCommon,
  ...connectionFields,
  desktopServiceInstalled: z
    .boolean()
    .default(false)
    .describe(
      "The image has a service that speaks with the runtime, ours or one that does the same: it checks in by itself, so " +
        "`requireCheckin` holds, and makes the accounts of credential type `dynamic`.",
    ),
  requireCheckin: z
    .boolean()
    .default(false)
    .describe("Wait for the VM's own call before it counts as running, instead of probing its port."),
  reusable: z.boolean().default(true).describe("False: a server takes one session and is destroyed after it."),
  minimumAvailableSessions: count
    .default(0)
    .describe("Sessions that must be placeable at any time; 0: the next session may wait for a new server."),
  maxSimultaneousSessionsPerServer: count
    .min(1)
    .default(1)
    .describe("Sessions that one server takes at the same time; more than one only with RDP or SSH and `reusable`."),
  maxSimultaneousUsers: count.min(1).default(1).describe("Distinct users on one server at the same time."),
  createAdComputerRecord: z
    .boolean()
    .default(false)
    .describe(
      "Make a computer record in Active Directory for each server before its VM, named by the server's id, with a random " +
        "password for one join, which its script gets as `{ad_join_credential}` beside `{domain}`. The script joins; the " +
        "record goes after the VM.",
    ),
  ldapConfig: nameSchema
    .optional()
    .describe("Name of the LDAP config. Default none; required with `createAdComputerRecord`."),
  adComputerOu: directoryNameSchema
    .optional()
    .describe(
      "Distinguished name of the OU that the records are made in, e.g. `OU=Desktops,DC=example,DC=org`; a comma inside a " +
        "name is written `\\,`. Default none; required with `createAdComputerRecord`.",
    ),
  adRecursiveCleanup: z
    .boolean()
    .default(false)
    .describe(
      "Delete a record with everything below it, such as BitLocker keys; false: a record with something below it stays, " +
        "and so does the row of its node, until somebody removes that.",
    ),
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
    for (const [field, message, input] of objectiveProblems(config)) issue(field, message, input);
    if (config.type !== "server") return;
    if (config.createAdComputerRecord && !config.ldapConfig)
      issue("ldapConfig", "required with createAdComputerRecord");
    if (config.createAdComputerRecord && !config.adComputerOu) {
      issue("adComputerOu", "required with createAdComputerRecord");
    }
    for (const [field, message] of connectionProblems(config)) issue(field, message, config[field]);
    if (config.connectionCredentialType === "dynamic" && !config.desktopServiceInstalled) {
      const why = "with credential type dynamic, because the service in the VM makes the accounts";
      issue("desktopServiceInstalled", `true ${why}`, config.desktopServiceInstalled);
    }
    const single = !config.reusable || config.connectionType === "kasmvnc" || config.connectionType === "vnc";
    if (single && config.maxSimultaneousSessionsPerServer !== 1) {
      const why = config.reusable ? `connection type ${config.connectionType}` : "reusable: false";
      issue("maxSimultaneousSessionsPerServer", `1 with ${why}`, config.maxSimultaneousSessionsPerServer);
    }
  })
  .transform((config) => (config.type === "server" ? withServerDefaults(config) : config));

/** What one field of a server config says about another that is left out. */
function withServerDefaults(config: z.output<typeof serverAutoscaleConfigSchema>) {
  const filled = withConnectionDefaults(config, config.startupScript?.osType ?? "linux");
  return { ...filled, requireCheckin: config.requireCheckin || config.desktopServiceInstalled };
}

export type AgentAutoscaleConfig = z.output<typeof agentAutoscaleConfigSchema>;
export type AutoscaleConfig = z.output<typeof autoscaleConfigSchema>;
export type ServerAutoscaleConfig = Extract<AutoscaleConfig, { type: "server" }>;

/** Names of the VM provider configs that may make the config's nodes, the preferred one first. */
export function vmProvidersOf(config: AutoscaleConfig): readonly string[] {
  return [config.vmProvider, ...config.fallbackVmProviders];
}
