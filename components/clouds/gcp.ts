// Made by `npm run generate` from provider/clouds/gcp.ts; edit there.
import * as pulumi from "@pulumi/pulumi";
import type { DnsProviderArgs, VmProviderArgs } from "../arguments";
import type { OsType } from "../choices";
import { declareNode, type NodeArgs, type NodeRecordArgs, type OtherDnsArgs } from "../node";
import { declareProviderConfig } from "../provider-config";

/** APIs under addresses of your own, behind Private Service Connect. */
export interface GcpCredentialEndpointsArgs {
  /**
   * Of Compute Engine, e.g. `"https://compute-agents.p.googleapis.com/compute/v1/"`. Default: that of Google Cloud.
   */
  readonly compute?: pulumi.Input<string>;
  /** Of Cloud DNS, e.g. `"https://dns-agents.p.googleapis.com/dns/v1/"`. Default: that of Google Cloud. */
  readonly dns?: pulumi.Input<string>;
}

/** How the account is reached. */
export interface GcpCredentialArgs {
  /**
   * Key of a service account, as the text of its JSON file. Kept as a secret. Default: the application default
   * credentials of the machine that runs the updates.
   */
  readonly credentials?: pulumi.Input<string>;
  /** Id of the project, e.g. `"pensive-voice-547511"`; not its name, nor its number. */
  readonly project: pulumi.Input<string>;
  /**
   * Service account to act as with those credentials, e.g. `"vms@pensive-voice-547511.iam.gserviceaccount.com"`; they
   * need `roles/iam.serviceAccountTokenCreator` on it. Default none.
   */
  readonly impersonateServiceAccount?: pulumi.Input<string>;
  /** APIs under addresses of your own, behind Private Service Connect. */
  readonly endpoints?: pulumi.Input<GcpCredentialEndpointsArgs>;
}

/**
 * Metadata of the VMs, as a map or as a list of `{ key, value }`, e.g. `{ "ssh-keys": "ops:ssh-ed25519 AAAA... ops" }`.
 * At most 256 KiB for one value, and 512 KiB for all together with the startup script.
 */
export interface GcpMetadataArgs {
  /** Name of the entry. */
  readonly key: pulumi.Input<string>;
  /** What it holds. */
  readonly value: pulumi.Input<string>;
}

/** Service account whose roles whoever is in a VM has. */
export interface GcpServiceAccountArgs {
  /** Its e-mail address, e.g. `"agents@pensive-voice-547511.iam.gserviceaccount.com"`. */
  readonly email: pulumi.Input<string>;
  /**
   * What its tokens may be used for, at most what its roles allow. At least 1. Default
   * `["https://www.googleapis.com/auth/cloud-platform"]`.
   */
  readonly scopes?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * GPUs that are attached to each VM, e.g. `[{ acceleratorType: "nvidia-tesla-t4", acceleratorCount: 1 }]`. Machine
 * types such as g2 and a2 have theirs built in, and want none here.
 */
export interface GcpGuestAcceleratorArgs {
  /** Type of the GPU, e.g. `"nvidia-tesla-t4"`, or its path in a zone. */
  readonly acceleratorType: pulumi.Input<string>;
  /** How many of it each VM has. 1 to 16. */
  readonly acceleratorCount: pulumi.Input<number>;
}

/** Present: spot VMs, which Google may take back with a notice of 30 seconds; `{}` is enough. */
export interface GcpSpotArgs {
  /**
   * What becomes of a VM that Google takes back: `STOP` keeps it, and its disk costs, until its node is deleted.
   * Default `DELETE`.
   */
  readonly terminationAction?: pulumi.Input<"STOP" | "DELETE">;
  /** Hours after which Google ends the VM in any case. 1 to 2,880. Default: no end. */
  readonly maxRunHours?: pulumi.Input<number>;
}

/** What each VM is. */
export interface GcpVmArgs extends GcpCredentialArgs {
  /** Region of the VMs, e.g. `"us-east4"`. Default: that of `zone`. */
  readonly region?: pulumi.Input<string>;
  /**
   * Zone of the VMs, e.g. `"us-east4-b"`, or a list of zones of one region. Of a list each node takes one by its own
   * id, so that nodes are spread, and one that is made in the place of a refused one may come up elsewhere.
   */
  readonly zone: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * Size of each VM, e.g. `"e2-standard-2"`, or `"n2-custom-4-8192"` with 4 vCPU and 8192 MiB; decides its cores,
   * memory and built-in GPUs.
   */
  readonly machineType: pulumi.Input<string>;
  /**
   * Image of the boot disk, e.g. `"projects/ubuntu-os-cloud/global/images/ubuntu-2404-noble-amd64-v20261101"`, or
   * `"projects/<project>/global/images/family/<family>"` for the newest of a family. For new nodes only; running ones
   * keep theirs.
   */
  readonly image: pulumi.Input<string>;
  /** Size of the boot disk in whole GiB, e.g. `"50GiB"`. Default: that of the image. */
  readonly bootVolumeSize?: pulumi.Input<string>;
  /**
   * Type of the boot disk, e.g. `"pd-ssd"`. Default: `hyperdisk-balanced` for machine types of the fourth generation
   * and later, which take no other (n4, c4, ...), else `pd-balanced`.
   */
  readonly diskType?: pulumi.Input<string>;
  /**
   * Customer-managed key of the boot disk, e.g.
   * `"projects/pensive-voice-547511/locations/global/keyRings/my-keyring/cryptoKeys/my-key"`; the project's Compute
   * Engine service agent needs `roles/cloudkms.cryptoKeyEncrypterDecrypter` on it. Default: a key of Google's.
   */
  readonly cmek?: pulumi.Input<string>;
  /**
   * Network of the VMs, e.g. `"projects/pensive-voice-547511/global/networks/default"`; enough alone where it makes its
   * subnetworks itself. Default: that of `subnetwork`.
   */
  readonly network?: pulumi.Input<string>;
  /**
   * Subnetwork of the VMs, e.g. `"projects/pensive-voice-547511/regions/us-east4/subnetworks/default"`; of another
   * project for a shared VPC. Default: that of `network` in the region.
   */
  readonly subnetwork?: pulumi.Input<string>;
  /** Give each VM a public address. Default: true with `addressType` public, else false. */
  readonly publicIp?: pulumi.Input<boolean>;
  /** Which address the runtime and the users' proxy use. Default `private`. */
  readonly addressType?: pulumi.Input<"private" | "public">;
  /**
   * Tags by which firewall rules and routes of the network apply, e.g. `["https-server"]`. At most 64. Default none.
   */
  readonly networkTags?: pulumi.Input<pulumi.Input<string>[]>;
  /** Labels on VMs and disks, beside those that say whose they are, e.g. `{ team: "labs" }`. Default none. */
  readonly customLabels?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /**
   * Metadata of the VMs, as a map or as a list of `{ key, value }`, e.g.
   * `{ "ssh-keys": "ops:ssh-ed25519 AAAA... ops" }`. At most 256 KiB for one value, and 512 KiB for all together with
   * the startup script. Default none.
   */
  readonly metadata?: pulumi.Input<pulumi.Input<GcpMetadataArgs>[] | { [key: string]: pulumi.Input<string> }>;
  /** Service account whose roles whoever is in a VM has. Default none: a VM may do nothing in Google Cloud. */
  readonly serviceAccount?: pulumi.Input<GcpServiceAccountArgs>;
  /**
   * GPUs that are attached to each VM, e.g. `[{ acceleratorType: "nvidia-tesla-t4", acceleratorCount: 1 }]`. Machine
   * types such as g2 and a2 have theirs built in, and want none here. At most 1. Default none.
   */
  readonly guestAccelerators?: pulumi.Input<pulumi.Input<GcpGuestAcceleratorArgs>[]>;
  /**
   * How images of Linux take the startup script: `startup-script` runs it by Google's guest agent, `user-data` hands it
   * to cloud-init, for images that have it (Ubuntu, Container-Optimized OS). Default `startup-script`.
   */
  readonly linuxScriptType?: pulumi.Input<"startup-script" | "user-data">;
  /**
   * How images of Windows take the startup script: PowerShell (`ps1`), `cmd` or `bat`; `sysprep-specialize-*` runs it
   * once while Windows is set up. Of the others only PowerShell is kept from running again at later starts. Default
   * `windows-startup-script-ps1`.
   */
  readonly windowsScriptType?: pulumi.Input<
    | "windows-startup-script-ps1"
    | "windows-startup-script-cmd"
    | "windows-startup-script-bat"
    | "sysprep-specialize-script-ps1"
    | "sysprep-specialize-script-cmd"
    | "sysprep-specialize-script-bat"
  >;
  /** Present: spot VMs, which Google may take back with a notice of 30 seconds; `{}` is enough. Default: on demand. */
  readonly spot?: pulumi.Input<GcpSpotArgs>;
  /**
   * Additions to the request of a VM in the words of Compute Engine's `instances.insert`, e.g.
   * `{ shieldedInstanceConfig: { enableSecureBoot: true } }`. Name and labels can't be set, unknown fields are refused;
   * entries of `disks` and `networkInterfaces` are merged with those of the settings by their place. Default none.
   */
  readonly configOverride?: pulumi.Input<{ [key: string]: unknown }>;
  /** Inputs of the Pulumi resource `gcp.compute.Instance`; wins over `configOverride`. Default none. */
  readonly inputOverride?: pulumi.Input<{ [key: string]: unknown }>;
}

export interface GcpVmProviderArgs extends VmProviderArgs, GcpVmArgs {}

/**
 * VMs on Google Cloud: Compute Engine. The machine that runs the updates needs the package `@pulumi/gcp`.
 *
 * @example
 * const large = new headroom.GcpVmProvider("large", {
 *   maxInstances: 20, credentials, project: "pensive-voice-547511", zone: "us-east4-b", machineType: "e2-standard-4",
 *   image: "projects/pensive-voice-547511/global/images/family/agents", subnetwork: subnetwork.id,
 * });
 */
export class GcpVmProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: GcpVmProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:GcpVmProvider", name, {}, opts);
    const secretFields: string[] = ["credentials"];
    this.name = declareProviderConfig(this, "vmProviderConfig", { kind: "gcp", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** Where the records go. */
export interface GcpDnsArgs extends GcpCredentialArgs {
  /**
   * Name of the managed zone of the records, e.g. `"labs-example-org"`; not its DNS name. Default: the one with the
   * longest DNS name that the base domain name ends in.
   */
  readonly managedZone?: pulumi.Input<string>;
  /** Look for a private zone, which only its networks see. Default false. */
  readonly privateZone?: pulumi.Input<boolean>;
}

export interface GcpDnsProviderArgs extends DnsProviderArgs, GcpDnsArgs {}

/** Records in Google Cloud DNS. The machine that runs the updates needs the package `@pulumi/gcp`. */
export class GcpDnsProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: GcpDnsProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:GcpDnsProvider", name, {}, opts);
    const secretFields: string[] = ["credentials"];
    this.name = declareProviderConfig(this, "dnsProviderConfig", { kind: "gcp", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** A record in the account of the VM. */
export interface GcpNodeDnsArgs extends NodeRecordArgs, Pick<GcpDnsArgs, "managedZone" | "privateZone"> {}

/** Checked before anything is declared. */
export interface GcpNodeArgs extends NodeArgs {
  /** Default `linux`. */
  readonly osType?: pulumi.Input<OsType>;
  /** What the VM is. */
  readonly settings: pulumi.Input<GcpVmArgs>;
  /** Default: no record. */
  readonly dns?: pulumi.Input<GcpNodeDnsArgs | OtherDnsArgs>;
}

/**
 * VMs on Google Cloud: Compute Engine. This is one of them without a runtime, in your own stack: it lives as long as
 * the resource, and its settings have the same defaults as those of the runtime's nodes. Needs the npm package
 * `@pulumi/gcp` where it runs: pass a provider of it in the options to share it among nodes; without one each node
 * makes its own from `settings`.
 */
export class GcpNode extends pulumi.ComponentResource {
  /** Under which it is reached. */
  readonly address: pulumi.Output<string>;
  /** Only with `dns`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: GcpNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:GcpNode", name, {}, opts);
    const { address, dnsName } = declareNode(this, { kind: "gcp", resourceName: name, ...args });
    this.address = address;
    this.dnsName = dnsName;
    this.registerOutputs({ address, dnsName });
  }
}
