/** What one version left in the database (`write.ts`), and how a test brings it back. */
import { sealedFields } from "../../../runtime/model/sealed-fields";
import { createRowSealer, type RowSealer } from "../../../runtime/store/sealed-rows";
import { createSealer, secretsKey } from "../../../runtime/store/sealer";
import { connect } from "../../../runtime/store/postgres-connection";
import { migrate } from "../../../runtime/store/postgres-migrations";

export interface DataSet {
  /** Of the schema that the rows belong to. */
  readonly schemaVersion: number;
  /** When it was written, by the clock of its world. */
  readonly atMs: number;
  /** Hex; a test value. The secrets key; up to version 0.1.0 that of the passphrase, which sealed accounts only. */
  readonly sealingKey: string;
  /** What exists in the cloud: addresses by node, by stack. */
  readonly stacks: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By the table's name in the database. Columns of each row, as JSON. */
  readonly tables: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
}

export function sealerOf({ sealingKey }: Pick<DataSet, "sealingKey">): RowSealer {
  const key = Buffer.from(sealingKey, "hex");
  return createRowSealer({
    ring: { keys: [secretsKey(key)] },
    pathsOf: sealedFields(),
    ofPassphrase: createSealer(key),
  });
}

/** Columns that PostgreSQL fills itself are left out, and so is who leads. */
const writtenColumns = `
  select table_name as "table", string_agg(quote_ident(column_name), ', ' order by ordinal_position) as columns
  from information_schema.columns
  where table_schema = 'headroom' and is_generated = 'NEVER' and table_name not in ('lease', 'migration')
  group by table_name order by table_name`;

export async function readTables(connectionString: string): Promise<Pick<DataSet, "schemaVersion" | "tables">> {
  const client = await connect(connectionString);
  try {
    const version = await client.query<{ max: number }>("select max(version) as max from headroom.migration");
    const tables: Record<string, Record<string, unknown>[]> = {};
    const found = await client.query<{ table: string; columns: string }>(writtenColumns);
    for (const { table, columns } of found.rows) {
      const { rows } = await client.query<{ row: Record<string, unknown> }>(
        `select to_jsonb(r) as row from (select ${columns} from headroom.${table} order by id) r`,
      );
      tables[table] = rows.map(({ row }) => row);
    }
    return { schemaVersion: version.rows[0]!.max, tables };
  } finally {
    await client.end();
  }
}

/** An empty database becomes one that the version of the data set left. */
export async function restoreDataSet(
  connectionString: string,
  { schemaVersion, tables }: Pick<DataSet, "schemaVersion" | "tables">,
): Promise<void> {
  const client = await connect(connectionString);
  try {
    await migrate(client, schemaVersion);
    for (const [table, rows] of Object.entries(tables)) {
      const columns = Object.keys(rows[0] ?? {}).join(", ");
      if (columns === "") continue;
      await client.query(
        `insert into headroom.${table} (${columns})
         select ${columns} from jsonb_populate_recordset(null::headroom.${table}, $1::jsonb)`,
        [JSON.stringify(rows)],
      );
    }
  } finally {
    await client.end();
  }
}
