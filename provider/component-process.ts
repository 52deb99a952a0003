/**
 * A process beside the plugin that makes components: it has Pulumi's own SDK loaded, which the plugin does without. It prints
 * its port as a provider does, and ends with the plugin.
 */
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { nodeComponentTypes } from "./kernel/component-types";
import { readManifest } from "./plugin-link";
import { clouds } from "./registry";
import { declareNode, type NodeDeclaration } from "./single-node";

class Node extends pulumi.ComponentResource {
  readonly outputs: pulumi.Inputs;

  constructor(type: string, declaration: NodeDeclaration, options: pulumi.ComponentResourceOptions) {
    super(type, declaration.resourceName, {}, options);
    const { address, dnsName } = declareNode(this, declaration);
    this.outputs = { address, dnsName };
    this.registerOutputs(this.outputs);
  }
}

async function construct(
  name: string,
  type: string,
  inputs: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
): Promise<pulumi.provider.ConstructResult> {
  const found = nodeComponentTypes(clouds).find((known) => known.type === type);
  if (found === undefined) throw new Error(`the headroom plugin has no component "${type}"`);
  const node = new Node(type, { ...inputs, kind: found.kind, resourceName: name }, options);
  return { urn: node.urn, state: node.outputs };
}

process.on("disconnect", () => process.exit(0));
// A terminal sends Ctrl-C to everybody; the engine decides what it means, and the plugin ends this process.
process.on("SIGINT", () => undefined);
const { version } = readManifest(join(__dirname, "..", ".."));
void pulumi.provider.main({ version, construct }, process.argv.slice(2));
