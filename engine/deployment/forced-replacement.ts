/**
 * What has to be replaced with a resource that is deleted before it is made again: while it is missing, the values that
 * others take from it are unknown, and their providers say whether a change of these would replace them.
 */
import { dependentsOf } from "../state/graph";
import type { ResourceState } from "../state/resource";
import { isProviderType, providerReference, referenceUrn } from "../state/urn";
import { unknown } from "../state/values";
import type { DeploymentContext } from "./context";
import { settledDiff } from "./settled-diff";

/**
 * The dependents that have to go first, in the order of the state, with the properties that force it.
 *
 * @param seen URNs that the program has registered already: what becomes of them is decided.
 */
export async function forcedReplacements(
  context: DeploymentContext,
  root: ResourceState,
  seen: ReadonlySet<string>,
): Promise<Map<ResourceState, string[]>> {
  const replaced = new Set([root.urn]);
  const forced = new Map<ResourceState, string[]>();
  const candidates = dependentsOf({
    resources: context.base,
    roots: [root],
    includeChildren: false,
    ignore: (urn) => seen.has(urn) && urn !== root.urn,
  });
  for (const item of candidates) {
    const keys = await forcedBy(context, item, replaced);
    if (!keys) continue;
    forced.set(item, keys);
    replaced.add(item.urn);
  }
  return forced;
}

/** The properties that force a replacement; undefined when there is none. */
async function forcedBy(
  context: DeploymentContext,
  item: ResourceState,
  replaced: ReadonlySet<string>,
): Promise<string[] | undefined> {
  if (!item.custom || item.external) return undefined;
  if (item.provider && replaced.has(referenceUrn(item.provider))) return [];
  if (item.deletedWith && replaced.has(item.deletedWith)) return [];
  const inputs = { ...item.inputs };
  let isTouched = false;
  for (const [key, urns] of Object.entries(item.propertyDependencies)) {
    if (!(key in inputs) || !urns.some((urn) => replaced.has(urn))) continue;
    inputs[key] = unknown;
    isTouched = true;
  }
  if (!isTouched) return undefined;
  if (isProviderType(item.type)) {
    await context.ensureProvider(providerReference(item.urn, item.id));
    return some((await context.providers.diff(item, item.urn, inputs, item.ignoreChanges)).replaceKeys);
  }
  await context.ensureProvider(item.provider);
  const diff = await settledDiff(context.providers.require(item.provider), {
    urn: item.urn,
    id: item.id,
    oldInputs: item.inputs,
    oldOutputs: item.outputs,
    newInputs: inputs,
    ignoreChanges: item.ignoreChanges,
    preview: true,
  });
  return some(diff.replaceKeys);
}

function some(keys: string[]): string[] | undefined {
  return keys.length > 0 ? keys : undefined;
}
