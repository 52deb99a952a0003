/** Hours of VMs by their use, day by day, and what they cost. A minute that is not known counts for nothing and is told. */
import { ConfigError } from "../model/errors";
import { currenciesOf } from "../model/node-cost";
import type { SampleValues } from "../model/sample";
import { dayMs, showLocalTime, WallClocks, type EpochDay } from "../model/wall-clock";
import { sampleOf } from "../planner/explain/sample";
import type { Leader } from "./backend";
import type { CostQuery, CostView } from "./history-contracts";
import { isWanted, pastSamples } from "./past-samples";

const daysDefault = 7;
/** More than samples are kept for unless somebody keeps them longer. */
const daysMax = 62;

type Day = CostView["days"][number];
type Sums = { -readonly [Use in keyof Day["vmHours"]]: number };

const uses: Readonly<Record<keyof Day["vmHours"], keyof SampleValues>> = {
  inUse: "vmsInUse",
  standby: "vmsStandby",
  excess: "vmsExcess",
  booting: "vmsBooting",
  leaving: "vmsLeaving",
};

export async function viewCost(
  query: CostQuery,
  { store, ledger, clock }: Pick<Leader, "store" | "ledger" | "clock">,
): Promise<CostView> {
  const nowMs = clock.now();
  const days = daysOf(query, nowMs);
  const counted = days.map((day) => ({
    ...day,
    minutes: 0,
    sums: noHours(),
    unpricedVmHours: 0,
    cost: undefined as number | undefined,
  }));
  let index = 0;
  for await (const { atMs, series } of pastSamples(store.history, {
    fromMs: days[0]!.fromMs,
    toMs: days.at(-1)!.toMs,
  })) {
    while (atMs >= counted[index]!.toMs) index += 1;
    const day = counted[index]!;
    day.minutes += 1;
    for (const each of series) {
      if (!isWanted(each, query)) continue;
      for (const [use, name] of Object.entries(uses)) day.sums[use as keyof Sums] += (each.values[name] ?? 0) / 60;
      const { costPerHour, vmsUnpriced } = each.values;
      day.unpricedVmHours += (vmsUnpriced ?? 0) / 60;
      if (costPerHour !== null) day.cost = (day.cost ?? 0) + costPerHour / 60;
    }
  }
  return { nowMs, timezone: query.timezone, days: counted.map(viewDay), ...pricesNow(query, ledger.state, nowMs) };
}

function viewDay({ sums, cost, unpricedVmHours, ...day }: Omit<Day, "vmHours"> & { readonly sums: Sums }): Day {
  const vmHours = Object.fromEntries(Object.entries(sums).map(([use, hours]) => [use, rounded(hours)])) as Sums;
  const { date, fromMs, toMs, minutes } = day;
  const known = { date, fromMs, toMs, minutes, vmHours, unpricedVmHours: rounded(unpricedVmHours) };
  return { ...known, ...(cost === undefined ? {} : { cost: rounded(cost) }) };
}

function noHours(): Sums {
  return { inUse: 0, standby: 0, excess: 0, booting: 0, leaving: 0 };
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/** Whole days of the zone's calendar. */
function daysOf({ from, to, timezone }: CostQuery, nowMs: number): Pick<Day, "date" | "fromMs" | "toMs">[] {
  const dayAt = (atMs: number): EpochDay => Date.parse(showLocalTime(timezone, atMs).slice(0, 10)) / dayMs;
  const last = dayAt(to ?? nowMs);
  const first = from === undefined ? last - daysDefault + 1 : dayAt(from);
  if (first > last || last - first >= daysMax) {
    const message = `must be on the day of \`from\` or later, by less than ${daysMax} days`;
    throw ConfigError.of([{ path: "to", message }]);
  }
  const clocks = new WallClocks();
  return Array.from({ length: last - first + 1 }, (_nothing, index) => {
    const startMs = (first + index) * dayMs;
    const spans = clocks.realSpans(timezone, { startMs, endMs: startMs + dayMs });
    const date = new Date(startMs).toISOString().slice(0, 10);
    // A calendar may leave out a whole day, as Samoa's did.
    return { date, fromMs: spans[0]?.startMs ?? startMs, toMs: spans.at(-1)?.endMs ?? startMs };
  });
}

function pricesNow(
  query: CostQuery,
  state: Leader["ledger"]["state"],
  nowMs: number,
): Pick<CostView, "ratePerHour" | "currency" | "prices" | "unpriced"> {
  const rates = sampleOf(state, { nowMs }).series.filter((each) => isWanted(each, query));
  const known = rates.flatMap(({ values: { costPerHour } }) => (costPerHour === null ? [] : [costPerHour]));
  const providers = [...state.vmProviderConfigs.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const currencies = currenciesOf(providers);
  return {
    ...(known.length === 0 ? {} : { ratePerHour: rounded(known.reduce((sum, rate) => sum + rate, 0)) }),
    ...(currencies.length === 1 && currencies[0] !== "" ? { currency: currencies[0] } : {}),
    prices: providers.flatMap(({ name, hourlyCost, currency }) =>
      hourlyCost === undefined
        ? []
        : [{ vmProvider: name, hourlyCost, ...(currency === undefined ? {} : { currency }) }],
    ),
    unpriced: providers.flatMap(({ name, hourlyCost }) => (hourlyCost === undefined ? [name] : [])),
  };
}
