/** The kernels of all kinds of definitions, for one update. */
import type { Clock } from "../../runtime/model/clock";
import { type DefinitionKind, definitionKinds } from "../../runtime/model/config";
import type { ResourceKernel } from "../resource-kernel";
import { cloudCatalog } from "../registry";
import { definitionKernel } from "./definition";
import { UpdateProgress } from "./update-progress";

export function definitionKernels(clock: Clock): Readonly<Record<DefinitionKind, ResourceKernel>> {
  const catalog = cloudCatalog();
  const clouds = [...Object.values(catalog.vm), ...Object.values(catalog.dns)];
  const secretSettings = [...new Set(clouds.flatMap(({ secretFields }) => secretFields))];
  const tools = { clock, secretSettings, progress: new UpdateProgress(clock) };
  const entries = definitionKinds.map((kind) => [kind, definitionKernel(kind, tools)] as const);
  return Object.fromEntries(entries) as Record<DefinitionKind, ResourceKernel>;
}
