// Made by `npm run generate` from provider/clouds/nutanix.ts; edit there.
import * as pulumi from "@pulumi/pulumi";
import type { VmProviderArgs } from "../arguments";
import type { OsType } from "../choices";
import { declareNode, type NodeArgs, type OtherDnsArgs } from "../node";
import { declareProviderConfig } from "../provider-config";

/** What each VM is. */
export interface NutanixVmArgs {
  /**
   * Name or address of Prism Central, without scheme and port, e.g. "prism.example.org". Another one means another
   * Prism Central: nodes of the old one are still looked for there. Prism Element has no such interface.
   */
  readonly host: pulumi.Input<string>;
  /** Port of Prism Central. 1 to 65,535. Default 9440. */
  readonly port?: pulumi.Input<number>;
  /** User of Prism Central, e.g. "headroom@example.org". */
  readonly username: pulumi.Input<string>;
  /** Its password. At most 1,000 characters. Kept as a secret. */
  readonly password: pulumi.Input<string>;
  /**
   * Whether the certificate of Prism Central must be one that the machines of the runtime trust. False takes any, so
   * that others on the way can read the password. Default true.
   */
  readonly verifySsl?: pulumi.Input<boolean>;
  /**
   * Image that the disk of a VM is copied from, by its name or UUID, e.g. "ubuntu-agent". A VM to copy is not taken:
   * make an image of its disk. At most 80 characters.
   */
  readonly vmCandidate: pulumi.Input<string>;
  /** Cluster that VMs run on, by its name or UUID. At most 80 characters. Default: the only one of Prism Central. */
  readonly cluster?: pulumi.Input<string>;
  /** Subnet of the network adapter, by its name or UUID, e.g. "desktops". At most 80 characters. */
  readonly subnet: pulumi.Input<string>;
  /** Project that VMs belong to, by its name or UUID, for its quotas. At most 80 characters. Default: none. */
  readonly project?: pulumi.Input<string>;
  /** vCPUs of a VM, all on one socket: desktop Windows uses no more than two. 1 to 240. */
  readonly cores: pulumi.Input<number>;
  /** Memory of a VM, in whole MiB, e.g. "8GiB". */
  readonly memory: pulumi.Input<string>;
  /** Size of the disk, in whole MiB, at least that of the image, e.g. "60GiB". Default: that of the image. */
  readonly diskSize?: pulumi.Input<string>;
  /** Firmware that the image was made for. Default: that of Prism Central, which is LEGACY. */
  readonly bootType?: pulumi.Input<"LEGACY" | "UEFI" | "SECURE_BOOT">;
  /**
   * How long a VM may take until Prism Central knows an IPv4 address of it. Then the node counts as failed. Subnets
   * with IPAM know it at once. Default `"10m"`.
   */
  readonly addressTimeout?: pulumi.Input<string>;
  /**
   * Further inputs of the Pulumi resource `nutanix.VirtualMachine` in its own words, merged over the computed ones;
   * e.g. `{ gpuLists: [{ mode: "PASSTHROUGH_GRAPHICS", vendor: "NVIDIA", deviceId: 7864 }] }`. Default none.
   */
  readonly inputOverride?: pulumi.Input<{ [key: string]: unknown }>;
}

export interface NutanixVmProviderArgs extends VmProviderArgs, NutanixVmArgs {}

/**
 * VMs on Nutanix AHV, made from an image by Prism Central.
 *
 * @example
 * const labs = new headroom.NutanixVmProvider("labs", {
 *   maxInstances: 20, host: "prism.example.org", username: "headroom@example.org", password: config.requireSecret("password"),
 *   vmCandidate: "ubuntu-agent", cluster: "compute", subnet: "desktops", cores: 4, memory: "8GiB",
 * });
 */
export class NutanixVmProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: NutanixVmProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:NutanixVmProvider", name, {}, opts);
    const secretFields: string[] = ["password"];
    this.name = declareProviderConfig(this, "vmProviderConfig", { kind: "nutanix", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** Checked before anything is declared. */
export interface NutanixNodeArgs extends NodeArgs {
  /** Default `linux`. */
  readonly osType?: pulumi.Input<OsType>;
  /** What the VM is. */
  readonly settings: pulumi.Input<NutanixVmArgs>;
  /** Default: no record. */
  readonly dns?: pulumi.Input<OtherDnsArgs>;
}

/**
 * VMs on Nutanix AHV, made from an image by Prism Central. This is one of them without a runtime, in your own stack: it
 * lives as long as the resource, and its settings have the same defaults as those of the runtime's nodes. Needs the
 * plugin `pulumi-resource-headroom`.
 */
export class NutanixNode extends pulumi.ComponentResource {
  /** Under which it is reached. */
  readonly address: pulumi.Output<string>;
  /** Only with `dns`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: NutanixNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:NutanixNode", name, {}, opts);
    const { address, dnsName } = declareNode(this, { kind: "nutanix", resourceName: name, ...args });
    this.address = address;
    this.dnsName = dnsName;
    this.registerOutputs({ address, dnsName });
  }
}
