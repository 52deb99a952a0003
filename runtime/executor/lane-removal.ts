/** The end of a lane: its stack and its files are removed. */
import { UnavailableError } from "../model/errors";
import type { LaneRequest } from "./node-updater";
import type { PassphraseCrypter } from "./passphrase";
import { awaitNoEngine, withoutDeadLocks, type RecoveryContext } from "./recovery";
import { realResources } from "./stack-state";

/** Refuses a stack that still has something in it. */
export async function removeLane(
  context: RecoveryContext,
  request: LaneRequest,
  crypter: PassphraseCrypter,
): Promise<void> {
  const { folder, backend } = context;
  const { stack } = request;
  // Elsewhere only an engine can tell whether the stack is there, and the lane may have been on another machine.
  if (backend !== undefined && !folder.exists() && !backend.hasStack(stack)) return;
  await folder.write(request, crypter);
  await awaitNoEngine(context, undefined);
  const deployment = await context.stack.readDeployment();
  const left = realResources(deployment).sort();
  if (left.length > 0 || (deployment?.pending_operations ?? []).length > 0) {
    throw new UnavailableError(`stack ${stack} is not empty: ${left.join(", ") || "it has pending operations"}`);
  }
  await context.permits.toOperate();
  if (backend) await backend.removeStack(stack);
  else await withoutDeadLocks(context, () => context.stack.remove());
  await folder.remove();
}
