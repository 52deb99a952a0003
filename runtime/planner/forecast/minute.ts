/** What a tick does: learns from the minute that passed and plans the next one. */
import type { EpochMs } from "../../model/clock";
import { dayMs } from "../../model/wall-clock";
import { forgetDay, passMinutes } from "./departures";
import type { ForecastEvent, ForecastOptions, ForecastState } from "./forecast-types";
import { learnMinute, learnScatter, scatterOf, todayLevel } from "./level";
import { localMs } from "./local-time";
import { freeFor } from "./need";
import { skipTo } from "./reckoned-pool";
import { closeDay } from "./record";
import { binMinutes, binOf, learnBin, usualOf } from "./season";

type Tick = Extract<ForecastEvent, { kind: "tick" }>;

/** Without a tick for so long nobody knows what happened meanwhile. Unit: minutes. */
const gapMinutes = 10;
/** A place that is ready is worth so much more than one that boots: it serves those who come meanwhile, too. */
const readyPrice = 3;
const binMs = binMinutes * 60_000;
/** Parts of a boot for which the demand is looked up. */
const stepsMax = 10;

export function passMinute(state: ForecastState, tick: Tick, options: ForecastOptions): void {
  const { atMs } = tick;
  const passed = state.tickMs === 0 ? 0 : (atMs - state.tickMs) / 60_000;
  const isGap = state.tickMs === 0 || passed > gapMinutes;
  const nowLocalMs = localMs(state.zone, options.timeZone, atMs);
  if (isGap) {
    skipTo(state.forecastPool, atMs);
    skipTo(state.plainPool, atMs);
  } else if (tick.isOpen && passed > 0) {
    const usual = usualOf(state.season, binOf(nowLocalMs - passed * 60_000));
    if (usual !== undefined) learnMinute(state.level, state.arrivalsSinceTick, (usual / binMinutes) * passed);
  }
  if (isGap || !tick.isOpen) state.bin.isWhole = false;
  state.arrivalsSinceTick = 0;
  state.tickMs = atMs;
  turnBin(state, nowLocalMs, tick.isOpen && !isGap);
  turnDay(state, nowLocalMs, atMs, options);
  plan(state, tick, nowLocalMs, isGap ? 0 : passed);
}

function turnBin(state: ForecastState, nowLocalMs: EpochMs, isOpen: boolean): void {
  const number = Math.floor(nowLocalMs / binMs);
  const { bin } = state;
  if (number === bin.number) return;
  if (bin.isWhole) {
    learnBin(state.season, binOf(bin.number * binMs), bin.arrivals);
    if (bin.expected >= 0) learnScatter(state.level, bin.arrivals, bin.expected);
  }
  const usual = usualOf(state.season, binOf(nowLocalMs));
  // The very first bin was not seen from its start.
  const isWhole = isOpen && bin.number >= 0;
  state.bin = {
    number,
    arrivals: 0,
    expected: usual === undefined ? -1 : usual * todayLevel(state.level),
    isWhole,
  };
}

function turnDay(state: ForecastState, nowLocalMs: EpochMs, atMs: EpochMs, { objectiveShare }: ForecastOptions): void {
  const day = Math.floor(nowLocalMs / dayMs);
  if (day === state.day) return;
  if (state.day > 0) {
    const { sessions } = state.forecastPool.today;
    const share = state.sessionsPerDay === 0 ? 1 : 0.2;
    state.sessionsPerDay += share * (sessions - state.sessionsPerDay);
    closeDay(state, atMs, { price: Math.exp(state.logPrice), objectiveShare });
    forgetDay(state.departures);
  }
  state.day = day;
}

function plan(state: ForecastState, tick: Tick, nowLocalMs: EpochMs, passed: number): void {
  const bootSeconds = state.bootP90Seconds;
  const level = todayLevel(state.level);
  const arrivals = level * usualWithin(state, tick, nowLocalMs, bootSeconds);
  const lastUsual = usualOf(state.season, binOf(nowLocalMs + bootSeconds * 1000)) ?? 0;
  const horizonMinutes = bootSeconds / 60;
  const ends = passMinutes(state.departures, tick.atMs, { passed, horizonMinutes });
  const scatter = scatterOf(state.level);
  const arrivalsPerSecond = (level * lastUsual) / (binMinutes * 60);
  const price = Math.exp(state.logPrice);
  const [free, ready] = freeFor({ arrivals, ends, scatter, arrivalsPerSecond }, [price, readyPrice * price]);
  state.plan = { free: free!, ready: ready!, arrivals, ends, level };
}

/** Usual arrivals within a boot from now, as far as the config is open then. */
function usualWithin(state: ForecastState, tick: Tick, nowLocalMs: EpochMs, bootSeconds: number): number {
  const steps = Math.min(stepsMax, Math.max(1, Math.ceil(bootSeconds / 60)));
  const stepMs = (bootSeconds * 1000) / steps;
  const changesInMs = tick.changesAtMs === undefined ? Infinity : tick.changesAtMs - tick.atMs;
  let sum = 0;
  for (let step = 0; step < steps; step += 1) {
    const inMs = (step + 0.5) * stepMs;
    if (tick.isOpen === inMs >= changesInMs) continue;
    sum += ((usualOf(state.season, binOf(nowLocalMs + inMs)) ?? 0) * stepMs) / binMs;
  }
  return sum;
}
