/**
 * Idempotency keys: the first request with a key does the work and its answer is kept in the same commit as its effect;
 * a retry, also one after a crash, gets the same answer. Keys belong to the caller's API key and to the route.
 */
import type { EpochMs } from "../model/clock";
import { ConfigError, ConflictError } from "../model/errors";
import type { ApiKey, IdempotentAnswer } from "../model/state";
import { bytesOfAnswer, type HotState } from "../store/hot-state";
import type { Change } from "../model/changes";
import { digestOf } from "./digest";
import type { Answer } from "./route";

const keptMs = 24 * 3600 * 1000;

/** Of all kept answers together; beyond either the oldest go early. An answer about a session takes some 1 kB. */
export interface KeptMax {
  readonly answers: number;
  readonly bytes: number;
}
const keptMax: KeptMax = { answers: 100_000, bytes: 64 * 2 ** 20 };

/** Each new answer removes up to this many expired ones: faster than they come, without a timer. */
const expiredPerAnswer = 3;

/** And so many for which there is no room: some large ones may take the room of many small ones. */
const displacedPerAnswer = 100;

/** The key as stored, bound to the very API key that sends it, not to a later one of its name, and to the route. */
export function bindKey(header: string, caller: ApiKey | undefined, routeName: string): string {
  if (!/^[\x21-\x7e]{1,200}$/.test(header)) {
    throw ConfigError.of([{ path: "Idempotency-Key", message: "use 1 to 200 visible ASCII characters" }]);
  }
  const name = caller === undefined ? "" : `${caller.name}/${caller.hash.slice(0, 16)}`;
  return `${name} ${routeName} ${header}`;
}

/** The kept answer, undefined when there is none; a {@link ConflictError} when the key was used with another body. */
export function findAnswer(key: string, body: unknown, state: HotState, nowMs: EpochMs): Answer | undefined {
  const kept = state.idempotentAnswers.get(key);
  if (!kept || kept.atMs + keptMs <= nowMs) return undefined;
  if (kept.bodyHash !== digestOf(body)) throw reused();
  return { status: kept.status, body: kept.body };
}

export function reused(): ConflictError {
  return new ConflictError("this Idempotency-Key was used with another body; use a new key for a new request");
}

/** The rows that keep an answer, and the removal of those that are no longer kept. */
export function keepAnswer(
  { key, body, answer }: { key: string; body: unknown; answer: Answer },
  state: HotState,
  nowMs: EpochMs,
  max: KeptMax = keptMax,
): Change[] {
  const changes: Change[] = [];
  let excess = state.idempotentAnswers.size + 1 - max.answers;
  let excessBytes = state.idempotentBytes.value + bytesOfAnswer({ key, body: answer.body }) - max.bytes;
  // Maps keep the order of insertion and loading keeps the order of changes, so the oldest come first.
  for (const [oldKey, old] of state.idempotentAnswers) {
    const isDisplaced = excess > 0 || excessBytes > 0;
    if (!isDisplaced && old.atMs + keptMs > nowMs) break;
    if (changes.length >= (isDisplaced ? displacedPerAnswer : expiredPerAnswer)) break;
    changes.push({ kind: "delete", table: "idempotentAnswer", id: oldKey });
    excess -= 1;
    excessBytes -= bytesOfAnswer(old);
  }
  const row: IdempotentAnswer = {
    key,
    bodyHash: digestOf(body),
    status: answer.status,
    body: answer.body,
    atMs: nowMs,
  };
  changes.push({ kind: "put", table: "idempotentAnswer", row });
  return changes;
}
