/** How a simulated engine asks before it makes or destroys: as the hooks of the node program do. */
import type { EpochMs } from "../model/clock";
import type { UpdateResult } from "../executor/node-updater";
import { refused, type Permit, type PermitRequest } from "../store/permit";
import type { Worker } from "./stacks";
import type { Timeline } from "./timeline";
import type { Verdict } from "./violation";

/** A service that has not answered by then has refused, and an answer that lay for so long is too old to act on. */
const permitWaitMs = 20_000;

export interface Asking {
  readonly timeline: Timeline;
  readonly verdict: Verdict;
  /** The epoch that may write now. */
  readonly epoch: () => number;
}

/** When the store permitted it; undefined when it did not, or when the worker is gone, before or while it asks. */
export async function permittedAtMs(
  { timeline, verdict, epoch }: Asking,
  worker: Worker,
  request: PermitRequest,
): Promise<EpochMs | undefined> {
  await worker.pass();
  if (!worker.isAlive) return undefined;
  const askedAtMs = timeline.nowMs;
  const late = timeline.sleep(permitWaitMs, "worker").then(() => refused("no answer"));
  const answered = worker.permit(request).then((permit: Permit) => {
    verdict.check(
      !permit.isAllowed || request.epoch === epoch(),
      "one decider",
      () => `epoch ${request.epoch} was let do "${request.step}", but ${epoch()} leads`,
    );
    return { ...permit, atMs: timeline.nowMs };
  });
  const permit = await Promise.race([answered, late]);
  await worker.pass();
  const isOld = timeline.nowMs - askedAtMs > permitWaitMs;
  return permit.isAllowed && !isOld && worker.isAlive && "atMs" in permit ? permit.atMs : undefined;
}

export function withRefusals(result: UpdateResult, notPermitted: readonly string[]): UpdateResult {
  if (notPermitted.length === 0) return result;
  return { ...result, outcome: "failed", message: result.message ?? "not permitted", notPermitted };
}
