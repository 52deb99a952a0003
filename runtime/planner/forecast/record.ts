/** What happened on the last days, and what both rules would have done: for people, and for the guard. */
import type { EpochMs } from "../../model/clock";
import type { DayRecord, ForecastRecord, ForecastState, ReckonedRecord } from "./forecast-types";
import { judgeDay, type WaitCost } from "./guard";
import { emptyOutcome, takeOutcome, type Outcome } from "./reckoned-pool";

const daysMax = 7;

/** A day is over by the local clock. */
export function closeDay(state: ForecastState, atMs: EpochMs, wait: WaitCost): void {
  const day: DayRecord = {
    actual: state.today,
    forecast: takeOutcome(state.forecastPool, atMs),
    plain: takeOutcome(state.plainPool, atMs),
  };
  state.today = emptyOutcome();
  state.days = [...state.days, day].slice(-daysMax);
  judgeDay(state.guard, sumOf(state.days, "forecast"), sumOf(state.days, "plain"), wait);
}

/** Of the whole days that are remembered. */
export function recordOf({ days }: ForecastState): ForecastRecord {
  const actual = sumOf(days, "actual");
  const forecast = reckoned(sumOf(days, "forecast"));
  const plain = reckoned(sumOf(days, "plain"));
  return {
    days: days.length,
    sessions: actual.sessions,
    waitingShare: shareOf(actual),
    ...(forecast ? { forecast } : {}),
    ...(plain ? { plain } : {}),
  };
}

function sumOf(days: readonly DayRecord[], of: keyof DayRecord): Outcome {
  const sum = emptyOutcome();
  for (const { [of]: day } of days) {
    sum.sessions += day.sessions;
    sum.waited += day.waited;
    sum.idleSeconds += day.idleSeconds;
    if (day.isSpoilt) sum.isSpoilt = true;
  }
  return sum;
}

function reckoned(outcome: Outcome): ReckonedRecord | undefined {
  if (outcome.sessions === 0 || outcome.isSpoilt) return undefined;
  const { sessions, idleSeconds } = outcome;
  return { sessions, waitingShare: shareOf(outcome), idleHours: idleSeconds / 3600 };
}

function shareOf({ sessions, waited }: Outcome): number {
  return sessions > 0 ? waited / sessions : 0;
}
