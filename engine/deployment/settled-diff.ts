/** What a difference means when the provider leaves it open. */
import type { DiffRequest, DiffResult, Provider } from "../providers/provider";
import { changedKeys, type PropertyMap } from "../state/values";

/** Asks the provider what differs; of one that does not say, inputs that differ are assumed to be a change. */
export async function settledDiff(provider: Provider, request: DiffRequest): Promise<DiffResult> {
  return settle(await provider.diff(request), request.oldInputs, request.newInputs);
}

function settle(diff: DiffResult, before: PropertyMap, after: PropertyMap): DiffResult {
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
