/** A node's life to scale: how long it was in each state, by its journal. Long silences are folded. */
import type { DecisionView } from "../../runtime/api/contracts";
import { nodeStatusOrder } from "./states";

export interface LifePart {
  readonly status: string;
  readonly fromMs: number;
  /** Undefined = it still lasts. */
  readonly toMs: number | undefined;
}

const statuses: ReadonlySet<string> = new Set(nodeStatusOrder);

/** @param oldestFirst entries of one node; a journal that was cut begins in the middle of the life */
export function lifeOf(
  oldestFirst: readonly DecisionView[],
  present?: { readonly status: string; readonly statusSinceMs: number },
): LifePart[] {
  const begun = oldestFirst
    .filter(({ event }) => statuses.has(event))
    .map(({ event, atMs }) => ({ status: event, fromMs: atMs }));
  const last = begun.at(-1);
  if (present && (last === undefined || last.status !== present.status)) {
    begun.push({ status: present.status, fromMs: present.statusSinceMs });
  }
  const entered = begun.filter(({ status }, index) => begun[index - 1]?.status !== status);
  const endMs = present ? undefined : oldestFirst.at(-1)?.atMs;
  return entered.map((part, index) => ({ ...part, toMs: entered[index + 1]?.fromMs ?? endMs }));
}

/** Widths that tell long from short and leave none invisible: shares of 1 by the root of the length. */
export function widthsOf(life: readonly LifePart[], nowMs: number): number[] {
  const lengths = life.map(({ fromMs, toMs }) => Math.sqrt(Math.max(1000, (toMs ?? nowMs) - fromMs)));
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  return lengths.map((length) => length / whole);
}
