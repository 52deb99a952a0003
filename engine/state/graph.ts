/**
 * Who depends on whom. A state lists resources so that every one comes after what it depends on; the rule kept:
 * questions about dependencies are answered from that order, because several physical resources may share a URN
 * (a replaced one waits for deletion) and a reference means the ones listed before.
 */
import type { ResourceState } from "./resource";
import { referenceUrn } from "./urn";

/** URNs a resource refers to, its parent apart. */
export function dependencyUrns(state: ResourceState): Set<string> {
  const urns = new Set(state.dependencies);
  for (const list of Object.values(state.propertyDependencies)) for (const urn of list) urns.add(urn);
  if (state.deletedWith) urns.add(state.deletedWith);
  if (state.provider) urns.add(referenceUrn(state.provider));
  return urns;
}

/** Direct dependencies among `resources`: a component stands for everything in it, the parent counts too. */
function directDependencies(
  resources: ResourceState[],
  index: number,
  children: Map<string, number[]>,
): ResourceState[] {
  const state = resources[index] as ResourceState;
  const urns = dependencyUrns(state);
  const found = new Set<ResourceState>();
  for (const candidate of resources.slice(0, index)) {
    if (candidate.urn === state.parent) found.add(candidate);
    if (!urns.has(candidate.urn)) continue;
    found.add(candidate);
    if (candidate.custom) continue;
    for (const child of children.get(candidate.urn) ?? []) {
      if (child < index) found.add(resources[child] as ResourceState);
    }
  }
  return [...found];
}

/** Indexes of everything below each parent, at any depth. */
function descendants(resources: ResourceState[]): Map<string, number[]> {
  const parentOf = new Map<string, string>();
  const result = new Map<string, number[]>();
  resources.forEach((state, index) => {
    parentOf.set(state.urn, state.parent);
    for (let parent = state.parent; parent !== ""; parent = parentOf.get(parent) ?? "") {
      result.set(parent, [...(result.get(parent) ?? []), index]);
    }
  });
  return result;
}

/**
 * Splits resources that are to be deleted into groups: all of a group can go at once, and a group only after the ones
 * before it, so that nothing is deleted while something that needs it exists.
 */
export function deletionGroups(resources: ResourceState[], condemned: Set<ResourceState>): ResourceState[][] {
  const children = descendants(resources);
  const level = new Map<ResourceState, number>();
  resources.forEach((state, index) => {
    if (!condemned.has(state)) return;
    const needed = directDependencies(resources, index, children).filter((item) => condemned.has(item));
    level.set(state, Math.max(-1, ...needed.map((item) => level.get(item) ?? -1)) + 1);
  });
  const groups: ResourceState[][] = [];
  for (const [state, depth] of level) (groups[depth] ??= []).push(state);
  return groups.reverse();
}

export interface DependentsQuery {
  resources: ResourceState[];
  roots: ResourceState[];
  /** Whether the children of a resource count as its dependents. */
  includeChildren: boolean;
  ignore?: (urn: string) => boolean;
}

/** Everything that depends on the roots, directly or not, in the order of the list; the roots are not in it. */
export function dependentsOf({ resources, roots, includeChildren, ignore }: DependentsQuery): ResourceState[] {
  const reached = new Set(roots.map(({ urn }) => urn));
  const first = Math.min(...roots.map((root) => resources.indexOf(root)));
  const dependents: ResourceState[] = [];
  for (const candidate of resources.slice(Math.max(first, 0))) {
    if (roots.includes(candidate) || ignore?.(candidate.urn)) continue;
    const isChild = includeChildren && reached.has(candidate.parent);
    if (!isChild && ![...dependencyUrns(candidate)].some((urn) => reached.has(urn))) continue;
    reached.add(candidate.urn);
    dependents.push(candidate);
  }
  return dependents;
}

/** URNs a resource depends on, directly or not, parents included. */
export function dependenciesOf(resources: ResourceState[], state: ResourceState): Set<string> {
  const byUrn = new Map(resources.map((item) => [item.urn, item]));
  const reached = new Set<string>();
  const open = [state];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const urn of [...dependencyUrns(next), next.parent]) {
      const found = byUrn.get(urn);
      if (!found || reached.has(urn)) continue;
      reached.add(urn);
      open.push(found);
    }
  }
  return reached;
}
