/** Occurrences of schedules as answers: instants, and what the schedule's own clock shows then. */
import type { EpochMs } from "../model/clock";
import type { Schedule } from "../model/config";
import { ConfigError } from "../model/errors";
import { dayMs, showLocalTime, WallClocks, type Span } from "../model/wall-clock";
import { occurrencesOf } from "../planner/config/occurrences";
import { leadOf, leadMs, nextChangeMs, overridable, windowAt } from "../planner/config/windows";
import type { Leader } from "./backend";
import { occurrenceDaysMax, type OccurrencesView } from "./schedule-contracts";

const daysDefault = 7;

/** @param schedules In the order of the answer. */
export function viewOccurrences(
  schedules: readonly Schedule[],
  asked: { readonly from?: EpochMs | undefined; readonly to?: EpochMs | undefined },
  { ledger, clock }: Pick<Leader, "ledger" | "clock">,
): OccurrencesView {
  const nowMs = clock.now();
  const startMs = asked.from ?? nowMs;
  const endMs = asked.to ?? startMs + daysDefault * dayMs;
  if (endMs <= startMs || endMs - startMs > occurrenceDaysMax * dayMs) {
    const message = `must be after \`from\` (${startMs}), by ${occurrenceDaysMax} days at most`;
    throw ConfigError.of([{ path: "to", message }]);
  }
  const clocks = new WallClocks();
  const views = schedules.map((schedule) => viewSchedule(schedule, { startMs, endMs }, { ledger, nowMs, clocks }));
  return { nowMs, fromMs: startMs, toMs: endMs, schedules: views };
}

function viewSchedule(
  schedule: Schedule,
  span: Span,
  { ledger, nowMs, clocks }: Pick<Leader, "ledger"> & { readonly nowMs: EpochMs; readonly clocks: WallClocks },
): OccurrencesView["schedules"][number] {
  const { state } = ledger;
  const { name, autoscaleConfig, timezone } = schedule;
  const config = state.autoscaleConfigs.get(autoscaleConfig);
  const configState = state.configStates.get(autoscaleConfig);
  const lead = config ? leadOf(config, configState) : { autoSeconds: 0 };
  const all = state.schedulesOf(autoscaleConfig);
  const { isActive } = windowAt(all, nowMs, lead, clocks);
  const atMs = nextChangeMs(all, nowMs, lead, clocks);
  const show = (ms: EpochMs): string => showLocalTime(timezone, ms);
  const overrides = overridable.flatMap((key) => (schedule[key] === undefined ? [] : [[key, schedule[key]] as const]));
  return {
    ...{ schedule: name, autoscaleConfig, timezone, isOpen: isActive },
    ...(atMs === undefined ? {} : { nextChange: { atMs, local: show(atMs), opens: !isActive } }),
    overrides: Object.fromEntries(overrides),
    occurrences: occurrencesOf(schedule, span, lead, clocks).map((occurrence) => ({
      date: new Date(occurrence.day * dayMs).toISOString().slice(0, 10),
      state: occurrence.isExcepted ? "excepted" : "planned",
      opensAtMs: Math.max(0, occurrence.opensAtMs),
      startsAtMs: Math.max(0, occurrence.startsAtMs),
      endsAtMs: occurrence.endsAtMs,
      leadSeconds: leadMs(schedule, lead) / 1000,
      opens: show(occurrence.opensAtMs),
      starts: show(occurrence.startsAtMs),
      ends: show(occurrence.endsAtMs),
    })),
  };
}
