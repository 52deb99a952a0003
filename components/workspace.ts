import * as pulumi from "@pulumi/pulumi";
import type { WorkspaceKind } from "./choices";
import { declareDefinition } from "./declaration";

export interface WorkspaceArgs {
  /** Name that session requests use: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Names of the pools that may run it, in order of preference; at least one. */
  readonly pools: pulumi.Input<pulumi.Input<string>[]>;
  /** Names of the zones that may run it. Default: every zone. */
  readonly zones?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * `container` runs on docker agents; `desktop` and `remoteApp` run on servers, where a user has at most one desktop per
   * server and any number of RemoteApps beside it. Default `container`.
   */
  readonly kind?: pulumi.Input<WorkspaceKind>;
  /** vCPUs that one session takes. A workspace that fits no node of its pools is refused at preview. */
  readonly cores: pulumi.Input<number>;
  /** Memory that one session takes, with a unit, e.g. `"2GiB"`. */
  readonly memory: pulumi.Input<string>;
  /** Default 0. */
  readonly gpus?: pulumi.Input<number>;
  /** False refuses new sessions. Default true. */
  readonly enabled?: pulumi.Input<boolean>;
}

/**
 * What a session runs, and what it needs of a node.
 *
 * @example
 * new headroom.Workspace("browser", { pools: [agents.name], cores: 1, memory: "2GiB" });
 */
export class Workspace extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: WorkspaceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:Workspace", name, {}, opts);
    this.name = declareDefinition(this, { kind: "workspace", resourceName: name, doc: { ...args }, options: opts });
    this.registerOutputs({ name: this.name });
  }
}
