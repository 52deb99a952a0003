/**
 * What workers on other machines tell of their jobs, on its way to who leads. It is sealed by who wrote it; here it is only
 * text. A row goes when it has been acted upon, so that nothing is lost with a connection.
 */
import type { Queryable } from "./worker-rows";

export interface WorkerEvent {
  readonly job: string;
  readonly content: string;
}

export interface WorkerEventRow extends WorkerEvent {
  /** Grows within a job. */
  readonly seq: number;
}

/** Notified when there is something to read. */
export const eventsChannel = "headroom_worker_events";

/** In this order; all or none of them. @param epoch Of the term that the jobs are of. */
export async function addEvents(client: Queryable, epoch: number, events: readonly WorkerEvent[]): Promise<void> {
  await client.query(
    `with added as (
       insert into headroom.worker_event (epoch, job, content)
       select $1::bigint, job, content from unnest($2::text[], $3::text[]) with ordinality as e (job, content, n)
       order by n
     )
     select pg_notify('${eventsChannel}', '')`,
    [epoch, events.map(({ job }) => job), events.map(({ content }) => content)],
  );
}

/** What was told in this term and has not been dropped. */
export async function readEvents(client: Queryable, epoch: number): Promise<WorkerEventRow[]> {
  const { rows } = await client.query<{ seq: string | number; job: string; content: string }>(
    "select seq, job, content from headroom.worker_event where epoch = $1 order by seq",
    [epoch],
  );
  return rows.map(({ seq, job, content }) => ({ seq: Number(seq), job, content }));
}

export async function dropEvents(client: Queryable, seqs: readonly number[]): Promise<void> {
  await client.query("delete from headroom.worker_event where seq = any($1::bigint[])", [seqs]);
}

/** What was told in earlier terms concerns nobody: their lanes are recovered. */
export async function dropEarlierEvents(client: Queryable, epoch: number): Promise<void> {
  await client.query("delete from headroom.worker_event where epoch < $1", [epoch]);
}
