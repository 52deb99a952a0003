/**
 * Nodes whose frozen record this version can't read, because another version wrote it, or whose template names what is
 * gone meanwhile. One that exists is declared as the stack knows it, resource by resource and without a change, so that it
 * stays and its lane's other nodes come and go as ever. One that does not exist can't be made.
 */
import { ConfigError } from "../model/errors";
import type { DesiredNode } from "../model/state";
import type { KeptNode, KeptResource, LaneContent, LaneNode, NodeProgram } from "./node-program-port";
import { nodeComponentType, nodeIdOf, nameOf, type Deployment } from "./stack-state";

export interface Understood {
  /** Those that can be declared, in the order given. */
  readonly nodes: readonly LaneNode[];
  /** Those that can't be made, with the reason. */
  readonly refused: readonly { readonly nodeId: string; readonly message: string }[];
}

/** Rejects when what is missing is no node's own fault, e.g. an SDK. `read` is asked only when a node can't be read. */
export async function understandNodes(
  lane: LaneContent,
  program: NodeProgram,
  read: () => Promise<Deployment | undefined>,
): Promise<Understood> {
  const { nodes } = lane;
  const problems = new Map<string, string>();
  for (const node of nodes) {
    const problem = await problemOf(node, lane, program);
    if (problem !== undefined) problems.set(node.nodeId, problem);
  }
  if (problems.size === 0) return { nodes, refused: [] };
  const deployment = await read();
  const understood: LaneNode[] = [];
  const refused: { nodeId: string; message: string }[] = [];
  for (const node of nodes) {
    const message = problems.get(node.nodeId);
    const kept = message === undefined ? undefined : keptNode(node, program, deployment);
    if (message === undefined) understood.push(node);
    else if (kept) understood.push({ ...node, kept });
    else refused.push({ nodeId: node.nodeId, message });
  }
  return { nodes: understood, refused };
}

async function problemOf(node: DesiredNode, lane: LaneContent, program: NodeProgram): Promise<string | undefined> {
  try {
    await program.prepare({ ...lane, nodes: [node] });
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

/** Undefined when the stack has no VM of it. */
export function keptNode(
  node: DesiredNode,
  program: Pick<NodeProgram, "vmTypeOf">,
  deployment: Deployment | undefined,
): KeptNode | undefined {
  const all = (deployment?.resources ?? []).filter((resource) => resource.delete !== true);
  const parents = new Map(all.map(({ urn, parent }) => [urn, parent]));
  const own = all.filter(({ urn }) => nodeIdOf(urn, (child) => parents.get(child)) === node.nodeId);
  const component = own.find(({ type }) => type === nodeComponentType);
  const vmType = program.vmTypeOf(node);
  if (!component || !own.some(({ type, urn }) => type === vmType && nameOf(urn) === node.nodeId)) return undefined;
  const resources = own
    .filter((resource) => resource !== component)
    .map(({ urn, type, custom, parent, provider, inputs = {} }): KeptResource => {
      const providerName = provider === undefined ? undefined : nameOf(provider.slice(0, provider.lastIndexOf("::")));
      return {
        ...{ urn, type, name: nameOf(urn), isCustom: custom === true, inputNames: Object.keys(inputs) },
        ...(parent === undefined || parent === component.urn ? {} : { parent }),
        ...(providerName === undefined ? {} : { providerName }),
      };
    });
  return { resources, outputs: component.outputs ?? {} };
}
