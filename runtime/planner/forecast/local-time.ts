/** The wall clock of the demand's time zone, read once in a quarter of an hour: no zone changes its clock in between. */
import type { EpochMs } from "../../model/clock";
import { offsetMsAt } from "../../model/wall-clock";

export interface ZoneState {
  name: string;
  untilMs: EpochMs;
  offsetMs: number;
}

const quarterMs = 900_000;

export function emptyZone(): ZoneState {
  return { name: "", untilMs: 0, offsetMs: 0 };
}

/** The wall clock read as if it were UTC. */
export function localMs(zone: ZoneState, name: string, atMs: EpochMs): number {
  if (zone.name !== name || atMs >= zone.untilMs || atMs < zone.untilMs - quarterMs) {
    zone.name = name;
    zone.untilMs = (Math.floor(atMs / quarterMs) + 1) * quarterMs;
    zone.offsetMs = offsetMsAt(name, zone.untilMs - quarterMs);
  }
  return atMs + zone.offsetMs;
}
