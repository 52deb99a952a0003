/**
 * The rows of workers on other machines. A worker writes a sign of life into its own row every few seconds; who leads reads
 * them. A row that has ended stays so: its worker, if it still lives, may not go on under that id.
 */
import type { Client, Pool } from "pg";

/** What a worker tells of itself with each sign of life. */
export interface WorkerFacts {
  /** Name of its machine, as it stands in the locks of its engines. */
  readonly host: string;
  readonly pid: number;
  /** Version of its package. */
  readonly version: string;
  /** Of jobs and what is told of them: workers that speak another one get none. */
  readonly protocol: number;
  /** Name and version of its engine. */
  readonly engine: string;
  /** Updates that it runs at the same time. */
  readonly slots: number;
  /**
   * Without a sign of life for so long its engines are dead: it kills them after two thirds of it. Unit: seconds.
   */
  readonly deadAfterSeconds: number;
  readonly startedAtMs: number;
  /** Under these names it takes jobs from the queue. */
  readonly takers: readonly string[];
  /** Lanes that it has, or whose engine it still has; it touches no other. */
  readonly lanes: readonly string[];
  /** Those of them on which something is at work that ends by itself. */
  readonly busy: readonly string[];
}

export interface WorkerRow extends WorkerFacts {
  readonly workerId: string;
  /** Since its last sign of life, by the database's clock. */
  readonly silentMs: number;
  /** No engine of it lives, nor will one again. */
  readonly hasEnded: boolean;
}

/** One connection or several. */
export type Queryable = Pick<Client, "query"> | Pick<Pool, "query">;

/** A worker that has ended is kept for who looks for it; one that had lanes until they are recovered, which may take long. */
const kept = "make_interval(hours => case when doc -> 'lanes' = '[]'::jsonb then 1 else 720 end)";

export async function addWorker(client: Queryable, workerId: string, facts: WorkerFacts): Promise<void> {
  const text = "insert into headroom.worker (id, doc, seen_at) values ($1, $2, clock_timestamp())";
  await client.query(text, [workerId, JSON.stringify(facts)]);
  await client.query(`select pg_notify('${workersChannel}', '')`);
}

/** A sign of life. False: the worker was given up for dead, and may not go on under this id. */
export async function sayAlive(client: Queryable, workerId: string, facts: WorkerFacts): Promise<boolean> {
  const text = "update headroom.worker set doc = $2, seen_at = clock_timestamp() where id = $1 and not has_ended";
  const { rowCount } = await client.query(text, [workerId, JSON.stringify(facts)]);
  return rowCount === 1;
}

/** To be called when no engine of it lives any more. */
export async function endWorker(client: Queryable, workerId: string): Promise<void> {
  await client.query("update headroom.worker set has_ended = true where id = $1", [workerId]);
  await client.query(`select pg_notify('${workersChannel}', '')`);
}

/** Gives up those that have been silent for too long; from then on their signs of life are refused. Then all rows. */
export async function readWorkers(client: Queryable): Promise<WorkerRow[]> {
  await client.query(
    `update headroom.worker set has_ended = true
     where not has_ended and seen_at < clock_timestamp() - make_interval(secs => (doc ->> 'deadAfterSeconds')::float)`,
  );
  await client.query(`delete from headroom.worker where has_ended and seen_at < clock_timestamp() - ${kept}`);
  const { rows } = await client.query<{ id: string; doc: WorkerFacts; silent: number; ended: boolean }>(
    `select id, doc, extract(epoch from clock_timestamp() - seen_at)::float * 1000 as silent, has_ended as ended
     from headroom.worker order by id`,
  );
  return rows.map(({ id, doc, silent, ended }) => ({
    ...doc,
    workerId: id,
    silentMs: Math.max(0, Math.round(silent)),
    hasEnded: ended,
  }));
}

/** Notified when a worker came or ended. */
export const workersChannel = "headroom_workers";
