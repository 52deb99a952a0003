/** Internal: how a cloud's component declares its node in the user's own stack. */
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { linkPlugin, readManifest } from "../provider/plugin-link";
import {
  declareNode as declareSingleNode,
  type DeclaredSingleNode,
  type NodeDeclaration,
} from "../provider/single-node";

export type { NodeArgs, NodeRecordArgs, OtherDnsArgs } from "../provider/single-node";

const packageRoot = join(__dirname, "..", "..");

/** Declares the VM and its record, after the engine can find the plugin that some of their resources need. */
export function declareNode(component: pulumi.ComponentResource, declaration: NodeDeclaration): DeclaredSingleNode {
  const problem = linkPlugin({ packageRoot, version: readManifest(packageRoot).version, environment: process.env });
  if (problem !== undefined) void pulumi.log.warn(problem, component);
  return declareSingleNode(component, declaration);
}
