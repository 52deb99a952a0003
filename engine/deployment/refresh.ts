/**
 * Compares the state with the real resources and takes over what is found. The rules kept: every resource is looked at
 * even when others fail; what is gone is taken out of everybody's dependencies; children of a vanished parent move up.
 */
import { CommandFailure, exitCodes, messageOf, Reported } from "../failure";
import type { ResourceState } from "../state/resource";
import { isProviderType } from "../state/urn";
import { makeStep, type Step } from "../steps/step";
import type { DeploymentContext } from "./context";
import type { Executor } from "./executor";

export async function refreshState(context: DeploymentContext, executor: Executor): Promise<void> {
  const { targets } = context.options;
  const chosen = context.base.filter(({ urn }) => targets.length === 0 || targets.includes(urn));
  for (const { urn, type, provider } of chosen) {
    if (isProviderType(type)) continue;
    try {
      await context.ensureProvider(provider);
    } catch (error) {
      throw new CommandFailure(
        `could not load provider for resource ${urn}: ${messageOf(error)}`,
        exitCodes.error,
        error,
      );
    }
  }
  const steps = new Map(chosen.map((state) => [state, makeStep("refresh", { old: state })]));
  await executor.runAll([...steps.values()]);
  context.rebase(rebuild(context.base, steps));
  if (!context.hasFailed) return;
  context.events.diagnostic("error", `${context.isPreview ? "preview" : "update"} failed`);
  throw new Reported();
}

/** The new list of resources, with references only to what comes before and still exists. */
function rebuild(resources: ResourceState[], steps: Map<ResourceState, Step>): ResourceState[] {
  const present = new Set<string>();
  const parents = new Map<string, string>();
  const result: ResourceState[] = [];
  for (const old of resources) {
    const step = steps.get(old);
    // A step that failed says nothing about its resource.
    const found = step?.refreshed ? step.new : old;
    if (!found) {
      parents.set(old.urn, parents.get(old.parent) ?? old.parent);
      continue;
    }
    const dependencies = Object.entries(found.propertyDependencies).map(
      ([key, urns]) => [key, urns.filter((urn) => present.has(urn))] as const,
    );
    const parent = found.parent === "" || present.has(found.parent) ? found.parent : (parents.get(found.parent) ?? "");
    parents.set(found.urn, parent);
    present.add(found.urn);
    result.push({
      ...found,
      parent,
      dependencies: found.dependencies.filter((urn) => present.has(urn)),
      propertyDependencies: Object.fromEntries(dependencies.filter(([, urns]) => urns.length > 0)),
      deletedWith: found.deletedWith && present.has(found.deletedWith) ? found.deletedWith : "",
    });
  }
  return result;
}
