import * as pulumi from "@pulumi/pulumi";
import type { AutoscaleConfigArgs } from "./autoscale-arguments";
import { declareDefinition, secretInput } from "./declaration";
import { withScriptText, type WithScriptFile } from "./script-file";

/**
 * Rules for the docker agents of one pool in one zone: how many VMs there are, and when they come and go.
 * Deleting it drains first: its nodes leave when their sessions have ended.
 *
 * @example
 * new headroom.AutoscaleConfig("agents", {
 *   pool: agents.name, zone: office.name, vmProvider: small.name, standbyCores: 4, maxNodes: 20,
 * });
 */
export class AutoscaleConfig extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: WithScriptFile<AutoscaleConfigArgs>, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:AutoscaleConfig", name, {}, opts);
    const startupScript = withScriptText(args.startupScript);
    const doc = { ...args, startupScript, nginxKey: secretInput(args.nginxKey), type: "dockerAgent" };
    this.name = declareDefinition(this, { kind: "autoscaleConfig", resourceName: name, doc, options: opts });
    this.registerOutputs({ name: this.name });
  }
}
