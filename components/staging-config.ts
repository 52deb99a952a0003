import * as pulumi from "@pulumi/pulumi";
import { declareDefinition } from "./declaration";

/** What the user of a session may do. Fixed when it starts. */
export interface PermissionsArgs {
  /** Default true. */
  readonly audio?: pulumi.Input<boolean>;
  /** From the session to the user. Default true. */
  readonly clipboardDown?: pulumi.Input<boolean>;
  /** From the user to the session. Default true. */
  readonly clipboardUp?: pulumi.Input<boolean>;
  /** Default true. */
  readonly downloads?: pulumi.Input<boolean>;
  /** Default true. */
  readonly uploads?: pulumi.Input<boolean>;
  /** Default false. */
  readonly microphone?: pulumi.Input<boolean>;
  /** Default false. */
  readonly gamepad?: pulumi.Input<boolean>;
  /** Default false. */
  readonly printing?: pulumi.Input<boolean>;
  /** Default false. */
  readonly webcam?: pulumi.Input<boolean>;
  /** Default false. */
  readonly rdpClientFileTransferClipboard?: pulumi.Input<boolean>;
}

export interface StagingConfigArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Name of the zone in which the sessions run. */
  readonly zone: pulumi.Input<string>;
  /** Name of the workspace that they run; of kind `container`. */
  readonly workspace: pulumi.Input<string>;
  /** Only in this pool. Default: the workspace's pools, in their order. Not together with `autoscaleConfig`. */
  readonly pool?: pulumi.Input<string>;
  /** Only on nodes of this autoscale config. Default: any node of the pools. */
  readonly autoscaleConfig?: pulumi.Input<string>;
  /** Sessions kept running that belong to nobody yet, 0 to 10,000. Each takes capacity as a user's session does. */
  readonly sessions: pulumi.Input<number>;
  /** A session that nobody got for this long is ended and replaced. Default `"24h"`, at least `"1m"`. */
  readonly expiration?: pulumi.Input<string>;
  /** Only requests with the same permissions get one of these sessions. Default: see {@link PermissionsArgs}. */
  readonly permissions?: pulumi.Input<PermissionsArgs>;
}

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
