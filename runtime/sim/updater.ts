/** The worker pool of one term under virtual time: workers that die, answers that take a moment. */
import type { AccountAnswer, AskRequest } from "../model/account-questions";
import { messageOf, UnavailableError } from "../model/errors";
import { NodeFeed } from "../executor/node-feed";
import type {
  NodeUpdater,
  OpenedUpdate,
  OpenRequest,
  RecoverRequest,
  UpdateEvent,
  UpdateRequest,
  UpdateResult,
} from "../executor/node-updater";
import type { MemoryStore } from "../store/memory";
import type { AskPermit } from "../store/permit";
import type { SimEngines } from "./engine";
import { Worker } from "./stacks";
import type { SimProcess } from "./sim-process";

const messageMs = 2;

export class SimUpdater implements NodeUpdater {
  /** Few, so that lanes have to wait for one. */
  readonly slots = 2;
  readonly openedMax = 2;
  private readonly workers = new Set<Worker>();
  private isStopped = false;

  constructor(
    private readonly process: SimProcess,
    private readonly engines: SimEngines,
    private readonly store: MemoryStore,
  ) {
    process.onKilled.push(() => this.killWorkers());
  }

  update(request: UpdateRequest, onEvent: (event: UpdateEvent) => void): Promise<UpdateResult> {
    return this.run((worker) => this.engines.update(request, worker, this.sender(worker, onEvent)));
  }

  open(request: OpenRequest, onEvent: (event: UpdateEvent) => void): OpenedUpdate {
    const feed = new NodeFeed(request.nodes);
    const result = this.run((worker) => {
      // Its program runs in the worker.
      worker.onGone = () => feed.breakOff(new Error("the worker ended"));
      return this.engines.runOpened(request, { worker, feed }, this.sender(worker, onEvent));
    });
    return { give: (nodes) => feed.give(nodes), close: () => feed.close(), result };
  }

  recover(request: RecoverRequest): Promise<UpdateResult> {
    return this.run((worker) => this.engines.recover(request, worker));
  }

  async ask({ account, question }: AskRequest): Promise<AccountAnswer> {
    try {
      const vms = await this.run(() => this.engines.list(account));
      if (question.kind === "check") return { kind: "check", check: { findings: [] } };
      if (question.kind === "windowsPassword") return { kind: "windowsPassword" };
      if (question.kind === "deleteOrphan") return { kind: "failed", failed: "no definition here wants it" };
      const { installationId: installation } = question;
      const listed = vms.map(({ spec }) => ({ vmId: `vm-${spec.nodeId}`, nodeId: spec.nodeId, installation }));
      return { kind: "list", vms: listed };
    } catch (error) {
      return { kind: "failed", failed: messageOf(error) };
    }
  }

  isEngineRunning(_laneId: string, stack: string): boolean {
    return this.engines.isEngineRunning(stack);
  }

  async removeStack(_laneId: string, stack: string): Promise<void> {
    await this.run((worker) => this.engines.removeStack(stack, worker));
  }

  stop(): Promise<void> {
    this.isStopped = true;
    for (const worker of [...this.workers]) worker.onDeath();
    return Promise.resolve();
  }

  private run<T>(job: (worker: Worker) => Promise<T>): Promise<T> {
    if (this.isStopped) return Promise.reject(new UnavailableError("the executor is stopping"));
    return new Promise<T>((resolve, reject) => {
      const permit: AskPermit = (request) =>
        new Promise((answer) => {
          this.process.receive(messageMs, "permit", () => void this.store.permit(request).then(answer));
        });
      const worker = new Worker(this.store.epoch, permit);
      const end = (settle: () => void): void => {
        if (!worker.isAlive) return;
        worker.isAlive = false;
        worker.onGone();
        this.engines.workers.delete(worker);
        this.process.receive(messageMs, "update answer", () => {
          this.workers.delete(worker);
          settle();
        });
      };
      worker.onDeath = () => end(() => reject(new UnavailableError("the worker process ended")));
      this.workers.add(worker);
      this.engines.workers.add(worker);
      job(worker)
        .finally(() => worker.pass())
        .then(
          (value) => end(() => resolve(value)),
          (error: unknown) => end(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
    });
  }

  /** What a worker tells of an engine: nothing while it is held, all of it afterwards. */
  private sender(worker: Worker, onEvent: (event: UpdateEvent) => void): (event: UpdateEvent) => void {
    return (event) =>
      void worker.pass().then(() => {
        if (worker.isAlive) this.process.receive(messageMs, "update event", () => onEvent(event));
      });
  }

  /** They hear that their service is gone; their engines do not. */
  private killWorkers(): void {
    for (const worker of this.workers) {
      worker.isAlive = false;
      worker.onGone();
      this.engines.workers.delete(worker);
    }
  }
}
