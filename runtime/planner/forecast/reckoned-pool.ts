/**
 * What a rule would have done with the demand that came: places that are idle, booting and taken, session by session, as if
 * the rule had decided. One place serves one session, who came first is served first, and the place that became free last
 * is taken first. That is how a rule that does not decide is known, and how two are compared on the same days.
 *
 * An arrival takes an idle place or waits for the next that is free. An end frees its place; a session that waited here
 * ends later by as much as it started later. What cannot be kept in the bounded lists spoils the record of the day.
 */
import type { EpochMs } from "../../model/clock";

export interface PoolRule {
  /** Places wanted idle or booting beyond the sessions that wait. */
  readonly free: number;
  /** Of idle ones so many stay, even if there are more places than `free`. */
  readonly ready: number;
  /** Those beyond go when they are idle for so long. Unit: seconds. */
  readonly backoffSeconds: number;
  readonly bootSeconds: number;
}

export interface Outcome {
  sessions: number;
  waited: number;
  idleSeconds: number;
  /** Something did not fit into the lists, so that the numbers are too low. */
  isSpoilt?: boolean;
}

export interface PoolState {
  lastMs: EpochMs;
  /** Since when each is idle, the longest first. */
  idle: EpochMs[];
  /** When each is ready, in order. */
  booting: EpochMs[];
  /** Arrivals that wait, in order, with their duration where the session is over in truth. */
  queue: { arrivedMs: EpochMs; durationMs?: number }[];
  /** Sessions that waited here and run: when they arrived and when they started. */
  late: { arrivedMs: EpochMs; startedMs: EpochMs }[];
  /** Ends of sessions that are over in truth and started later here, in order. */
  ends: EpochMs[];
  today: Outcome;
}

/** Of each list. */
const entriesMax = 300;

export function emptyPool(): PoolState {
  return { lastMs: 0, idle: [], booting: [], queue: [], late: [], ends: [], today: emptyOutcome() };
}

export function emptyOutcome(): Outcome {
  return { sessions: 0, waited: 0, idleSeconds: 0 };
}

/** Answers whether the session has to wait for longer than `withinSeconds`, as far as can be told now. */
export function poolArrival(pool: PoolState, atMs: EpochMs, withinSeconds: number): boolean {
  passTo(pool, atMs);
  pool.today.sessions += 1;
  if (pool.idle.pop() !== undefined) return false;
  // The next place is one that boots, for the first that waits.
  const readyMs = pool.booting[pool.queue.length];
  keep(pool, pool.queue, { arrivedMs: atMs });
  const waits = readyMs === undefined || readyMs - atMs > withinSeconds * 1000;
  if (waits) pool.today.waited += 1;
  return waits;
}

/** A session is over that arrived at that time in truth, and lasted so long from its start. */
export function poolEnd(pool: PoolState, atMs: EpochMs, arrivedMs: EpochMs, durationMs: number): void {
  passTo(pool, atMs);
  const waiting = pool.queue.find((one) => one.arrivedMs === arrivedMs && one.durationMs === undefined);
  if (waiting) {
    waiting.durationMs = durationMs;
    return;
  }
  const late = pool.late.find((one) => one.arrivedMs === arrivedMs);
  if (!late) return free(pool, atMs);
  pool.late.splice(pool.late.indexOf(late), 1);
  addEnd(pool, late.startedMs + durationMs);
  passTo(pool, atMs);
}

/** Launches what is missing, and lets go what is too much. */
export function enforce(pool: PoolState, atMs: EpochMs, rule: PoolRule): void {
  passTo(pool, atMs);
  let supply = pool.idle.length + pool.booting.length - pool.queue.length;
  for (; supply < rule.free; supply += 1) {
    if (!keep(pool, pool.booting, atMs + rule.bootSeconds * 1000)) break;
  }
  const { idle } = pool;
  let gone = 0;
  const oldestMs = atMs - rule.backoffSeconds * 1000;
  while (supply - gone > rule.free && idle.length - gone > rule.ready && idle[gone]! <= oldestMs) gone += 1;
  if (gone > 0) idle.splice(0, gone);
}

/** The outcome since the last one was taken. */
export function takeOutcome(pool: PoolState, atMs: EpochMs): Outcome {
  passTo(pool, atMs);
  const taken = pool.today;
  pool.today = emptyOutcome();
  return taken;
}

/** Nothing is known of the time before: what idles or boots since then is not counted. */
export function skipTo(pool: PoolState, atMs: EpochMs): void {
  pool.lastMs = Math.max(pool.lastMs, atMs);
  pool.today.isSpoilt = true;
}

function passTo(pool: PoolState, nowMs: EpochMs): void {
  for (;;) {
    const nextMs = Math.min(pool.booting[0] ?? Infinity, pool.ends[0] ?? Infinity);
    const atMs = Math.min(Math.max(nextMs, pool.lastMs), nowMs);
    if (atMs > pool.lastMs) {
      if (pool.lastMs > 0) {
        pool.today.idleSeconds += ((atMs - pool.lastMs) / 1000) * (pool.idle.length + pool.booting.length);
      }
      pool.lastMs = atMs;
    }
    if (nextMs > nowMs) return;
    if (pool.booting[0] === nextMs) pool.booting.shift();
    else pool.ends.shift();
    free(pool, Math.max(nextMs, pool.lastMs));
  }
}

function free(pool: PoolState, atMs: EpochMs): void {
  const next = pool.queue.shift();
  if (!next) {
    keep(pool, pool.idle, atMs);
    return;
  }
  if (next.durationMs !== undefined) addEnd(pool, atMs + next.durationMs);
  else keep(pool, pool.late, { arrivedMs: next.arrivedMs, startedMs: atMs });
}

function addEnd(pool: PoolState, endMs: EpochMs): void {
  if (!keep(pool, pool.ends, endMs)) return;
  let at = pool.ends.length - 1;
  for (; at > 0 && pool.ends[at - 1]! > endMs; at -= 1) pool.ends[at] = pool.ends[at - 1]!;
  pool.ends[at] = endMs;
}

function keep<T>(pool: PoolState, list: T[], entry: T): boolean {
  if (list.length >= entriesMax) {
    pool.today.isSpoilt = true;
    return false;
  }
  list.push(entry);
  return true;
}
