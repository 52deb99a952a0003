/** A stack's deployment (checkpoint version 3) as the executor reads and edits it. Everything here is pure. */
import { z } from "zod";
import type { DesiredNode } from "../model/state";
import type { PresentNode, UpdateRequest } from "./node-updater";

/** Type of the component that groups what belongs to one node; its name is the node's id. Stored in every state: never change it. */
export const nodeComponentType = "headroom:nodes:Node";

/**
 * Type of a node's computer record in Active Directory. Its id is its node's: so one of which nobody knows whether it was
 * made is never given up, it is kept in the state until a later step has looked after it.
 */
export const computerRecordType = "headroom:directory:ComputerRecord";

/** Only the fields that are read or written here; all others pass through untouched. */
const resourceSchema = z.looseObject({
  urn: z.string(),
  type: z.string(),
  custom: z.boolean().optional(),
  delete: z.boolean().optional(),
  id: z.string().optional(),
  parent: z.string().optional(),
  provider: z.string().optional(),
  dependencies: z.array(z.string()).nullish(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  outputs: z.record(z.string(), z.unknown()).optional(),
  resourceHooks: z.record(z.string(), z.array(z.string())).optional(),
});
export type StateResource = z.infer<typeof resourceSchema>;

export const deploymentSchema = z.looseObject({
  resources: z.array(resourceSchema).nullish(),
  pending_operations: z.array(z.looseObject({ resource: resourceSchema, type: z.string() })).nullish(),
});
/** What `stack export` calls `deployment` and the file backend `checkpoint.latest`. */
export type Deployment = z.infer<typeof deploymentSchema>;

/** How Pulumi labels a document with this deployment. */
export function stateFormat({ resources }: Deployment): { version: number; features?: string[] } {
  return (resources ?? []).some(({ resourceHooks }) => resourceHooks !== undefined)
    ? { version: 4, features: ["hooks"] }
    : { version: 3 };
}

/** How the state writes a secret; the ciphertext is of its JSON, under the stack's key. */
export function sealedSecret(ciphertext: string): Record<string, string> {
  return { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext };
}

export function stackUrn(stack: string, project: string): string {
  return `urn:pulumi:${stack}::${project}::pulumi:pulumi:Stack::${project}-${stack}`;
}

export function nodeUrn(stack: string, project: string, nodeId: string): string {
  return `urn:pulumi:${stack}::${project}::${nodeComponentType}::${nodeId}`;
}

/** URN of a node's VM: a resource named after the node, a child of the node's component. */
export function vmUrn(vm: { stack: string; project: string; nodeId: string; vmType: string }): string {
  return `urn:pulumi:${vm.stack}::${vm.project}::${nodeComponentType}$${vm.vmType}::${vm.nodeId}`;
}

/** Last part of a URN. */
export function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

/** The node to which a resource belongs, by its chain of parents; undefined for the stack and the Pulumi providers. */
export function nodeIdOf(urn: string, parentOf: (urn: string) => string | undefined): string | undefined {
  let current: string | undefined = urn;
  // Deeper than any component nests; a cycle in a damaged state ends here.
  for (let depth = 0; current !== undefined && depth < 20; depth += 1) {
    if (current.split("::")[2] === nodeComponentType) return nameOf(current);
    current = parentOf(current);
  }
  return undefined;
}

/** Nodes of which anything real exists: a component without a cloud resource is none. */
export function presentNodes(deployment: Deployment | undefined): PresentNode[] {
  const resources = deployment?.resources ?? [];
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const components = new Map(
    resources.filter(({ type }) => type === nodeComponentType).map((component) => [nameOf(component.urn), component]),
  );
  const vms = new Map(resources.filter(isVm).map((vm) => [nameOf(vm.urn), vm]));
  const present = new Map<string, PresentNode>();
  for (const resource of resources) {
    if (resource.custom !== true) continue;
    const nodeId = nodeIdOf(resource.urn, (urn) => byUrn.get(urn)?.parent);
    if (nodeId === undefined) continue;
    const outputs = components.get(nodeId)?.outputs;
    const [address, dnsName] = [textOf(outputs?.["address"]), textOf(outputs?.["dnsName"])];
    const power = outputs?.["power"];
    const vm = vms.get(nodeId);
    present.set(nodeId, {
      nodeId,
      ...(address === undefined ? {} : { address }),
      ...(vm?.id === undefined ? {} : { vmId: vm.id }),
      ...(dnsName === undefined ? {} : { dnsName }),
      ...(power === "on" || power === "off" ? { power } : {}),
      ...(vm === undefined ? { isRemnant: true } : {}),
    });
  }
  return [...present.values()];
}

/** Names of everything in the state that exists in a cloud. */
export function realResources(deployment: Deployment | undefined): string[] {
  const resources = deployment?.resources ?? [];
  const real = resources.filter(({ custom, type }) => custom === true && !type.startsWith("pulumi:providers:"));
  return real.map(({ urn }) => nameOf(urn));
}

/** A VM: a resource of the cloud that is a child of a node's component and has its name. */
export function isVm({ urn, type, custom, parent, delete: isLeaving }: StateResource): boolean {
  if (custom !== true || isLeaving === true || parent === undefined) return false;
  const isOfNode = parent.split("::")[2] === nodeComponentType && nameOf(parent) === nameOf(urn);
  return isOfNode && urn.split("::")[2] === `${nodeComponentType}$${type}`;
}

/**
 * URNs of all that belongs to nodes other than `touched`, with the Pulumi providers that only they use: an update that
 * does not declare it leaves it alone.
 *
 * @param declared Names of the Pulumi providers that the program declares.
 */
export function untouchedUrns(
  deployment: Deployment | undefined,
  touched: ReadonlySet<string>,
  declared: ReadonlySet<string>,
): string[] {
  const resources = deployment?.resources ?? [];
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const isUntouched = ({ urn }: StateResource) => {
    const nodeId = nodeIdOf(urn, (child) => byUrn.get(child)?.parent);
    return nodeId !== undefined && !touched.has(nodeId);
  };
  const untouched = resources.filter(isUntouched);
  const providersOf = (users: readonly StateResource[]) =>
    new Set(
      users.flatMap(({ provider }) => (provider === undefined ? [] : [provider.slice(0, provider.lastIndexOf("::"))])),
    );
  const others = providersOf(resources.filter((resource) => !isUntouched(resource)));
  const own = [...providersOf(untouched)].filter((urn) => !others.has(urn) && !declared.has(nameOf(urn)));
  return [...untouched.map(({ urn }) => urn), ...own];
}

/** Without all that belongs to these nodes, and the Pulumi providers that only they used; the same when nothing does. */
export function withoutNodes(deployment: Deployment, nodeIds: ReadonlySet<string>): Deployment {
  const { resources, pending_operations: pending } = deployment;
  const byUrn = new Map((resources ?? []).map((resource) => [resource.urn, resource]));
  const isDropped = ({ urn, parent }: StateResource): boolean => {
    const nodeId = nodeIdOf(urn, (child) => (child === urn ? parent : byUrn.get(child)?.parent));
    return nodeId !== undefined && nodeIds.has(nodeId);
  };
  const providersOf = (users: readonly StateResource[]) =>
    new Set(users.map(({ provider }) => provider?.slice(0, provider.lastIndexOf("::"))));
  const dropped = (resources ?? []).filter(isDropped);
  const kept = (resources ?? []).filter((resource) => !isDropped(resource));
  const [before, after] = [providersOf(dropped), providersOf(kept)];
  const left = kept.filter(({ urn }) => !before.has(urn) || after.has(urn));
  const leftPending = (pending ?? []).filter(({ resource }) => !isDropped(resource));
  if (dropped.length === 0 && leftPending.length === (pending ?? []).length) return deployment;
  return { ...deployment, resources: left, ...(pending ? { pending_operations: leftPending } : {}) };
}

/** Nodes that the request takes for granted, to be kept or to be deleted, and that the state does not have. */
export function lackedNodes(deployment: Deployment | undefined, { nodes, creates, deletes }: UpdateRequest): string[] {
  const there = new Map(presentNodes(deployment).map((node) => [node.nodeId, node]));
  const kept = nodes.map(({ nodeId }) => nodeId).filter((nodeId) => !creates.includes(nodeId));
  return [
    ...kept.filter((nodeId) => there.get(nodeId)?.isRemnant ?? !there.has(nodeId)),
    ...deletes.filter((nodeId) => !there.has(nodeId)),
  ];
}

/**
 * Of the nodes without a VM in the state: those for which the cloud was asked, which has none either, and those that the
 * state lost while others were asked for.
 */
export function judgeAbsence(
  nodes: readonly DesiredNode[],
  present: readonly PresentNode[],
  asked: readonly string[],
): { readonly absent: string[]; readonly unasked: string[] } {
  const withVm = new Set(present.filter(({ isRemnant }) => !isRemnant).map(({ nodeId }) => nodeId));
  const without = nodes.map(({ nodeId }) => nodeId).filter((nodeId) => !withVm.has(nodeId));
  return {
    absent: without.filter((nodeId) => asked.includes(nodeId)),
    unasked: without.filter((nodeId) => !asked.includes(nodeId)),
  };
}

/** Whether the node's VM is recorded, so that the cloud need not be asked for it. */
export function hasVm(deployment: Deployment | undefined, urn: string): boolean {
  return (deployment?.resources ?? []).some((resource) => resource.urn === urn && resource.delete !== true);
}

export interface Adoption {
  readonly urn: string;
  /** The cloud's id of the VM that was found. */
  readonly id: string;
}

/**
 * Moves each pending create whose VM was found into the resources, with those of computer records, and drops all other
 * pending operations: the caller knows that their VMs don't exist. Outputs are left empty, a refresh fills them.
 */
export function settlePending(
  deployment: Deployment,
  found: readonly Adoption[],
): { deployment: Deployment; adopted: string[] } {
  const ids = new Map(found.map(({ urn, id }) => [urn, id]));
  const adopted: StateResource[] = [];
  const records: StateResource[] = [];
  for (const { resource, type } of deployment.pending_operations ?? []) {
    const id = ids.get(resource.urn);
    const known = [...(deployment.resources ?? []), ...adopted].some(({ urn }) => urn === resource.urn);
    if (type !== "creating" || known) continue;
    if (id !== undefined) adopted.push({ ...resource, id, outputs: {} });
    else if (resource.type === computerRecordType) records.push(unverifiedRecord(resource));
  }
  const rest = { ...deployment };
  delete rest.pending_operations;
  return {
    deployment: { ...rest, resources: [...(deployment.resources ?? []), ...adopted, ...records] },
    adopted: adopted.map(({ urn }) => urn),
  };
}

/** Without inputs it differs from every declaration: so the next update that declares it has the directory asked. */
function unverifiedRecord(resource: StateResource): StateResource {
  const id = resource.parent === undefined ? nameOf(resource.urn) : nameOf(resource.parent);
  return { ...resource, id, inputs: {}, outputs: resource.inputs ?? {} };
}

export interface UnrecordedVm {
  readonly type: string;
  /** Those of its inputs that are known; a cloud's `read` may need some besides the id. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly parent: string;
  readonly providerName: string;
  /** Default none: the next update that declares the VM sets them. */
  readonly resourceHooks?: Readonly<Record<string, string[]>>;
}

/** Adds VMs that no pending operation tells of. Their components and Pulumi providers must be in the state already. */
export function addFound(deployment: Deployment, found: readonly (Adoption & UnrecordedVm)[]): Deployment {
  const resources = deployment.resources ?? [];
  const added = found.map(({ urn, id, type, inputs, parent, providerName, resourceHooks }) => {
    const provider = resources.find(
      (resource) => resource.type.startsWith("pulumi:providers:") && nameOf(resource.urn) === providerName,
    );
    if (provider?.id === undefined || !resources.some((resource) => resource.urn === parent)) {
      throw new Error(`the state lacks ${provider === undefined ? providerName : parent}, to which ${urn} belongs`);
    }
    return {
      urn,
      custom: true,
      id,
      type,
      inputs,
      outputs: {},
      parent,
      provider: `${provider.urn}::${provider.id}`,
      ...(resourceHooks === undefined ? {} : { resourceHooks }),
    };
  });
  return { ...deployment, resources: [...resources, ...added] };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
