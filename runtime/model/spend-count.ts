/** Counts lives into the ledger of spend. Whatever it changes belongs into one commit. */
import type { Change } from "./changes";
import type { EpochMs } from "./clock";
import type { Snapshot } from "./snapshot";
import {
  countedOf,
  countLife,
  spendIdOf,
  splitQuarter,
  type Counted,
  type SpendDay,
  type SpendMark,
  type VmLife,
} from "./spend";

type Sums = Record<string, number>;

interface OpenDay extends SpendDay {
  readonly amounts: Sums;
  readonly unpricedSeconds: Sums;
}

export class SpendCount {
  private readonly days = new Map<string, OpenDay>();

  constructor(private readonly snapshot: Pick<Snapshot, "spendDays" | "spendMark" | "vmProviderConfigs">) {}

  /** Counts what it has cost since it was counted last; answers where it stands then. */
  count(life: VmLife, untilMs: EpochMs): Counted {
    const price = this.snapshot.vmProviderConfigs.get(life.vmProvider);
    const from = countedOf(life, this.snapshot.spendMark, price);
    const currency = price?.currency ?? "";
    return countLife(life, from, untilMs, price, (quarter, amount, seconds) => {
      const { day, index } = splitQuarter(quarter);
      const { amounts, unpricedSeconds } = this.dayOf(life, day, currency);
      if (amount > 0) amounts[index] = (amounts[index] ?? 0) + amount;
      if (seconds > 0) unpricedSeconds[index] = (unpricedSeconds[index] ?? 0) + seconds;
    });
  }

  changes(): Change[] {
    return [...this.days.values()].map((row) => ({ kind: "put", table: "spendDay", row }));
  }

  private dayOf(life: VmLife, day: number, currency: string): OpenDay {
    const { autoscaleConfig, pool, zone, vmProvider } = life;
    const key = { day, autoscaleConfig, pool, zone, vmProvider, currency };
    const spendId = spendIdOf(key);
    const open = this.days.get(spendId);
    if (open) return open;
    const known = this.snapshot.spendDays.get(spendId);
    const made = {
      ...{ spendId, ...key },
      ...{ amounts: { ...known?.amounts }, unpricedSeconds: { ...known?.unpricedSeconds } },
    };
    this.days.set(spendId, made);
    return made;
  }
}

/** The life as it is counted now, written down: what comes later goes on from there. */
export function writtenLife(life: VmLife, counted: Counted, mark: SpendMark): VmLife {
  return { ...life, countedMs: counted.countedMs, paidMs: counted.paidMs, count: mark.count };
}

/** A life, or a stretch of it with another power, that begins now. */
export function begunLife(
  life: Pick<VmLife, "nodeId" | "zone" | "pool" | "autoscaleConfig" | "vmProvider" | "power">,
  sinceMs: EpochMs,
  mark: SpendMark,
): VmLife {
  const { nodeId, zone, pool, autoscaleConfig, vmProvider, power } = life;
  return {
    ...{ nodeId, zone, pool, autoscaleConfig, vmProvider, power },
    ...{ sinceMs, countedMs: sinceMs, paidMs: sinceMs, count: mark.count },
  };
}
