/**
 * One batch as one SQL statement: one round trip, one transaction.
 *
 * The statement starts with the fence: it locks the lease row and compares the epoch. A take-over updates that row, so
 * it either waits for this transaction (and then loads what it wrote) or comes first (and then nothing is written here).
 */
import { coalesce, tableNames } from "./batch";
import type { Change, TableName } from "../model/changes";
import { encodeJson, encodeText } from "./postgres-text";
import type { RowSealer } from "./sealed-rows";

export interface BatchStatement {
  /** Statements of one shape share a name, so that the server plans each shape once per connection. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

export interface Fence {
  readonly leaseName: string;
  readonly epoch: number;
}

/** `configState` → `config_state`: tables are lower case in the database. */
export function columnName(table: TableName): string {
  return table.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Its result is one row with `allowed`: 1 when the epoch is ours, else 0 and nothing was written. */
export function batchStatement(
  changes: readonly Change[],
  fence: Fence,
  firstPosition: number,
  sealer: Pick<RowSealer, "seal">,
): BatchStatement {
  const { puts, deletes, decisions } = coalesce(changes);
  const values: unknown[] = [fence.leaseName, fence.epoch];
  const parts: string[] = [];
  const shape: string[] = [];
  for (const table of tableNames) {
    const rows = puts.get(table);
    if (rows) {
      const records = rows.map(({ id, position, doc }) => ({
        id,
        position: firstPosition + position,
        doc: sealer.seal(table, encodeText(id), doc),
      }));
      parts.push(putPart(columnName(table), values.push(encodeJson(records))));
    }
    const ids = deletes.get(table);
    if (ids) parts.push(deletePart(columnName(table), values.push(ids.map(encodeText))));
    shape.push(`${rows ? "p" : ""}${ids ? "d" : ""}`);
  }
  if (decisions.length > 0) {
    const records = decisions.map((doc) => ({
      id: doc.decisionId,
      at: Math.trunc(doc.atMs),
      subject: doc.subject,
      subject_id: doc.subjectId,
      doc,
    }));
    parts.push(decisionPart(values.push(encodeJson(records))));
    shape.push("j");
  }
  const text = `with ${[fencePart, ...parts].join(",\n")}\nselect count(*) as allowed from fence`;
  return { name: `headroom ${shape.join(",")}`, text, values };
}

const fencePart = "fence as (select from headroom.lease where name = $1 and epoch = $2 for share)";

function putPart(table: string, parameter: number): string {
  return `put_${table} as (
  insert into headroom.${table} (id, changed, doc)
  select id, ($2::bigint << 40) + position, doc
  from jsonb_to_recordset($${parameter}::jsonb) as r(id text, position bigint, doc jsonb)
  where exists (select from fence)
  on conflict (id) do update set changed = excluded.changed, doc = excluded.doc
)`;
}

function deletePart(table: string, parameter: number): string {
  return `delete_${table} as (
  delete from headroom.${table} where id = any ($${parameter}::text[]) and exists (select from fence)
)`;
}

function decisionPart(parameter: number): string {
  return `put_decision as (
  insert into headroom.decision (id, at, subject, subject_id, doc)
  select id, at, subject, subject_id, doc
  from jsonb_to_recordset($${parameter}::jsonb) as r(id text, at bigint, subject text, subject_id text, doc jsonb)
  where exists (select from fence)
  on conflict (id) do nothing
)`;
}
