// Made by `npm run generate` from provider/clouds/oci.ts; edit there.
import * as pulumi from "@pulumi/pulumi";
import type { DnsProviderArgs, VmProviderArgs } from "../arguments";
import type { OsType } from "../choices";
import { declareNode, type NodeArgs, type NodeRecordArgs, type OtherDnsArgs } from "../node";
import { declareProviderConfig } from "../provider-config";

/** How the account is reached. */
export interface OciCredentialArgs {
  /**
   * How OCI knows who asks: `apiKey`, an API signing key of a user, or `instancePrincipal`, the machine that runs the
   * updates as a member of a dynamic group; then none of the four fields of the key is set. Default `apiKey`.
   */
  readonly auth?: pulumi.Input<"apiKey" | "instancePrincipal">;
  /** The user whose API key it is, e.g. `"ocid1.user.oc1..xyz"`. Default none: required with `apiKey`. */
  readonly userOcid?: pulumi.Input<string>;
  /**
   * Fingerprint of the public key, as the console shows it, e.g. `"20:3b:97:13:55:1c:11:22:33:44:55:66:77:88:99:aa"`.
   * Default none: required with `apiKey`.
   */
  readonly fingerprint?: pulumi.Input<string>;
  /**
   * The private key in PEM, which begins with `-----BEGIN PRIVATE KEY-----` or `-----BEGIN RSA PRIVATE KEY-----`. At
   * most 16,384 characters. Kept as a secret. Default none: required with `apiKey`.
   */
  readonly privateKey?: pulumi.Input<string>;
  /** Password of the private key. Kept as a secret. Default none: the key is not encrypted. */
  readonly privateKeyPassword?: pulumi.Input<string>;
  /** The tenancy, e.g. `"ocid1.tenancy.oc1..xyz"`. Default none: required with `apiKey`. */
  readonly tenancyOcid?: pulumi.Input<string>;
}

/** What each VM is. */
export interface OciVmArgs extends OciCredentialArgs {
  /** Region of the VMs, e.g. `"us-ashburn-1"`. */
  readonly region: pulumi.Input<string>;
  /** Compartment that the VMs are in, e.g. `"ocid1.compartment.oc1..xyz"`. */
  readonly compartmentOcid: pulumi.Input<string>;
  /**
   * Availability domains of the VMs by their whole names, in the order in which they are tried, e.g.
   * `["BEol:US-ASHBURN-AD-1", "BEol:US-ASHBURN-AD-2"]`: new nodes go where the last one came up, and after a refusal to
   * the next. 1 to 3.
   */
  readonly availabilityDomains: pulumi.Input<pulumi.Input<string>[]>;
  /** Fault domain of the VMs, e.g. `"FAULT-DOMAIN-1"`. Default: OCI chooses one. */
  readonly faultDomain?: pulumi.Input<"FAULT-DOMAIN-1" | "FAULT-DOMAIN-2" | "FAULT-DOMAIN-3">;
  /** Image of the VMs, of the same region, e.g. `"ocid1.image.oc1.iad.xyz"`. Running nodes keep theirs. */
  readonly imageOcid: pulumi.Input<string>;
  /** Shape of the VMs, e.g. `"VM.Standard.E4.Flex"`; decides processor and GPUs. */
  readonly shape: pulumi.Input<string>;
  /**
   * OCPUs of a flexible shape, e.g. `2`; one counts as two cores, with `VM.Standard.A1.Flex` as one. 1 to 512. Default
   * none: required with a shape that ends in `.Flex`, refused with others.
   */
  readonly ocpus?: pulumi.Input<number>;
  /** Memory of a flexible shape in whole GiB, e.g. `"16GiB"`: 1 to 64 for each OCPU. Default none: as `ocpus`. */
  readonly memory?: pulumi.Input<string>;
  /**
   * Part of each OCPU that a burstable VM may use all the time: `BASELINE_1_8` (12.5 %), `BASELINE_1_2` (50 %) or
   * `BASELINE_1_1` (100 %, not burstable). Its cores still count in full. Default `BASELINE_1_1`.
   */
  readonly baselineOcpuUtilization?: pulumi.Input<"BASELINE_1_8" | "BASELINE_1_2" | "BASELINE_1_1">;
  /** Size of the boot volume in whole GiB, 50 to 32,768, e.g. `"100GiB"`. Default: as the image has it. */
  readonly bootVolumeSize?: pulumi.Input<string>;
  /**
   * Volume performance units for each GB of the boot volume, in steps of 10: 10 is balanced, 20 higher performance, 30
   * and more ultra high performance; more costs more. 10 to 120. Default 10.
   */
  readonly bootVolumeVpusPerGb?: pulumi.Input<number>;
  /**
   * Key of a vault that encrypts the boot volume, e.g. `"ocid1.key.oc1.iad.xyz"`. Default: a key that Oracle manages.
   */
  readonly kmsKeyOcid?: pulumi.Input<string>;
  /** Subnet of the VMs, e.g. `"ocid1.subnet.oc1.iad.xyz"`. */
  readonly subnetOcid: pulumi.Input<string>;
  /**
   * Network security groups of the VMs, of the VCN of their subnet, e.g. `["ocid1.networksecuritygroup.oc1.iad.xxx"]`;
   * at most 5. 0 to 5. Default none.
   */
  readonly nsgOcids?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Give each VM a public address. Default: true with `addressType` public, else false; OCI's own default, which a
   * private subnet refuses, is never used.
   */
  readonly assignPublicIp?: pulumi.Input<boolean>;
  /** Which address the runtime and the users' proxy use. Default `private`. */
  readonly addressType?: pulumi.Input<"private" | "public">;
  /**
   * Public SSH key for the image's own user, or several with one in each line, e.g. `"ssh-ed25519 AAAA... ops"`.
   * Default none.
   */
  readonly sshPublicKey?: pulumi.Input<string>;
  /** Freeform tags on the VMs, beside those that name the node; at most 5, e.g. `{ team: "labs" }`. Default none. */
  readonly freeformTags?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /**
   * Defined tags on the VMs, by namespace and key, e.g. `{ "Operations.CostCenter": "42" }`. Both must exist in the
   * tenancy. Default none.
   */
  readonly definedTags?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Preemptible VMs, at half the price: OCI ends one when it needs its capacity. Default false. */
  readonly preemptible?: pulumi.Input<boolean>;
  /**
   * Answer the metadata service's old endpoint (`/opc/v1`) in the VMs, which a fooled web server can be made to ask.
   * Only for old images whose cloud-init needs it; some tenancies refuse it. Default false.
   */
  readonly legacyMetadataEndpoints?: pulumi.Input<boolean>;
  /**
   * Additions in the words of OCI's Python SDK, as fields of `LaunchInstanceDetails`, with or without `OCI_MODEL_NAME`,
   * e.g. `{ agent_config: { plugins_config: [{ name: "Vulnerability Scanning", desired_state: "ENABLED" }] } }`.
   * Unknown and protected fields are refused. Default none.
   */
  readonly configOverride?: pulumi.Input<{ [key: string]: unknown }>;
  /** Inputs of the Pulumi resource `oci.Core.Instance`; wins over `configOverride`. Default none. */
  readonly inputOverride?: pulumi.Input<{ [key: string]: unknown }>;
}

export interface OciVmProviderArgs extends VmProviderArgs, OciVmArgs {}

/**
 * VMs on Oracle Cloud Infrastructure. The machine that runs the updates needs the package `@pulumi/oci`.
 *
 * @example
 * const flex = new headroom.OciVmProvider("flex", {
 *   maxInstances: 20, userOcid, fingerprint, privateKey, tenancyOcid, region: "us-ashburn-1", compartmentOcid,
 *   availabilityDomains: ["BEol:US-ASHBURN-AD-1", "BEol:US-ASHBURN-AD-2"], imageOcid, subnetOcid,
 *   shape: "VM.Standard.E4.Flex", ocpus: 4, memory: "32GiB",
 * });
 */
export class OciVmProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: OciVmProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:OciVmProvider", name, {}, opts);
    const secretFields: string[] = ["privateKeyPassword", "privateKey"];
    this.name = declareProviderConfig(this, "vmProviderConfig", { kind: "oci", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** Where the records go. */
export interface OciDnsArgs extends OciCredentialArgs {
  /** A region that the tenancy is subscribed to, e.g. `"us-ashburn-1"`; private zones are in one. */
  readonly region: pulumi.Input<string>;
  /** Compartment that the zones are in, e.g. `"ocid1.compartment.oc1..xyz"`. Default none: required without `zone`. */
  readonly compartmentOcid?: pulumi.Input<string>;
  /**
   * Zone of the records by name or OCID, e.g. `"labs.example.org"`. Default: the one of the compartment with the
   * longest name that the base domain name ends in.
   */
  readonly zone?: pulumi.Input<string>;
  /** Private view that the zone is in, e.g. `"ocid1.dnsview.oc1.iad.xyz"`. Default none: a public zone. */
  readonly privateViewOcid?: pulumi.Input<string>;
}

export interface OciDnsProviderArgs extends DnsProviderArgs, OciDnsArgs {}

/** Records in OCI DNS. The machine that runs the updates needs the package `@pulumi/oci`. */
export class OciDnsProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: OciDnsProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:OciDnsProvider", name, {}, opts);
    const secretFields: string[] = ["privateKeyPassword", "privateKey"];
    this.name = declareProviderConfig(this, "dnsProviderConfig", { kind: "oci", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** A record in the account of the VM. */
export interface OciNodeDnsArgs extends NodeRecordArgs, Pick<OciDnsArgs, "zone" | "privateViewOcid"> {}

/** Checked before anything is declared. */
export interface OciNodeArgs extends NodeArgs {
  /** Default `linux`. */
  readonly osType?: pulumi.Input<OsType>;
  /** What the VM is. */
  readonly settings: pulumi.Input<OciVmArgs>;
  /** Default: no record. */
  readonly dns?: pulumi.Input<OciNodeDnsArgs | OtherDnsArgs>;
}

/**
 * VMs on Oracle Cloud Infrastructure. This is one of them without a runtime, in your own stack: it lives as long as the
 * resource, and its settings have the same defaults as those of the runtime's nodes. Needs the npm package
 * `@pulumi/oci` where it runs: pass a provider of it in the options to share it among nodes; without one each node
 * makes its own from `settings`.
 */
export class OciNode extends pulumi.ComponentResource {
  /** Under which it is reached. */
  readonly address: pulumi.Output<string>;
  /** Only with `dns`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: OciNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:OciNode", name, {}, opts);
    const { address, dnsName } = declareNode(this, { kind: "oci", resourceName: name, ...args });
    this.address = address;
    this.dnsName = dnsName;
    this.registerOutputs({ address, dnsName });
  }
}
