/** What a staging config says about others, and what a workspace's change means for the staging configs that name it. */
import type { StagingConfig, Workspace } from "./config";
import type { Problem } from "./errors";
import type { Declared } from "./declared";

/** The names exist (the caller has checked that); here: whether the workspace can be staged where the config says. */
export function stagingProblems(config: StagingConfig, declared: Declared): Problem[] {
  const workspace = declared.workspace.get(config.workspace);
  if (!workspace) return [];
  const problem = (path: string, message: string): Problem[] => [{ path, message }];
  const name = `workspace "${workspace.name}"`;
  if (workspace.kind !== "container") {
    return problem("workspace", `${name} is of kind "${workspace.kind}"; only kind "container" can be staged`);
  }
  if (workspace.zones.length > 0 && !workspace.zones.includes(config.zone)) {
    return problem("zone", `got "${config.zone}"; ${name} runs only in ${workspace.zones.join(", ")}`);
  }
  const runsIn = `${name} runs only in pool ${workspace.pools.join(", ")}`;
  if (config.pool !== undefined && !workspace.pools.includes(config.pool)) {
    return problem("pool", `got "${config.pool}"; ${runsIn}`);
  }
  const owner = config.autoscaleConfig === undefined ? undefined : declared.autoscaleConfig.get(config.autoscaleConfig);
  if (!owner) return [];
  if (owner.zone !== config.zone) {
    return problem("autoscaleConfig", `"${owner.name}" makes nodes in zone "${owner.zone}", not in "${config.zone}"`);
  }
  if (workspace.pools.includes(owner.pool)) return [];
  return problem("autoscaleConfig", `"${owner.name}" makes nodes of pool "${owner.pool}"; ${runsIn}`);
}

/** Fields of the workspace that its staging configs don't go with any more. */
export function stagedWorkspaceProblems(workspace: Workspace, declared: Declared): Problem[] {
  const fields: Readonly<Record<string, string>> = {
    workspace: "kind",
    zone: "zones",
    pool: "pools",
    autoscaleConfig: "pools",
  };
  return [...declared.stagingConfig.values()]
    .filter((config) => config.workspace === workspace.name)
    .flatMap((config) =>
      stagingProblems(config, declared).map(({ path, message }) => ({
        path: fields[path] ?? "",
        message: `staging config "${config.name}" stages it: ${message}`,
      })),
    );
}
