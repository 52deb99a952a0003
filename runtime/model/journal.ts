/** Makes entries of the decision journal whose ids sort in time, also across restarts and writers. */
import type { Clock, Rng } from "./clock";
import type { Reason } from "./reason";
import type { Decision } from "./state";

export class Journal {
  private lastMs = 0;
  private counter = 0;

  constructor(
    private readonly clock: Clock,
    private readonly rng: Rng,
  ) {}

  /** Id: 15 digits of milliseconds, 6 of a counter, 4 random characters because several writers share the journal. */
  entry(subject: Decision["subject"], subjectId: string, event: string, reason: Reason): Decision {
    const atMs = Math.max(this.clock.now(), this.lastMs);
    this.counter = atMs === this.lastMs ? this.counter + 1 : 0;
    this.lastMs = atMs;
    const time = String(atMs).padStart(15, "0");
    const decisionId = `${time}-${String(this.counter).padStart(6, "0")}-${this.rng.id(4)}`;
    return { decisionId, atMs, subject, subjectId, event, reason };
  }
}
