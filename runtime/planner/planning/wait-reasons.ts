/** A wait objective in one sentence: what is kept free, why, and what it is measured by. */
import type { Reason } from "../../model/reason";
import { formatCount } from "../../model/units";
import type { ForecastRecord } from "../forecast/forecast-types";
import type { WaitStandby } from "./wait-standby";

/**
 * Codes: `objectiveShadow` reckons only; `objectiveFollowed` is what the plan holds itself to; `objectiveLearning` and
 * `objectiveSteppedBack` leave it to the declared standby.
 */
export function objectiveReason(wait: WaitStandby, autoscaleConfig: string): Reason {
  const numbers = { autoscaleConfig, ...numbersOf(wait) };
  const { mode, advice } = wait;
  const why = `${expectation(wait)}; ${measured(wait)}`;
  if (advice.reason === "learning") {
    const known = `${formatCount(oneDigit(advice.parts.weeksKnown), "week")} of its demand known`;
    return {
      code: "objectiveLearning",
      text: `${declared(wait)}: ${known}, too little yet; ${measured(wait)}`,
      numbers,
    };
  }
  if (advice.reason === "steppedBack") {
    return { code: "objectiveSteppedBack", text: `${declared(wait)}: ${comparison(advice.record)}; ${why}`, numbers };
  }
  if (mode === "shadow" || !wait.isFollowed) {
    const cost = comparison(advice.record);
    const would = `would keep ${sessionsFree(wait)}; the declared standby keeps ${wait.declaredSessions}`;
    const text = `wait objective in shadow ${would}: ${why}${cost === "" ? "" : `; ${cost}`}`;
    return { code: "objectiveShadow", text, numbers };
  }
  return { code: "objectiveFollowed", text: `${sessionsFree(wait)}: ${why}`, numbers };
}

/** The reason of a node that is made so that the objective is kept. */
export function forecastReason(text: string, numbers: Reason["numbers"], wait: WaitStandby): Reason {
  const why = `${text}; ${sessionsFree(wait)}: ${expectation(wait)}`;
  return { code: "waitObjective", text: why, numbers: { ...numbers, ...numbersOf(wait) } };
}

function sessionsFree({ sessions, staged }: WaitStandby): string {
  const beside = staged === 0 ? "" : ` beside ${staged} staged`;
  return `${formatCount(sessions, "session")} kept free${beside}`;
}

function declared({ declaredSessions }: WaitStandby): string {
  return `the declared standby of ${formatCount(declaredSessions, "session")} holds`;
}

function expectation({ advice: { parts } }: WaitStandby): string {
  const arrivals = `${formatCount(oneDigit(parts.arrivalsExpected), "arrival")} expected within a boot`;
  return `${arrivals} (p90 ${Math.round(parts.bootSeconds)} s), ${formatCount(oneDigit(parts.endsExpected), "session")} will end`;
}

function measured({ advice: { record }, options }: WaitStandby): string {
  const objective = `objective ${percent(options.objectiveShare)} %`;
  if (record.sessions === 0) return `nobody has come lately, ${objective}`;
  const days = formatCount(oneDigit(record.days), "day");
  const longer = options.withinSeconds === 0 ? "" : ` longer than ${options.withinSeconds} s`;
  const share = `${percent(record.waitingShare)} % of ${formatCount(record.sessions, "session")} waited${longer}`;
  return `in the last ${days} ${share}, ${objective}`;
}

/** Empty before both were reckoned. */
function comparison({ forecast, plain }: ForecastRecord): string {
  if (!forecast || !plain) return "";
  const tell = ({ waitingShare, idleHours }: { waitingShare: number; idleHours: number }): string =>
    `${percent(waitingShare)} % waiting and ${formatCount(oneDigit(idleHours), "idle hour")}`;
  return `on the same days the forecast has ${tell(forecast)}, plain standby ${tell(plain)}`;
}

function numbersOf({ mode, options, advice, ...wait }: WaitStandby): Reason["numbers"] {
  const { parts, record } = advice;
  const reckoned = (prefix: string, of: ForecastRecord["forecast"]) =>
    of
      ? { [`${prefix}.waitingPercent`]: percent(of.waitingShare), [`${prefix}.idleHours`]: oneDigit(of.idleHours) }
      : {};
  return {
    mode,
    sessionsWanted: wait.sessions,
    sessionsReady: wait.ready,
    sessionsStaged: wait.staged,
    sessionsDeclared: wait.declaredSessions,
    sessionsFree: wait.position.free,
    sessionsComing: wait.position.coming,
    sessionsWaiting: wait.position.waiting,
    arrivalsExpected: oneDigit(parts.arrivalsExpected),
    endsExpected: oneDigit(parts.endsExpected),
    bootSeconds: Math.round(parts.bootSeconds),
    weeksKnown: oneDigit(parts.weeksKnown),
    backoffSeconds: wait.backoffSeconds,
    objectivePercent: percent(options.objectiveShare),
    withinSeconds: options.withinSeconds,
    daysMeasured: oneDigit(record.days),
    sessionsMeasured: record.sessions,
    waitingPercent: percent(record.waitingShare),
    ...reckoned("forecast", record.forecast),
    ...reckoned("plain", record.plain),
  };
}

function oneDigit(value: number): number {
  return Math.round(value * 10) / 10;
}

function percent(share: number): number {
  return Math.round(share * 10_000) / 100;
}
