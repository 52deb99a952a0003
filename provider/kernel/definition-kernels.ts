/** The kernels of all definitions, for one update. */
import type { Clock } from "../../runtime/model/clock";
import { type DefinitionKind, definitionKinds } from "../../runtime/model/config";
import { cloudCatalog, clouds } from "../registry";
import type { ResourceKernel } from "../resource-kernel";
import { definitionKernel } from "./definition";
import { definitionTypes } from "./definition-types";
import { typedProviderKernel, typedProviders } from "./typed-provider";
import { UpdateProgress } from "./update-progress";

export function definitionKernels(clock: Clock): Readonly<Record<DefinitionKind, ResourceKernel>> {
  const catalog = cloudCatalog();
  const facts = [...Object.values(catalog.vm), ...Object.values(catalog.dns)];
  const secretSettings = [...new Set(facts.flatMap(({ secretFields }) => secretFields))];
  const tools = { clock, secretSettings, progress: new UpdateProgress(clock) };
  const entries = definitionKinds.map((kind) => [kind, definitionKernel(kind, tools)] as const);
  return Object.fromEntries(entries) as Record<DefinitionKind, ResourceKernel>;
}

/** The same by type token, and those of the types of single clouds. */
export function kernelsByType(clock: Clock): ReadonlyMap<string, ResourceKernel> {
  const kernels = definitionKernels(clock);
  return new Map([
    ...definitionKinds.map((kind) => [definitionTypes[kind], kernels[kind]] as const),
    ...typedProviders(clouds).map(
      (typed) => [typed.type, typedProviderKernel(typed, kernels[typed.definition])] as const,
    ),
  ]);
}
