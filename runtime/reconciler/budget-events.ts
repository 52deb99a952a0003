/**
 * Tells once in a period that a threshold of a budget is passed: in the journal, and by a call of its webhook, which is
 * written down in the same commit and made until it gets through (`budget-webhooks.ts`).
 */
import { describeScope } from "../model/budget";
import type { Change } from "../model/changes";
import { formatAmount } from "../model/node-cost";
import type { Journal } from "../model/journal";
import type { Reason } from "../model/reason";
import type { Snapshot } from "../model/snapshot";
import type { BudgetState, WebhookCall } from "../model/spend";
import { showWallTime } from "../model/wall-clock";
import { rounded } from "../planner/budget/caps";
import type { BudgetBook, BudgetPosition } from "../planner/budget/position";

/** Calls that wait for one webhook at most; of more the oldest are given up. */
const callsMax = 20;

interface Telling {
  readonly nowMs: number;
  readonly journal: Pick<Journal, "entry">;
  readonly book: BudgetBook;
}

/** Empty when nothing new is to be told. */
export function budgetEvents(snapshot: Snapshot, { nowMs, journal, book }: Telling): Change[] {
  const changes: Change[] = [];
  for (const name of snapshot.budgetStates.keys()) {
    if (!snapshot.definitions.has(`budget/${name}`)) changes.push({ kind: "delete", table: "budgetState", id: name });
  }
  for (const position of book.positions(snapshot, nowMs)) {
    const state = stateOf(position, snapshot.budgetStates.get(position.budget.name));
    const threshold = state && passedNow(position, state);
    if (threshold === undefined) continue;
    const reason = thresholdReason(position, threshold);
    changes.push(
      { kind: "put", table: "budgetState", row: toldState(position, state!, { threshold, nowMs, text: reason.text }) },
      { kind: "decision", decision: journal.entry("budget", position.budget.name, "threshold", reason) },
    );
  }
  return changes;
}

/** What was told of this period; undefined = a later one was told of already, by a clock that was ahead. */
function stateOf({ budget, startMs }: BudgetPosition, known: BudgetState | undefined): BudgetState | undefined {
  const { name, amount } = budget;
  if (known !== undefined && known.periodStartMs > startMs) return undefined;
  if (known?.periodStartMs === startMs && known.amount === amount) return known;
  const calls = known?.calls ? { calls: known.calls } : {};
  return { budget: name, periodStartMs: startMs, amount, told: [], ...calls };
}

/** The highest threshold that is passed and was not told yet, nor a higher one. */
function passedNow({ budget, spent }: BudgetPosition, { told }: BudgetState): number | undefined {
  const last = told.at(-1) ?? 0;
  return budget.thresholds.findLast((percent) => percent > last && spent >= (budget.amount * percent) / 100);
}

function thresholdReason({ budget, spent, startMs, endMs, isReached }: BudgetPosition, threshold: number): Reason {
  const { name, amount, currency, timezone, onReached } = budget;
  const effects = { alert: "", noStandby: "; it keeps nothing on standby", noNewNodes: "; it makes no node" };
  const effect = isReached ? effects[onReached] : "";
  const text =
    `${threshold} % of budget "${name}" (${describeScope(budget)}) is spent: ${formatAmount(spent, currency)} of ` +
    `${formatAmount(amount, currency)}${effect}${effect === "" ? ", until" : " until"} ${showWallTime(timezone, endMs)}`;
  const numbers = { budget: name, threshold, spent: rounded(spent), amount, isReached, periodStartMs: startMs };
  const more = { onReached, periodEndMs: endMs, ...(currency === undefined ? {} : { currency }) };
  return { code: "budgetThreshold", text, numbers: { ...numbers, ...more } };
}

interface Told {
  readonly threshold: number;
  readonly nowMs: number;
  readonly text: string;
}

function toldState(position: BudgetPosition, state: BudgetState, { threshold, nowMs, text }: Told): BudgetState {
  const told = [...state.told, threshold];
  if (position.budget.webhook === undefined) return { ...state, told };
  const call = callOf(position, { threshold, nowMs, text });
  return { ...state, told, calls: [...(state.calls ?? []), call].slice(-callsMax) };
}

function callOf(
  { budget, spent, startMs, endMs, isReached }: BudgetPosition,
  { threshold, nowMs, text }: Told,
): WebhookCall {
  const { name, amount, currency, per, timezone, onReached } = budget;
  const eventId = `budget/${name}/${startMs}/${amount}/${threshold}`;
  const body = JSON.stringify({
    ...{ id: eventId, type: "budget.threshold", at: new Date(nowMs).toISOString(), text },
    budget: { name, scope: describeScope(budget), amount, currency, per, timezone, onReached },
    ...{ threshold, spent: rounded(spent), isReached },
    period: { from: new Date(startMs).toISOString(), to: new Date(endMs).toISOString() },
  });
  return { eventId, body, atMs: nowMs, failures: 0, nextTryMs: nowMs };
}
