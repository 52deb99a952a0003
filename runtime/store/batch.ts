/** Turns the changes of one transaction into rows: the last change of each row counts, earlier ones are dropped. */
import type { Decision } from "../model/state";
import { rowId, type Change, type Rows, type TableName } from "../model/changes";

export const tableNames = [
  "definition",
  "node",
  "nodeSecrets",
  "session",
  "sessionAccount",
  "lane",
  "configState",
  "configDemand",
  "account",
  "accountCheck",
  "orphan",
  "apiKey",
  "userKey",
  "revokedKey",
  "idempotentAnswer",
  "installation",
  "vmLife",
  "spendMark",
  "spendDay",
  "budgetState",
] as const satisfies readonly TableName[];

/** One row to write; `position` is the place of its last change within the batch. */
export interface PutRow {
  readonly id: string;
  readonly position: number;
  readonly doc: Rows[TableName];
}

export interface Batch {
  readonly puts: ReadonlyMap<TableName, readonly PutRow[]>;
  readonly deletes: ReadonlyMap<TableName, readonly string[]>;
  readonly decisions: readonly Decision[];
}

export function coalesce(changes: readonly Change[]): Batch {
  const rows = new Map<TableName, Map<string, PutRow | undefined>>();
  const decisions: Decision[] = [];
  for (const [position, change] of changes.entries()) {
    if (change.kind === "decision") {
      decisions.push(change.decision);
      continue;
    }
    const table = rows.get(change.table) ?? new Map<string, PutRow | undefined>();
    rows.set(change.table, table);
    if (change.kind === "delete") table.set(change.id, undefined);
    else {
      const id = changeId(change);
      table.set(id, { id, position, doc: change.row });
    }
  }
  return { ...split(rows), decisions };
}

export function changeId(change: Extract<Change, { kind: "put" }>): string {
  return rowId(change.table, change.row);
}

/** A put of a row read from the store; the caller knows that `row` belongs to `table`. */
export function putOf<T extends TableName>(table: T, row: Rows[T]): Change {
  return { kind: "put", table, row } as Change;
}

function split(rows: ReadonlyMap<TableName, ReadonlyMap<string, PutRow | undefined>>): Omit<Batch, "decisions"> {
  const puts = new Map<TableName, readonly PutRow[]>();
  const deletes = new Map<TableName, readonly string[]>();
  for (const [table, byId] of rows) {
    const put = [...byId.values()].filter((row) => row !== undefined);
    const deleted = [...byId].filter(([, row]) => row === undefined).map(([id]) => id);
    if (put.length > 0) puts.set(table, put);
    if (deleted.length > 0) deletes.set(table, deleted);
  }
  return { puts, deletes };
}
