import * as pulumi from "@pulumi/pulumi";
import { declareDefinition } from "./declaration";
import { declareNode } from "./node";

/** Trouble on demand, for tests and demonstrations. */
export interface LocalFaultsArgs {
  /** VMs that fit; one more is refused for lack of capacity. Default: no limit. */
  readonly vmsMax?: pulumi.Input<number>;
  /** Every n-th create is refused; 1 = all. Default: none. */
  readonly refuseEvery?: pulumi.Input<number>;
  /** Class of those refusals: `CAPACITY`, `QUOTA`, `CONFIG` or `TRANSIENT`. Default `CAPACITY`. */
  readonly refuseClass?: pulumi.Input<string>;
  /** Every n-th create makes its VM, but the answer is lost; 1 = all. Default: none. */
  readonly loseAnswerEvery?: pulumi.Input<number>;
  /** How it is lost: `error` or `crash`, the latter with the whole plugin process. Default `error`. */
  readonly loseAnswerBy?: pulumi.Input<string>;
}

/** What a local VM is and how it behaves. */
export interface LocalVmArgs {
  /**
   * Absolute folder below which the VMs live; for a runtime in `local/` of its data folder or in its HEADROOM_LOCAL_ROOT.
   * Default: HEADROOM_LOCAL_ROOT, else `local/` of the runtime's data folder, without a runtime `~/.headroom/local`.
   */
  readonly root?: pulumi.Input<string>;
  /** vCPUs that one VM says it has; nothing is reserved on the machine. Default 2. */
  readonly cores?: pulumi.Input<number>;
  /** Memory that one VM says it has, e.g. `"8GiB"`. Default `"4GiB"`. */
  readonly memory?: pulumi.Input<string>;
  /** Default 0. */
  readonly gpus?: pulumi.Input<number>;
  /** How long a create takes until it answers. Default `"0s"`. */
  readonly createTime?: pulumi.Input<string>;
  /** From the answer of the create to the start of the startup script. Default `"2s"`. */
  readonly bootTime?: pulumi.Input<string>;
  /** Pause between two heartbeats of a docker agent, at least `"1s"`. Default `"5s"`. */
  readonly heartbeatEvery?: pulumi.Input<string>;
  /** TCP ports on which the VM answers after its startup script succeeded. Default 3389, 5901 and 8443. */
  readonly ports?: pulumi.Input<pulumi.Input<number>[]>;
  /** Public key for startup scripts that use `{ssh_key}`. Default none. */
  readonly sshPublicKey?: pulumi.Input<string>;
  /** Default none. */
  readonly faults?: pulumi.Input<LocalFaultsArgs>;
}

export interface LocalVmProviderArgs extends LocalVmArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Hard ceiling over all autoscale configs that use it, whatever is in flight; 1 to 10,000. */
  readonly maxInstances: pulumi.Input<number>;
  /**
   * What becomes of a VM of this installation in the account that no node and no stack has, once it stands in
   * `headroom orphans`: `"report"` leaves it, `"delete"` deletes it. Default `"report"`.
   */
  readonly orphans?: pulumi.Input<"report" | "delete">;
}

/**
 * VMs that are process trees on the runtime's machine: for trying out, development and tests. The runtime takes them only
 * when it was started with `headroom serve --allow-local`.
 *
 * @example
 * const small = new headroom.LocalVmProvider("small", { maxInstances: 8, cores: 4, memory: "8GiB" });
 */
export class LocalVmProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: LocalVmProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:LocalVmProvider", name, {}, opts);
    const { name: ownName, maxInstances, orphans, ...settings } = args;
    const doc = { name: ownName, kind: "local", maxInstances, orphans, settings };
    this.name = declareDefinition(this, { kind: "vmProviderConfig", resourceName: name, doc, options: opts });
    this.registerOutputs({ name: this.name });
  }
}

export interface LocalDnsProviderArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Absolute folder; records are files in `dns/` below it. Default: that of the local VMs. */
  readonly root?: pulumi.Input<string>;
}

/** DNS records as files on the runtime's machine. */
export class LocalDnsProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: LocalDnsProviderArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:LocalDnsProvider", name, {}, opts);
    const { name: ownName, ...settings } = args;
    const doc = { name: ownName, kind: "local", settings };
    this.name = declareDefinition(this, { kind: "dnsProviderConfig", resourceName: name, doc, options: opts });
    this.registerOutputs({ name: this.name });
  }
}

export interface LocalNodeDnsArgs {
  /** The record is `<node name>.<baseDomainName>`. */
  readonly baseDomainName: string;
  /** Seconds, 1 to 86,400. Default 60. */
  readonly ttlSeconds?: number;
}

/** Plain values, no outputs: they are checked before anything is declared. */
export interface LocalNodeArgs {
  /** Name of the VM: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly nodeName?: string;
  /** Run when the VM starts, exactly as it is; kept as a secret. Default none. */
  readonly startupScript?: string;
  /** Default: as {@link LocalVmArgs} says. */
  readonly settings?: pulumi.Unwrap<LocalVmArgs>;
  /** Default: no record. */
  readonly dns?: LocalNodeDnsArgs;
}

/**
 * One local VM without a runtime, in your own stack: it lives as long as the resource. It offers no ports unless
 * `settings.ports` names them. Needs the plugin `pulumi-resource-headroom`.
 *
 * @example
 * const builder = new headroom.LocalNode("builder", { startupScript: "#!/bin/sh\necho hello\n" });
 * export const address = builder.address;
 */
export class LocalNode extends pulumi.ComponentResource {
  /** Under which it is reached. */
  readonly address: pulumi.Output<string>;
  /** Only with `dns`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: LocalNodeArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:LocalNode", name, {}, opts);
    const { local } = require("../provider/clouds/local") as typeof import("../provider/clouds/local");
    const node = declareNode(this, {
      nodeName: args.nodeName ?? name,
      cloud: local,
      settings: { ports: [], ...args.settings },
      startupScript: args.startupScript ?? "",
      osType: "linux",
      dns: args.dns && { ...args.dns, service: local, settings: { root: args.settings?.root } },
    });
    this.address = node.address;
    this.dnsName = node.dnsName;
    this.registerOutputs({ address: this.address, dnsName: this.dnsName });
  }
}
