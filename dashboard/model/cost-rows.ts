/** What VMs cost: their hours by use, day by day, and what those that exist now cost in an hour, by whose they are. */
import type { CostView, HistoryView } from "./answers";
import { newestOf } from "./chart-data";
import type { StackedBar, StackPart } from "./stacked-bars";

/** What a VM was for, the useful first. */
export const vmUses: readonly (StackPart & { readonly use: keyof CostView["days"][number]["vmHours"] })[] = [
  { use: "inUse", label: "with a session", look: "good" },
  { use: "standby", label: "kept ready", look: "coming" },
  { use: "excess", label: "more than needed", look: "trouble" },
  { use: "booting", label: "booting", look: "quiet" },
  { use: "leaving", label: "leaving", look: "leaving" },
];

/** One bar for each day. A day of which not every minute is known says so. */
export function dayBars({ days, nowMs }: CostView): StackedBar[] {
  return days.map(({ date, fromMs, toMs, minutes, vmHours }) => {
    const whole = Math.floor((Math.min(toMs, nowMs) - fromMs) / 60_000);
    // The minute that runs has no sample yet.
    const isWhole = minutes >= whole - 1;
    return {
      name: date,
      values: vmUses.map(({ use }) => vmHours[use]),
      ...(isWhole ? {} : { note: `${minutes} of ${whole} minutes are known` }),
    };
  });
}

export const rateGroups = ["zone", "pool", "config"] as const;
export type RateGroup = (typeof rateGroups)[number];

export interface RateRow {
  readonly name: string;
  readonly vms: number;
  /** Undefined = none of its VMs has a price. */
  readonly costPerHour: number | undefined;
  /** VMs that `costPerHour` lacks. */
  readonly vmsUnpriced: number;
}

/** By the newest sample of each autoscale config; the dearest first, what has no price last. */
export function rateRows(history: HistoryView, group: RateGroup): RateRow[] {
  const rows = new Map<string, RateRow>();
  for (const series of history.series) {
    const name = { zone: series.zone, pool: series.pool, config: series.autoscaleConfig }[group] ?? "in none";
    const { vms = 0, costPerHour, vmsUnpriced = 0 } = newestOf(series);
    const before = rows.get(name) ?? { name, vms: 0, costPerHour: undefined, vmsUnpriced: 0 };
    rows.set(name, {
      ...{ name, vms: before.vms + vms, vmsUnpriced: before.vmsUnpriced + vmsUnpriced },
      costPerHour:
        costPerHour === undefined && before.costPerHour === undefined
          ? undefined
          : (costPerHour ?? 0) + (before.costPerHour ?? 0),
    });
  }
  return [...rows.values()]
    .filter(({ vms, costPerHour }) => vms > 0 || costPerHour !== undefined)
    .sort((a, b) => (b.costPerHour ?? -1) - (a.costPerHour ?? -1) || (a.name < b.name ? -1 : 1));
}

/** Of VM provider configs: by what is declared now, because samples do not tell them apart. */
export function providerRates(
  accounts: readonly { readonly vmProvider: string; readonly instances: number; readonly hourlyCost?: number }[],
): RateRow[] {
  return accounts
    .filter(({ instances }) => instances > 0)
    .map(({ vmProvider, instances, hourlyCost }) => ({
      ...{ name: vmProvider, vms: instances },
      costPerHour: hourlyCost === undefined ? undefined : hourlyCost * instances,
      vmsUnpriced: hourlyCost === undefined ? instances : 0,
    }))
    .sort((a, b) => (b.costPerHour ?? -1) - (a.costPerHour ?? -1) || (a.name < b.name ? -1 : 1));
}

/** Of all days; a part that is not known is told beside it, never counted as nothing. */
export function costTotals({ days }: Pick<CostView, "days">): {
  readonly vmHours: number;
  readonly idleShare: number | undefined;
  readonly cost: number | undefined;
  readonly unpricedVmHours: number;
} {
  let [vmHours, inUse, unpricedVmHours] = [0, 0, 0];
  let cost: number | undefined;
  for (const day of days) {
    for (const { use } of vmUses) vmHours += day.vmHours[use];
    inUse += day.vmHours.inUse;
    unpricedVmHours += day.unpricedVmHours;
    if (day.cost !== undefined) cost = (cost ?? 0) + day.cost;
  }
  return { vmHours, cost, unpricedVmHours, idleShare: vmHours === 0 ? undefined : 1 - inUse / vmHours };
}
