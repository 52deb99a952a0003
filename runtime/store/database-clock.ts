/**
 * How far the clock of this machine is off the database's. Rows hold times of whoever leads: a leader whose clock is
 * ahead ends what waits too early, one whose clock is behind hides silence.
 */
import type { Client } from "pg";
import { ClockError } from "../model/errors";
import type { Clock, EpochMs } from "../model/clock";

/** A runtime whose clock is further off than this does not lead. Unit: milliseconds. */
export const clockOffsetMsMax = 2_000;

/** The best of so many readings counts: a reading may fall into a pause of this process. */
const readings = 3;

/** An expression whose value is the time by the database, for {@link certainOffsetMs}. */
export const databaseMs = "(extract(epoch from clock_timestamp()) * 1000)::float8";

/**
 * The part of the difference that is certain, positive when this machine is ahead. The database looked at its clock at
 * some time between asking and answering.
 */
export function certainOffsetMs(reading: { askedMs: EpochMs; databaseMs: EpochMs; answeredMs: EpochMs }): number {
  const { askedMs, answeredMs } = reading;
  if (reading.databaseMs < askedMs) return askedMs - reading.databaseMs;
  return Math.min(0, answeredMs - reading.databaseMs);
}

/** Undefined = near enough; else one sentence with what to do. */
export function clockProblem(offsetMs: number): string | undefined {
  if (Math.abs(offsetMs) <= clockOffsetMsMax) return undefined;
  const seconds = (Math.abs(offsetMs) / 1000).toFixed(1);
  const where = offsetMs > 0 ? "ahead of" : "behind";
  return `this runtime does not lead: the clock of its machine is ${seconds} s ${where} the database's, and at most ${clockOffsetMsMax / 1000} s are allowed; set both by one time service (NTP)`;
}

/** Rejects with a {@link ClockError} when the clock is off. */
export async function assertClock(client: Client, clock: Clock): Promise<void> {
  let best = Infinity;
  for (let reading = 0; reading < readings; reading += 1) {
    const askedMs = clock.now();
    const { rows } = await client.query<{ now: number }>(`select ${databaseMs} as now`);
    const offset = certainOffsetMs({ askedMs, databaseMs: rows[0]!.now, answeredMs: clock.now() });
    if (Math.abs(offset) < Math.abs(best)) best = offset;
  }
  const problem = clockProblem(best);
  if (problem !== undefined) throw new ClockError(problem);
}
