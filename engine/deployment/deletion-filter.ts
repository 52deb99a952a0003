/** Which resources an update or destroy may delete: all, or what its options leave. */
import { Reported } from "../failure";
import { dependenciesOf, dependentsOf } from "../state/graph";
import type { ResourceState } from "../state/resource";
import type { DeploymentContext } from "./context";

/** Tells whether a resource may be deleted. */
export function deletionFilter(context: DeploymentContext): (state: ResourceState) => boolean {
  const { targets, excludes, excludeProtected } = context.options;
  if (excludes.length > 0) return (state) => !excludes.includes(state.urn);
  if (excludeProtected) return besideProtected(context.base);
  return targets.length > 0 ? amongTargets(context) : () => true;
}

/** All but protected resources and what those depend on. */
function besideProtected(resources: ResourceState[]): (state: ResourceState) => boolean {
  const kept = new Set<string>();
  for (const state of resources.filter(({ protect }) => protect)) {
    kept.add(state.urn);
    for (const urn of dependenciesOf(resources, state)) kept.add(urn);
  }
  return (state) => !kept.has(state.urn);
}

/** The targets alone. Fails when something that is no target depends on one of them. */
function amongTargets({ base, options, events }: DeploymentContext): (state: ResourceState) => boolean {
  const { targets } = options;
  const roots = base.filter((state) => targets.includes(state.urn));
  const dependents = dependentsOf({ resources: base, roots, includeChildren: true });
  const untargeted = dependents.filter(({ urn }) => !targets.includes(urn));
  for (const { urn } of untargeted) {
    events.diagnostic(
      "error",
      `Resource '${urn}' will be destroyed but was not specified in --target list.\nEither include resource in ` +
        `--target list or pass --target-dependents to proceed.`,
      { urn },
    );
  }
  if (untargeted.length > 0) throw new Reported();
  return ({ urn }) => targets.includes(urn);
}
