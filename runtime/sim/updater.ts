/** The worker pool of one term under virtual time: slots, a queue, workers that die, answers that take a moment. */
import { UnavailableError } from "../model/errors";
import type { NodeUpdater, UpdateEvent, UpdateRequest, UpdateResult } from "../executor/node-updater";
import type { SimEngines, Worker } from "./engine";
import type { SimProcess } from "./sim-process";

/** As the real pool does by default. */
const slots = 4;
const messageMs = 2;

interface Task {
  readonly start: () => void;
  readonly reject: (error: Error) => void;
}

export class SimUpdater implements NodeUpdater {
  readonly slots = slots;
  private readonly workers = new Set<Worker>();
  private readonly waiting: Task[] = [];
  private isStopped = false;

  constructor(
    private readonly process: SimProcess,
    private readonly engines: SimEngines,
    private readonly epoch: number,
  ) {
    process.onKilled.push(() => this.killWorkers());
  }

  update(request: UpdateRequest, onEvent: (event: UpdateEvent) => void): Promise<UpdateResult> {
    return this.run((worker) =>
      this.engines.update(request, worker, (event) => {
        if (worker.isAlive) this.process.receive(messageMs, "update event", () => onEvent(event));
      }),
    );
  }

  recover(request: UpdateRequest): Promise<UpdateResult> {
    return this.run(() => this.engines.recover(request));
  }

  async removeStack(_laneId: string, stack: string): Promise<void> {
    await this.run(() => this.engines.removeStack(stack));
  }

  stop(): Promise<void> {
    this.isStopped = true;
    for (const task of this.waiting.splice(0)) task.reject(new UnavailableError("the executor is stopping"));
    for (const worker of [...this.workers]) worker.onDeath();
    return Promise.resolve();
  }

  private run<T>(job: (worker: Worker) => Promise<T>): Promise<T> {
    if (this.isStopped) return Promise.reject(new UnavailableError("the executor is stopping"));
    return new Promise<T>((resolve, reject) => {
      const start = (): void => {
        const worker: Worker = { epoch: this.epoch, isAlive: true, onDeath: () => undefined };
        const end = (settle: () => void): void => {
          if (!worker.isAlive) return;
          worker.isAlive = false;
          this.process.receive(messageMs, "update answer", () => {
            this.workers.delete(worker);
            settle();
            this.startNext();
          });
        };
        worker.onDeath = () => end(() => reject(new UnavailableError("the worker process ended")));
        this.workers.add(worker);
        job(worker).then(
          (value) => end(() => resolve(value)),
          (error: unknown) => end(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      };
      this.waiting.push({ start, reject });
      this.startNext();
    });
  }

  private startNext(): void {
    while (!this.isStopped && this.workers.size < slots) {
      const task = this.waiting.shift();
      if (!task) return;
      task.start();
    }
  }

  /** They hear that their service is gone; their engines do not. */
  private killWorkers(): void {
    for (const worker of this.workers) worker.isAlive = false;
  }
}
