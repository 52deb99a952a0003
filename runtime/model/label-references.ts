/** Whether labels leave a workspace somewhere to run, and what a change of a pool's labels means for those that run there. */
import type { AutoscaleConfig, Pool, Workspace } from "./config";
import type { Declared, ReferenceContext } from "./declared";
import { tellFirst, type Problem } from "./errors";
import { goesWithLabels, labelMisfit, type LabelMisfit } from "./labels";
import { slotProblems } from "./slot-references";
import { stagingProblems } from "./staging-references";

/** Undefined when labels let it run in some of its pools, on nodes or on static members with labels of their own. */
export function findLabelMisfit(
  workspace: Workspace,
  { declared }: Pick<ReferenceContext, "declared">,
): (LabelMisfit & { readonly message: string }) | undefined {
  const pools = workspace.pools.flatMap((name) => declared.pool.get(name) ?? []);
  const isAllowed = (zone: string): boolean => workspace.zones.length === 0 || workspace.zones.includes(zone);
  const isAnyLabelled = (pool: Pool): boolean =>
    goesWithLabels(workspace, pool) ||
    pool.staticMembers.some(({ zone, labels }) => isAllowed(zone) && goesWithLabels(workspace, pool, labels));
  // A pool that is not declared yet may have any label.
  if (pools.length < workspace.pools.length || pools.some(isAnyLabelled)) return undefined;
  const [first] = pools.map((pool) => labelMisfit(workspace, pool)!);
  const each = pools.slice(0, poolsTold).map((pool) => `pool "${pool.name}" ${labelMisfit(workspace, pool)!.text}`);
  const more = pools.length > poolsTold ? `; and ${pools.length - poolsTold} more pools` : "";
  return { ...first!, message: `it would run in none of its pools: ${each.join("; ")}${more}` };
}

/** Pools told of at most: more nobody reads. */
const poolsTold = 5;

/** What no longer goes with the labels of this pool. */
export function labelledPoolProblems(pool: Pool, context: ReferenceContext): Problem[] {
  const { declared } = context;
  const lost = [...declared.workspace.values()].flatMap((workspace) => {
    const misfit = workspace.pools.includes(pool.name) ? findLabelMisfit(workspace, context) : undefined;
    return misfit ? [`workspace "${workspace.name}" has these labels in mind: ${misfit.message}`] : [];
  });
  const others = [...stagingMisfits(pool, declared), ...slotMisfits(pool, context)];
  return tellFirst([...lost, ...others], (message) => ({ path: "labels", message }), "labels");
}

function stagingMisfits(pool: Pool, declared: Declared): string[] {
  return [...declared.stagingConfig.values()].flatMap((config) => {
    const workspace = declared.workspace.get(config.workspace);
    const owner =
      config.autoscaleConfig === undefined ? undefined : declared.autoscaleConfig.get(config.autoscaleConfig);
    if (!workspace || goesWithLabels(workspace, pool) || (owner?.pool ?? config.pool) !== pool.name) return [];
    return stagingProblems(config, declared).map(({ message }) => `staging config "${config.name}": ${message}`);
  });
}

function slotMisfits(pool: Pool, context: ReferenceContext): string[] {
  const { declared } = context;
  const isConcerned = (config: AutoscaleConfig): boolean => {
    const slots = config.type === "dockerAgent" ? config.standbySlots : undefined;
    const workspace = slots && declared.workspace.get(slots.workspace);
    return config.pool === pool.name && workspace !== undefined && !goesWithLabels(workspace, pool);
  };
  return [...declared.autoscaleConfig.values()].filter(isConcerned).flatMap((config) => {
    if (config.type !== "dockerAgent") return [];
    return slotProblems(config, context).map(
      ({ message }) => `autoscale config "${config.name}" has slots: ${message}`,
    );
  });
}
