/** Makes a failing run small: fewer events, fewer kinds of faults, fewer faults; the same rule must still break. */
import type { FaultKind } from "./faults";
import { simulate, type SimulationOptions, type SimulationReport } from "./simulation";

/** Runs that may be tried; a run of a shrunken world is short. */
const triesMax = 80;

export interface Shrunk {
  readonly options: SimulationOptions;
  readonly report: SimulationReport;
}

export async function shrink(options: SimulationOptions, report: SimulationReport): Promise<Shrunk> {
  const shrinker = new Shrinker(report.violations[0]!.rule, { options, report });
  await shrinker.cutEvents();
  await shrinker.cutKinds();
  await shrinker.cutFaults();
  await shrinker.cutEvents();
  return shrinker.best;
}

class Shrinker {
  private tries = 0;

  constructor(
    private readonly rule: string,
    public best: Shrunk,
  ) {}

  /** Up to the event that broke the rule; when it broke only in the end, fewer by halves. */
  async cutEvents(): Promise<void> {
    const { options, report } = this.best;
    await this.try({ ...options, events: Math.min(options.events, report.violations[0]!.event) });
    let low = 0;
    while (this.tries < triesMax && this.best.options.events - low > this.best.options.events / 8 + 10) {
      const events = Math.floor((low + this.best.options.events) / 2);
      if (!(await this.try({ ...this.best.options, events }))) low = events;
    }
  }

  async cutKinds(): Promise<void> {
    const kinds = new Set(this.best.report.faults.map((id) => id.split("#")[0] as FaultKind));
    for (const kind of kinds) {
      const without = new Set([...(this.best.options.without ?? []), kind]);
      await this.try({ ...this.best.options, without });
    }
  }

  /** Leaves out ever smaller parts of the list of faults. */
  async cutFaults(): Promise<void> {
    let kept = [...this.best.report.faults];
    for (
      let size = Math.ceil(kept.length / 2);
      size >= 1 && kept.length > 0;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let from = 0; from < kept.length;) {
        const only = [...kept.slice(0, from), ...kept.slice(from + size)];
        if (await this.try({ ...this.best.options, only: new Set(only) })) kept = only;
        else from += size;
      }
    }
  }

  /** True when the smaller run still breaks the rule. */
  private async try(options: SimulationOptions): Promise<boolean> {
    if (this.tries >= triesMax) return false;
    this.tries += 1;
    const report = await simulate(options);
    if (report.violations[0]?.rule !== this.rule) return false;
    this.best = { options, report };
    return true;
  }
}

/** What repeats a run. */
export function commandOf({ seed, events, fleet, without, only }: SimulationOptions, trace?: string): string {
  const parts = [`npm run sim -- --seed ${seed} --events ${events}`];
  if (fleet !== undefined) parts.push(`--fleet ${fleet}`);
  if (trace !== undefined) parts.push(`--trace ${trace}`);
  if (without && without.size > 0) parts.push(`--without ${[...without].join(",")}`);
  if (only) parts.push(`--only ${[...only].join(",")}`);
  return parts.join(" ");
}
