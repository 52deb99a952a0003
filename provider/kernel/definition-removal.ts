/**
 * Removing a definition. One with nodes drains first: the runtime does that on its own, and the delete waits until it
 * is done, so that a `pulumi destroy` which ends well has left no VM behind.
 */
import type { HeadroomClient } from "../../runtime/api/client";
import type { Clock } from "../../runtime/model/clock";
import type { DefinitionKind } from "../../runtime/model/config";
import { ConflictError, NotFoundError, UnavailableError } from "../../runtime/model/errors";
import { formatCount, formatDuration } from "../../runtime/model/units";
import type { KernelContext } from "../resource-kernel";
import type { UpdateProgress } from "./update-progress";

/** Without `customTimeouts.delete`. Sessions may be long; whoever knows that they are says so. */
const drainSecondsDefault = 30 * 60;
/** Between two looks at a draining definition. */
const pollMs = 1_000;
/** How long a refusal "still in use" is tried again while the same update removes other definitions. */
const conflictWaitMsMax = 20_000;

interface Target {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly owner: string;
}

interface RemovalTools {
  readonly clock: Clock;
  readonly progress: UpdateProgress;
  readonly context: KernelContext;
}

/** Resolves when the definition is gone. */
export async function removeDefinition(client: HeadroomClient, target: Target, tools: RemovalTools): Promise<void> {
  await tools.progress.removing(() => drainAndRemove(client, target, tools));
}

async function drainAndRemove(client: HeadroomClient, target: Target, tools: RemovalTools): Promise<void> {
  const { clock, progress, context } = tools;
  const limitSeconds = context.timeoutSeconds ?? drainSecondsDefault;
  const deadlineMs = clock.now() + limitSeconds * 1000;
  const subject = `${target.kind} "${target.name}"`;
  const advice = "it goes on and ends by itself; run the same command again to wait for it";
  let told = "";
  for (;;) {
    const left = await removeWhenFree(client, target, tools);
    if (left === undefined) return;
    const waiting = `${formatCount(left.nodesLeft, "node")} and ${formatCount(left.sessionsLeft, "session")} left`;
    if (waiting !== told) context.log?.(`${subject} is draining: ${waiting}`);
    told = waiting;
    if (context.signal.aborted) throw new UnavailableError(`${subject} was draining (${waiting}); ${advice}`);
    if (clock.now() >= deadlineMs) {
      const limit = `after ${formatDuration(limitSeconds)}, the limit of this delete (customTimeouts)`;
      throw new UnavailableError(`${subject} still drains ${limit}: ${waiting}; ${advice}`);
    }
    await progress.next(pollMs, context.signal);
  }
}

/** Asks once to remove it, again only while something that may still use it is being removed. Undefined = gone. */
async function removeWhenFree(
  client: HeadroomClient,
  { kind, name, owner }: Target,
  { clock, progress, context }: RemovalTools,
): Promise<{ nodesLeft: number; sessionsLeft: number } | undefined> {
  const deadlineMs = clock.now() + conflictWaitMsMax;
  for (;;) {
    try {
      return await client.deleteDefinition(kind, name, owner);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      const mayHelp = error instanceof ConflictError && progress.othersAreBeingRemoved && !context.signal.aborted;
      if (!mayHelp || clock.now() >= deadlineMs) throw error;
      await progress.next(pollMs, context.signal);
    }
  }
}
