/** Whether sessions of the workspace that `standbySlots` names can run on the nodes of its autoscale config. */
import { vmProvidersOf, type AgentAutoscaleConfig, type Workspace } from "./config";
import type { Problem } from "./errors";
import type { ReferenceContext } from "./declared";
import { labelMisfit, type LabelMisfit } from "./labels";
import { formatCount, formatMemory } from "./units";

/** The workspace is declared (the caller has checked that); here: whether the config's nodes can have slots for it. */
export function slotProblems(config: AgentAutoscaleConfig, context: ReferenceContext): Problem[] {
  const workspace = context.declared.workspace.get(config.standbySlots?.workspace ?? "");
  return workspace
    ? mismatches(config, workspace, context).map(({ message }) => ({ path: "standbySlots.workspace", message }))
    : [];
}

/** Fields of the workspace that the autoscale configs with slots for it don't go with any more. */
export function slottedWorkspaceProblems(workspace: Workspace, context: ReferenceContext): Problem[] {
  return [...context.declared.autoscaleConfig.values()].flatMap((config) => {
    if (config.type !== "dockerAgent" || config.standbySlots?.workspace !== workspace.name) return [];
    return mismatches(config, workspace, context).map(({ field, message }) => ({
      path: field,
      message: `autoscale config "${config.name}" has standbySlots for it: ${message}`,
    }));
  });
}

interface Mismatch {
  /** Of the workspace. */
  readonly field: "kind" | "pools" | "zones" | "cores" | "memory" | "gpus" | LabelMisfit["field"];
  readonly message: string;
}

function mismatches(
  config: AgentAutoscaleConfig,
  workspace: Workspace,
  { declared, shapeOf }: ReferenceContext,
): Mismatch[] {
  const name = `workspace "${workspace.name}"`;
  if (workspace.kind !== "container") {
    return [{ field: "kind", message: `${name} is of kind "${workspace.kind}"; only kind "container" has slots` }];
  }
  if (!workspace.pools.includes(config.pool)) {
    return [{ field: "pools", message: `${name} runs only in pool ${workspace.pools.join(", ")}` }];
  }
  if (workspace.zones.length > 0 && !workspace.zones.includes(config.zone)) {
    return [{ field: "zones", message: `${name} runs only in zone ${workspace.zones.join(", ")}` }];
  }
  const pool = declared.pool.get(config.pool);
  const misfit = pool && labelMisfit(workspace, pool);
  if (misfit)
    return [{ field: misfit.field, message: `${name} does not run in pool "${pool.name}", which ${misfit.text}` }];
  return vmProvidersOf(config).flatMap((vmProvider): Mismatch[] => {
    const shape = shapeOf(config, vmProvider);
    const nodes = `a node of autoscale config "${config.name}" on VM provider config "${vmProvider}"`;
    const { cores, memory, gpus } = workspace;
    const { cores: hasCores = Infinity, memoryBytes: hasMemory = Infinity, gpus: hasGpus = Infinity } = shape;
    if (gpus > hasGpus)
      return [{ field: "gpus", message: `${name} needs ${formatCount(gpus, "GPU")}; ${nodes} has ${hasGpus}` }];
    if (cores > hasCores)
      return [{ field: "cores", message: `${name} needs ${formatCount(cores, "core")}; ${nodes} has ${hasCores}` }];
    if (memory <= hasMemory) return [];
    return [
      {
        field: "memory",
        message: `${name} needs ${formatMemory(memory)} memory; ${nodes} has ${formatMemory(hasMemory)}`,
      },
    ];
  });
}
