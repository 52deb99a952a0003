// Made by `npm run generate` from provider/clouds/vsphere.ts; edit there.
import * as pulumi from "@pulumi/pulumi";
import type { VmProviderArgs } from "../arguments";
import type { OsType } from "../choices";
import { declareNode, type NodeArgs, type OtherDnsArgs } from "../node";
import { declareProviderConfig } from "../provider-config";

/** What each VM is. */
export interface VSphereVmArgs {
  /**
   * Name or address of the vCenter server, without a scheme, e.g. "vcenter.example.org". Another one means another
   * vCenter: nodes of the old one are still looked for there.
   */
  readonly vcenterAddress: pulumi.Input<string>;
  /** TCP port of the vCenter server. 1 to 65,535. Default 443. */
  readonly vcenterPort?: pulumi.Input<number>;
  /** User of the vCenter server, with its domain, e.g. "headroom@vsphere.local". At most 256 characters. */
  readonly username: pulumi.Input<string>;
  /** Password of that user. Kept as a secret. */
  readonly password: pulumi.Input<string>;
  /**
   * Whether the server's certificate must be one that the machines of the runtime trust. False takes any, so that
   * others on the way can read the password. Default true.
   */
  readonly verifySsl?: pulumi.Input<boolean>;
  /** Datacenter of the template and of the VMs, e.g. "DC1". At most 80 characters. */
  readonly datacenter: pulumi.Input<string>;
  /**
   * Template, or powered-off VM, that VMs are cloned from: its name, or its path where several have the name, e.g.
   * "ubuntu-agent" or "templates/ubuntu-agent". At most 1,000 characters.
   */
  readonly templateName: pulumi.Input<string>;
  /**
   * Whether a VM gets a whole copy of the template's disks, or ones `linked` to them, which are made at once and stay
   * on the template's datastore. A VM that is no template needs exactly one snapshot for linked clones. Default `full`.
   */
  readonly cloneType?: pulumi.Input<"full" | "linked">;
  /** Name that the template's only snapshot must have, for linked clones. At most 80 characters. Default: any. */
  readonly snapshotName?: pulumi.Input<string>;
  /**
   * Folder of the VMs, from the top of the datacenter, e.g. "labs/agents"; it must be there. At most 1,000 characters.
   * Default: the template's.
   */
  readonly folder?: pulumi.Input<string>;
  /** Datastore of the VMs' files and disks. At most 80 characters. Default: the template's. */
  readonly datastore?: pulumi.Input<string>;
  /**
   * Cluster of datastores, of which Storage DRS chooses one for each VM; in the place of `datastore`. At most 80
   * characters. Default: none.
   */
  readonly datastoreCluster?: pulumi.Input<string>;
  /**
   * Cluster that runs the VMs, or the name of a host that is in none. At most 80 characters. Default: that of `host`,
   * else the template's.
   */
  readonly cluster?: pulumi.Input<string>;
  /** Host that runs the VMs. At most 80 characters. Default: any of the cluster. */
  readonly host?: pulumi.Input<string>;
  /**
   * Resource pool of the VMs: its name, or its path below the cluster. At most 1,000 characters. Default: that of the
   * cluster itself.
   */
  readonly resourcePool?: pulumi.Input<string>;
  /**
   * Network, such as a port group, that the first network adapter is connected to. At most 80 characters. Default: the
   * template's.
   */
  readonly network?: pulumi.Input<string>;
  /** vCPUs of a VM, whatever the template has. 1 to 768. */
  readonly cpus: pulumi.Input<number>;
  /** Memory of a VM, whatever the template has, e.g. "8GiB"; a multiple of 4 MiB. */
  readonly memory: pulumi.Input<string>;
  /**
   * How the startup script gets in. `guestinfo`: cloud-init, or Cloudbase-Init on Windows, reads it. `tools`: VMware
   * Tools run it as `guestUsername`. `sysprep`: for Windows; vSphere gives it a new identity, and `Administrator` runs
   * the script at the first logon. Default: `tools` where `guestUsername` is given, else `guestinfo`.
   */
  readonly startupScriptMethod?: pulumi.Input<"guestinfo" | "tools" | "sysprep">;
  /**
   * User of the guest who may do everything that the startup script does, for `tools`. At most 256 characters. Default:
   * none.
   */
  readonly guestUsername?: pulumi.Input<string>;
  /** Password of `guestUsername`; for `sysprep` that which `Administrator` gets. Kept as a secret. Default: none. */
  readonly guestPassword?: pulumi.Input<string>;
  /** Public SSH key for the default user of the guest, by cloud-init, and the value of `{ssh_key}`. Default: none. */
  readonly sshPublicKey?: pulumi.Input<string>;
  /** How long vCenter may take to clone the template. Default `"30m"`. */
  readonly cloneTimeout?: pulumi.Input<string>;
  /**
   * How long a started VM may take until its VMware Tools answer and tell an IPv4 address. Then the node counts as
   * failed. Default `"10m"`.
   */
  readonly toolsTimeout?: pulumi.Input<string>;
  /**
   * Further inputs of the Pulumi resource `vsphere.VirtualMachine` in its own words, merged over the computed ones;
   * entries of `disks` and `networkInterfaces` over those of the template in their order. E.g.
   * `{ disks: [{ size: 100 }] }`. Default none.
   */
  readonly inputOverride?: pulumi.Input<{ [key: string]: unknown }>;
}

export interface VSphereVmProviderArgs extends VmProviderArgs, VSphereVmArgs {}

/**
 * VMs on VMware vSphere, cloned from a template by vCenter.
 *
 * @example
 * const labs = new headroom.VSphereVmProvider("labs", {
 *   maxInstances: 20, vcenterAddress: "vcenter.example.org", username: "headroom@vsphere.local", password: config.requireSecret("password"),
 *   datacenter: "DC1", cluster: "compute", templateName: "ubuntu-agent", folder: "labs/agents", cpus: 4, memory: "8GiB",
 * });
 */
export class VSphereVmProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: VSphereVmProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:VSphereVmProvider", name, {}, opts);
    const secretFields: string[] = ["password", "guestPassword"];
    this.name = declareProviderConfig(this, "vmProviderConfig", { kind: "vsphere", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** Checked before anything is declared. */
export interface VSphereNodeArgs extends NodeArgs {
  /** Default `linux`. */
  readonly osType?: pulumi.Input<OsType>;
  /** What the VM is. */
  readonly settings: pulumi.Input<VSphereVmArgs>;
  /** Default: no record. */
  readonly dns?: pulumi.Input<OtherDnsArgs>;
}

/**
 * VMs on VMware vSphere, cloned from a template by vCenter. This is one of them without a runtime, in your own stack:
 * it lives as long as the resource, and its settings have the same defaults as those of the runtime's nodes. Needs the
 * plugin `pulumi-resource-headroom`.
 */
export class VSphereNode extends pulumi.ComponentResource {
  /** Under which it is reached. */
  readonly address: pulumi.Output<string>;
  /** Only with `dns`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: VSphereNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:VSphereNode", name, {}, opts);
    const { address, dnsName } = declareNode(this, { kind: "vsphere", resourceName: name, ...args });
    this.address = address;
    this.dnsName = dnsName;
    this.registerOutputs({ address, dnsName });
  }
}
