/**
 * The durable store: PostgreSQL, one document per row, one statement per batch (`postgres-batch.ts`).
 *
 * A store lives for one term of leadership: opening waits for the lease, and once the lease or the writing connection
 * is lost it stays lost. The owner then closes it and opens a new one, which loads what is durable.
 */
import { Pool, type Client } from "pg";
import { BugError, UnavailableError } from "../model/errors";
import type { Clock } from "../model/clock";
import type { InstallationRecord } from "../model/installation-record";
import type { Decision, Session } from "../model/state";
import { tableNames } from "./batch";
import { installationRow, type Change } from "../model/changes";
import { sealedTables } from "../model/sealed-fields";
import { acquireLease, type Lease, type LeaseTiming } from "./lease";
import { batchStatement, columnName } from "./postgres-batch";
import { asUnavailable, clientConfig, connect, describeTarget, explain } from "./postgres-connection";
import { PostgresHistory } from "./postgres-history";
import { migrate } from "./postgres-migrations";
import { refused, type Permit, type PermitRequest } from "./permit";
import { PostgresPermits } from "./postgres-permits";
import { encodeText } from "./postgres-text";
import { openRows, type LoadedRow, type RowName, type SealedStore } from "./opened-rows";
import { noSealer, type RowSealer, type SealedBy } from "./sealed-rows";
import type { DecisionFilter, Store } from "./store";

/** How long the journal, samples and ended sessions are kept unless set: two weeks, so that last week can be compared. */
export const journalRetentionDefaultSeconds = 14 * 86_400;

/**
 * Entries of the journal, and sessions that have ended, that are kept at most, however young: some gigabytes. It holds
 * when somebody makes the runtime decide without end.
 */
export const journalEntriesMax = 2_000_000;

/** So many new entries have the limits looked at before the hour is over. */
const pruneAfterEntries = 200_000;

/** Changes that one statement carries: rows of 16 kB make 32 MB then, an eighth of what the server takes as one value. */
const statementChangesMax = 2_000;

/** Readers of history share this many connections; placing and planning read memory. */
const readConnectionsMax = 2;

/** Rows that one pruning statement removes, so that it never holds up writers for long. */
const pruneRowsMax = 5_000;
const pruneEveryMs = 3_600_000;
/** The first pruning comes soon, so that a runtime that is restarted often prunes too. */
const firstPruneMs = 60_000;

export interface PostgresStoreOptions {
  /** `postgresql://user:password@host:5432/database`; must not go through a pooler that shares connections. */
  readonly connectionString: string;
  readonly clock: Clock;
  /** Who we are, for operators and other runtimes: host and process id. */
  readonly holder: string;
  /** Default `runtime`. */
  readonly leaseName?: string;
  readonly leaseTiming?: LeaseTiming;
  /** Default {@link journalRetentionDefaultSeconds}. */
  readonly journalRetentionSeconds?: number;
  /** Default {@link journalEntriesMax}. */
  readonly journalEntriesMax?: number;
  /** Called once when leadership is lost: nothing more can be written. Not called by {@link PostgresStore.close}. */
  readonly onLost: (error: Error) => void;
  /**
   * Looks at whose database this is before the lease is waited for; a rejection ends the opening, and nothing was taken.
   * Undefined = nobody has led there yet. Who is admitted looks again at what {@link PostgresStore.load} gives.
   */
  readonly admit?: (installation: InstallationRecord | undefined) => Promise<void>;
  /** Looked at before the lease is waited for, and again when it is free: who rejects does not lead. Default: nothing. */
  readonly confirm?: (client: Client) => Promise<void>;
  /** Seals what is secret in rows; without it rows with secrets are neither written nor read. */
  readonly sealer?: RowSealer;
  /**
   * Whether rows that were sealed with something this runtime lacks lose their secrets by {@link PostgresStore.load}.
   * Default no: the loading fails. For an operator who gave the installation another key knowingly.
   */
  readonly forgetsSealedBy?: (sealedBy: SealedBy) => boolean;
  /** Called once when another runtime leads and this one waits. */
  readonly onStandby?: (holder: string) => void;
  /** Ends the waiting for leadership. */
  readonly signal?: AbortSignal;
}

export class PostgresStore implements Store, SealedStore {
  readonly history = new PostgresHistory(
    (text, values, limitMs) => this.read(text, values, limitMs),
    () => ({ leaseName: this.lease.name, epoch: this.lease.epoch }),
  );
  private readonly options: PostgresStoreOptions;
  private readonly sealer: RowSealer;
  private readonly target: string;
  private readonly readers: Pool;
  private readonly permits: PostgresPermits;
  private lease!: Lease;
  private writer!: Client;
  private lostError: Error | undefined;
  private isClosed = false;
  private isWriting = false;
  private position = 0;
  private toSeal: RowName[] = [];
  private cancelPruning = (): void => undefined;
  private entriesSincePruning = 0;

  /** Migrates the schema, waits for leadership, and returns a store that may write. */
  static async open(options: PostgresStoreOptions): Promise<PostgresStore> {
    const store = new PostgresStore(options);
    try {
      await store.start();
    } catch (cause) {
      await store.close();
      throw explain(cause, store.target);
    }
    return store;
  }

  private constructor(options: PostgresStoreOptions) {
    this.options = options;
    this.sealer = options.sealer ?? noSealer;
    this.target = describeTarget(options.connectionString);
    this.readers = new Pool({ ...clientConfig(options.connectionString), max: readConnectionsMax });
    this.readers.on("error", () => undefined);
    this.permits = new PostgresPermits(options.connectionString, options.leaseName);
  }

  /** Grows with each change of leadership; every write compares it. */
  get epoch(): number {
    return this.lease.epoch;
  }

  async load(): Promise<Change[]> {
    const parts = tableNames.map((table) => {
      const open = table === "session" ? " where status <> 'ended'" : "";
      return `select '${table}' as "table", id, changed, doc from headroom.${columnName(table)}${open}`;
    });
    const rows = await this.read<LoadedRow>(`${parts.join(" union all ")} order by changed`, []);
    const { changes, forgotten, toSeal } = openRows(rows, this.sealer, this.options.forgetsSealedBy);
    this.toSeal = toSeal;
    if (forgotten.length > 0) await this.write(forgotten);
    return changes;
  }

  async rowsToSeal(limit: number): Promise<RowName[]> {
    // Found while loading: rows that have a secret in clear, although they were sealed with the newest key.
    if (this.toSeal.length > 0) return this.toSeal.splice(0, limit);
    for (const table of sealedTables) {
      const rows = await this.read<{ id: string }>(
        `select id from headroom.${columnName(table)} where ${isToSeal} limit ${limit}`,
        [this.sealer.keyId],
      );
      if (rows.length > 0) return rows.map(({ id }) => ({ table, id }));
    }
    return [];
  }

  async countSealed(): Promise<{ rows: number; toSeal: number }> {
    const parts = sealedTables.map(
      (table) =>
        `select count(*) as rows, count(*) filter (where ${isToSeal}) as to_seal from headroom.${columnName(table)}`,
    );
    const [counts] = await this.read<{ rows: number; to_seal: number }>(
      `select sum(rows)::bigint as rows, sum(to_seal)::bigint as to_seal from (${parts.join(" union all ")}) as counts`,
      [this.sealer.keyId],
    );
    return { rows: counts?.rows ?? 0, toSeal: counts?.to_seal ?? 0 };
  }

  async write(changes: readonly Change[]): Promise<void> {
    this.checkWritable();
    if (changes.length === 0) return;
    if (this.isWriting) throw new BugError("the store takes one write at a time; commit through a ledger");
    this.isWriting = true;
    try {
      if (changes.length <= statementChangesMax) await this.writePart(changes);
      else await this.writeInParts(changes);
    } catch (cause) {
      throw asUnavailable(cause, this.target);
    } finally {
      this.isWriting = false;
    }
  }

  /** One transaction of several statements, none of which is too large for the server. */
  private async writeInParts(changes: readonly Change[]): Promise<void> {
    await this.writer.query("begin");
    try {
      for (let start = 0; start < changes.length; start += statementChangesMax) {
        await this.writePart(changes.slice(start, start + statementChangesMax));
      }
      await this.writer.query("commit");
    } catch (error) {
      await this.writer.query("rollback").catch(() => undefined);
      throw error;
    }
  }

  private async writePart(changes: readonly Change[]): Promise<void> {
    const fence = { leaseName: this.lease.name, epoch: this.lease.epoch };
    const { name, text, values } = batchStatement(changes, fence, this.position, this.sealer);
    this.position += changes.length;
    this.entriesSincePruning += changes.filter(({ kind }) => kind === "decision").length;
    const { rows } = await this.writer.query<{ allowed: number }>({ name, text, values: [...values] });
    if (rows[0]?.allowed === 1) return this.pruneEarly();
    throw new UnavailableError("another runtime has taken over; this one may no longer write");
  }

  async decisions({ subject, subjectId, after, limit }: DecisionFilter): Promise<Decision[]> {
    const rows = await this.read<{ doc: Decision }>(
      `select doc from headroom.decision
       where ($1::text is null or subject = $1) and ($2::text is null or subject_id = $2)
         and ($3::text is null or id > $3)
       order by id ${after === undefined ? "desc" : "asc"} limit $4`,
      [subject, subjectId && encodeText(subjectId), after && encodeText(after), limit],
    );
    return rows.map(({ doc }) => doc);
  }

  async session(sessionId: string): Promise<Session | undefined> {
    const rows = await this.read<{ doc: Session }>("select doc from headroom.session where id = $1", [
      encodeText(sessionId),
    ]);
    return rows[0]?.doc;
  }

  async permit(request: PermitRequest): Promise<Permit> {
    const lost = this.isClosed ? "the store is closed" : this.lostError?.message;
    if (lost !== undefined) return refused(lost);
    return this.permits.ask(request);
  }

  /**
   * Removes decisions made, samples taken and sessions ended before that time, and the oldest of those for which there is no
   * room. Runs by itself every hour, and earlier when there is much new. Returns how many rows went.
   */
  async prune(beforeMs: number): Promise<number> {
    const { journalEntriesMax: entriesMax = journalEntriesMax } = this.options;
    const [decision, session] = await this.read<{ at: number | null }>(
      `select (select at from headroom.decision order by at desc offset $1 limit 1) as at
       union all select (select ended_at from headroom.session where status = 'ended' order by ended_at desc offset $1 limit 1)`,
      [entriesMax],
    );
    const endOf = (row: { at: number | null } | undefined): number => Math.max(beforeMs, (row?.at ?? -Infinity) + 1);
    const samples = await this.history.dropSamples(beforeMs);
    const decisions = await this.pruneTable("decision", "at < $1", endOf(decision));
    return (
      samples + decisions + (await this.pruneTable("session", "status = 'ended' and ended_at < $1", endOf(session)))
    );
  }

  /** Whether another runtime waits for leadership; false when that can't be told. */
  isAwaited(): Promise<boolean> {
    return this.lease.isAwaited().catch(() => false);
  }

  /** Gives leadership up at once. A write that still runs is left to its fate; wait for `ledger.settled()` first. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.cancelPruning();
    await this.writer?.end().catch(() => undefined);
    await this.lease?.release();
    await Promise.all([this.readers.end().catch(() => undefined), this.permits.close()]);
  }

  private async start(): Promise<void> {
    const { connectionString, clock, holder, leaseName, leaseTiming, onStandby, signal, admit, confirm } = this.options;
    const migrator = await connect(connectionString);
    try {
      await migrate(migrator);
      await confirm?.(migrator);
      await admit?.(await readInstallation(migrator));
    } finally {
      await migrator.end().catch(() => undefined);
    }
    const onLost = (error: Error): void => this.lose(error);
    this.lease = await acquireLease({
      ...{ connectionString, clock, holder, onLost, onStandby, confirm, signal },
      ...{ name: leaseName, timing: leaseTiming },
    });
    this.writer = await connect(connectionString, onLost);
    await this.writer.query("set synchronous_commit = on");
    this.schedulePruning(firstPruneMs);
  }

  private lose(error: Error): void {
    if (this.lostError || this.isClosed) return;
    this.lostError = error;
    this.cancelPruning();
    // Ending a connection on which a query runs cuts it off, so a write that hangs fails now.
    void this.writer?.end().catch(() => undefined);
    this.options.onLost(error);
  }

  private checkWritable(): void {
    if (this.isClosed) throw new UnavailableError("the store is closed");
    if (this.lostError) throw new UnavailableError(this.lostError.message, { cause: this.lostError });
  }

  private async read<Row extends object>(text: string, values: unknown[], limitMs?: number): Promise<Row[]> {
    if (this.isClosed) throw new UnavailableError("the store is closed");
    try {
      return (await this.readers.query<Row>({ text, values, ...{ query_timeout: limitMs } })).rows;
    } catch (cause) {
      throw asUnavailable(cause, this.target);
    }
  }

  private async pruneTable(table: "decision" | "session", condition: string, beforeMs: number): Promise<number> {
    let removed = 0;
    for (;;) {
      const rows = await this.read<{ count: number }>(
        `with gone as (
           delete from headroom.${table} where id in (select id from headroom.${table} where ${condition} limit ${pruneRowsMax})
           returning 1
         ) select count(*) as count from gone`,
        [Math.trunc(beforeMs)],
      );
      const count = rows[0]?.count ?? 0;
      removed += count;
      if (count < pruneRowsMax) return removed;
    }
  }

  private pruneEarly(): void {
    if (this.entriesSincePruning < pruneAfterEntries) return;
    this.cancelPruning();
    this.schedulePruning(0);
  }

  private schedulePruning(delayMs: number): void {
    const { clock, journalRetentionSeconds = journalRetentionDefaultSeconds } = this.options;
    this.cancelPruning = clock.after(delayMs, () => {
      this.entriesSincePruning = -Infinity;
      // A failure is not lost: the same rows are due in an hour.
      void this.prune(clock.now() - journalRetentionSeconds * 1000)
        .catch(() => 0)
        .then(() => {
          this.entriesSincePruning = 0;
          if (!this.isClosed && !this.lostError) this.schedulePruning(pruneEveryMs);
        });
    });
  }
}

/** Of rows that may hold secrets; $1 is the id of the newest key. */
const isToSeal = "doc -> 'sealed' ->> 'key' is distinct from $1";

/** Undefined when nobody has led on this database yet. */
export async function readInstallation(client: Client): Promise<InstallationRecord | undefined> {
  const text = "select doc from headroom.installation where id = $1";
  const { rows } = await client.query<{ doc: InstallationRecord }>(text, [installationRow]);
  return rows[0]?.doc;
}
