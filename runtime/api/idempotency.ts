/**
 * Idempotency keys: the first request with a key does the work and its answer is kept in the same commit as its effect;
 * a retry, also one after a crash, gets the same answer. Keys belong to the caller's API key and to the route.
 */
import type { EpochMs } from "../model/clock";
import { ConfigError, ConflictError } from "../model/errors";
import type { IdempotentAnswer } from "../model/state";
import type { HotState } from "../store/hot-state";
import type { Change } from "../model/changes";
import { digestOf } from "./digest";
import type { Answer } from "./route";

const keptMs = 24 * 3600 * 1000;

/** Answers kept at the same time; beyond it the oldest goes early. About 1 kB each. */
const answersMax = 100_000;

/** Each new answer removes up to this many expired ones: faster than they come, without a timer. */
const expiredPerAnswer = 3;

/** The key as stored, bound to who sends it and to the route. */
export function bindKey(header: string, caller: string, routeName: string): string {
  if (!/^[\x21-\x7e]{1,200}$/.test(header)) {
    throw ConfigError.of([{ path: "Idempotency-Key", message: "use 1 to 200 visible ASCII characters" }]);
  }
  return `${caller} ${routeName} ${header}`;
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
): Change[] {
  const changes: Change[] = [];
  let excess = state.idempotentAnswers.size + 1 - answersMax;
  // Maps keep the order of insertion and loading keeps the order of changes, so the oldest come first.
  for (const [oldKey, old] of state.idempotentAnswers) {
    if (changes.length >= expiredPerAnswer || (excess <= 0 && old.atMs + keptMs > nowMs)) break;
    changes.push({ kind: "delete", table: "idempotentAnswer", id: oldKey });
    excess -= 1;
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
