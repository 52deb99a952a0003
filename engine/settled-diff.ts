/** What a difference means when the provider leaves it open. */
import type { DiffResult } from "./provider";
import { changedKeys, type PropertyMap } from "./values";

/** What a provider that does not say is assumed to mean: inputs that differ are a change. */
export function settleDiff(diff: DiffResult, before: PropertyMap, after: PropertyMap): DiffResult {
  if (diff.changes !== "unknown") return diff;
  const keys = changedKeys(before, after);
  if (keys.length === 0) return { ...diff, changes: "none" };
  const detailed = Object.fromEntries(
    keys.map((key) => {
      const diffKind = !(key in before) ? "add" : !(key in after) ? "delete" : "update";
      return [key, { diffKind, inputDiff: true } as const];
    }),
  );
  return { ...diff, changes: "some", changedKeys: keys, detailed };
}
