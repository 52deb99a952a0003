/** The rows of the database as a runtime with these keys can read them. */
import type { Change, Rows, TableName } from "../model/changes";
import { BugError, SetupError } from "../model/errors";
import { changeId, putOf } from "./batch";
import { encodeText } from "./postgres-text";
import type { RowSealer, SealedBy, StoredRow } from "./sealed-rows";

export interface RowName {
  readonly table: TableName;
  readonly id: string;
}

export interface LoadedRow extends RowName {
  readonly doc: StoredRow;
}

/** Tells which rows wait for being sealed with the newest key. */
export interface SealedStore {
  /** At most `limit` of them; empty when there are none. */
  rowsToSeal(limit: number): Promise<RowName[]>;
  /** Of all rows that may hold secrets. */
  countSealed(): Promise<{ readonly rows: number; readonly toSeal: number }>;
}

export interface OpenedRows {
  /** Every row, in the order given; of forgotten ones what is left. */
  readonly changes: Change[];
  /** To be written: rows that lost their secrets. */
  readonly forgotten: Change[];
  /** Rows that are not sealed with the newest key, or have a secret in clear. */
  readonly toSeal: RowName[];
}

/**
 * Fails with the names of the rows that no key of this runtime opens.
 * @param forgets Whether rows that were sealed so lose their secrets instead. Default no.
 */
export function openRows(
  rows: readonly LoadedRow[],
  sealer: RowSealer,
  forgets: (sealedBy: SealedBy) => boolean = () => false,
): OpenedRows {
  const result: OpenedRows = { changes: [], forgotten: [], toSeal: [] };
  const unopenable: (RowName & { readonly sealedBy: SealedBy })[] = [];
  for (const { table, id, doc } of rows) {
    const opened = sealer.open(table, id, doc);
    if (opened.kind === "opened") {
      result.changes.push(putLoaded(table, id, opened.row));
      if (!opened.isCurrent) result.toSeal.push({ table, id });
      continue;
    }
    const { sealedBy, rest } = opened;
    if (!forgets(sealedBy)) unopenable.push({ table, id, sealedBy });
    else if (rest === undefined) result.forgotten.push({ kind: "delete", table, id });
    else {
      const put = putLoaded(table, id, rest);
      result.forgotten.push(put);
      result.changes.push(put);
    }
  }
  if (unopenable.length > 0) throw unopenableError(unopenable);
  return result;
}

function putLoaded(table: TableName, id: string, row: Rows[TableName]): Change {
  const change = putOf(table, row);
  if (change.kind !== "put" || encodeText(changeId(change)) !== id) {
    throw new BugError(`row ${id} of table ${table} in the store does not hold the document of that id`);
  }
  return change;
}

/** At most this many rows are named. */
const namedMax = 10;

function unopenableError(rows: readonly (RowName & { readonly sealedBy: SealedBy })[]): SetupError {
  const named = rows.slice(0, namedMax).map(({ table, id }) => `${table} ${id}`);
  const names = rows.length > namedMax ? [...named, `and ${rows.length - namedMax} more`] : named;
  const [what, files] = rows.every(({ sealedBy }) => sealedBy === "passphrase")
    ? ["passphrase", "files passphrase and encryption-salt"]
    : ["secrets key", "file secrets-key"];
  return new SetupError(
    `the database holds rows that this runtime's ${what} does not open (${names.join(", ")}); copy the ${files} from the data folder of the runtime that wrote them`,
  );
}
