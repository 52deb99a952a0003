/**
 * One registration of a worker of another machine: from its row in the database to the death of its last engine. It says that
 * it lives, takes jobs, has them carried out by processes of this machine, and tells what becomes of them.
 *
 * It ends when it is stopped, when the database did not take its signs of life for too long, or when it was given up for
 * dead. However it ends, no process that works for it is left, and only then its row says so.
 */
import { hostname } from "node:os";
import { Pool } from "pg";
import type { Clock } from "../../model/clock";
import { messageOf } from "../../model/errors";
import { clientConfig } from "../../store/postgres-connection";
import { PostgresPermits } from "../../store/postgres-permits";
import type { Sealer } from "../../store/sealer";
import { addEvents } from "../../store/worker-events";
import { addWorker, endWorker, sayAlive, type WorkerFacts } from "../../store/worker-rows";
import type { Installation } from "../installation";
import { LaneFolder } from "../lane-folder";
import type { LaneLog } from "../lane-runner";
import { WorkerPool, type WorkerPoolOptions } from "../worker-pool";
import { GuardHandle } from "./guard-handle";
import { killGuarded, workerMark } from "./guarded-processes";
import { askTask, laneTask, ownLaneTask } from "./job-queue";
import { OutputWatch } from "./job-output";
import { JobTaker, prepareQueue } from "./job-taker";
import { Outbox } from "./outbox";
import {
  openJob,
  remoteProtocol,
  sealNews,
  type JobEnd,
  type JobNews,
  type JobOutcome,
  type QueuedJob,
  type RemoteJob,
} from "./remote-protocol";
import { takesAtOnce } from "./remote-updater";

export interface WorkerSessionOptions {
  readonly connectionString: string;
  readonly workerId: string;
  readonly installation: Installation;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly log: LaneLog;
  readonly version: string;
  readonly slots: number;
  /** See {@link WorkerFacts}. */
  readonly deadAfterSeconds: number;
  /** For tests: another program than this package's. */
  readonly pool?: Pick<WorkerPoolOptions, "workerEntry" | "limits">;
}

/** So many signs of life fit into the time after which engines are interrupted. */
const signsOfLife = 5;
const queryMs = 5_000;

export class WorkerSession {
  /** Resolves with the reason when it can't go on; {@link stop} is still to be called. */
  readonly lost: Promise<string>;
  private lose: (why: string) => void = () => undefined;
  private readonly database: Pool;
  private readonly permits: PostgresPermits;
  private readonly outbox: Outbox;
  private readonly guard: GuardHandle;
  private readonly pool: WorkerPool;
  /** Lanes that stand in our row. */
  private readonly lanes = new Map<string, { readonly folder: LaneFolder; hasJob: boolean }>();
  private readonly startedAtMs: number;
  private takers: JobTaker[] = [];
  private isLost = false;
  private aliveAtMs = performance.now();
  private cancelSigns = (): void => undefined;

  private constructor(private readonly options: WorkerSessionOptions) {
    const { connectionString, workerId, installation, clock, slots, deadAfterSeconds, pool } = options;
    this.lost = new Promise((resolve) => {
      this.lose = (why) => {
        this.isLost = true;
        resolve(why);
      };
    });
    this.startedAtMs = clock.now();
    this.database = new Pool({ ...clientConfig(connectionString), max: 2, query_timeout: queryMs });
    this.database.on("error", () => undefined);
    this.permits = new PostgresPermits(connectionString);
    this.outbox = new Outbox((epoch, events) => addEvents(this.database, epoch, events));
    const third = (deadAfterSeconds * 1000) / 3;
    const limits = { workerId, interruptMs: third, killMs: 2 * third };
    this.guard = new GuardHandle(limits, (why) => this.lose(why));
    const engineEnvironment = { ...installation.engineEnvironment, [workerMark]: workerId };
    this.pool = new WorkerPool({
      ...{ clock, slots, openedMax: 0, ...pool },
      installation: { ...installation, engineEnvironment },
      permit: (request) => this.permits.ask(request),
    });
  }

  static async open(options: WorkerSessionOptions): Promise<WorkerSession> {
    const session = new WorkerSession(options);
    try {
      await session.start();
    } catch (error) {
      await session.stop(0);
      throw error;
    }
    return session;
  }

  /** Takes nothing more, lets running updates end for up to `limitMs`, and ends those that do not. */
  async stop(limitMs: number): Promise<void> {
    const { clock, workerId } = this.options;
    const resting = Promise.all(this.takers.map((taker) => taker.stop())).catch(() => undefined);
    if (!this.isLost && limitMs > 0) {
      let cancel = (): void => undefined;
      const limit = new Promise<void>((resolve) => (cancel = clock.after(limitMs, resolve)));
      await Promise.race([resting, limit, this.lost]);
      cancel();
    }
    this.cancelSigns();
    this.outbox.close();
    await this.pool.stop();
    killGuarded(workerId);
    await this.sign().catch(() => false);
    await endWorker(this.database, workerId).catch(() => undefined);
    this.guard.release();
    await Promise.all([this.permits.close(), this.database.end().catch(() => undefined)]);
  }

  private async start(): Promise<void> {
    const { connectionString, workerId, slots } = this.options;
    await prepareQueue(connectionString);
    const carryOut = (job: QueuedJob): Promise<void> => this.carryOut(job);
    const onEnd = (error: unknown): void => this.lose(`it can't take jobs any more: ${messageOf(error)}`);
    // Its row comes first: whoever has taken a job can be given up with it.
    await addWorker(this.database, workerId, this.facts());
    this.seen(performance.now());
    const lanes = { tasks: [laneTask, ownLaneTask(workerId)], concurrency: takesAtOnce(slots) };
    const questions = { tasks: [askTask], concurrency: 1 };
    for (const taken of [lanes, questions]) {
      this.takers.push(await JobTaker.start({ connectionString, ...taken, carryOut, onEnd }));
    }
    await this.sign();
    this.signAgain();
  }

  private facts(): WorkerFacts {
    const { installation, version, slots, deadAfterSeconds } = this.options;
    return {
      host: hostname(),
      pid: process.pid,
      version,
      protocol: remoteProtocol,
      engine: installation.engine.name,
      slots,
      deadAfterSeconds,
      startedAtMs: this.startedAtMs,
      takers: this.takers.flatMap(({ takers }) => takers),
      lanes: [...this.lanes.keys()],
      busy: [...this.lanes].flatMap(([laneId, { folder, hasJob }]) =>
        hasJob || this.pool.isEngineRunning(laneId, folder.stack, undefined) ? [laneId] : [],
      ),
    };
  }

  private signAgain(): void {
    const { clock, deadAfterSeconds } = this.options;
    const third = (deadAfterSeconds * 1000) / 3;
    this.cancelSigns = clock.after(third / signsOfLife, () => {
      void this.sign()
        // Not taken now; the next one may be.
        .catch(() => true)
        .then((isAccepted) => {
          const silentMs = performance.now() - this.aliveAtMs;
          if (!isAccepted) this.lose("it was given up for dead");
          else if (silentMs > 2 * third) this.lose("the database took no sign of life for too long");
          else if (this.guard.silentMs > 2 * third) this.lose("its guard stands still");
          else if (!this.isLost) this.signAgain();
        });
    });
  }

  /** False: this registration was given up. */
  private async sign(): Promise<boolean> {
    // A job that was cut off may have left an engine, which goes on by itself.
    for (const [laneId, { folder, hasJob }] of this.lanes) {
      if (!hasJob && folder.processes().length === 0) this.lanes.delete(laneId);
    }
    const sentAtMs = performance.now();
    const isAccepted = await sayAlive(this.database, this.options.workerId, this.facts());
    if (isAccepted) this.seen(sentAtMs);
    return isAccepted;
  }

  private seen(sentAtMs: number): void {
    this.aliveAtMs = sentAtMs;
    this.guard.alive(performance.now() - sentAtMs);
  }

  /** Never rejects. */
  private async carryOut(queued: QueuedJob): Promise<void> {
    const { workerId, sealer, log } = this.options;
    const { job, epoch } = queued;
    const tell = (news: JobNews): Promise<void> =>
      this.outbox.put(epoch, { job, content: sealNews(sealer, job, news) });
    try {
      const asked = openJob(sealer, queued);
      await tell({ kind: "taken", worker: workerId });
      const end = await this.onLane(asked, tell);
      if (end.kind === "failed") log.warn({ job, error: end.message }, "a job could not be done");
      await tell(end);
    } catch (error) {
      log.warn({ job, error: messageOf(error) }, "a job could not be done");
      await tell(failed(error));
    }
  }

  /** The lane stands in our row while anything of ours may touch it: nobody else does as long as we live. */
  private async onLane(asked: RemoteJob, tell: (news: JobNews) => Promise<void>): Promise<JobEnd> {
    if (asked.kind === "ask") return { kind: "answered", answer: await this.pool.ask(asked.request) };
    const { laneId, stack } = asked.kind === "remove" ? asked : asked.request;
    const lane = { folder: new LaneFolder(this.options.installation, laneId, stack), hasJob: true };
    this.lanes.set(laneId, lane);
    const output = await OutputWatch.begin(lane.folder.path);
    try {
      if (!(await this.sign())) throw new Error(`worker ${this.options.workerId} was given up for dead`);
      const outcome = await this.run(asked, tell).catch(failed);
      return { ...outcome, output: await output.end() };
    } finally {
      lane.hasJob = false;
      // Soon, for who waits for the lane; the next sign of life tells it as well.
      void this.sign().catch(() => undefined);
    }
  }

  private async run(
    asked: Exclude<RemoteJob, { kind: "ask" }>,
    tell: (news: JobNews) => Promise<void>,
  ): Promise<JobOutcome> {
    switch (asked.kind) {
      case "update": {
        const result = await this.pool.update(asked.request, (event) => {
          if (event.kind === "started") this.guard.engine(event.enginePid);
          void tell({ kind: "event", event });
        });
        return { kind: "done", result };
      }
      case "recover":
        return { kind: "done", result: await this.pool.recover(asked.request, asked.enginePid) };
      case "remove":
        await this.pool.removeStack(asked.laneId, asked.stack, asked.epoch);
        return { kind: "done" };
      default: {
        const never: never = asked;
        throw new Error(`unknown job ${JSON.stringify(never)}`);
      }
    }
  }
}

function failed(error: unknown): JobOutcome {
  return { kind: "failed", message: messageOf(error) };
}
