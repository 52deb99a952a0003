/**
 * The queue of lane jobs, as who leads sees it: the tables of graphile-worker, by that library's own SQL functions. Of a lane
 * one job at a time is taken (its named queue), and one that waits is replaced by the next one (its key). A job is tried
 * once: what became of a lost one is for recovery to find out.
 */
import type { Queryable } from "../../store/worker-rows";
import type { QueuedJob } from "./remote-protocol";

/** Any worker takes these. */
export const laneTask = "lane";
export const askTask = "ask";

/** Only this worker takes these. */
export function ownLaneTask(workerId: string): string {
  return `lane@${workerId}`;
}

export interface Place {
  readonly task: string;
  /** Of a lane's job: the lane. */
  readonly laneId?: string | undefined;
  /** Lower numbers are taken first. */
  readonly rank: number;
}

/** Answers the queue's own id of the job. */
export async function enqueue(client: Queryable, job: QueuedJob, { task, laneId, rank }: Place): Promise<string> {
  const queue = laneId === undefined ? null : `lane ${laneId}`;
  const { rows } = await client.query<{ id: string | number }>(
    `select id from graphile_worker.add_job(
       $1, $2::json, queue_name := $3, job_key := coalesce($3, $4), max_attempts := 1, priority := $5)`,
    [task, JSON.stringify(job), queue, job.job, rank],
  );
  return String(rows[0]!.id);
}

/** True when nobody had taken it: nobody will. */
export async function withdraw(client: Queryable, queueId: string): Promise<boolean> {
  const { rows } = await client.query("select id from graphile_worker.complete_jobs(array[$1::bigint])", [queueId]);
  return rows.length > 0;
}

/** A worker tells under which names it takes jobs well before this; what others have had for so long is of a dead one. */
const unnamedTakerSeconds = 30;

/** Jobs of ours: others may use the same tables for theirs. */
const isOurs = `(task_identifier in ('${laneTask}', '${askTask}') or task_identifier like '${laneTask}@%')`;

/**
 * Gives up what takers of workers that have ended had taken, and frees the queues of its lanes. Answers the queue's ids of
 * the jobs.
 */
export async function dropTaken(
  client: Queryable,
  { ended, living }: { readonly ended: readonly string[]; readonly living: readonly string[] },
): Promise<string[]> {
  const { rows } = await client.query<{ id: string | number; locked_by: string }>(
    `select id, locked_by from graphile_worker.jobs where ${isOurs} and (locked_by = any($1::text[])
       or (locked_by <> all($2::text[]) and locked_at < now() - make_interval(secs => $3)))`,
    [ended, living, unnamedTakerSeconds],
  );
  const ids = rows.map(({ id }) => String(id));
  // One that is not locked any more is not taken again either: it was tried once.
  await client.query("select graphile_worker.force_unlock_workers($1::text[])", [
    rows.map(({ locked_by: taker }) => taker),
  ]);
  if (ids.length > 0) await client.query("select id from graphile_worker.complete_jobs($1::bigint[])", [ids]);
  return ids;
}
