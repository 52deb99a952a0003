/** Internal: one node of any cloud, declared in the user's own stack through the same code as the runtime's nodes. */
import * as pulumi from "@pulumi/pulumi";
import { identityOf } from "../provider/frame/identity";
import type { CloudAccess, DnsProvider, NodeOf, VmProvider } from "../provider/vm-provider";
import { nameSchema, problemsOf } from "../runtime/model/config";
import type { Settings as FieldsOfSettings } from "../runtime/model/accounts";
import { ConfigError } from "../runtime/model/errors";

/** In the tags of a node that no runtime knows, where its zone, pool and config would be. */
const withoutRuntime = "none";
const ttlSecondsDefault = 60;

export interface NodeDeclaration<Settings, DnsSettings> {
  readonly nodeName: string;
  readonly cloud: { readonly kind: string; readonly vm: VmProvider<Settings> };
  /** Checked by the cloud's own schema. */
  readonly settings: unknown;
  readonly startupScript: string;
  readonly osType: "linux" | "windows";
  /** Name of the Pulumi provider that is made of the settings when none is given; absent = the default one serves. */
  readonly ownProvider?: string;
  readonly dns?: RecordDeclaration<DnsSettings> | undefined;
}

export interface RecordDeclaration<DnsSettings> {
  /** Of the VM's cloud, whose Pulumi provider serves the record too, or any other. */
  readonly service: { readonly kind: string; readonly dns: DnsProvider<DnsSettings> };
  readonly settings: unknown;
  readonly baseDomainName: string;
  readonly ttlSeconds?: number;
  /** As for the VM, when the service is not of the VM's cloud. */
  readonly ownProvider?: string;
}

/** Declares the VM and its record as children of `component`. Wrong arguments throw before anything is declared. */
export function declareNode<Settings, DnsSettings>(
  component: pulumi.ComponentResource,
  declaration: NodeDeclaration<Settings, DnsSettings>,
): { address: pulumi.Output<string>; dnsName: pulumi.Output<string | undefined> } {
  const { cloud, dns, osType, startupScript } = declaration;
  const node: NodeOf<Settings> = {
    nodeId: parse(nameSchema, declaration.nodeName, "nodeName"),
    zone: withoutRuntime,
    pool: withoutRuntime,
    autoscaleConfig: withoutRuntime,
    vmProvider: withoutRuntime,
    kind: cloud.kind,
    settings: parse(cloud.vm.settings, declaration.settings, "settings"),
    osType,
    startupScript,
  };
  const dnsSettings = dns && parse(dns.service.dns.settings, dns.settings, "dns");
  const declared = declareResources(component, node, declaration, dnsSettings);
  return {
    address: pulumi.output(declared.then(({ address }) => address)),
    dnsName: pulumi.output(declared.then(({ dnsName }) => dnsName)),
  };
}

async function declareResources<Settings, DnsSettings>(
  component: pulumi.ComponentResource,
  node: NodeOf<Settings>,
  { cloud, ownProvider, dns }: NodeDeclaration<Settings, DnsSettings>,
  dnsSettings: DnsSettings | undefined,
): Promise<{ address: pulumi.Output<string>; dnsName: pulumi.Output<string> | undefined }> {
  const provider = await providerFor(component, cloud.vm, cloud.vm.vmType, ownProvider, node.settings);
  const { vm, address } = await cloud.vm.declareNode(node, { parent: component, provider });
  if (dns === undefined || dnsSettings === undefined) return { address, dnsName: undefined };
  const { service, baseDomainName, ttlSeconds = ttlSecondsDefault } = dns;
  const dnsProvider =
    service.kind === cloud.kind
      ? provider
      : await providerFor(component, service.dns, service.dns.recordType, dns.ownProvider, dnsSettings);
  const settings = dnsSettings as DnsSettings & FieldsOfSettings;
  const record = await service.dns.declareRecord(
    { identity: identityOf(node), address, dns: { kind: service.kind, baseDomainName, ttlSeconds, settings } },
    { parent: component, provider: dnsProvider, dependsOn: vm },
  );
  return { address, dnsName: record.dnsName };
}

/** One that is given in the options, or by a parent, comes first. */
async function providerFor(
  component: pulumi.ComponentResource,
  access: CloudAccess,
  type: string,
  ownName: string | undefined,
  settings: unknown,
): Promise<pulumi.ProviderResource | undefined> {
  const given = component.getProvider(type);
  if (given !== undefined || ownName === undefined) return given;
  return access.pulumiProvider(ownName, { settings: settings as FieldsOfSettings });
}

function parse<Output>(schema: VmProvider<Output>["settings"], value: unknown, what: string): Output {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, value);
  throw ConfigError.of(problems.map(({ path, message }) => ({ path: path ? `${what}.${path}` : what, message })));
}
