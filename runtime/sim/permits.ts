/** How a simulated engine asks before it makes or destroys: as the hooks of the node program do. */
import type { UpdateResult } from "../executor/node-updater";
import { refused, type AskPermit, type PermitRequest } from "../store/permit";
import type { Timeline } from "./timeline";
import type { Verdict } from "./violation";

/** A service that has not answered by then has refused. */
const permitWaitMs = 20_000;

interface Asking {
  readonly timeline: Timeline;
  readonly verdict: Verdict;
  /** The epoch that may write now. */
  readonly epoch: () => number;
}

/** False also when the worker is gone, before or while it asks. */
export async function isPermitted(
  { timeline, verdict, epoch }: Asking,
  worker: { readonly epoch: number; readonly isAlive: boolean; readonly permit: AskPermit },
  request: PermitRequest,
): Promise<boolean> {
  if (!worker.isAlive) return false;
  const late = timeline.sleep(permitWaitMs, "worker").then(() => refused("no answer"));
  const { isAllowed } = await Promise.race([worker.permit(request), late]);
  if (!isAllowed || !worker.isAlive) return false;
  verdict.check(
    worker.epoch === epoch(),
    "one decider",
    () => `epoch ${worker.epoch} was let do "${request.step}", but ${epoch()} leads`,
  );
  return true;
}

export function withRefusals(result: UpdateResult, notPermitted: readonly string[]): UpdateResult {
  if (notPermitted.length === 0) return result;
  return { ...result, outcome: "failed", message: result.message ?? "not permitted", notPermitted };
}
