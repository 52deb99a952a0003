// Made by `npm run generate` from provider/clouds/kubevirt.ts; edit there.
import * as pulumi from "@pulumi/pulumi";
import type { VmProviderArgs } from "../arguments";
import type { OsType } from "../choices";
import { declareNode, type NodeArgs, type OtherDnsArgs } from "../node";
import { declareProviderConfig } from "../provider-config";

/** What each VM is. */
export interface KubeVirtVmArgs {
  /**
   * Which installation of KubeVirt the cluster has: `generic`, `gke` (Google Kubernetes Engine, made like `generic`),
   * or `harvester`, whose disks come of its own images (`diskImage`). Default `generic`.
   */
  readonly flavor?: pulumi.Input<"generic" | "gke" | "harvester">;
  /**
   * Address of the cluster's API, as a kubeconfig has it under `server`, e.g. "https://kubevirt.example.org:6443".
   * Another one means another cluster: nodes of the old one are still looked for there. Default: `kubeconfig` has it.
   */
  readonly host?: pulumi.Input<string>;
  /**
   * Certificate authority of the cluster: a PEM file as base64, as a kubeconfig has it under
   * `certificate-authority-data`; PEM itself is taken too. Default: authorities that the machines of the runtime trust.
   */
  readonly sslCertificate?: pulumi.Input<string>;
  /**
   * Bearer token of a service account, e.g. that of a secret of type `kubernetes.io/service-account-token`, which does
   * not end. Kept as a secret. Default: `kubeconfig` has it.
   */
  readonly apiToken?: pulumi.Input<string>;
  /**
   * In the place of `host`, `sslCertificate` and `apiToken`: a whole kubeconfig in YAML or JSON, with certificates and
   * a token or client certificate in it (`kubectl config view --raw --flatten --minify`). Its current context counts.
   * At most 1,048,576 characters. Kept as a secret. Default none.
   */
  readonly kubeconfig?: pulumi.Input<string>;
  /**
   * Namespace of the VMs and of all that belongs to them, e.g. "kasm". Another one is for new nodes: those of the old
   * one are looked after there until they are gone.
   */
  readonly namespace: pulumi.Input<string>;
  /**
   * Public key that may log in to the VMs, in OpenSSH's form, e.g. "ssh-ed25519 AAAA... ops". It comes with the
   * cloud-init disk, and fills `{ssh_key}` in startup scripts. Default none.
   */
  readonly sshPublicKey?: pulumi.Input<string>;
  /** vCPUs of a VM. 1 to 1,024. Default: `configOverride` has them; without it they must be given. */
  readonly cores?: pulumi.Input<number>;
  /**
   * Memory of a VM as its guest sees it, in whole MiB, e.g. "8GiB"; KubeVirt itself needs some 250 MiB more for each.
   * Default: `configOverride` has it; without it it must be given.
   */
  readonly memory?: pulumi.Input<string>;
  /**
   * Size of the root disk in whole GiB, e.g. "50GiB": at least that of its source. Default: `configOverride` has it;
   * without it it must be given, but for a container disk, which has its own.
   */
  readonly diskSize?: pulumi.Input<string>;
  /**
   * What the root disk is cloned from: the name of a PVC with a cloud-ready image, with its namespace before it where
   * that is another, e.g. "ubuntu-golden" or "images/ubuntu-golden". No VM may run from it. Default: `configOverride`
   * has the disks; without it it must be given, in Harvester `diskImage`.
   */
  readonly diskSource?: pulumi.Input<string | string>;
  /**
   * What `diskSource` names: a PVC, a `snapshot` of a volume, a `dataSource` of CDI, or a `containerDisk`, a disk in a
   * container image that each VM has anew, without a volume. Default `pvc`.
   */
  readonly diskSourceType?: pulumi.Input<"pvc" | "snapshot" | "dataSource" | "containerDisk">;
  /**
   * Harvester: image of the root disk, by the name that people see or by that of its object, with its namespace before
   * it where that is another, e.g. "ubuntu-22.04". Default: `configOverride` has the disks.
   */
  readonly diskImage?: pulumi.Input<string>;
  /**
   * Storage class of the root disk, e.g. "ceph-block"; it must be able to clone. Default: that of the cluster; in
   * Harvester that of the image, which alone can make disks of it.
   */
  readonly storageClass?: pulumi.Input<string>;
  /**
   * How the VM's network interface is tied to its network: `masquerade`, behind the pod's address, or `bridge`, with an
   * address of its own. Default: `masquerade` on the network of pods, `bridge` on others.
   */
  readonly interfaceType?: pulumi.Input<"masquerade" | "bridge">;
  /**
   * Name of the VM's network interface. With `networkType` `multus` that of the NetworkAttachmentDefinition, with its
   * namespace before it where that is another, e.g. "kasm-network". Default `"default"`.
   */
  readonly networkName?: pulumi.Input<string>;
  /** Which network VMs are in: that of the cluster's pods, or one of Multus, e.g. a VLAN. Default `pod`. */
  readonly networkType?: pulumi.Input<"pod" | "multus">;
  /** Whether a VM has a TPM. Not with `configOverride`. Default false. */
  readonly enableTpm?: pulumi.Input<boolean>;
  /** Whether a VM boots by EFI, and not by BIOS. Not with `configOverride`. Default false. */
  readonly enableEfiBoot?: pulumi.Input<boolean>;
  /** Whether EFI starts signed systems only; needs `enableEfiBoot`. Not with `configOverride`. Default false. */
  readonly enableSecureBoot?: pulumi.Input<boolean>;
  /**
   * The whole manifest of a VirtualMachine in the place of the one that is made of the other settings. `$KASM_NAME`, or
   * `{server_id}` as in startup scripts, or `{node_id}`, stands for the node's id wherever each VM needs a name of its
   * own. Default: made of the other settings.
   */
  readonly configOverride?: pulumi.Input<string | { [key: string]: unknown }>;
  /**
   * How long a VM may take from its declaration until the cluster tells its address: clone of the disk, download of
   * images, boot. Then the node counts as failed, and goes. Default `"15m"`.
   */
  readonly startTimeout?: pulumi.Input<string>;
  /**
   * How long the cluster may find no machine for a VM until the node counts as failed for want of capacity: as long as
   * the cluster needs to grow, where it does. 0s fails it at once. Default `"2m"`.
   */
  readonly capacityTimeout?: pulumi.Input<string>;
}

export interface KubeVirtVmProviderArgs extends VmProviderArgs, KubeVirtVmArgs {}

/**
 * VMs in a Kubernetes cluster with KubeVirt, also on Google Kubernetes Engine and in Harvester. The machine that runs
 * the updates needs the package `@pulumi/kubernetes`.
 *
 * @example
 * const desktops = new headroom.KubeVirtVmProvider("desktops", {
 *   maxInstances: 20, host: "https://kubevirt.example.org:6443", sslCertificate, apiToken: config.requireSecret("token"), namespace: "kasm",
 *   diskSource: "ubuntu-golden", diskSize: "50GiB", cores: 4, memory: "8GiB",
 * });
 */
export class KubeVirtVmProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: KubeVirtVmProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:KubeVirtVmProvider", name, {}, opts);
    const secretFields: string[] = ["apiToken", "kubeconfig"];
    this.name = declareProviderConfig(this, "vmProviderConfig", { kind: "kubevirt", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** Checked before anything is declared. */
export interface KubeVirtNodeArgs extends NodeArgs {
  /** Default `linux`. */
  readonly osType?: pulumi.Input<OsType>;
  /** What the VM is. */
  readonly settings: pulumi.Input<KubeVirtVmArgs>;
  /** Default: no record. */
  readonly dns?: pulumi.Input<OtherDnsArgs>;
}

/**
 * VMs in a Kubernetes cluster with KubeVirt, also on Google Kubernetes Engine and in Harvester. This is one of them
 * without a runtime, in your own stack: it lives as long as the resource, and its settings have the same defaults as
 * those of the runtime's nodes. Needs the npm package `@pulumi/kubernetes` where it runs: pass a provider of it in the
 * options to share it among nodes; without one each node makes its own from `settings`.
 */
export class KubeVirtNode extends pulumi.ComponentResource {
  /** Under which it is reached. */
  readonly address: pulumi.Output<string>;
  /** Only with `dns`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: KubeVirtNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:KubeVirtNode", name, {}, opts);
    const { address, dnsName } = declareNode(this, { kind: "kubevirt", resourceName: name, ...args });
    this.address = address;
    this.dnsName = dnsName;
    this.registerOutputs({ address, dnsName });
  }
}
