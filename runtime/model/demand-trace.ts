/**
 * Demand as a file tells it: CSV with the columns `arrival_s,duration_s` and any others, in the order of arrival. Seconds
 * count on the local clock from the start, which the JSON file beside it names (`start_local`, `time_zone`).
 */
import { ConfigError } from "./errors";
import { isTimeZone } from "./wall-clock";

export interface TraceSession {
  /** Since the start of the trace. */
  readonly arrivalSeconds: number;
  readonly durationSeconds: number;
  /** Undefined = the trace does not say. */
  readonly cores?: number;
  readonly memoryMib?: number;
  readonly gpus?: number;
  readonly user?: string;
}

/** Where second 0 of a trace lies. */
export interface TraceStart {
  /** The wall clock read as if it were UTC, in milliseconds since 1970. */
  readonly localMs: number;
  readonly timeZone: string;
}

const dayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const columnsNeeded = ["arrival_s", "duration_s"];
/** Ten years. Who is later counts from 1970. */
const arrivalSecondsMax = 10 * 366 * 86_400;

/** Throws a {@link ConfigError} with path and line for the first row that is not as it should be. */
export function parseTrace(text: string, path: string): TraceSession[] {
  const lines = text.split(/\r?\n/);
  const header = lines[0]!
    .replace(/^\uFEFF/, "")
    .split(",")
    .map((name) => name.trim());
  const missing = columnsNeeded.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    throw new ConfigError(
      `${path}:1: no column ${missing.join(", ")}; the first line names the columns: arrival_s,duration_s,...`,
    );
  }
  const sessions: TraceSession[] = [];
  let last = 0;
  for (const [index, line] of lines.entries()) {
    if (index === 0 || line.trim() === "") continue;
    const session = parseRow(line, header, `${path}:${index + 1}`);
    if (session.arrivalSeconds < last) {
      const found = `arrival_s ${session.arrivalSeconds} comes after ${last}`;
      throw new ConfigError(`${path}:${index + 1}: ${found}; sort the rows by arrival_s`);
    }
    last = session.arrivalSeconds;
    sessions.push(session);
  }
  if (sessions.length === 0) throw new ConfigError(`${path}: no sessions; there must be a row for each`);
  return sessions;
}

function parseRow(line: string, header: readonly string[], at: string): TraceSession {
  const cells = line.split(",").map((cell) => cell.trim());
  if (cells.length !== header.length) {
    throw new ConfigError(`${at}: ${cells.length} values, but ${header.length} columns`);
  }
  const cell = (name: string): string => cells[header.indexOf(name)] ?? "";
  const optional = (name: string): number | undefined => (cell(name) === "" ? undefined : amount(name, cell(name), at));
  const arrivalSeconds = amount("arrival_s", cell("arrival_s"), at);
  if (arrivalSeconds > arrivalSecondsMax) {
    throw new ConfigError(
      `${at}: arrival_s ${arrivalSeconds} is more than ten years; count from the start of the trace, not from 1970`,
    );
  }
  const [cores, memoryMib, gpus, user] = [optional("cores"), optional("memory_mib"), optional("gpus"), cell("user")];
  return {
    arrivalSeconds,
    durationSeconds: amount("duration_s", cell("duration_s"), at),
    ...(cores !== undefined ? { cores } : {}),
    ...(memoryMib !== undefined ? { memoryMib } : {}),
    ...(gpus !== undefined ? { gpus } : {}),
    ...(user !== "" ? { user } : {}),
  };
}

function amount(name: string, text: string, at: string): number {
  if (/^\d{4}-\d\d-\d\d|[zZ]$|[+-]\d\d:?\d\d$/.test(text)) {
    throw new ConfigError(
      `${at}: ${name} "${text}" is a date or has a time zone; give seconds since the start, on the local clock`,
    );
  }
  const value = text === "" ? NaN : Number(text);
  if (!Number.isFinite(value)) throw new ConfigError(`${at}: ${name} "${text}" is not a number`);
  if (value < 0) throw new ConfigError(`${at}: ${name} ${text} is negative; use 0 or more`);
  return value;
}

/** Of the JSON file beside a trace; without one the trace starts on a Monday at midnight of its own clock. */
export function parseTraceStart(sidecar: unknown, path: string): TraceStart {
  if (typeof sidecar !== "object" || sidecar === null) throw new ConfigError(`${path}: not a JSON object`);
  const { start_local: start, time_zone: zone, start_weekday: weekday } = sidecar as Record<string, unknown>;
  if (typeof start !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(start)) {
    throw new ConfigError(
      `${path}: start_local ${JSON.stringify(start)} is not a local time such as "2026-01-19T00:00:00", without a time zone`,
    );
  }
  if (typeof zone !== "string" || !isTimeZone(zone)) {
    throw new ConfigError(
      `${path}: time_zone ${JSON.stringify(zone)} is not the name of a time zone; use one such as "Europe/Berlin"`,
    );
  }
  const localMs = Date.parse(`${start}Z`);
  const day = dayNames[new Date(localMs).getUTCDay()];
  if (weekday !== undefined && weekday !== day) {
    throw new ConfigError(
      `${path}: start_weekday ${JSON.stringify(weekday)}, but ${start} is a ${day}: one of both is of another time zone`,
    );
  }
  return { localMs, timeZone: zone };
}

/** Monday 2024-01-01. */
export const traceStartAssumed: TraceStart = { localMs: Date.UTC(2024, 0, 1), timeZone: "UTC" };
