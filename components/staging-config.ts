import * as pulumi from "@pulumi/pulumi";
import type { StagingConfigArgs } from "./arguments";
import { declareDefinition } from "./declaration";

/**
 * Keeps sessions of one workspace running before anybody asks, so that a user need not wait: a request takes one, and
 * another is started in its place. Deleting it, or lowering `sessions`, ends those that nobody has.
 *
 * @example
 * new headroom.StagingConfig("browsers", { zone: office.name, workspace: browser.name, sessions: 5 });
 */
export class StagingConfig extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: StagingConfigArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:StagingConfig", name, {}, opts);
    this.name = declareDefinition(this, { kind: "stagingConfig", resourceName: name, doc: { ...args }, options: opts });
    this.registerOutputs({ name: this.name });
  }
}
