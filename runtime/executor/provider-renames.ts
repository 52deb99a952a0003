/**
 * States of older versions name their Pulumi providers by a digest of all settings. The nodes there are moved to the
 * provider of their account in the state itself: for the engine a resource that changes its provider is replaced.
 */
import type { PulumiStack } from "./pulumi-stack";
import { nameOf, type Deployment, type StateResource } from "./stack-state";

/** Does nothing when the state has none of these names. The stack must be quiet. */
export async function renameProviders(stack: PulumiStack, renames: ReadonlyMap<string, string>): Promise<void> {
  if (renames.size === 0) return;
  const before = await stack.readDeployment();
  const after = before && withRenamedProviders(before, renames);
  if (after !== undefined && after !== before) await stack.writeDeployment(after);
}

/** The same deployment when there is nothing to rename. Of several that become one the first stays. Pure. */
export function withRenamedProviders(deployment: Deployment, renames: ReadonlyMap<string, string>): Deployment {
  const resources = deployment.resources ?? [];
  const isOld = (resource: StateResource) => isProvider(resource) && renames.has(nameOf(resource.urn));
  const old = resources.filter(isOld);
  if (old.length === 0) return deployment;
  const heirs = new Map<string, StateResource>();
  const references = new Map<string, string>();
  for (const provider of old) {
    const urn = renamed(provider.urn, renames.get(nameOf(provider.urn))!);
    const present = resources.find((resource) => resource.urn === urn && resource.delete !== true);
    const heir = heirs.get(urn) ?? present ?? { ...provider, urn };
    heirs.set(urn, heir);
    references.set(`${provider.urn}::${provider.id}`, `${urn}::${heir.id}`);
  }
  const moved = (resource: StateResource): StateResource => {
    const provider = resource.provider === undefined ? undefined : references.get(resource.provider);
    return provider === undefined ? resource : { ...resource, provider };
  };
  // Heirs take the place of the first old one: a provider stands before all that use it.
  const first = resources.findIndex(isOld);
  const others = (part: readonly StateResource[]) =>
    part.filter((resource) => !isOld(resource) && !heirs.has(resource.urn)).map(moved);
  return {
    ...deployment,
    resources: [...others(resources.slice(0, first)), ...heirs.values(), ...others(resources.slice(first))],
    ...(deployment.pending_operations
      ? {
          pending_operations: deployment.pending_operations
            .filter(({ resource }) => !isOld(resource))
            .map((operation) => ({ ...operation, resource: moved(operation.resource) })),
        }
      : {}),
  };
}

function isProvider({ type }: StateResource): boolean {
  return type.startsWith("pulumi:providers:");
}

function renamed(urn: string, name: string): string {
  return `${urn.slice(0, urn.lastIndexOf("::"))}::${name}`;
}
