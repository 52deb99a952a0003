// Made by `npm run generate` from provider/clouds/local.ts; edit there.
import * as pulumi from "@pulumi/pulumi";
import type { DnsProviderArgs, VmProviderArgs } from "../arguments";
import { declareNode, type NodeArgs, type NodeRecordArgs, type OtherDnsArgs } from "../node";
import { declareProviderConfig } from "../provider-config";

/** Trouble on demand, for tests and demonstrations. */
export interface LocalFaultsArgs {
  /** VMs that fit below the root; one more is refused for lack of capacity. 0 to 10,000. Default: no limit. */
  readonly vmsMax?: pulumi.Input<number>;
  /** Every n-th create below the root is refused; 1 = all. At least 1. Default: none. */
  readonly refuseEvery?: pulumi.Input<number>;
  /** Class of those refusals. Default `CAPACITY`. */
  readonly refuseClass?: pulumi.Input<"CAPACITY" | "QUOTA" | "CONFIG" | "TRANSIENT">;
  /** Every n-th create makes its VM, but the answer is lost; 1 = all. At least 1. Default: none. */
  readonly loseAnswerEvery?: pulumi.Input<number>;
  /** How it is lost: the connection breaks, or the whole plugin process ends. Default `error`. */
  readonly loseAnswerBy?: pulumi.Input<"error" | "crash">;
}

/** What each VM is. */
export interface LocalVmArgs {
  /**
   * Absolute folder below which the VMs live; for a runtime in `local/` of its data folder or in its
   * HEADROOM_LOCAL_ROOT. Default: HEADROOM_LOCAL_ROOT, else `local/` of the runtime's data folder, without a runtime
   * `~/.headroom/local`.
   */
  readonly root?: pulumi.Input<string>;
  /** vCPUs that one VM says it has; nothing is reserved on the machine. 0 to 10,000. Default 2. */
  readonly cores?: pulumi.Input<number>;
  /** Memory that one VM says it has, e.g. `"8GiB"`. Default `"4GiB"`. */
  readonly memory?: pulumi.Input<string>;
  /** GPUs that one VM says it has. 0 to 100,000. Default 0. */
  readonly gpus?: pulumi.Input<number>;
  /** How long a create takes until it answers, e.g. `"3s"`. Default `"0s"`. */
  readonly createTime?: pulumi.Input<string>;
  /** From the answer of the create to the start of the startup script, e.g. `"10s"`. Default `"2s"`. */
  readonly bootTime?: pulumi.Input<string>;
  /** Pause between two heartbeats of a docker agent, at least `"1s"`. Default `"5s"`. */
  readonly heartbeatEvery?: pulumi.Input<string>;
  /**
   * TCP ports on which the VM answers after its startup script succeeded. At most 16. Default `[3389, 5901, 8443]`.
   */
  readonly ports?: pulumi.Input<pulumi.Input<number>[]>;
  /** Public key for startup scripts that use `{ssh_key}`. At most 16,000 characters. Default none. */
  readonly sshPublicKey?: pulumi.Input<string>;
  /** Trouble on demand, for tests and demonstrations. */
  readonly faults?: pulumi.Input<LocalFaultsArgs>;
}

export interface LocalVmProviderArgs extends VmProviderArgs, LocalVmArgs {}

/**
 * VMs that are process trees on the runtime's machine: for trying out, development and tests. The runtime takes them
 * only when it was started with `headroom serve --allow-local`.
 *
 * @example
 * const small = new headroom.LocalVmProvider("small", { maxInstances: 8, cores: 4, memory: "8GiB" });
 */
export class LocalVmProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: LocalVmProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:LocalVmProvider", name, {}, opts);
    const secretFields: string[] = [];
    this.name = declareProviderConfig(this, "vmProviderConfig", { kind: "local", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** Where the records go. */
export interface LocalDnsArgs {
  /** Absolute folder; records are files in `dns/` below it. Default: that of the local VMs. */
  readonly root?: pulumi.Input<string>;
}

export interface LocalDnsProviderArgs extends DnsProviderArgs, LocalDnsArgs {}

/** Records as files on the runtime's machine. */
export class LocalDnsProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: LocalDnsProviderArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:LocalDnsProvider", name, {}, opts);
    const secretFields: string[] = [];
    this.name = declareProviderConfig(this, "dnsProviderConfig", { kind: "local", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** A record in the account of the VM. */
export interface LocalNodeDnsArgs extends NodeRecordArgs {}

/** Checked before anything is declared. */
export interface LocalNodeArgs extends NodeArgs {
  /** What the VM is. */
  readonly settings?: pulumi.Input<LocalVmArgs>;
  /** Default: no record. */
  readonly dns?: pulumi.Input<LocalNodeDnsArgs | OtherDnsArgs>;
}

/**
 * VMs that are process trees on the runtime's machine: for trying out, development and tests. The runtime takes them
 * only when it was started with `headroom serve --allow-local`. This is one of them without a runtime, in your own
 * stack: it lives as long as the resource, and its settings have the same defaults as those of the runtime's nodes, but
 * `{"ports":[]}`. Needs the plugin `pulumi-resource-headroom`.
 */
export class LocalNode extends pulumi.ComponentResource {
  /** Under which it is reached. */
  readonly address: pulumi.Output<string>;
  /** Only with `dns`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: LocalNodeArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:LocalNode", name, {}, opts);
    const { address, dnsName } = declareNode(this, { kind: "local", resourceName: name, ...args });
    this.address = address;
    this.dnsName = dnsName;
    this.registerOutputs({ address, dnsName });
  }
}
