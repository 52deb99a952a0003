/**
 * Who holds the lease, as everybody may read it: for a runtime that does not hold it and has requests answered by the
 * one that does. It looks twice a second, and at once when somebody could not reach the holder.
 */
import type { Client } from "pg";
import type { Clock } from "../model/clock";
import { certainOffsetMs, databaseMs } from "./database-clock";
import { connect, errorCode } from "./postgres-connection";

/** Unit: milliseconds. */
const lookEveryMsDefault = 500;

const noSuchTable = "42P01";
const noSuchSchema = "3F000";

export interface LeaseSight {
  /** Who has it or had it last; undefined = nobody ever had. */
  readonly holder: string | undefined;
  /** Whether it is held: it was renewed in time and not given back. */
  readonly isHeld: boolean;
  /** How far our clock is ahead of the database's, as far as that is certain. Unit: milliseconds. */
  readonly clockOffsetMs: number;
}

export interface LeaseWatchOptions {
  readonly connectionString: string;
  readonly clock: Clock;
  /** Default `runtime`. */
  readonly name?: string;
  /** Default 500. */
  readonly lookEveryMs?: number;
  readonly onSight: (sight: LeaseSight) => void;
}

export class LeaseWatch {
  private client: Client | undefined;
  private looking: Promise<void> | undefined;
  private cancelNext = (): void => undefined;
  private isStopped = false;

  constructor(private readonly options: LeaseWatchOptions) {}

  /** Looks now, unless it does so already, and then again and again. A database that is away is asked again next time. */
  look(): void {
    if (this.isStopped || this.looking) return;
    this.cancelNext();
    const { clock, lookEveryMs = lookEveryMsDefault } = this.options;
    this.looking = this.lookOnce()
      .catch(() => this.disconnect())
      .then(() => {
        this.looking = undefined;
        if (!this.isStopped) this.cancelNext = clock.after(lookEveryMs, () => this.look());
      });
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.cancelNext();
    await this.disconnect();
    await this.looking;
    // A look that was connecting has its connection by now.
    await this.disconnect();
  }

  private async lookOnce(): Promise<void> {
    const { connectionString, clock, name = "runtime", onSight } = this.options;
    this.client ??= await connect(connectionString, () => (this.client = undefined));
    const askedMs = clock.now();
    const { holder, isHeld, now } = await readLease(this.client, name);
    const clockOffsetMs =
      now === undefined ? 0 : certainOffsetMs({ askedMs, databaseMs: now, answeredMs: clock.now() });
    if (!this.isStopped) onSight({ holder, isHeld, clockOffsetMs });
  }

  private async disconnect(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }
}

type LeaseRow = { readonly holder?: string; readonly isHeld: boolean; readonly now?: number };

async function readLease(client: Client, name: string): Promise<LeaseRow> {
  try {
    const { rows } = await client.query<{ holder: string | null; is_held: boolean | null; now: number }>(
      `select ${databaseMs} as now, holder, expires_at > clock_timestamp() as is_held
       from (select 1) as one left join headroom.lease on name = $1`,
      [name],
    );
    const { holder, is_held, now } = rows[0]!;
    return { isHeld: is_held ?? false, now, ...(holder === null ? {} : { holder }) };
  } catch (error) {
    // Nobody has led here yet.
    if ([noSuchTable, noSuchSchema].includes(errorCode(error))) return { isHeld: false };
    throw error;
  }
}
