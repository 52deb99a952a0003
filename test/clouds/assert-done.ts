/** What a lane's update or recovery must have come to. */
import assert from "node:assert/strict";
import type { UpdateResult } from "../../runtime/executor/node-updater";

/** Ids of the nodes whose VMs are in the stack afterwards, sorted. */
export const idsIn = ({ present = [] }: UpdateResult): string[] =>
  present.flatMap(({ nodeId, isRemnant }) => (isRemnant ? [] : [nodeId])).sort();

export function assertDone(result: UpdateResult, ...present: string[]): void {
  assert.equal(result.message, undefined);
  assert.equal(result.outcome, "succeeded");
  assert.deepEqual(idsIn(result), present.sort());
}
