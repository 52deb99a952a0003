/**
 * Leadership: one row per lease with an epoch that grows at each take-over.
 *
 * Two things together. A session-level advisory lock on a connection of its own tells quickly that the holder is gone:
 * the server drops it the moment that connection ends, so `kill -9` of the holder frees the lease at once. The epoch in
 * the row is the fence: every write compares it (see `postgres-batch.ts`), so a holder that lost the lock without
 * knowing can't write. A holder that keeps its connection but stops renewing (a frozen process, a half-dead network)
 * is put off once its row has expired by the database's clock.
 */
import type { Client } from "pg";
import { BugError, UnavailableError } from "../model/errors";
import type { Clock } from "../model/clock";
import { connect, describeTarget, errorCode, explain } from "./postgres-connection";

export interface LeaseTiming {
  /** A holder that did not renew for so long loses the lease. Default 10. */
  readonly leaseSeconds: number;
  /** Default 3, so that two renewals may fail. At most half of `leaseSeconds`. */
  readonly renewEverySeconds: number;
}

export const defaultLeaseTiming: LeaseTiming = { leaseSeconds: 10, renewEverySeconds: 3 };

/** How often a waiting runtime looks whether the holder's row has expired. Unit: milliseconds. */
const standbyLookMs = 1_000;

const lockNotAvailable = "55P03";

export interface LeaseOptions {
  readonly connectionString: string;
  readonly clock: Clock;
  /** Default `runtime`. */
  readonly name?: string;
  /** Who we are, for operators: host, process id. */
  readonly holder: string;
  readonly timing?: LeaseTiming;
  /** Called once when the lease is lost after it was taken; not after {@link Lease.release}. */
  readonly onLost: (error: Error) => void;
  /** Called once when another holder has the lease and this one starts to wait. */
  readonly onStandby?: (holder: string) => void;
  /** Called when the lease is free, before it is taken; a rejection leaves it to others and fails the acquiring. */
  readonly confirm?: (client: Client) => Promise<void>;
  /** Ends the waiting: {@link acquireLease} then fails with `UnavailableError`. */
  readonly signal?: AbortSignal;
}

/** Waits until the lease is free, takes it, and keeps it renewed. The schema must exist. */
export async function acquireLease(options: LeaseOptions): Promise<Lease> {
  const lease = new Lease(options);
  await lease.acquire();
  return lease;
}

export class Lease {
  readonly name: string;
  private readonly options: LeaseOptions;
  private readonly timing: LeaseTiming;
  private client: Client | undefined;
  private heldEpoch: number | undefined;
  private state: "waiting" | "held" | "lost" | "released" = "waiting";
  private cancelRenewal = (): void => undefined;
  private cancelDeadline = (): void => undefined;
  private renewal: Promise<void> = Promise.resolve();

  constructor(options: LeaseOptions) {
    this.options = options;
    this.name = options.name ?? "runtime";
    this.timing = options.timing ?? defaultLeaseTiming;
    if (this.timing.renewEverySeconds * 2 > this.timing.leaseSeconds) {
      throw new BugError("a lease must be renewed at least twice within its time");
    }
  }

  get epoch(): number {
    if (this.heldEpoch === undefined) throw new BugError("the lease was never taken");
    return this.heldEpoch;
  }

  get isHeld(): boolean {
    return this.state === "held";
  }

  async acquire(): Promise<void> {
    const { connectionString, signal } = this.options;
    const stopWaiting = (): void => void this.client?.end().catch(() => undefined);
    try {
      signal?.throwIfAborted();
      this.client = await connect(connectionString, (error) => this.lose(error));
      signal?.addEventListener("abort", stopWaiting);
      await this.waitForLock();
      await this.options.confirm?.(this.client);
      this.heldEpoch = await this.takeRow();
      // A renewal need not survive a crash of the server, and writes wait for its row: don't let it wait for the disk.
      await this.query("set synchronous_commit = off");
      signal?.throwIfAborted();
    } catch (cause) {
      await this.client?.end().catch(() => undefined);
      if (signal?.aborted) throw new UnavailableError("stopped while waiting for the lease", { cause });
      throw explain(cause, describeTarget(connectionString));
    } finally {
      signal?.removeEventListener("abort", stopWaiting);
    }
    this.state = "held";
    this.startDeadline();
    this.scheduleRenewal();
  }

  /** Extends the lease now. Called on its own every `renewEverySeconds`; a failure is retried until the deadline. */
  async renew(): Promise<void> {
    if (!this.isHeld) throw new UnavailableError("the lease is not held");
    const { rowCount } = await this.query(
      `update headroom.lease set expires_at = clock_timestamp() + make_interval(secs => $3)
       where name = $1 and epoch = $2`,
      [this.name, this.epoch, this.timing.leaseSeconds],
    );
    if (rowCount !== 1) {
      this.lose(new UnavailableError("another runtime has taken over; this one may no longer write"));
      throw new UnavailableError("the lease was taken over");
    }
    if (this.isHeld) this.startDeadline();
  }

  /** Whether another runtime waits for the lease. One that has just looked whether it expired may be missed: asked twice. */
  async isAwaited(): Promise<boolean> {
    for (let tries = 0; this.isHeld && tries < 2; tries += 1) {
      const { rows } = await this.query<{ count: number }>(
        `select count(*) as count from pg_locks l, (select ${lockKey} as key) k where ${ofLease} and not l.granted`,
        [this.name],
      );
      if ((rows[0]?.count ?? 0) > 0) return true;
    }
    return false;
  }

  /** Gives the lease up at once; a waiting runtime takes over within milliseconds. */
  async release(): Promise<void> {
    if (this.state === "released") return;
    const wasHeld = this.isHeld;
    this.state = "released";
    this.stopTimers();
    await this.renewal;
    if (wasHeld) {
      await this.query("update headroom.lease set expires_at = clock_timestamp() where name = $1 and epoch = $2", [
        this.name,
        this.epoch,
      ]).catch(() => undefined);
    }
    await this.client?.end().catch(() => undefined);
  }

  private async waitForLock(): Promise<void> {
    const { rows } = await this.query<{ taken: boolean }>(`select pg_try_advisory_lock(${lockKey}) as taken`, [
      this.name,
    ]);
    if (rows[0]?.taken) return;
    this.options.onStandby?.(await this.presentHolder());
    await this.query(`set lock_timeout = ${standbyLookMs}`);
    for (;;) {
      try {
        await this.query(`select pg_advisory_lock(${lockKey})`, [this.name]);
        break;
      } catch (error) {
        if (errorCode(error) !== lockNotAvailable) throw error;
        await this.putOffExpiredHolder();
      }
    }
    await this.query("set lock_timeout = 0");
  }

  private async presentHolder(): Promise<string> {
    const { rows } = await this.query<{ holder: string }>("select holder from headroom.lease where name = $1", [
      this.name,
    ]);
    return rows[0]?.holder ?? "another runtime that is just starting";
  }

  /** Ends the holder's connection, which frees the lock, when its row has expired. */
  private async putOffExpiredHolder(): Promise<void> {
    await this.query(
      `select pg_terminate_backend(l.pid) from pg_locks l, (select ${lockKey} as key) k
       where ${ofLease} and l.granted
         and exists (select from headroom.lease where name = $1 and expires_at < clock_timestamp())`,
      [this.name],
    );
  }

  private async takeRow(): Promise<number> {
    const { rows } = await this.query<{ epoch: number }>(
      `insert into headroom.lease (name, holder, epoch, expires_at)
       values ($1, $2, 1, clock_timestamp() + make_interval(secs => $3))
       on conflict (name) do update
       set holder = excluded.holder, epoch = lease.epoch + 1, expires_at = excluded.expires_at
       returning epoch`,
      [this.name, this.options.holder, this.timing.leaseSeconds],
    );
    return rows[0]!.epoch;
  }

  private scheduleRenewal(): void {
    this.cancelRenewal = this.options.clock.after(this.timing.renewEverySeconds * 1000, () => {
      this.renewal = this.renew()
        .catch(() => undefined)
        .then(() => {
          if (this.isHeld) this.scheduleRenewal();
        });
    });
  }

  /** By our own timer, started when the last renewal was answered: not later than the database sees it expire + one round trip. */
  private startDeadline(): void {
    this.cancelDeadline();
    this.cancelDeadline = this.options.clock.after(this.timing.leaseSeconds * 1000, () =>
      this.lose(new UnavailableError(`the lease was not renewed for ${this.timing.leaseSeconds} s`)),
    );
  }

  private stopTimers(): void {
    this.cancelRenewal();
    this.cancelDeadline();
  }

  private lose(error: Error): void {
    if (this.state !== "held") return;
    this.state = "lost";
    this.stopTimers();
    void this.client?.end().catch(() => undefined);
    this.options.onLost(error);
  }

  private async query<Row extends object>(
    text: string,
    values: unknown[] = [],
  ): Promise<{ rows: Row[]; rowCount: number | null }> {
    if (!this.client) throw new BugError("the lease has no connection");
    return this.client.query<Row>(text, values);
  }
}

/** The advisory lock of a lease name; `$1` is the name. */
const lockKey = "hashtextextended('headroom lease ' || $1, 0)";

/** Of `pg_locks l`, beside `k` with {@link lockKey} as `key`. */
const ofLease = `l.locktype = 'advisory' and l.objsubid = 1
         and l.database = (select oid from pg_database where datname = current_database())
         and l.classid::bigint = ((k.key >> 32) & 4294967295) and l.objid::bigint = (k.key & 4294967295)`;
