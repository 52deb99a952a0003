/**
 * What Pulumi leaves behind in a backend that is a PostgreSQL database: two rows for each update, for ever, and the last
 * state of each stack that is gone. No command of Pulumi removes them, so the one that leads does, now and then. The layout
 * is Pulumi's: one table of keys, which are paths as in a folder, below the name of the database.
 */
import type { Clock } from "../model/clock";
import { messageOf, SetupError } from "../model/errors";
import { connect, explain } from "../store/postgres-connection";
import { projectName } from "./installation";

/** Between two looks. What comes together meanwhile is some rows for each update. */
const everyMs = 3_600_000;
/** After a service has come to lead it has more urgent things to do. */
const firstMs = 60_000;
/** A history and a checkpoint. */
const rowsPerUpdate = 2;

/** Pulumi writes the name into its statements as it is, with a schema or without. */
const tablePattern = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/;

interface PostgresBackend {
  readonly connectionString: string;
  readonly table: string;
  /** What the keys begin with, before Pulumi's own layout. */
  readonly prefix: string;
}

/** Undefined for every other kind of backend. */
export function postgresBackendOf(backendUrl: string): PostgresBackend | undefined {
  if (!/^postgres(ql)?:\/\//.test(backendUrl)) return undefined;
  const [address = "", query = ""] = backendUrl.split(/\?(.*)/s);
  const parameters = new URLSearchParams(query);
  const table = parameters.get("table") ?? "pulumi_state";
  if (!tablePattern.test(table)) {
    throw new SetupError(
      `the backend's parameter table is "${table}"; use letters, digits and _, with a schema or without`,
    );
  }
  parameters.delete("table");
  // As for the engine's driver, which without a word encrypts and asks for no certificate.
  if (!parameters.has("sslmode")) parameters.set("sslmode", "require");
  parameters.set("uselibpqcompat", "true");
  const database = decodeURIComponent(new URL(address).pathname).replace(/^\/+/, "");
  const prefix = database === "" || database.endsWith("/") ? database : `${database}/`;
  return { connectionString: `${address}?${parameters.toString()}`, table, prefix };
}

/** Removes all but the newest `kept` updates of each stack, and states of stacks that are gone. Answers how many rows. */
export async function pruneStates(backend: PostgresBackend, kept: number): Promise<number> {
  const { connectionString, table, prefix } = backend;
  const client = await connect(connectionString);
  try {
    const { rows } = await client.query<{ exists: boolean }>("select to_regclass($1) is not null as exists", [table]);
    // No engine has used it yet.
    if (rows[0]?.exists !== true) return 0;
    const history = await client.query(
      `delete from ${table} where key in (
         select key from (
           select key, row_number() over (partition by regexp_replace(key, '/[^/]*$', '') order by key collate "C" desc)
           from ${table} where starts_with(key, $1)
         ) as updates where row_number > $2)`,
      [`${prefix}.pulumi/history/${projectName}/`, kept * rowsPerUpdate],
    );
    // A day later nobody wants to look at it any more.
    const gone = await client.query(
      `delete from ${table} as old where starts_with(key, $1) and key ~ '\\.json(\\.gz|\\.zst)?\\.bak$'
         and updated_at < now() - interval '1 day'
         and not exists (
           select from ${table} as state where starts_with(state.key, regexp_replace(old.key, '\\.json.*$', '.json'))
             and state.key !~ '\\.bak$')`,
      [`${prefix}.pulumi/stacks/${projectName}/`],
    );
    return (history.rowCount ?? 0) + (gone.rowCount ?? 0);
  } catch (error) {
    throw explain(error, "the state backend");
  } finally {
    await client.end();
  }
}

export interface StatesPruningOptions {
  readonly backendUrl: string;
  /** Updates of one stack whose history is kept. */
  readonly kept: number;
  readonly clock: Clock;
  readonly log: { warn(fields: object, message: string): void };
}

/** Does it every hour while it runs. */
export class StatesPruning {
  private cancel = (): void => undefined;
  private isStopped = false;

  constructor(private readonly options: StatesPruningOptions) {}

  /** Does nothing for a backend that is no PostgreSQL database. */
  start(): void {
    const backend = postgresBackendOf(this.options.backendUrl);
    if (backend !== undefined) this.plan(backend, firstMs);
  }

  stop(): void {
    this.isStopped = true;
    this.cancel();
  }

  private plan(backend: PostgresBackend, delayMs: number): void {
    if (this.isStopped) return;
    this.cancel = this.options.clock.after(delayMs, () => void this.prune(backend));
  }

  /** Never rejects: what could not be removed now is removed in an hour. */
  private async prune(backend: PostgresBackend): Promise<void> {
    try {
      await pruneStates(backend, this.options.kept);
    } catch (error) {
      this.options.log.warn({ error: messageOf(error) }, "old updates in the state backend could not be removed");
    }
    this.plan(backend, everyMs);
  }
}
