/** How long nodes take from their request until they are ready. */
import { ConfigError } from "../model/errors";
import { durationForms, parseDuration } from "../model/units";
import type { SeededRng } from "../sim/rng";

export interface BootRange {
  readonly lowSeconds: number;
  readonly highSeconds: number;
}

/** `120s`, or `90s..240s`: each boot any of these, with equal chance. */
export function parseBoot(text: string): BootRange {
  const [low = "", high = low, ...more] = text.split("..");
  const [lowSeconds, highSeconds] = [parseDuration(low), parseDuration(high)];
  if (more.length > 0 || lowSeconds === undefined || highSeconds === undefined || highSeconds < lowSeconds) {
    throw ConfigError.of([
      { path: "--boot", message: `got "${text}"; use ${durationForms}, or two from low to high such as "90s..240s"` },
    ]);
  }
  return { lowSeconds, highSeconds };
}

export class Boots {
  /**
   * @param measured By autoscale config, boots that were measured; a config that has some takes one of them, unless a
   *   range was asked for.
   */
  constructor(
    private readonly rng: SeededRng,
    private readonly range: BootRange | undefined,
    private readonly measured: Readonly<Record<string, readonly number[]>>,
  ) {}

  nextMs(autoscaleConfig: string): number {
    const known = this.measured[autoscaleConfig] ?? [];
    if (this.range === undefined && known.length > 0) return this.rng.pick(known) * 1000;
    const { lowSeconds, highSeconds } = this.range ?? assumedBoot;
    return Math.round((lowSeconds + this.rng.next() * (highSeconds - lowSeconds)) * 1000);
  }
}

/** Where neither was anything measured nor asked for. */
export const assumedBoot: BootRange = { lowSeconds: 120, highSeconds: 120 };
