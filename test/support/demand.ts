/** Generated demand of several kinds, by a seed: nobody's trace. */
import type { TraceSession } from "../../runtime/model/demand-trace";

export type DemandKind = "office" | "classroom" | "flat" | "growing" | "holiday" | "step";

/** Sessions asked for in an hour, at a time: day 0 is a Monday. */
export const kinds: Readonly<Record<DemandKind, (day: number, hour: number) => number>> = {
  office: (day, hour) => (isWorkday(day) ? 4 + 60 * bump(hour, 8.75, 0.6) + 12 * bump(hour, 13, 2) : 1),
  classroom: (day, hour) => {
    const starts = isWorkday(day) ? [9, 11, 13, 15] : [];
    return 0.5 + starts.reduce((sum, start) => sum + 150 * bump(hour, start + 0.05, 0.07), 0);
  },
  flat: () => 15,
  growing: (day, hour) => (1 + day / 50) * (2 + 20 * bump(hour, 11, 3)),
  holiday: (day, hour) => (day >= 42 && day < 56 ? 0.5 : kinds.office(day, hour)),
  step: (day, hour) => (day >= 49 ? 2 : 1) * kinds.office(day, hour),
};

function isWorkday(day: number): boolean {
  return day % 7 < 5;
}

function bump(hour: number, middle: number, width: number): number {
  return Math.exp(-(((hour - middle) / width) ** 2) / 2);
}

/** Poisson arrivals minute by minute with a level of each day of its own, sessions of about an hour. */
export function demandOf(kind: DemandKind, { days, seed }: { days: number; seed: number }): TraceSession[] {
  const chance = chances(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
  const sessions: TraceSession[] = [];
  for (let day = 0; day < days; day += 1) {
    const level = Math.exp(0.15 * normal());
    for (let minute = 0; minute < 1440; minute += 1) {
      const none = Math.exp((-level * kinds[kind](day, minute / 60)) / 60);
      const seconds: number[] = [];
      for (let product = chance(); product > none; product *= chance()) seconds.push(Math.floor(60 * chance()));
      for (const second of seconds.sort((a, b) => a - b)) {
        const durationSeconds = Math.round(Math.min(28_800, Math.exp(Math.log(3000) + 0.8 * normal())));
        sessions.push({ arrivalSeconds: day * 86_400 + minute * 60 + second, durationSeconds });
      }
    }
  }
  return sessions;
}

/** mulberry32: the same numbers from 0 to 1 for the same seed. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
