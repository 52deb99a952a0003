/** The rows of the database, of one moment; and an empty database with such rows. Columns are the text PostgreSQL makes of them. */
import type { Client } from "pg";
import { ConflictError, SetupError } from "../model/errors";
import type { InstallationRecord } from "../model/installation-record";
import { installationRow } from "../model/changes";
import { connect } from "../store/postgres-connection";
import { lockSchema, migrateLocked, newestSchemaVersion } from "../store/postgres-migrations";
import type { EntryOf } from "./format";

/** Rows of one line: a node's has a script of up to a megabyte. */
const batchRows = 50;

const leaseName = "runtime";

/** Whose database it is. Fails when nobody has led there. */
export async function readInstallation(connectionString: string): Promise<InstallationRecord> {
  const client = await connect(connectionString);
  try {
    const record = (await hasSchema(client)) ? await installationOf(client) : undefined;
    if (record !== undefined) return record;
    throw new SetupError("there is nothing to back up: no runtime has led on this database yet");
  } finally {
    await client.end();
  }
}

/** One entry `database`, then `rows` of every table, all as they are at one moment, whatever is written meanwhile. */
export async function* readRows(connectionString: string): AsyncGenerator<EntryOf<"database"> | EntryOf<"rows">> {
  const client = await connect(connectionString);
  try {
    await client.query("begin isolation level repeatable read read only");
    yield { kind: "database", ...(await versionAndEpoch(client)) };
    for (const { table, columns } of await writtenColumns(client)) {
      const texts = columns.map((column) => `"${column}"::text`).join(", ");
      await client.query(`declare all_rows no scroll cursor for select ${texts} from headroom."${table}"`);
      for (;;) {
        const text = `fetch ${batchRows} from all_rows`;
        const { rows } = await client.query<(string | null)[]>({ text, rowMode: "array" });
        if (rows.length > 0) yield { kind: "rows", table, columns, rows };
        if (rows.length < batchRows) break;
      }
      await client.query("close all_rows");
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** What a restore finds: nothing, what it has written itself before it was cut off, or somebody's. */
export type Occupant = "empty" | "own" | { readonly installationId: string | undefined };

/** @param holder As given to {@link RowsWriter.begin}. */
export async function occupantOf(connectionString: string, holder: string | undefined): Promise<Occupant> {
  const client = await connect(connectionString);
  try {
    return await lookAt(client, holder);
  } finally {
    await client.end();
  }
}

async function lookAt(client: Client, holder: string | undefined): Promise<Occupant> {
  if (!(await hasSchema(client))) return "empty";
  const { rows } = await client.query<{ holder: string }>("select holder from headroom.lease where name = $1", [
    leaseName,
  ]);
  if (holder !== undefined && rows[0]?.holder === holder) return "own";
  return { installationId: (await installationOf(client))?.installationId };
}

/** Refuses a database that anybody has used. */
export function requireEmpty(occupant: Occupant): void {
  if (typeof occupant === "string") return;
  const { installationId } = occupant;
  const whose = installationId === undefined ? "tables of headroom" : `installation ${installationId}`;
  throw new ConflictError(
    `the database holds ${whose} already, and nothing of it is replaced; restore into a new, empty database`,
  );
}

/** Fills an empty database in one transaction: all rows are there, or no table is. */
export class RowsWriter {
  private readonly columnTypes = new Map<string, ReadonlyMap<string, string>>();

  private constructor(private readonly client: Client) {}

  /** @param holder Stands in the lease until somebody leads. The epoch grows: whoever led before is put off. */
  static async begin(
    connectionString: string,
    { schemaVersion, epoch }: EntryOf<"database">,
    holder: string,
  ): Promise<RowsWriter> {
    const client = await connect(connectionString);
    const writer = new RowsWriter(client);
    try {
      await client.query("begin");
      await lockSchema(client);
      requireEmpty(await lookAt(client, undefined));
      await migrateLocked(client, schemaVersion);
      await client.query("insert into headroom.lease (name, holder, epoch, expires_at) values ($1, $2, $3, now())", [
        ...[leaseName, holder, epoch + 1],
      ]);
      return writer;
    } catch (error) {
      await writer.rollBack();
      throw error;
    }
  }

  async add({ table, columns, rows }: EntryOf<"rows">): Promise<void> {
    const types = await this.typesOf(table);
    const values = columns.map((_column, index) => rows.map((row) => row[index] ?? null));
    const names = columns.map((column) => `"${column}"`).join(", ");
    const typed = columns
      .map((column) => `"${column}"::${types.get(column) ?? unknownColumn(table, column)}`)
      .join(", ");
    const arrays = columns.map((_column, index) => `$${index + 1}::text[]`).join(", ");
    await this.client.query(
      `insert into headroom."${table}" (${names}) select ${typed} from unnest(${arrays}) as r(${names})`,
      values,
    );
  }

  async commit(): Promise<void> {
    await this.client.query("commit");
    await this.client.end();
  }

  async rollBack(): Promise<void> {
    await this.client.query("rollback").catch(() => undefined);
    await this.client.end().catch(() => undefined);
  }

  private async typesOf(table: string): Promise<ReadonlyMap<string, string>> {
    const known = this.columnTypes.get(table);
    if (known) return known;
    const { rows } = await this.client.query<{ name: string; type: string }>(
      `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
       where attrelid = to_regclass('headroom.' || quote_ident($1)) and attnum > 0 and not attisdropped and attgenerated = ''`,
      [table],
    );
    const types = new Map(rows.map(({ name, type }) => [name, type]));
    this.columnTypes.set(table, types);
    return types;
  }
}

function unknownColumn(table: string, column: string): never {
  throw new SetupError(
    `the backup has a column ${column} in table ${table} that schema version ${newestSchemaVersion} does not know; restore it with the version that made it`,
  );
}

async function hasSchema(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    "select to_regclass('headroom.migration') is not null as found",
  );
  return rows[0]!.found;
}

async function installationOf(client: Client): Promise<InstallationRecord | undefined> {
  const { rows: tables } = await client.query<{ found: boolean }>(
    "select to_regclass('headroom.installation') is not null as found",
  );
  if (!tables[0]!.found) return undefined;
  const { rows } = await client.query<{ doc: InstallationRecord }>(
    "select doc from headroom.installation where id = $1",
    [installationRow],
  );
  return rows[0]?.doc;
}

async function versionAndEpoch(client: Client): Promise<{ schemaVersion: number; epoch: number }> {
  const { rows } = await client.query<{ schemaVersion: number; epoch: number }>(
    `select (select max(version) from headroom.migration) as "schemaVersion",
       coalesce((select epoch from headroom.lease where name = $1), 0) as epoch`,
    [leaseName],
  );
  return rows[0]!;
}

/** Columns that PostgreSQL fills itself are left out, and so is who leads. */
async function writtenColumns(client: Client): Promise<{ table: string; columns: string[] }[]> {
  const { rows } = await client.query<{ table: string; columns: string[] }>(
    `select table_name as "table", array_agg(column_name::text order by ordinal_position) as columns
     from information_schema.columns
     where table_schema = 'headroom' and is_generated = 'NEVER' and table_name not in ('lease', 'migration')
     group by table_name order by table_name`,
  );
  return rows;
}
