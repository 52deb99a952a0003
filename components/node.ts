/** Internal: one node of any cloud, declared in the user's own stack through the same code as the runtime's nodes. */
import * as pulumi from "@pulumi/pulumi";
import type { DnsProvider, VmProvider } from "../provider/vm-provider";
import { type DnsProviderKind, nameSchema, problemsOf, type VmProviderKind } from "../runtime/model/config";
import type { Settings as FieldsOfSettings } from "../runtime/model/accounts";
import { ConfigError } from "../runtime/model/errors";

/** In the tags of a node that no runtime knows, where its zone, pool and config would be. */
const withoutRuntime = "none";
const ttlSecondsDefault = 60;

export interface NodeDeclaration<Settings, DnsSettings> {
  readonly nodeName: string;
  readonly kind: VmProviderKind & DnsProviderKind;
  readonly vmProvider: VmProvider<Settings>;
  /** Checked by the cloud's own schema. */
  readonly settings: unknown;
  readonly startupScript: string;
  readonly osType: "linux" | "windows";
  /** Name of the Pulumi provider that is made of the settings when none is given; absent = the default one serves. */
  readonly ownProvider?: string;
  readonly dns?:
    | {
        readonly provider: DnsProvider<DnsSettings>;
        readonly settings: unknown;
        readonly baseDomainName: string;
        readonly ttlSeconds?: number;
      }
    | undefined;
}

/** Declares the VM and its record as children of `component`. Wrong arguments throw before anything is declared. */
export function declareNode<Settings, DnsSettings>(
  component: pulumi.ComponentResource,
  declaration: NodeDeclaration<Settings, DnsSettings>,
): { address: pulumi.Output<string>; dnsName: pulumi.Output<string | undefined> } {
  const nodeId = parse(nameSchema, declaration.nodeName, "nodeName");
  const settings = parse(declaration.vmProvider.settings, declaration.settings, "settings");
  const dnsSettings = declaration.dns && parse(declaration.dns.provider.settings, declaration.dns.settings, "dns");
  const declared = declareResources(component, nodeId, declaration, settings, dnsSettings);
  return {
    address: pulumi.output(declared.then(({ address }) => address)),
    dnsName: pulumi.output(declared.then(({ dnsName }) => dnsName)),
  };
}

async function declareResources<Settings, DnsSettings>(
  component: pulumi.ComponentResource,
  nodeId: string,
  { vmProvider, kind, osType, startupScript, ownProvider, dns }: NodeDeclaration<Settings, DnsSettings>,
  settings: Settings,
  dnsSettings: DnsSettings | undefined,
): Promise<{ address: pulumi.Output<string>; dnsName: pulumi.Output<string> | undefined }> {
  // A provider given in the options, or by a parent, comes first.
  const given = component.getProvider(vmProvider.vmType);
  const own = given === undefined && ownProvider !== undefined;
  const provider = own
    ? await vmProvider.pulumiProvider(ownProvider, { settings: settings as FieldsOfSettings })
    : given;
  const node = {
    nodeId,
    zone: withoutRuntime,
    pool: withoutRuntime,
    autoscaleConfig: withoutRuntime,
    vmProvider: withoutRuntime,
    kind,
    settings,
    osType,
    startupScript,
  };
  const { vm, address } = await vmProvider.declareNode(node, { parent: component, provider });
  if (dns === undefined || dnsSettings === undefined) return { address, dnsName: undefined };
  const { baseDomainName, ttlSeconds = ttlSecondsDefault } = dns;
  const record = await dns.provider.declareRecord(
    {
      nodeId,
      address,
      dns: {
        kind,
        baseDomainName,
        ttlSeconds,
        settings: dnsSettings as DnsSettings & Readonly<Record<string, unknown>>,
      },
    },
    { parent: component, provider, dependsOn: vm },
  );
  return { address, dnsName: record.dnsName };
}

function parse<Output>(schema: VmProvider<Output>["settings"], value: unknown, what: string): Output {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, value);
  throw ConfigError.of(problems.map(({ path, message }) => ({ path: path ? `${what}.${path}` : what, message })));
}
