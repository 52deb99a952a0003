import * as pulumi from "@pulumi/pulumi";
import type { AutoscaleArgs } from "./autoscale-config";
import type { ConnectionType } from "./choices";
import { declareDefinition, secretInput } from "./declaration";

export interface ServerAutoscaleConfigArgs extends AutoscaleArgs {
  /** Default `rdp`. */
  readonly connectionType?: pulumi.Input<ConnectionType>;
  /** TCP port of the connection, 1 to 65535. Default 3389. */
  readonly connectionPort?: pulumi.Input<number>;
  /** Wait for the VM's own call before it counts as running, instead of probing its port. Default false. */
  readonly requireCheckin?: pulumi.Input<boolean>;
  /** False: a server takes one session and is destroyed after it. Default true. */
  readonly reusable?: pulumi.Input<boolean>;
  /** Sessions that must be placeable at any time. Default 0: the next session may wait for a new server. */
  readonly minimumAvailableSessions?: pulumi.Input<number>;
  /** Sessions that one server takes at the same time. Default 1; more only with RDP or SSH and `reusable`. */
  readonly maxSimultaneousSessionsPerServer?: pulumi.Input<number>;
  /** Distinct users on one server at the same time. Default 1. */
  readonly maxSimultaneousUsers?: pulumi.Input<number>;
  /** Account on the servers, for startup scripts that use `{connection_username}`. Default none. */
  readonly connectionUsername?: pulumi.Input<string>;
  /** Its password, for `{connection_password}`; kept as a secret. Default none. */
  readonly connectionPassword?: pulumi.Input<string>;
}

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

  constructor(name: string, args: ServerAutoscaleConfigArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:ServerAutoscaleConfig", name, {}, opts);
    const doc = { ...args, connectionPassword: secretInput(args.connectionPassword), type: "server" };
    this.name = declareDefinition(this, { kind: "autoscaleConfig", resourceName: name, doc, options: opts });
    this.registerOutputs({ name: this.name });
  }
}
