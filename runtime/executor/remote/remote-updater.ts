/** Lanes' work on workers of other machines. Updates are not opened ahead there. */
import type { AccountAnswer, AskRequest } from "../../model/account-questions";
import { BugError, messageOf, UnavailableError } from "../../model/errors";
import type { WorkerRow } from "../../store/worker-rows";
import type { RecoverRequest, UpdateEvent, UpdateRequest, UpdateResult } from "../node-updater";
import { reserveOf } from "../slot-scheduler";
import type { KeptOutputs } from "./job-output";
import { askTask, laneTask, ownLaneTask } from "./job-queue";
import { RemoteJobs, type RemoteJobsOptions } from "./remote-jobs";
import type { JobEnd, RemoteJob } from "./remote-protocol";

export class RemoteUpdater {
  private readonly jobs: RemoteJobs;
  /** Ends with the last question that was asked: one at a time. */
  private asking: Promise<unknown> = Promise.resolve();

  /** @param outputs Where what engines elsewhere printed is kept. */
  constructor(
    options: RemoteJobsOptions,
    private readonly outputs: KeptOutputs,
  ) {
    this.jobs = new RemoteJobs(options);
  }

  start(): Promise<void> {
    return this.jobs.start();
  }

  stop(): Promise<void> {
    return this.jobs.stop();
  }

  workers(): readonly WorkerRow[] {
    return this.jobs.workers();
  }

  get slots(): number {
    return this.jobs.usable().reduce((sum, { slots }) => sum + slots, 0);
  }

  /** Slots that nothing runs in, the reserve not counted; may be below 0. */
  get free(): number {
    return this.slots - this.jobs.laneJobs;
  }

  /** Whether this lane's next job must not be done by anybody else. */
  has(laneId: string): boolean {
    return this.jobs.isUnsure(laneId) || this.workerOf(laneId) !== undefined;
  }

  /** The living worker that has this lane, or had it last and did not say that it is through. */
  workerOf(laneId: string): string | undefined {
    return this.jobs.workers().find(({ hasEnded, lanes }) => !hasEnded && lanes.includes(laneId))?.workerId;
  }

  /** Something is at work on this lane that ends by itself. */
  isBusy(laneId: string): boolean {
    return this.jobs.workers().some(({ hasEnded, busy }) => !hasEnded && busy.includes(laneId));
  }

  /** Machines on which an engine of this lane ran that is dead for certain. */
  fencedHosts(laneId: string): string[] {
    const ended = this.jobs.workers().filter(({ hasEnded, lanes }) => hasEnded && lanes.includes(laneId));
    return [...new Set(ended.map(({ host }) => host))];
  }

  update(request: UpdateRequest, onEvent: (event: UpdateEvent) => void): Promise<UpdateResult> {
    return this.onLane({ kind: "update", request }, { request, onEvent });
  }

  /** By the worker that had the lane, if it lives: it knows its engine. */
  recover(request: RecoverRequest, enginePid: number | undefined): Promise<UpdateResult> {
    const onlyFor = this.workerOf(request.laneId);
    return this.onLane({ kind: "recover", request, enginePid }, { request, onlyFor });
  }

  async removeStack(laneId: string, stack: string, epoch: number): Promise<void> {
    const place = { task: laneTask, laneId, rank: 3 };
    succeeded(await this.jobs.submit({ kind: "remove", laneId, stack, epoch }, { place, onNews: () => undefined }));
    await this.outputs.forget({ laneId, stack });
  }

  ask(request: AskRequest): Promise<AccountAnswer> {
    const answer = this.asking.then(() => this.askNow(request));
    this.asking = answer;
    return answer;
  }

  private async askNow(request: AskRequest): Promise<AccountAnswer> {
    try {
      const place = { task: askTask, rank: 0 };
      const end = succeeded(await this.jobs.submit({ kind: "ask", request }, { place, onNews: () => undefined }));
      if (end.kind === "answered") return end.answer;
      throw new BugError("a worker ended a question without an answer");
    } catch (error) {
      if (error instanceof BugError) throw error;
      return { kind: "failed", failed: messageOf(error) };
    }
  }

  private async onLane(
    job: RemoteJob,
    of: {
      readonly request: UpdateRequest | RecoverRequest;
      readonly onlyFor?: string | undefined;
      readonly onEvent?: (event: UpdateEvent) => void;
    },
  ): Promise<UpdateResult> {
    const { request, onlyFor, onEvent } = of;
    const task = onlyFor === undefined ? laneTask : ownLaneTask(onlyFor);
    const place = { task, laneId: request.laneId, rank: request.urgency ?? 0 };
    const end = await this.jobs.submit(job, {
      place,
      onlyFor,
      onNews: (news, worker) => {
        if (news.kind !== "event") return;
        onEvent?.(news.event.kind === "started" ? { ...news.event, worker } : news.event);
      },
    });
    if (end.output !== undefined) await this.outputs.keep(request, end.output);
    const { result } = succeeded(end) as Extract<JobEnd, { kind: "done" }>;
    if (result === undefined) throw new BugError("a worker ended an update without a result");
    return result;
  }
}

/** Slots of a worker beyond the ordinary ones: who leads may use them, see the slot scheduler. */
export function takesAtOnce(slots: number): number {
  return slots + reserveOf(slots);
}

function succeeded(end: JobEnd): Exclude<JobEnd, { kind: "failed" }> {
  if (end.kind === "failed") throw new UnavailableError(end.message);
  return end;
}
