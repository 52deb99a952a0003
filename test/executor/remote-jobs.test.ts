/** The queue of lanes' jobs on a real PostgreSQL, without any worker: what is in it without anybody's following it, and whose it is. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { dropTaken, laneTask } from "../../runtime/executor/remote/job-queue";
import { prepareQueue } from "../../runtime/executor/remote/job-taker";
import { RemoteJobs } from "../../runtime/executor/remote/remote-jobs";
import { createRng } from "../../runtime/main/chance";
import { realClock } from "../../runtime/model/real-clock";
import { connect } from "../../runtime/store/postgres-connection";
import { migrate } from "../../runtime/store/postgres-migrations";
import { createSealer } from "../../runtime/store/sealer";
import { withDatabase } from "../support/postgres";

type Client = Awaited<ReturnType<typeof connect>>;

async function withClient(run: (client: Client, connectionString: string) => Promise<void>): Promise<void> {
  await withDatabase(async (connectionString) => {
    const client = await connect(connectionString);
    try {
      await migrate(client);
      await run(client, connectionString);
    } finally {
      await client.end();
    }
  });
}

describe("jobs of lanes in the queue", () => {
  it("keep a lane for workers elsewhere after one that may be there, until a later one is over", async () => {
    await withClient(async (_client, connectionString) => {
      const jobs = new RemoteJobs({
        ...{ connectionString, sealer: createSealer(randomBytes(32)), epoch: 1, clock: realClock, rng: createRng() },
        ...{
          log: { info: () => undefined, warn: () => undefined, error: () => undefined },
          onWorkers: () => undefined,
        },
      });
      await jobs.start();
      try {
        const submit = (): Promise<unknown> =>
          jobs.submit(
            { kind: "remove", laneId: "lane-1", stack: "lane-1", epoch: 1 },
            { place: { task: laneTask, laneId: "lane-1", rank: 0 }, onNews: () => undefined },
          );

        // There are no tables yet, so nobody can tell what became of it.
        await assert.rejects(submit(), /the queue of the workers can't be reached/);
        assert.ok(jobs.isUnsure("lane-1"));

        await prepareQueue(connectionString);
        await assert.rejects(submit(), /no worker is there to take it/);
        assert.ok(!jobs.isUnsure("lane-1"), "withdrawn with what it replaced: this machine may take the lane");
      } finally {
        await jobs.stop();
      }
    });
  });

  it("are given up with a taker that nobody knows, and jobs of others in the same tables are left alone", async () => {
    await withClient(async (client, connectionString) => {
      await prepareQueue(connectionString);
      for (const task of ["lane", "lane@w1", "ask", "send_mail", "lane_report"]) {
        await client.query("select graphile_worker.add_job($1, '{}'::json)", [task]);
      }
      await client.query(
        "update graphile_worker._private_jobs set locked_by = 'of-' || id, locked_at = now() - interval '1 hour'",
      );

      await dropTaken(client, { ended: [], living: [] });

      const { rows } = await client.query<{ task: string; by: string | null }>(
        `select task_identifier as task, locked_by as by from graphile_worker.jobs order by id`,
      );
      assert.deepEqual(
        rows.map(({ task, by }) => [task, by !== null]),
        [
          ["send_mail", true],
          ["lane_report", true],
        ],
      );
    });
  });
});
