/** What a staging config says about others, and what a workspace's change means for the staging configs that name it. */
import type { StagingConfig, Workspace } from "./config";
import type { Problem } from "./errors";
import type { Declared } from "./declared";
import { labelledMembers, labelMisfit, type LabelMisfit } from "./labels";

/** The names exist (the caller has checked that); here: whether the workspace can be staged where the config says. */
export function stagingProblems(config: StagingConfig, declared: Declared): Problem[] {
  const workspace = declared.workspace.get(config.workspace);
  const found = workspace && mismatchOf(config, workspace, declared);
  return found ? [{ path: found.path, message: found.message }] : [];
}

/** Fields of the workspace that its staging configs don't go with any more. */
export function stagedWorkspaceProblems(workspace: Workspace, declared: Declared): Problem[] {
  return [...declared.stagingConfig.values()]
    .filter((config) => config.workspace === workspace.name)
    .flatMap((config) => {
      const found = mismatchOf(config, workspace, declared);
      if (!found) return [];
      return [{ path: found.field, message: `staging config "${config.name}" stages it: ${found.message}` }];
    });
}

interface Mismatch {
  /** Of the staging config. */
  readonly path: "workspace" | "zone" | "pool" | "autoscaleConfig";
  /** Of the workspace. */
  readonly field: "kind" | "zones" | "pools" | LabelMisfit["field"];
  readonly message: string;
}

function mismatchOf(config: StagingConfig, workspace: Workspace, declared: Declared): Mismatch | undefined {
  const name = `workspace "${workspace.name}"`;
  if (workspace.kind !== "container") {
    const message = `${name} is of kind "${workspace.kind}"; only kind "container" can be staged`;
    return { path: "workspace", field: "kind", message };
  }
  if (workspace.zones.length > 0 && !workspace.zones.includes(config.zone)) {
    const message = `got "${config.zone}"; ${name} runs only in ${workspace.zones.join(", ")}`;
    return { path: "zone", field: "zones", message };
  }
  const runsIn = `${name} runs only in pool ${workspace.pools.join(", ")}`;
  if (config.pool !== undefined && !workspace.pools.includes(config.pool)) {
    return { path: "pool", field: "pools", message: `got "${config.pool}"; ${runsIn}` };
  }
  return labelMismatch(config, workspace, declared) ?? ownerMismatch(config, workspace, declared);
}

/** A pool that the config names: nodes of it, or static members with labels of their own. */
function labelMismatch(config: StagingConfig, workspace: Workspace, declared: Declared): Mismatch | undefined {
  const pool = config.pool === undefined ? undefined : declared.pool.get(config.pool);
  if (!pool || labelledMembers(workspace, pool, config.zone).length > 0) return undefined;
  const misfit = labelMisfit(workspace, pool);
  return misfit && { path: "pool", field: misfit.field, message: `got "${pool.name}", which ${misfit.text}` };
}

function ownerMismatch(config: StagingConfig, workspace: Workspace, declared: Declared): Mismatch | undefined {
  const owner = config.autoscaleConfig === undefined ? undefined : declared.autoscaleConfig.get(config.autoscaleConfig);
  if (!owner) return undefined;
  const path = "autoscaleConfig";
  if (owner.zone !== config.zone) {
    const message = `"${owner.name}" makes nodes in zone "${owner.zone}", not in "${config.zone}"`;
    return { path, field: "pools", message };
  }
  const makes = `"${owner.name}" makes nodes of pool "${owner.pool}"`;
  if (config.pool !== undefined && config.pool !== owner.pool) {
    const message = `got "${config.pool}"; autoscale config ${makes}: name that one, or leave it out`;
    return { path: "pool", field: "pools", message };
  }
  if (!workspace.pools.includes(owner.pool)) {
    const message = `${makes}; workspace "${workspace.name}" runs only in pool ${workspace.pools.join(", ")}`;
    return { path, field: "pools", message };
  }
  const pool = declared.pool.get(owner.pool);
  const misfit = pool && labelMisfit(workspace, pool);
  return misfit && { path, field: misfit.field, message: `${makes}, which ${misfit.text}` };
}
