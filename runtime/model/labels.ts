/**
 * Where a workspace may run by labels: on nodes that have at least one of those that it includes, where it includes any,
 * and none of those that it excludes. A node has the labels of its pool as they are now, a static member its own beside.
 */
import type { Pool, StaticMember, Workspace } from "./config";

export type LabelRules = Pick<Workspace, "includeLabels" | "excludeLabels">;

const noLabels: readonly string[] = [];

/** What is wrong with these labels; undefined when the workspace may run where they are. */
export interface LabelMisfit {
  readonly field: "includeLabels" | "excludeLabels";
  /** As the end of a sentence: `has the label "slow", which the workspace excludes`. */
  readonly text: string;
}

export function labelMisfit(
  { includeLabels, excludeLabels }: LabelRules,
  pool: Pick<Pool, "labels">,
  own: readonly string[] = noLabels,
): LabelMisfit | undefined {
  const has = (label: string): boolean => pool.labels.includes(label) || own.includes(label);
  if (includeLabels.length > 0 && !includeLabels.some(has)) {
    return {
      field: "includeLabels",
      text: `has none of the labels that the workspace includes: ${listOf(includeLabels)}`,
    };
  }
  const excluded = excludeLabels.find(has);
  if (excluded === undefined) return undefined;
  return { field: "excludeLabels", text: `has the label "${excluded}", which the workspace excludes` };
}

/** True when the workspace may run on a node of the pool that has these labels of its own besides. */
export function goesWithLabels(rules: LabelRules, pool: Pick<Pool, "labels">, own?: readonly string[]): boolean {
  if (rules.includeLabels.length === 0 && rules.excludeLabels.length === 0) return true;
  return labelMisfit(rules, pool, own) === undefined;
}

/** Static members of the pool in the zone on which the workspace may run, as far as labels say. */
export function labelledMembers(rules: LabelRules, pool: Pool, zone: string): StaticMember[] {
  return pool.staticMembers.filter((member) => member.zone === zone && goesWithLabels(rules, pool, member.labels));
}

/** Labels told at most: more nobody reads. */
const toldMax = 10;

function listOf(labels: readonly string[]): string {
  const shown = labels.slice(0, toldMax).map((label) => `"${label}"`);
  const more = labels.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}
