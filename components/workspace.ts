import * as pulumi from "@pulumi/pulumi";
import type { WorkspaceArgs } from "./arguments";
import { declareDefinition } from "./declaration";

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
