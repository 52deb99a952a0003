/**
 * Takes a sample of the state in every minute while this process leads. One that can't be written is a gap: nothing is
 * made up for it, and the next one is whole.
 */
import type { Clock, EpochMs } from "../model/clock";
import { messageOf } from "../model/errors";
import { minuteMs, minuteOf, type Sample } from "../model/sample";
import { WindowCache } from "../planner/config/windows";
import { sampleOf } from "../planner/explain/sample";
import type { HistoryStore } from "../store/history-store";
import { packSample } from "../store/sample-rows";
import type { Ledger } from "../store/store";

export interface HistoryRecorderOptions {
  readonly ledger: Ledger;
  readonly history: Pick<HistoryStore, "addSample">;
  readonly clock: Clock;
  readonly log: { warn(fields: object, message: string): void };
}

export class HistoryRecorder {
  private readonly windows = new WindowCache();
  private before: Sample | undefined;
  private lastMs: EpochMs | undefined;
  private writing: Promise<void> = Promise.resolve();
  private cancel = (): void => undefined;
  private isStopped = false;

  constructor(private readonly options: HistoryRecorderOptions) {}

  /** Takes the first sample at once. */
  start(): void {
    if (this.isStopped) return;
    this.writing = this.takeSample();
    const nowMs = this.options.clock.now();
    // A little behind the minute, so that a clock that is a little early does not take the same minute twice.
    const delayMs = minuteOf(nowMs) + minuteMs + 100 - nowMs;
    this.cancel = this.options.clock.after(delayMs, () => void this.writing.then(() => this.start()));
  }

  /** Takes no more; one that is being written is left to its fate. */
  stop(): void {
    this.isStopped = true;
    this.cancel();
  }

  /** Never rejects. */
  private async takeSample(): Promise<void> {
    const { ledger, history, clock, log } = this.options;
    try {
      const sample = sampleOf(ledger.state, { nowMs: clock.now(), windows: this.windows });
      // The timer came early: its minute is told already.
      if (sample.atMs === this.lastMs) return;
      const row = packSample(sample, this.before);
      this.lastMs = sample.atMs;
      this.before = undefined;
      // Nothing is told that a crash could take back.
      await ledger.settled();
      await history.addSample(row);
      this.before = sample;
    } catch (error) {
      if (!this.isStopped) log.warn({ error: messageOf(error) }, "the sample of this minute could not be written");
    }
  }
}
