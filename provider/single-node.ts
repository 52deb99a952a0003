/**
 * One node of any cloud, declared in the user's own stack through the same code as the runtime's nodes: for the components of
 * TypeScript programs and, by the plugin, for those of all other languages.
 */
import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "./cloud";
import { identityOf } from "./frame/identity";
import { isPlain, whenKnown } from "./given-arguments";
import { fieldsOf } from "./kernel/setting-fields";
import type { DnsProvider, NodeOf, RecordOf, VmProvider } from "./vm-provider";
import type { Settings } from "../runtime/model/accounts";
import { nameSchema, type OsType, problemsOf } from "../runtime/model/config";
import { BugError, ConfigError } from "../runtime/model/errors";
import { domainSchema } from "../runtime/model/fields";

/** In the tags of a node that no runtime knows, where its zone, pool and config would be. */
const withoutRuntime = "none";
const ttlSecondsDefault = 60;

/** What the nodes of every cloud take. */
export interface NodeArgs {
  /** Name of the VM: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly nodeName?: string;
  /** Run when the VM starts, wrapped as its system needs it; kept as a secret. Default none. */
  readonly startupScript?: pulumi.Input<string>;
}

export interface NodeRecordArgs {
  /** The record is `<node name>.<baseDomainName>`. */
  readonly baseDomainName: pulumi.Input<string>;
  /** Seconds, 1 to 86,400. Default 60. */
  readonly ttlSeconds?: pulumi.Input<number>;
}

/** A record at another DNS service than that of the VM's cloud. */
export interface OtherDnsArgs extends NodeRecordArgs {
  /** Kind of the service, e.g. `"aws"`. */
  readonly kind: pulumi.Input<string>;
  /** Its settings with its credentials, as the arguments of its DNS provider config are. Default: all their defaults. */
  readonly settings?: pulumi.Input<object>;
}

export interface NodeDeclaration extends NodeArgs {
  /** Of its cloud. */
  readonly kind: string;
  /** The component's own name. */
  readonly resourceName: string;
  /** Checked by the cloud's own schema, as those of the record are. */
  readonly settings?: pulumi.Input<object>;
  readonly osType?: pulumi.Input<OsType>;
  /** Without a kind of its own the record's fields are what it needs beside the VM's settings. */
  readonly dns?: pulumi.Input<OtherDnsArgs | (NodeRecordArgs & { readonly kind?: undefined })>;
}

/** What is reached, and under which name. */
export interface DeclaredSingleNode {
  readonly address: pulumi.Output<string>;
  readonly dnsName: pulumi.Output<string | undefined>;
}

/**
 * Declares the VM and its record as children of `component`. Wrong arguments throw before anything is declared, at once when
 * all of them are plain values. With arguments that no preview knows nothing is declared in that preview, and it says so.
 */
export function declareNode(
  component: pulumi.ComponentResource,
  declaration: NodeDeclaration,
  clouds: readonly Cloud[] = registered(),
): DeclaredSingleNode {
  const plan = isPlain(declaration) ? planOf(declaration as PlainDeclaration, clouds) : undefined;
  const declared =
    plan === undefined ? declareWhenKnown(component, declaration, clouds) : declareResources(component, plan);
  return {
    address: pulumi.output(declared.then(({ address }) => address)),
    dnsName: pulumi.output(declared.then(({ dnsName }) => dnsName)),
  };
}

/** The same with every value as it is. */
interface PlainDeclaration {
  readonly kind: string;
  readonly resourceName: string;
  readonly nodeName?: string;
  readonly startupScript?: string;
  readonly settings?: Settings;
  readonly osType?: OsType;
  readonly dns?: {
    readonly kind?: string;
    readonly settings?: object;
    readonly baseDomainName: string;
    readonly ttlSeconds?: number;
  };
}

interface Plan {
  readonly machine: Machine;
  readonly record: NodeRecord | undefined;
  /** Of the node's resources. */
  readonly options?: pulumi.CustomResourceOptions;
}

const argumentNames = [
  "nodeName",
  "startupScript",
  "settings",
  "osType",
  "dns",
] as const satisfies readonly (keyof NodeDeclaration)[];

function planOf(declaration: PlainDeclaration, clouds: readonly Cloud[]): Plan {
  const names: readonly string[] = ["kind", "resourceName", ...argumentNames];
  const unknown = Object.keys(declaration).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const message = `unknown field; there are ${argumentNames.join(", ")}`;
    throw ConfigError.of(unknown.map((path) => ({ path, message })));
  }
  const machine = machineOf(declaration, clouds);
  return { machine, record: declaration.dns && recordOf(declaration, declaration.dns, clouds) };
}

async function declareWhenKnown(
  component: pulumi.ComponentResource,
  declaration: NodeDeclaration,
  clouds: readonly Cloud[],
): Promise<{ address: pulumi.Output<string>; dnsName: pulumi.Output<string> | undefined }> {
  const given = await whenKnown<PlainDeclaration>(declaration, secretArguments(declaration, clouds));
  if ("unknown" in given) {
    const { resourceName, nodeName = resourceName } = declaration;
    const message =
      `VM "${nodeName}": its arguments rest on what is yet to be made, so this preview shows neither the VM nor its record, ` +
      "also when they exist; an update knows them";
    await pulumi.log.warn(message, component);
    return { address: given.unknown, dnsName: given.unknown };
  }
  return declareResources(component, { ...planOf(given.value, clouds), options: given.options });
}

/** Paths of the arguments that the clouds' own code keeps as secrets. */
function secretArguments({ kind, dns }: NodeDeclaration, clouds: readonly Cloud[]): string[] {
  const cloud = cloudOf(clouds, kind, "kind");
  const dnsKind = dns !== undefined && "kind" in dns ? dns.kind : undefined;
  const other = typeof dnsKind === "string" ? cloudOf(clouds, dnsKind, "dns.kind").dns : undefined;
  return [
    "startupScript",
    ...(cloud.vm?.secretFields ?? []).map((field) => `settings.${field}`),
    ...(cloud.dns?.secretFields ?? []).map((field) => `dns.${field}`),
    ...(other?.secretFields ?? []).map((field) => `dns.settings.${field}`),
  ];
}

interface Machine {
  readonly vm: VmProvider<unknown>;
  readonly node: NodeOf<unknown>;
  /** Name of the Pulumi provider that is made for it when none is given. */
  readonly providerName: string;
}

interface NodeRecord {
  readonly service: DnsProvider<unknown>;
  readonly dns: RecordOf<unknown>["dns"];
  /** Name of the Pulumi provider that is made for it; absent: that of the VM serves. */
  readonly providerName?: string;
}

function machineOf(
  { kind, resourceName, osType = "linux", startupScript = "", ...args }: PlainDeclaration,
  clouds: readonly Cloud[],
): Machine {
  const { vm } = cloudOf(clouds, kind, "kind");
  if (vm === undefined) throw new BugError(`there are no VMs of kind "${kind}"`);
  const nodeId = parse({ settings: nameSchema }, args.nodeName ?? resourceName, "nodeName");
  const settings = parse(vm, { ...vm.nodeDefaults, ...args.settings }, "settings");
  const origin = { zone: withoutRuntime, pool: withoutRuntime, autoscaleConfig: withoutRuntime };
  const node = { nodeId, ...origin, vmProvider: withoutRuntime, kind, settings, osType, startupScript };
  return { vm, node, providerName: `${resourceName}-account` };
}

function recordOf(
  { kind, resourceName, settings = {} }: PlainDeclaration,
  { baseDomainName, ttlSeconds = ttlSecondsDefault, ...given }: NonNullable<PlainDeclaration["dns"]>,
  clouds: readonly Cloud[],
): NodeRecord {
  parse({ settings: domainSchema }, baseDomainName, "dns.baseDomainName");
  const service = cloudOf(clouds, given.kind ?? kind, "dns.kind").dns;
  if (service === undefined) {
    throw ConfigError.of([{ path: "dns.kind", message: `got "${given.kind ?? kind}", which has no DNS service` }]);
  }
  if (given.kind !== undefined) {
    const own = parse(service, given.settings ?? {}, "dns.settings");
    const dns = { kind: given.kind, baseDomainName, ttlSeconds, settings: own as Settings };
    return { service, dns, providerName: `${resourceName}-dns-account` };
  }
  // The account, and whatever else VMs and records have in common, is said by the VM's settings.
  const names = fieldsOf("dns", service.settings).map(({ name }) => name);
  const shared = Object.entries(settings).filter(([name]) => names.includes(name));
  const merged = parse(service, { ...Object.fromEntries(shared), ...given }, "dns");
  return { service, dns: { kind, baseDomainName, ttlSeconds, settings: merged as Settings } };
}

async function declareResources(
  component: pulumi.ComponentResource,
  { machine: { vm: machines, node, providerName }, record, options: given = {} }: Plan,
): Promise<{ address: pulumi.Output<string>; dnsName: pulumi.Output<string> | undefined }> {
  // A provider given in the options, or by a parent, comes first.
  const inherited = component.getProvider(machines.vmType);
  const provider = inherited ?? (await ownProvider(machines, providerName, node.settings));
  const options = { ...given, parent: component, provider };
  if (record === undefined) {
    const { address } = await machines.declareNode(node, options);
    return { address, dnsName: undefined };
  }
  const { service, dns } = record;
  const zone =
    record.providerName === undefined
      ? provider
      : (component.getProvider(service.recordType) ?? (await ownProvider(service, record.providerName, dns.settings)));
  const identity = identityOf(node);
  const declareRecord = await service.prepareRecord({ identity, dns }, zone === undefined ? {} : { provider: zone });
  const { vm, address } = await machines.declareNode(node, options);
  const { dnsName } = declareRecord(address, { ...options, provider: zone, dependsOn: vm });
  return { address, dnsName };
}

/** A Pulumi provider of these settings, for clouds that need one. */
async function ownProvider(
  service: VmProvider<unknown> | DnsProvider<unknown>,
  name: string,
  settings: unknown,
): Promise<pulumi.ProviderResource | undefined> {
  return service.usesOwnPlugin ? undefined : service.pulumiProvider(name, { settings: settings as Settings });
}

/** Loaded only now: programs that declare no nodes need no clouds. */
function registered(): readonly Cloud[] {
  return (require("./registry") as typeof import("./registry")).clouds;
}

function cloudOf(clouds: readonly Cloud[], kind: string, path: string): Cloud {
  const found = clouds.find((cloud) => cloud.kind === kind);
  if (found !== undefined) return found;
  const known = clouds.map((cloud) => cloud.kind).join(", ");
  throw ConfigError.of([{ path, message: `got "${kind}"; there are ${known}` }]);
}

/** What the schema makes of it. Problems are told at their path below `what`, secrets without their values. */
function parse<Output>(
  {
    settings,
    secretFields = [],
  }: { readonly settings: VmProvider<Output>["settings"]; readonly secretFields?: readonly string[] },
  value: unknown,
  what: string,
): Output {
  const parsed = settings.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, value, secretFields, settings);
  throw ConfigError.of(problems.map(({ path, message }) => ({ path: path ? `${what}.${path}` : what, message })));
}
