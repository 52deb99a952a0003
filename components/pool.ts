import * as pulumi from "@pulumi/pulumi";
import type { PoolType } from "./choices";
import { declareDefinition } from "./declaration";

/** A machine that exists already; never created or destroyed. */
export interface StaticMemberArgs {
  readonly name: pulumi.Input<string>;
  /** Name of its zone. */
  readonly zone: pulumi.Input<string>;
  /** Host name or IP of the machine. */
  readonly address: pulumi.Input<string>;
  /** vCPUs. */
  readonly cores: pulumi.Input<number>;
  /** With a unit, e.g. `"16GiB"`. */
  readonly memory: pulumi.Input<string>;
  /** Default 0. */
  readonly gpus?: pulumi.Input<number>;
  /** TCP port that is probed; without an answer for 10 minutes it takes no new session. Default: taken to be there. */
  readonly connectionPort?: pulumi.Input<number>;
  /** Server pools only: sessions at the same time. Default 1. */
  readonly maxSimultaneousSessions?: pulumi.Input<number>;
  /** Server pools only: distinct users at the same time. Default 1. */
  readonly maxSimultaneousUsers?: pulumi.Input<number>;
}

export interface PoolArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** What its nodes are. Changing it makes another pool. */
  readonly type: pulumi.Input<PoolType>;
  /** Machines that exist already, beside autoscaled nodes. Default none; at most 1,000. */
  readonly staticMembers?: pulumi.Input<pulumi.Input<StaticMemberArgs>[]>;
}

/**
 * A set of like nodes: docker agents or servers.
 *
 * @example
 * const desktops = new headroom.Pool("desktops", { type: headroom.PoolType.Server });
 */
export class Pool extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: PoolArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:Pool", name, {}, opts);
    this.name = declareDefinition(this, { kind: "pool", resourceName: name, doc: { ...args }, options: opts });
    this.registerOutputs({ name: this.name });
  }
}
