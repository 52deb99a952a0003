import * as pulumi from "@pulumi/pulumi";
import type { ServerAutoscaleConfigArgs } from "./autoscale-arguments";
import { withSecretConnection } from "./connection";
import { declareDefinition } from "./declaration";
import { withScriptText, type WithScriptFile } from "./script-file";

/**
 * Rules for the servers of one pool in one zone: VMs that users reach by RDP, VNC, KasmVNC or SSH.
 * Deleting it drains first: its servers leave when their sessions have ended.
 *
 * @example
 * new headroom.ServerAutoscaleConfig("desktops", {
 *   pool: desktops.name, zone: office.name, vmProvider: large.name, minimumAvailableSessions: 3,
 * });
 */
export class ServerAutoscaleConfig extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: WithScriptFile<ServerAutoscaleConfigArgs>, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:ServerAutoscaleConfig", name, {}, opts);
    const startupScript = withScriptText(args.startupScript);
    const doc = { ...withSecretConnection({ ...args, startupScript }), type: "server" };
    this.name = declareDefinition(this, { kind: "autoscaleConfig", resourceName: name, doc, options: opts });
    this.registerOutputs({ name: this.name });
  }
}
