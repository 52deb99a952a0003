/**
 * What a score is held against, all on the same trace and model: static standby and the best day/night schedule, both
 * chosen in hindsight at the same waiting share, and the least that anybody could pay who lets nobody wait.
 */
import type { TraceSession } from "../../runtime/model/demand-trace";
import { MinHeap } from "./min-heap";
import { play, type PlayOptions, type Policy, type Score } from "./play";

const backoffSeconds = 900;
/** A share so small that no standby is found for it is a fault of the trace. */
const standbyMax = 100_000;

/** Idle overhead at a waiting share, and the standby that comes closest to it from either side. */
export interface Baseline {
  readonly idleOverhead: number;
  readonly idleHours: number;
  readonly chosen: string;
}

export function staticStandby(free: number): Policy {
  const wanted = { free, ready: 0, backoffSeconds };
  return { wanted: () => wanted };
}

/** Remembers what was played: each standby is asked for by several shares. */
export class StaticScores {
  private readonly scores = new Map<number, Score>();

  constructor(
    private readonly sessions: readonly TraceSession[],
    private readonly options: PlayOptions,
  ) {}

  of(free: number): Score {
    const known = this.scores.get(free);
    if (known) return known;
    const score = play(this.sessions, staticStandby(free), this.options);
    this.scores.set(free, score);
    return score;
  }

  /** The smallest standby that keeps the share. */
  smallestFor(waitingShare: number): number {
    let high = 1;
    while (this.of(high).waitingShare > waitingShare) {
      high *= 2;
      if (high > standbyMax) throw new Error(`no standby up to ${standbyMax} keeps ${waitingShare}`);
    }
    let low = Math.floor(high / 2);
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.of(middle).waitingShare > waitingShare) low = middle;
      else high = middle;
    }
    return this.of(0).waitingShare <= waitingShare ? 0 : high;
  }

  /** Between two whole numbers the cost is told for the share itself, by the logarithm of the share. */
  at(waitingShare: number): Baseline {
    const high = this.smallestFor(waitingShare);
    const more = this.of(high);
    if (high === 0) return { ...costOf(more), chosen: "0" };
    return { ...between(this.of(high - 1), more, waitingShare), chosen: `${high - 1} to ${high}` };
  }
}

/** Cost at a share between those of two scores, the first of which waits more. */
export function between(less: Score, more: Score, waitingShare: number): Pick<Baseline, "idleOverhead" | "idleHours"> {
  const [from, to] = [Math.log(Math.max(less.waitingShare, 1e-9)), Math.log(Math.max(more.waitingShare, 1e-9))];
  const part = from > to ? Math.min(1, Math.max(0, (from - Math.log(Math.max(waitingShare, 1e-9))) / (from - to))) : 1;
  const mix = (key: "idleOverhead" | "idleHours"): number => less[key] + part * (more[key] - less[key]);
  return { idleOverhead: mix("idleOverhead"), idleHours: mix("idleHours") };
}

function costOf({ idleOverhead, idleHours }: Score): Pick<Baseline, "idleOverhead" | "idleHours"> {
  return { idleOverhead, idleHours };
}

/** Idle hours of who knows everything and lets nobody wait: through a gap between two uses a VM costs the gap or a boot. */
export function clairvoyantHours(
  sessions: readonly TraceSession[],
  { bootSeconds, warmUpSeconds }: Pick<PlayOptions, "bootSeconds" | "warmUpSeconds">,
): number {
  const ends = new MinHeap();
  const freeSince: number[] = [];
  let seconds = 0;
  for (const { arrivalSeconds, durationSeconds } of sessions) {
    while (ends.smallest <= arrivalSeconds) freeSince.push(ends.pop());
    const since = freeSince.pop();
    const gap = since === undefined ? bootSeconds : Math.min(bootSeconds, arrivalSeconds - since);
    if (arrivalSeconds >= warmUpSeconds) seconds += gap;
    ends.push(arrivalSeconds + durationSeconds);
  }
  return seconds / 3600;
}
