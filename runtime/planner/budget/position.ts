/** Where budgets stand: what was spent of each in its present period, by the ledger and by what VMs have cost since. Pure. */
import { isInScope, type Budget } from "../../model/budget";
import type { EpochMs } from "../../model/clock";
import type { Snapshot } from "../../model/snapshot";
import { countedOf, countLife, quarterMs, quartersOfDay, type SpendDay } from "../../model/spend";
import { Periods, type Period } from "./period";

export interface BudgetPosition extends Period {
  readonly budget: Budget;
  /** In the budget's currency. */
  readonly spent: number;
  /** Nothing of it is left. */
  readonly isReached: boolean;
  /** Time of VMs in scope that had no price: `spent` lacks them. */
  readonly unpricedSeconds: number;
  /** In other currencies, by their name (`""` = unnamed): `spent` lacks them. */
  readonly foreign: ReadonlyMap<string, number>;
}

type Spending = Pick<Snapshot, "budgets" | "spendDays" | "spendMark" | "vmLives" | "vmProviderConfigs">;

/** Sums over the ledger, and what they were made from. */
interface KnownSums {
  readonly snapshot: object;
  readonly revision: number;
  readonly budget: Budget;
  readonly startMs: EpochMs;
  readonly sums: Sums;
}

/** Kept from plan to plan it saves adding up the ledger again; what it answers depends on the snapshot and the time alone. */
export class BudgetBook {
  readonly periods = new Periods();
  private readonly known = new Map<string, KnownSums>();
  private readonly totals = new DayTotals();

  /** By name; empty without budgets. */
  positions(snapshot: Snapshot, nowMs: EpochMs): BudgetPosition[] {
    if (snapshot.budgets.size === 0) return [];
    const budgets = [...snapshot.budgets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const open = budgets.map((budget) => {
      const period = this.periods.at(budget, nowMs);
      return { budget, period, sums: this.counted(budget, period, snapshot).copy() };
    });
    addUncounted(open, snapshot, nowMs);
    return open.map(({ budget, period, sums }) => {
      const spent = sums.amounts.get(budget.currency ?? "") ?? 0;
      const foreign = new Map([...sums.amounts].filter(([currency]) => currency !== (budget.currency ?? "")));
      const isReached = spent >= budget.amount;
      return { budget, ...period, spent, isReached, unpricedSeconds: sums.unpricedSeconds, foreign };
    });
  }

  private counted(budget: Budget, { startMs, endMs }: Period, snapshot: Snapshot): Sums {
    const known = this.known.get(budget.name);
    const revision = snapshot.revisions.spend;
    const isSame =
      known?.snapshot === snapshot &&
      known.revision === revision &&
      known.budget === budget &&
      known.startMs === startMs;
    if (isSame) return known.sums;
    const sums = new Sums();
    for (const row of snapshot.spendDays.values()) {
      if (isInScope(budget, row)) sums.addDay(row, { startMs, endMs }, this.totals);
    }
    this.known.set(budget.name, { snapshot, revision, budget, startMs, sums });
    return sums;
  }
}

class Sums {
  readonly amounts = new Map<string, number>();
  unpricedSeconds = 0;

  copy(): Sums {
    const copy = new Sums();
    for (const [currency, amount] of this.amounts) copy.amounts.set(currency, amount);
    copy.unpricedSeconds = this.unpricedSeconds;
    return copy;
  }

  add(currency: string, amount: number, unpricedSeconds: number): void {
    if (amount > 0) this.amounts.set(currency, (this.amounts.get(currency) ?? 0) + amount);
    this.unpricedSeconds += unpricedSeconds;
  }

  addDay(row: SpendDay, { startMs, endMs }: Period, totals: DayTotals): void {
    const first = Math.max(0, startMs / quarterMs - row.day * quartersOfDay);
    const end = Math.min(quartersOfDay, endMs / quarterMs - row.day * quartersOfDay);
    if (first >= quartersOfDay || end <= 0) return;
    const isWhole = first === 0 && end === quartersOfDay;
    if (isWhole) {
      const { amount, unpricedSeconds } = totals.of(row);
      return this.add(row.currency, amount, unpricedSeconds);
    }
    for (let index = Math.ceil(first); index < end; index += 1) {
      this.add(row.currency, row.amounts[index] ?? 0, row.unpricedSeconds[index] ?? 0);
    }
  }
}

interface Total {
  readonly amount: number;
  readonly unpricedSeconds: number;
}

/** Most days are over, and their rows change no more. */
class DayTotals {
  private readonly known = new WeakMap<SpendDay, Total>();

  of(row: SpendDay): Total {
    const known = this.known.get(row) ?? totalOf(row);
    this.known.set(row, known);
    return known;
  }
}

function totalOf(row: SpendDay): Total {
  const sum = (numbers: Readonly<Record<string, number>>): number => Object.values(numbers).reduce((a, b) => a + b, 0);
  return { amount: sum(row.amounts), unpricedSeconds: sum(row.unpricedSeconds) };
}

/** What each VM has cost since it was counted last. */
function addUncounted(
  open: readonly { readonly budget: Budget; readonly period: Period; readonly sums: Sums }[],
  { vmLives, spendMark, vmProviderConfigs }: Spending,
  nowMs: EpochMs,
): void {
  for (const life of vmLives.values()) {
    const concerned = open.filter(({ budget }) => isInScope(budget, life));
    if (concerned.length === 0) continue;
    const price = vmProviderConfigs.get(life.vmProvider);
    const currency = price?.currency ?? "";
    countLife(life, countedOf(life, spendMark, price), nowMs, price, (quarter, amount, seconds) => {
      const atMs = quarter * quarterMs;
      for (const { period, sums } of concerned) {
        if (atMs >= period.startMs && atMs < period.endMs) sums.add(currency, amount, seconds);
      }
    });
  }
}
