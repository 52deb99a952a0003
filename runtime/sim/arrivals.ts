/** When people come: a generated day with its noise, its bursts and its class at 13:00, or a recorded trace. */
import { SetupError } from "../model/errors";
import { readTrace } from "../simulate/trace-file";
import type { SeededRng } from "./rng";

export interface Arrival {
  readonly afterMs: number;
  /** How long the session is used. */
  readonly holdMs: number;
}

export interface Arrivals {
  /** The next one, seen from the last one; `nowMs` is true time. */
  next(nowMs: number): Arrival;
}

const secondMs = 1_000;
const hourMs = 3_600_000;

/** People of a made-up site. */
export class GeneratedArrivals implements Arrivals {
  private readonly meanGapMs: number;
  private readonly meanHoldMs: number;
  private readonly burstiness: number;
  private readonly isDiurnal: boolean;
  private readonly hasClass: boolean;
  private burstLeft: number;

  /** @param crowd So many come at once in the beginning. */
  constructor(
    private readonly rng: SeededRng,
    crowd = 0,
  ) {
    this.burstLeft = crowd;
    this.meanGapMs = rng.pick([400, 800, 1_500, 3_000]);
    this.meanHoldMs = this.meanGapMs * rng.pick([10, 25, 50]);
    this.burstiness = rng.pick([0, 0.01, 0.05]);
    this.isDiurnal = rng.chance(0.5);
    this.hasClass = rng.chance(0.3);
  }

  next(nowMs: number): Arrival {
    const { rng } = this;
    const holdMs = 1_000 + rng.exponentialMs(this.meanHoldMs);
    if (this.burstLeft > 0) {
      this.burstLeft -= 1;
      return { afterMs: rng.between(0, 300), holdMs };
    }
    if (rng.chance(this.burstiness)) this.burstLeft = rng.between(5, 25);
    const minute = Math.floor(nowMs / 60_000) % 1_440;
    if (this.hasClass && minute === 13 * 60 && rng.chance(0.3)) this.burstLeft = 30;
    const hour = minute / 60;
    const slowness = this.isDiurnal ? 1 + 3 * Math.abs(Math.cos(((hour - 1) / 24) * Math.PI)) : 1;
    return { afterMs: rng.exponentialMs(this.meanGapMs * slowness), holdMs };
  }
}

/**
 * A recorded trace (`arrival_s,duration_s,...`, plain or gzip), from a place that the seed chooses, run faster than it was
 * so that a run sees a day of it; it starts again at its end.
 */
export class TraceArrivals implements Arrivals {
  private index: number;

  constructor(
    private readonly rows: readonly { readonly atMs: number; readonly holdMs: number }[],
    rng: SeededRng,
    private readonly speed = 20,
  ) {
    if (rows.length < 2) throw new SetupError("the trace has fewer than two arrivals");
    this.index = rng.below(rows.length - 1);
  }

  next(): Arrival {
    const from = this.rows[this.index]!;
    this.index = (this.index + 1) % this.rows.length;
    const to = this.rows[this.index]!;
    const gapMs = Math.max(0, Math.min(to.atMs - from.atMs, hourMs));
    return { afterMs: Math.round(gapMs / this.speed), holdMs: secondMs + Math.round(to.holdMs / this.speed) };
  }
}

/** A recorded trace for {@link TraceArrivals}. */
export function recordedArrivals(file: string): { atMs: number; holdMs: number }[] {
  return readTrace(file).sessions.map(({ arrivalSeconds, durationSeconds }) => ({
    atMs: arrivalSeconds * secondMs,
    holdMs: durationSeconds * secondMs,
  }));
}
