/**
 * What must hold for every state before it is used and before it is taken over: a resource comes after everything it
 * refers to, and no two live resources share a URN. Asserted on both sides of the file, because a state that breaks it
 * makes later deletions go in the wrong order.
 */
import { createHash } from "node:crypto";
import type { ResourceState } from "./resource";
import { isProviderType, providerReference, referenceUrn, urnType } from "./urn";

/** The first rule the list breaks, undefined when it is sound. */
export function integrityProblem(resources: ResourceState[]): string | undefined {
  const urns = new Set<string>();
  const live = new Set<string>();
  const providers = new Set<string>();
  for (const state of resources) {
    const { urn, parent, provider } = state;
    if (provider !== "" && !providers.has(provider)) return `resource ${urn} refers to unknown provider ${provider}`;
    if (provider !== "" && !isProviderType(urnType(referenceUrn(provider))))
      return `resource ${urn} has a malformed provider reference`;
    if (parent !== "" && !urns.has(parent)) return `child resource ${urn} refers to missing parent ${parent}`;
    const property = Object.values(state.propertyDependencies).flat();
    const missing = [...state.dependencies, ...property, state.deletedWith ?? ""].find(
      (other) => other !== "" && !urns.has(other),
    );
    if (missing) return `resource ${urn} refers to ${missing}, which does not come before it`;
    if (!state.delete && live.has(urn)) return `duplicate resource ${urn}`;
    if (!state.delete) live.add(urn);
    urns.add(urn);
    if (isProviderType(state.type)) providers.add(providerReference(urn, state.id));
  }
  return undefined;
}

/** A manifest names its version and proves it with the hash of the name; an absent one proves nothing and is fine. */
export function manifestProblem(manifest: unknown): string | undefined {
  const { magic, version } = (manifest ?? {}) as { magic?: string; version?: string };
  if (magic === undefined && version === undefined) return undefined;
  const isSound =
    createHash("sha256")
      .update(version ?? "")
      .digest("hex") === magic;
  return isSound ? undefined : "magic cookie mismatch; possible tampering/corruption detected";
}
