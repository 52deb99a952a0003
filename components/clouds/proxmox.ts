// Made by `npm run generate` from provider/clouds/proxmox.ts; edit there.
import * as pulumi from "@pulumi/pulumi";
import type { VmProviderArgs } from "../arguments";
import type { OsType } from "../choices";
import { declareNode, type NodeArgs, type OtherDnsArgs } from "../node";
import { declareProviderConfig } from "../provider-config";

/** What each VM is. */
export interface ProxmoxVmArgs {
  /**
   * Name or address of any node of the cluster, with its port where that is not 8006, and without a scheme, e.g.
   * "pve.example.org". Another one means another cluster: nodes of the old one are still looked for there.
   */
  readonly host: pulumi.Input<string>;
  /** User that the API token belongs to, with its realm, e.g. "headroom@pve". */
  readonly username: pulumi.Input<string>;
  /** Name of the API token, which is its id without the user and the "!", e.g. "runtime". */
  readonly tokenName: pulumi.Input<string>;
  /** The API token's secret, as Proxmox VE shows it once. Kept as a secret. */
  readonly tokenValue: pulumi.Input<string>;
  /**
   * Whether the cluster's certificate must be one that the machines of the runtime trust. False takes any, so that
   * others on the way can read the token. Default true.
   */
  readonly verifySsl?: pulumi.Input<boolean>;
  /**
   * Lowest id that a VM gets. Nothing else should take ids of the range: VMs are looked for in it. 100 to 999,999,999.
   * Default 10000.
   */
  readonly vmIdRangeLower?: pulumi.Input<number>;
  /** Highest id that a VM gets. 100 to 999,999,999. Default 99999. */
  readonly vmIdRangeUpper?: pulumi.Input<number>;
  /**
   * Name of the template that VMs are cloned from; exactly one on `clusterNode` has it, e.g. "ubuntu-agent". At most 63
   * characters.
   */
  readonly templateName: pulumi.Input<string>;
  /** Node of the cluster that has the template, e.g. "pve1". */
  readonly clusterNode: pulumi.Input<string>;
  /**
   * Node of the cluster that VMs run on. With a linked clone another one than `clusterNode` needs the template on
   * shared storage. Default: `clusterNode`.
   */
  readonly targetNode?: pulumi.Input<string>;
  /** Whether a VM gets a whole copy of the template's disks, instead of one linked to them. Default false. */
  readonly fullClone?: pulumi.Input<boolean>;
  /** Storage of the VM's disks; needs `fullClone`. Default: the template's. */
  readonly storagePool?: pulumi.Input<string>;
  /** Resource pool that VMs are put into. Default: none. */
  readonly resourcePool?: pulumi.Input<string>;
  /** vCPUs of a VM. 1 to 1,024. */
  readonly cores: pulumi.Input<number>;
  /** Memory of a VM, in whole MiB, e.g. "8GiB". */
  readonly memory: pulumi.Input<string>;
  /**
   * Folder in the VM where the startup script is put while it runs; it must be there. Default: "/tmp", on Windows
   * "C:\Windows\Temp".
   */
  readonly startupScriptPath?: pulumi.Input<string>;
  /**
   * How long a started VM may take until its guest agent answers and tells an IPv4 address. Then the node counts as
   * failed. Default `"10m"`.
   */
  readonly agentTimeout?: pulumi.Input<string>;
  /**
   * Further inputs of the Pulumi resource `proxmoxve.VmLegacy` in its own words, merged over the computed ones; e.g.
   * `{ hostpcis: [{ device: "hostpci0", mapping: "gpu" }] }`. Default none.
   */
  readonly inputOverride?: pulumi.Input<{ [key: string]: unknown }>;
}

export interface ProxmoxVmProviderArgs extends VmProviderArgs, ProxmoxVmArgs {}

/**
 * VMs on Proxmox VE, cloned from a template. The machine that runs the updates needs the package
 * `@muhlba91/pulumi-proxmoxve`.
 *
 * @example
 * const labs = new headroom.ProxmoxVmProvider("labs", {
 *   maxInstances: 20, host: "pve.example.org", username: "headroom@pve", tokenName: "runtime", tokenValue: config.requireSecret("token"),
 *   templateName: "ubuntu-agent", clusterNode: "pve1", cores: 4, memory: "8GiB",
 * });
 */
export class ProxmoxVmProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: ProxmoxVmProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:ProxmoxVmProvider", name, {}, opts);
    const secretFields: string[] = ["tokenValue"];
    this.name = declareProviderConfig(this, "vmProviderConfig", { kind: "proxmox", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** Checked before anything is declared. */
export interface ProxmoxNodeArgs extends NodeArgs {
  /** Default `linux`. */
  readonly osType?: pulumi.Input<OsType>;
  /** What the VM is. */
  readonly settings: pulumi.Input<ProxmoxVmArgs>;
  /** Default: no record. */
  readonly dns?: pulumi.Input<OtherDnsArgs>;
}

/**
 * VMs on Proxmox VE, cloned from a template. This is one of them without a runtime, in your own stack: it lives as long
 * as the resource, and its settings have the same defaults as those of the runtime's nodes. Needs the npm package
 * `@muhlba91/pulumi-proxmoxve` where it runs: pass a provider of it in the options to share it among nodes; without one
 * each node makes its own from `settings`.
 */
export class ProxmoxNode extends pulumi.ComponentResource {
  /** Under which it is reached. */
  readonly address: pulumi.Output<string>;
  /** Only with `dns`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: ProxmoxNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:ProxmoxNode", name, {}, opts);
    const { address, dnsName } = declareNode(this, { kind: "proxmox", resourceName: name, ...args });
    this.address = address;
    this.dnsName = dnsName;
    this.registerOutputs({ address, dnsName });
  }
}
