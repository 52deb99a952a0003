/** The worker pool of one term under virtual time: workers that die, answers that take a moment. */
import { UnavailableError } from "../model/errors";
import type { NodeUpdater, UpdateEvent, UpdateRequest, UpdateResult } from "../executor/node-updater";
import type { SimEngines, Worker } from "./engine";
import type { SimProcess } from "./sim-process";

const messageMs = 2;

export class SimUpdater implements NodeUpdater {
  /** Few, so that lanes have to wait for one. */
  readonly slots = 2;
  private readonly workers = new Set<Worker>();
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

  isEngineRunning(_laneId: string, stack: string): boolean {
    return this.engines.isEngineRunning(stack);
  }

  async removeStack(_laneId: string, stack: string): Promise<void> {
    await this.run(() => this.engines.removeStack(stack));
  }

  stop(): Promise<void> {
    this.isStopped = true;
    for (const worker of [...this.workers]) worker.onDeath();
    return Promise.resolve();
  }

  private run<T>(job: (worker: Worker) => Promise<T>): Promise<T> {
    if (this.isStopped) return Promise.reject(new UnavailableError("the executor is stopping"));
    return new Promise<T>((resolve, reject) => {
      const worker: Worker = { epoch: this.epoch, isAlive: true, onDeath: () => undefined };
      const end = (settle: () => void): void => {
        if (!worker.isAlive) return;
        worker.isAlive = false;
        this.process.receive(messageMs, "update answer", () => {
          this.workers.delete(worker);
          settle();
        });
      };
      worker.onDeath = () => end(() => reject(new UnavailableError("the worker process ended")));
      this.workers.add(worker);
      job(worker).then(
        (value) => end(() => resolve(value)),
        (error: unknown) => end(() => reject(error instanceof Error ? error : new Error(String(error)))),
      );
    });
  }

  /** They hear that their service is gone; their engines do not. */
  private killWorkers(): void {
    for (const worker of this.workers) worker.isAlive = false;
  }
}
