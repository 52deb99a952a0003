/** What a worker has to tell of its jobs, sent in order: what comes while something is on its way goes with the next batch. */
import { setTimeout as pause } from "node:timers/promises";
import type { WorkerEvent } from "../../store/worker-events";

/** After a failure, e.g. a connection that was lost. */
const retryMs = 500;

export class Outbox {
  private readonly waiting: { readonly epoch: number; readonly event: WorkerEvent; readonly sent: () => void }[] = [];
  private isSending = false;
  private isClosed = false;

  /** @param send All or none of them; one that fails is tried again until the outbox is closed. */
  constructor(private readonly send: (epoch: number, events: readonly WorkerEvent[]) => Promise<void>) {}

  /** Resolves when it was sent, or will never be. */
  put(epoch: number, event: WorkerEvent): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    return new Promise((sent) => {
      this.waiting.push({ epoch, event, sent });
      if (!this.isSending) void this.sendAll();
    });
  }

  /** What was not sent is given up. */
  close(): void {
    this.isClosed = true;
    for (const { sent } of this.waiting.splice(0)) sent();
  }

  private async sendAll(): Promise<void> {
    this.isSending = true;
    while (this.waiting.length > 0) {
      const { epoch } = this.waiting[0]!;
      const other = this.waiting.findIndex((entry) => entry.epoch !== epoch);
      const batch = this.waiting.slice(0, other === -1 ? undefined : other);
      try {
        await this.send(
          epoch,
          batch.map(({ event }) => event),
        );
      } catch {
        // Told by the signs of life, which fail as well; without them the worker ends.
        await pause(retryMs);
        continue;
      }
      this.waiting.splice(0, batch.length);
      for (const { sent } of batch) sent();
    }
    this.isSending = false;
  }
}
