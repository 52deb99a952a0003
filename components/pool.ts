import * as pulumi from "@pulumi/pulumi";
import type { PoolArgs } from "./arguments";
import { withSecretMembers } from "./connection";
import { declareDefinition } from "./declaration";

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
    this.name = declareDefinition(this, {
      kind: "pool",
      resourceName: name,
      doc: { ...args, staticMembers: withSecretMembers(args.staticMembers) },
      options: opts,
    });
    this.registerOutputs({ name: this.name });
  }
}
