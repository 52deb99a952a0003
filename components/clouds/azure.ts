// Made by `npm run generate` from provider/clouds/azure.ts; edit there.
import * as pulumi from "@pulumi/pulumi";
import type { DnsProviderArgs, VmProviderArgs } from "../arguments";
import type { OsType } from "../choices";
import { declareNode, type NodeArgs, type NodeRecordArgs, type OtherDnsArgs } from "../node";
import { declareProviderConfig } from "../provider-config";

/** How the account is reached. */
export interface AzureCredentialArgs {
  /** Id of the subscription that everything is in, e.g. `"00000000-0000-0000-0000-000000000000"`. */
  readonly subscriptionId: pulumi.Input<string>;
  /** Id of the directory (Microsoft Entra ID) that the app is registered in. Default none: see `clientSecret`. */
  readonly tenantId?: pulumi.Input<string>;
  /** Application (client) id of the app registration. Default none: see `clientSecret`. */
  readonly clientId?: pulumi.Input<string>;
  /**
   * Secret of the app registration: its value, not its id. Kept as a secret. Default: without `clientId` and it, the
   * credentials of the runtime's own machine are used, that is its environment, its managed identity or Azure's CLI.
   */
  readonly clientSecret?: pulumi.Input<string>;
  /**
   * Which of Azure's clouds: the public one, that of the US government, or that of China. Germany's is closed. Default
   * `public`.
   */
  readonly authority?: pulumi.Input<"public" | "usgovernment" | "china">;
  /**
   * Where Azure Resource Manager is asked for lists of VMs and sizes, e.g. behind a private link. Default: that of the
   * authority.
   */
  readonly resourceManagerUrl?: pulumi.Input<string>;
}

/**
 * Image of the VMs: `{ publisher, offer, sku, version }` of the Marketplace (version default `"latest"`), `{ id }` of
 * an image or a gallery image of your own, or either as text: `"Canonical:ubuntu-24_04-lts:server:latest"`. For new
 * nodes only; running ones keep theirs.
 */
export interface AzureImageReferenceArgs {
  /** Publisher of a Marketplace image, e.g. `"Canonical"`. Default none. */
  readonly publisher?: pulumi.Input<string>;
  /** Its offer, e.g. `"ubuntu-24_04-lts"`. Default none. */
  readonly offer?: pulumi.Input<string>;
  /** Its SKU, e.g. `"server"`. Default none. */
  readonly sku?: pulumi.Input<string>;
  /** Its version, e.g. `"24.04.202510010"`. Default: `"latest"`, of the day on which a node is made. */
  readonly version?: pulumi.Input<string>;
  /** Id of an image, of a gallery's image or of a version of one. Default none. */
  readonly id?: pulumi.Input<string>;
  /** Id of an image in a community gallery, `/CommunityGalleries/<gallery>/Images/<image>`. Default none. */
  readonly communityGalleryImageId?: pulumi.Input<string>;
  /**
   * Id of an image in a gallery that is shared with the subscription, `/SharedGalleries/<gallery>/Images/<image>`.
   * Default none.
   */
  readonly sharedGalleryImageId?: pulumi.Input<string>;
}

/**
 * Plan of a Marketplace image that has one, and of images made from it; its terms must have been accepted once in the
 * subscription.
 */
export interface AzurePlanArgs {
  /** Name of the plan, mostly the image's `sku`. At most 128 characters. */
  readonly name: pulumi.Input<string>;
  /** Product of the plan, mostly the image's `offer`. At most 128 characters. */
  readonly product: pulumi.Input<string>;
  /** Publisher of the plan, mostly the image's. At most 128 characters. */
  readonly publisher: pulumi.Input<string>;
  /** Promotion code of the plan. At most 128 characters. Default none. */
  readonly promotionCode?: pulumi.Input<string>;
}

/** Present: spot VMs, deleted when they are evicted; `{}` is enough. */
export interface AzureSpotArgs {
  /**
   * Highest price in dollars per hour, e.g. `0.05`. Default: the on-demand price, so that only a lack of capacity
   * evicts.
   */
  readonly maxPrice?: pulumi.Input<number>;
}

/** Identities by which programs in a VM get into Azure. */
export interface AzureManagedIdentityArgs {
  /** An identity of its own for each VM. Default false. */
  readonly systemAssigned?: pulumi.Input<boolean>;
  /** Ids of identities that all VMs have. At most 10. Default none. */
  readonly userAssigned?: pulumi.Input<pulumi.Input<string>[]>;
}

/** Empty disks beside the OS disk, deleted with the VM; the first has LUN 0. */
export interface AzureDataDiskArgs {
  /** Size in whole GiB, e.g. `"100GiB"`. */
  readonly size: pulumi.Input<string>;
  /** Type of the disk. Default `Premium_LRS`. */
  readonly type?: pulumi.Input<
    | "Standard_LRS"
    | "StandardSSD_LRS"
    | "Premium_LRS"
    | "StandardSSD_ZRS"
    | "Premium_ZRS"
    | "UltraSSD_LRS"
    | "PremiumV2_LRS"
  >;
  /** Caching by the host. Default: as Azure has it for the type. */
  readonly caching?: pulumi.Input<"None" | "ReadOnly" | "ReadWrite">;
}

/** What each VM is. */
export interface AzureVmArgs extends AzureCredentialArgs {
  /**
   * Resource group that the VMs are made in, with their disks, network interfaces and addresses, e.g. `"dev"`. It must
   * be there.
   */
  readonly resourceGroup: pulumi.Input<string>;
  /** Region of the VMs, e.g. `"eastus"`. */
  readonly region: pulumi.Input<string>;
  /** Availability zone of the VMs, e.g. `"1"`. Default: Azure chooses, and promises nothing. */
  readonly zone?: pulumi.Input<string>;
  /** Size of each VM, e.g. `"Standard_D4s_v5"`; decides its cores, memory and GPUs. */
  readonly vmSize: pulumi.Input<string>;
  /**
   * Type of the OS disk. The premium ones need a size that takes them, with an `s` in its name. Default `Premium_LRS`.
   */
  readonly osDiskType?: pulumi.Input<
    "Standard_LRS" | "StandardSSD_LRS" | "Premium_LRS" | "StandardSSD_ZRS" | "Premium_ZRS"
  >;
  /** Size of the OS disk in whole GiB, e.g. `"64GiB"`; never smaller than the image. Default: as the image has it. */
  readonly osDiskSize?: pulumi.Input<string>;
  /**
   * Image of the VMs: `{ publisher, offer, sku, version }` of the Marketplace (version default `"latest"`), `{ id }` of
   * an image or a gallery image of your own, or either as text: `"Canonical:ubuntu-24_04-lts:server:latest"`. For new
   * nodes only; running ones keep theirs.
   */
  readonly imageReference: pulumi.Input<string | AzureImageReferenceArgs>;
  /**
   * Plan of a Marketplace image that has one, and of images made from it; its terms must have been accepted once in the
   * subscription. Default none.
   */
  readonly plan?: pulumi.Input<AzurePlanArgs>;
  /**
   * Id of the network security group of the VMs' network interfaces, in the same region. Default: that of the subnet.
   */
  readonly networkSecurityGroup?: pulumi.Input<string>;
  /** Id of the subnet of the VMs; its virtual network is in the same region and subscription. */
  readonly subnet: pulumi.Input<string>;
  /**
   * Give each VM a public address, of the standard SKU; its subnet must have no NAT gateway then. Without one the
   * subnet needs a NAT gateway, a route or a load balancer to reach the internet. Default false.
   */
  readonly assignPublicIp?: pulumi.Input<boolean>;
  /** Which address the runtime and the users' proxy use. Default `private`. */
  readonly addressType?: pulumi.Input<"private" | "public">;
  /**
   * Whether the network interface goes around the host's switch; the size must take it. Default: as Azure has it for
   * the size.
   */
  readonly acceleratedNetworking?: pulumi.Input<boolean>;
  /** Tags on the VMs, beside those that say whose they are, e.g. `{ team: "labs" }`. Default none. */
  readonly tags?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /** Name of the login that Azure makes in the VM, e.g. `"testuser"`; the usual names are refused. */
  readonly osUsername: pulumi.Input<string>;
  /**
   * Password of that login: three of lower-case, upper-case, digits and others; 6 to 72 characters for Linux, 8 to 123
   * for Windows. Required for Windows. At most 123 characters. Kept as a secret. Default none.
   */
  readonly osPassword?: pulumi.Input<string>;
  /**
   * Public key that may log in as `osUsername` by SSH, e.g. `"ssh-ed25519 AAAA... me"`; password login by SSH is
   * switched off with it. Default none.
   */
  readonly sshPublicKey?: pulumi.Input<string>;
  /**
   * How a VM is guarded against its host and from its first instruction on; the image and the size must take it.
   * Default `Standard`.
   */
  readonly securityType?: pulumi.Input<"Standard" | "TrustedLaunch" | "ConfidentialVM">;
  /** Start only what is signed. Default: true with `TrustedLaunch` and `ConfidentialVM`. */
  readonly secureBoot?: pulumi.Input<boolean>;
  /** A virtual TPM. Default: true with `TrustedLaunch` and `ConfidentialVM`. */
  readonly vTpm?: pulumi.Input<boolean>;
  /**
   * Encrypt caches and temporary disks on the host too; the subscription must have the feature. Default: as Azure has
   * it.
   */
  readonly encryptionAtHost?: pulumi.Input<boolean>;
  /** Present: spot VMs, deleted when they are evicted; `{}` is enough. Default: on demand. */
  readonly spot?: pulumi.Input<AzureSpotArgs>;
  /** Identities by which programs in a VM get into Azure. Default none. */
  readonly managedIdentity?: pulumi.Input<AzureManagedIdentityArgs>;
  /** Empty disks beside the OS disk, deleted with the VM; the first has LUN 0. At most 64. Default none. */
  readonly dataDisks?: pulumi.Input<pulumi.Input<AzureDataDiskArgs>[]>;
  /** Keep the console's output and a screenshot, in storage that Azure manages. Default false. */
  readonly bootDiagnostics?: pulumi.Input<boolean>;
  /**
   * What runs the startup script in Windows, where Azure itself only puts it into `C:\AzureData\CustomData.bin`:
   * `runCommand` has the VM's agent do it, `image` leaves it to a task in your image. Default `runCommand`.
   */
  readonly windowsScript?: pulumi.Input<"runCommand" | "image">;
  /**
   * Changes of the request for a VM by path, e.g.
   * `{ "hardware_profile.vm_size": "Standard_D4s_v5", "os_profile.linux_configuration.ssh.public_keys.0.path": "/home/ubuntu/.ssh/authorized_keys" }`;
   * names as in Azure's JSON are taken too. Unknown and protected fields are refused. Default none.
   */
  readonly configOverride?: pulumi.Input<{ [key: string]: unknown }>;
}

export interface AzureVmProviderArgs extends VmProviderArgs, AzureVmArgs {}

/**
 * VMs on Microsoft Azure. The machine that runs the updates needs the package `@pulumi/azure-native`.
 *
 * @example
 * const large = new headroom.AzureVmProvider("large", {
 *   maxInstances: 20, subscriptionId, tenantId, clientId, clientSecret, resourceGroup: "dev", region: "eastus",
 *   vmSize: "Standard_D4s_v5", imageReference: "Canonical:ubuntu-24_04-lts:server:latest", subnet: subnet.id,
 *   osUsername: "labs", sshPublicKey: "ssh-ed25519 AAAA...",
 * });
 */
export class AzureVmProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: AzureVmProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:AzureVmProvider", name, {}, opts);
    const secretFields: string[] = ["clientSecret", "osPassword"];
    this.name = declareProviderConfig(this, "vmProviderConfig", { kind: "azure", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** Where the records go. */
export interface AzureDnsArgs extends AzureCredentialArgs {
  /** Resource group that the DNS zone is in, e.g. `"dev"`. */
  readonly resourceGroup: pulumi.Input<string>;
  /** Taken and not used: DNS zones of Azure are global. Default none. */
  readonly region?: pulumi.Input<string>;
  /**
   * DNS zone of the records. Default: the one of the resource group with the longest name that the base domain name
   * ends in.
   */
  readonly dnsZone?: pulumi.Input<string>;
  /** Look for a private DNS zone, which only the virtual networks that are linked to it see. Default false. */
  readonly privateZone?: pulumi.Input<boolean>;
}

export interface AzureDnsProviderArgs extends DnsProviderArgs, AzureDnsArgs {}

/**
 * Records in Azure DNS, public or private. The machine that runs the updates needs the package `@pulumi/azure-native`.
 */
export class AzureDnsProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: AzureDnsProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:AzureDnsProvider", name, {}, opts);
    const secretFields: string[] = ["clientSecret"];
    this.name = declareProviderConfig(this, "dnsProviderConfig", { kind: "azure", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** A record in the account of the VM. */
export interface AzureNodeDnsArgs extends NodeRecordArgs, Pick<AzureDnsArgs, "dnsZone" | "privateZone"> {}

/** Checked before anything is declared. */
export interface AzureNodeArgs extends NodeArgs {
  /** Default `linux`. */
  readonly osType?: pulumi.Input<OsType>;
  /** What the VM is. */
  readonly settings: pulumi.Input<AzureVmArgs>;
  /** Default: no record. */
  readonly dns?: pulumi.Input<AzureNodeDnsArgs | OtherDnsArgs>;
}

/**
 * VMs on Microsoft Azure. This is one of them without a runtime, in your own stack: it lives as long as the resource,
 * and its settings have the same defaults as those of the runtime's nodes. Needs the npm package `@pulumi/azure-native`
 * where it runs: pass a provider of it in the options to share it among nodes; without one each node makes its own from
 * `settings`.
 */
export class AzureNode extends pulumi.ComponentResource {
  /** Under which it is reached. */
  readonly address: pulumi.Output<string>;
  /** Only with `dns`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: AzureNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:AzureNode", name, {}, opts);
    const { address, dnsName } = declareNode(this, { kind: "azure", resourceName: name, ...args });
    this.address = address;
    this.dnsName = dnsName;
    this.registerOutputs({ address, dnsName });
  }
}
