/** Tells whoever wants to know which rows of the live state have changed. */
import type { Change } from "../model/changes";
import { rowId } from "../model/changes";

/** Called for each change at once, before it is durable; must be quick and must not throw. */
export type ChangeListener = (table: WatchedTable, id: string) => void;

/** A table, or the journal. */
export type WatchedTable = Extract<Change, { kind: "put" }>["table"] | "decision";

export class ChangeWatch {
  private readonly listeners = new Set<ChangeListener>();

  /** Returns what ends it. */
  watch(listener: ChangeListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  tell(changes: readonly Change[]): void {
    if (this.listeners.size === 0) return;
    for (const change of changes) {
      const [table, id] = nameOf(change);
      for (const listener of this.listeners) listener(table, id);
    }
  }
}

function nameOf(change: Change): [WatchedTable, string] {
  if (change.kind === "decision") return ["decision", change.decision.decisionId];
  return [change.table, change.kind === "delete" ? change.id : rowId(change.table, change.row)];
}
