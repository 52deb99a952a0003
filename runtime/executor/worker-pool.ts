/**
 * Worker processes, one job each at a time.
 *
 * Worker: starting → idle ⇄ busy → ended. A job goes to an idle worker, else it waits for the first that becomes idle;
 * workers are started on demand. Who may have one is decided before, by the {@link SlotScheduler}. One spare is kept
 * warm, because loading Pulumi's SDK and deriving the key take longer than the rest of the way to a VM's create. A worker
 * that dies takes only its own job with it: the job's promise is rejected, nothing is retried here.
 */
import { fork, type ChildProcess } from "node:child_process";
import { totalmem } from "node:os";
import { join } from "node:path";
import type { AccountAnswer, AskRequest } from "../model/account-questions";
import { BugError, messageOf, UnavailableError } from "../model/errors";
import type { Clock } from "../model/clock";
import { refused, type AskPermit } from "../store/permit";
import { inheritedEnvironment } from "./engine-environment";
import type { Installation } from "./installation";
import { LaneFolder } from "./lane-folder";
import type {
  NodeUpdater,
  OpenedUpdate,
  OpenRequest,
  RecoverRequest,
  UpdateEvent,
  UpdateRequest,
  UpdateResult,
} from "./node-updater";
import { childrenOf, isStopped, parentOf, signal } from "./processes";
import { defaultRecoveryLimits, type RecoveryLimits } from "./recovery";
import { slotsHere } from "./slot-default";
import { reserveOf } from "./slot-scheduler";
import type { FromWorker, Job, ToWorker } from "./worker-protocol";

export interface WorkerPoolOptions {
  readonly installation: Installation;
  readonly clock: Clock;
  /** Asked by the workers before they change anything. */
  readonly permit: AskPermit;
  /** Updates at the same time. Default: what memory and cores allow, see {@link defaultSlots}. */
  readonly slots?: number;
  /**
   * Updates that may be open ahead at the same time. Default: a tenth of the memory there is for this process, at
   * {@link openedBytes} each; at least 1 with 2 GiB, none with less. 0 opens none.
   */
  readonly openedMax?: number;
  /** Idle workers kept ready. Default 1; 0 starts every worker only when it is needed. */
  readonly warmSpares?: number;
  /** An idle worker beyond the spares is ended after this: each holds about 0.25 GB. Default 5 min. */
  readonly idleMs?: number;
  /** An update that takes longer is interrupted. Default 20 min. */
  readonly updateTimeoutMs?: number;
  /** What an interrupted update may take to end before its engine and worker are killed. Default 2 min. */
  readonly graceMs?: number;
  /** Heap of one worker. Default 512 MiB. */
  readonly memoryMib?: number;
  readonly limits?: Partial<RecoveryLimits>;
  /** The worker's entry. Default this package's, with all clouds. */
  readonly workerEntry?: string;
}

/** A spare is started this much after an update began: until then the processors are busy with that. */
const spareDelayMs = 1_500;
/** A worker that can't even start is not tried again at once, so that a broken installation does not spin. */
const restartDelayMs = 2_000;

/** A question that takes longer is given up: nobody waits for it. */
const askTimeoutMs = 120_000;
const askGraceMs = 10_000;
/** A cloud may take minutes to let a VM go, and says only then that it did. */
const deleteTimeoutMs = 600_000;

type JobEnd = Extract<FromWorker, { kind: "done" | "answered" }>;

/** A worker ends at once when it is let go, unless it stands still. */
const stopWaitMs = 10_000;

interface Task {
  readonly job: Job;
  readonly onEvent: (event: UpdateEvent) => void;
  readonly resolve: (end: JobEnd) => void;
  readonly reject: (error: Error) => void;
  /** What is sent after the job; kept until it has a worker. */
  readonly later: ToWorker[];
  worker?: Worker | undefined;
}

interface Worker {
  readonly child: ChildProcess;
  state: "starting" | "idle" | "busy";
  task?: Task | undefined;
  enginePid?: number | undefined;
  stopWatchdog?: (() => void) | undefined;
  cancelGivingBack?: (() => void) | undefined;
  /** Why it could not start. */
  complaint?: string | undefined;
}

/** Memory of one opened update: a worker, its engine and a cloud's plugin, all waiting. */
const openedBytes = 600 * 2 ** 20;

export class WorkerPool implements NodeUpdater {
  readonly slots: number;
  readonly openedMax: number;
  /** In the order in which they became idle. The longest idle one gets the next job, because it has had time to get ready. */
  private readonly workers = new Set<Worker>();
  private readonly waiting: Task[] = [];
  private readonly warmSpares: number;
  private isStopped = false;
  private isBeginning = false;
  private cancelSpares = (): void => undefined;
  private mayStartAgain = true;
  /** Ends with the last question that was asked: one at a time. */
  private asking: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: WorkerPoolOptions) {
    this.slots = options.slots ?? slotsHere();
    this.openedMax = options.openedMax ?? openedFor(process.constrainedMemory(), totalmem());
    this.warmSpares = Math.min(options.warmSpares ?? 1, this.slots);
    this.assign();
  }

  async update(request: UpdateRequest, onEvent: (event: UpdateEvent) => void): Promise<UpdateResult> {
    return expectResult(await this.submit({ kind: "update", request }, onEvent).result);
  }

  open(request: OpenRequest, onEvent: (event: UpdateEvent) => void): OpenedUpdate {
    const { task, result } = this.submit({ kind: "open", request }, onEvent);
    return {
      give: (nodes) => this.tell(task, { kind: "give", nodes }),
      close: () => this.tell(task, { kind: "close" }),
      result: result.then(expectResult),
    };
  }

  async recover(request: RecoverRequest, enginePid: number | undefined): Promise<UpdateResult> {
    return expectResult(await this.submit({ kind: "recover", request, enginePid }, () => undefined).result);
  }

  ask(request: AskRequest): Promise<AccountAnswer> {
    const answer = this.asking.then(() => this.askNow(request));
    this.asking = answer;
    return answer;
  }

  private async askNow(request: AskRequest): Promise<AccountAnswer> {
    try {
      const end = await this.submit({ kind: "ask", request }, () => undefined).result;
      if (end.kind === "answered") return end.answer;
      throw new BugError("a worker ended a question without an answer");
    } catch (error) {
      if (error instanceof BugError) throw error;
      return { kind: "failed", failed: messageOf(error) };
    }
  }

  isEngineRunning(laneId: string, stack: string, enginePid: number | undefined): boolean {
    const folder = new LaneFolder(this.options.installation, laneId, stack);
    const record = folder.engineRecord();
    // An opened update ends only when recovery asks it to, so nobody may wait for its end first.
    if (record?.isOpenedAhead) return false;
    return [enginePid, record?.pid].some((pid) => pid !== undefined && folder.isEngine(pid) && !standsStill(pid));
  }

  async removeStack(laneId: string, stack: string, epoch: number): Promise<void> {
    await this.submit({ kind: "remove", laneId, stack, epoch }, () => undefined).result;
  }

  /** Ends the workers. An update that still runs is given up: its engine goes on, and recovery finds out how it ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.cancelSpares();
    for (const { cancelGivingBack } of this.workers) cancelGivingBack?.();
    for (const task of this.waiting.splice(0)) task.reject(new UnavailableError("the executor is stopping"));
    const ended = [...this.workers].map(({ child }) => {
      const giveUp = this.options.clock.after(stopWaitMs, () => child.kill("SIGKILL"));
      return new Promise<void>((resolve) => void child.once("exit", () => resolve())).finally(giveUp);
    });
    for (const { child, state } of this.workers) {
      // A worker that is still loading has no job yet, and would notice the end only after it has loaded.
      if (state === "starting") child.kill("SIGKILL");
      else child.disconnect();
    }
    await Promise.all(ended);
  }

  /** Process ids of the workers, for `headroom status` and for tests. */
  workerPids(): number[] {
    return [...this.workers].flatMap(({ child }) => (child.pid === undefined ? [] : [child.pid]));
  }

  private submit(
    job: Job,
    onEvent: (event: UpdateEvent) => void,
  ): { readonly task: Task; readonly result: Promise<JobEnd> } {
    let settle: Pick<Task, "resolve" | "reject"> | undefined;
    const result = new Promise<JobEnd>((resolve, reject) => (settle = { resolve, reject }));
    const task: Task = { job, onEvent, ...settle!, later: [] };
    if (this.isStopped) task.reject(new UnavailableError("the executor is stopping"));
    else {
      this.waiting.push(task);
      this.assign();
    }
    return { task, result };
  }

  /** What follows the job. Without nodes an opened update waits for as long as it is left alone; then its time counts. */
  private tell(task: Task, message: ToWorker): void {
    const { worker } = task;
    if (worker === undefined) task.later.push(message);
    else if (worker.task === task) {
      if (worker.stopWatchdog === undefined) this.watch(worker);
      send(worker, message);
    }
  }

  /** Gives waiting tasks to idle workers and starts as many workers as are needed. */
  private assign(): void {
    if (this.isStopped) return;
    for (const worker of this.workers) {
      if (worker.state !== "idle") continue;
      const task = this.takeTask();
      if (task === undefined) break;
      this.begin(worker, task);
    }
    const states = [...this.workers].map(({ state }) => state);
    const unused = states.filter((state) => state !== "busy").length;
    const spares = this.isBeginning ? 0 : this.warmSpares;
    const tasks = [...this.waiting, ...[...this.workers].flatMap(({ task }) => task ?? [])];
    // What was opened ahead takes no slot, nor does a question; how many there are is decided elsewhere.
    const workersMax = this.slots + reserveOf(this.slots) + tasks.filter(takesNoSlot).length;
    const wanted = Math.min(workersMax - this.workers.size, this.waiting.length + spares - unused);
    for (let started = 0; started < wanted && this.mayStartAgain; started += 1) this.startWorker();
  }

  /** The oldest; updates that are only opened ahead come last, and questions. */
  private takeTask(): Task | undefined {
    const urgent = this.waiting.findIndex((task) => !takesNoSlot(task) || task.later.length > 0);
    return this.waiting.splice(Math.max(0, urgent), 1)[0];
  }

  private begin(worker: Worker, task: Task): void {
    worker.cancelGivingBack?.();
    worker.state = "busy";
    worker.task = task;
    worker.enginePid = undefined;
    task.worker = worker;
    if (task.job.kind !== "open") this.watch(worker);
    this.putOffSpares();
    send(worker, { kind: "job", job: task.job });
    for (const message of task.later.splice(0)) this.tell(task, message);
  }

  private putOffSpares(): void {
    // The timer is not set anew while it runs: where one update follows the other, a spare would never be started.
    if (this.isBeginning) return;
    this.isBeginning = true;
    this.cancelSpares = this.options.clock.after(spareDelayMs, () => {
      this.isBeginning = false;
      this.assign();
    });
  }

  private startWorker(): void {
    const { installation, limits, workerEntry, memoryMib } = this.options;
    const entry = workerEntry ?? join(installation.packageRoot, "dist", "provider", "worker.js");
    const child = fork(entry, [], {
      execArgv: [`--max-old-space-size=${memoryMib ?? 512}`],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // Newer Node versions keep compiled code there, which halves the time to load Pulumi's SDK.
      env: {
        ...inheritedEnvironment(process.env),
        ...installation.engineEnvironment,
        NODE_COMPILE_CACHE: join(installation.dataFolder, "engine-home", "compile-cache"),
      },
    });
    const worker: Worker = { child, state: "starting" };
    this.workers.add(worker);
    child.on("message", (message: FromWorker) => this.onMessage(worker, message));
    child.once("error", (error) => (worker.complaint = error.message));
    child.once("exit", (code, endedBy) => this.onExit(worker, endedBy ?? `exit code ${code}`));
    send(worker, { kind: "start", installation, limits: { ...defaultRecoveryLimits, ...limits } });
  }

  private onMessage(worker: Worker, message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        this.rest(worker);
        return this.assign();
      case "event":
        if (message.event.kind === "started") worker.enginePid = message.event.enginePid;
        return worker.task?.onEvent(message.event);
      case "permit":
        return void this.answer(worker, message);
      case "done":
      case "answered":
        return this.finish(worker, (task) => task.resolve(message));
      case "failed":
        if (worker.state === "starting") {
          worker.complaint = message.message;
          return;
        }
        return this.finish(worker, (task) => task.reject(new UnavailableError(message.message)));
      default: {
        const never: never = message;
        throw new BugError(`unknown message ${JSON.stringify(never)}`);
      }
    }
  }

  private async answer(worker: Worker, { id, request }: Extract<FromWorker, { kind: "permit" }>): Promise<void> {
    const permit = this.isStopped ? refused("the executor is stopping") : await this.options.permit(request);
    send(worker, { kind: "permit", id, permit });
  }

  private finish(worker: Worker, settle: (task: Task) => void): void {
    const { task } = worker;
    worker.stopWatchdog?.();
    worker.stopWatchdog = undefined;
    worker.task = undefined;
    this.rest(worker);
    this.workers.delete(worker);
    this.workers.add(worker);
    if (task) settle(task);
    this.assign();
  }

  private rest(worker: Worker): void {
    worker.state = "idle";
    const { clock, idleMs = 300_000 } = this.options;
    worker.cancelGivingBack = clock.after(idleMs, () => {
      const idle = [...this.workers].filter(({ state }) => state === "idle");
      if (worker.state !== "idle" || idle.length <= this.warmSpares) return;
      this.workers.delete(worker);
      worker.child.disconnect();
    });
  }

  private onExit(worker: Worker, how: string): void {
    worker.stopWatchdog?.();
    worker.cancelGivingBack?.();
    this.workers.delete(worker);
    worker.task?.reject(new UnavailableError(`the worker process of the update ended with ${how}`));
    if (worker.state === "starting" && !this.isStopped) {
      const why = new UnavailableError(`no worker process can start: ${worker.complaint ?? how}`);
      for (const task of this.waiting.splice(0)) task.reject(why);
      this.mayStartAgain = false;
      this.options.clock.after(restartDelayMs, () => {
        this.mayStartAgain = true;
        this.assign();
      });
      return;
    }
    this.assign();
  }

  private watch(worker: Worker): void {
    const { clock, updateTimeoutMs = 1_200_000, graceMs = 120_000 } = this.options;
    const job = worker.task?.job;
    const isAsking = job?.kind === "ask";
    const askMs = isAsking && job.request.question.kind === "deleteOrphan" ? deleteTimeoutMs : askTimeoutMs;
    worker.stopWatchdog = clock.after(isAsking ? askMs : updateTimeoutMs, () => {
      send(worker, { kind: "abort" });
      worker.stopWatchdog = clock.after(isAsking ? askGraceMs : graceMs, () => {
        if (worker.enginePid !== undefined) signal(worker.enginePid, "SIGKILL");
        worker.child.kill("SIGKILL");
      });
    });
  }
}

/** @param constrainedBytes What the container allows; 0 or more than there is when nothing limits it. */
export function openedFor(constrainedBytes: number, totalBytes: number): number {
  const bytes = constrainedBytes > 0 ? Math.min(constrainedBytes, totalBytes) : totalBytes;
  return bytes < 2 * 2 ** 30 ? 0 : Math.max(1, Math.floor(bytes / 10 / openedBytes));
}

/** True when the engine, its plugin or the worker that runs its program stands still: recovery ends such a one. */
function standsStill(engine: number): boolean {
  const worker = parentOf(engine);
  return [engine, ...childrenOf(engine), ...(worker === undefined ? [] : [worker])].some(isStopped);
}

function takesNoSlot({ job }: Task): boolean {
  return job.kind === "open" || job.kind === "ask";
}

function send({ child }: Worker, message: ToWorker): void {
  // A worker that is gone answers by its exit.
  if (child.connected) child.send(message, () => undefined);
}

function expectResult(end: JobEnd): UpdateResult {
  const result = end.kind === "done" ? end.result : undefined;
  if (result === undefined) throw new BugError("a worker ended an update without a result");
  return result;
}
