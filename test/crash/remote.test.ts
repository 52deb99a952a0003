/**
 * Workers on other machines: they make and delete VMs; one that is lost has no engine left when another one takes its lanes
 * over, and no VM is made twice or forgotten. HEADROOM_REMOTE=all runs every way to lose one, else one is shown.
 * HEADROOM_REMOTE_LOG=1 prints what happened.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { connect } from "../../runtime/store/postgres-connection";
import { newOpenFolder } from "../support/open-folder";
import { newDatabase } from "../support/postgres";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";
import { kill9 } from "./processes";
import { RemoteRun } from "./remote-run";
import { signalAll } from "./service-process";
import { onHost, type WorkerProcess } from "./worker-process";

const engine = "embedded";
const isWhole = process.env["HEADROOM_REMOTE"] === "all";

/** Whether a process may be given another host name here. */
function canRenameHosts(): boolean {
  const [command, ...words] = [...onHost("headroom-elsewhere"), "hostname"];
  return spawnSync(command!, words, { encoding: "utf8" }).stdout.trim() === "headroom-elsewhere";
}

describe("workers on other machines", function () {
  this.timeout(10 * 60_000);
  let lines: string[] = [];

  before(function () {
    if (process.platform !== "linux") this.skip();
  });

  async function withRun(createTime: string, test: (run: RemoteRun, databaseUrl: string) => Promise<void>) {
    const folder = newOpenFolder("headroom-remote-");
    const startedMs = Date.now();
    lines = [];
    const log = (line: string): void => {
      lines.push(`${((Date.now() - startedMs) / 1000).toFixed(1)} ${line}`);
      if (process.env["HEADROOM_REMOTE_LOG"]) console.log(lines.at(-1));
    };
    try {
      const databaseUrl = await newDatabase();
      const options = { databaseUrl, engine, openAhead: 0, workers: 0, folder, log, createTime } as const;
      await RemoteRun.with(options, (run) => test(run, databaseUrl));
    } catch (error) {
      console.log(lines.slice(-60).join("\n"));
      throw error;
    }
    removeFolder(folder);
  }

  /** The worker that has the lane on which something is made now, with its engine at work. */
  async function untilAtWork(run: RemoteRun): Promise<WorkerProcess> {
    return until("an engine is at work", () => run.workers.find((worker) => worker.parts("plugin").length > 0));
  }

  it("make and delete VMs, and nothing secret of it stands in the database in clear", () =>
    withRun("0s", async (run, databaseUrl) => {
      await run.declare();
      // Nobody is there to make its VM yet.
      const early = await run.request();
      const worker = await run.startWorker("two");
      await run.untilServed(early);
      assert.deepEqual((await run.workerStates())[worker.workerId]?.state, "ready");
      const client = await connect(databaseUrl);
      await client.query("create table kept as select payload::text as t from graphile_worker._private_jobs limit 0");
      await client.query(
        `create function keep() returns trigger language plpgsql as
         $$ begin insert into kept select to_jsonb(new)::text; return new; end $$`,
      );
      for (const table of ["graphile_worker._private_jobs", "headroom.worker_event"]) {
        await client.query(`create trigger keep before insert on ${table} for each row execute function keep()`);
      }
      const late = await run.request();
      await run.untilServed(late);
      await run.untilQuiet(2);
      // A node may run a moment before the update that made it has ended.
      await until("what each lane's engine printed there is read here", async () => {
        const outputs = await Promise.all((await run.lanes()).map(({ laneId }) => run.outputOf(laneId)));
        return outputs.length > 0 && outputs.every((output) => output.includes("pulumi:pulumi:Stack"));
      });
      for (const sessionId of [early, late]) await run.release(sessionId);
      await run.untilQuiet(0);
      const { rows } = await client.query<{ t: string }>("select t from kept");
      await client.end();
      assert.ok(rows.length >= 4, `only ${rows.length} rows were written`);
      // Of a startup script, of an account, and of what is told.
      const words = ["heartbeat", "token", "settings", "nodeCreated", "address"];
      assert.deepEqual(
        words.filter((word) => rows.some(({ t }) => t.includes(word))),
        [],
      );
      assert.deepEqual([...run.twins], []);
      assert.deepEqual(run.leftovers(), []);
    }));

  for (const [what, strike] of [
    ["is killed, while its engine goes on", (lost: WorkerProcess) => kill9(lost.child.pid!)],
    ["stands still, while its engine goes on", (lost: WorkerProcess) => signalAll(lost.parts("service"), "SIGSTOP")],
  ] as const) {
    it(`take over the lane of one that ${what}`, function () {
      if (!isWhole) return this.skip();
      return withRun("8s", async (run) => {
        await run.declare();
        await run.startWorker("two");
        const sessionId = await run.request();
        const lost = await untilAtWork(run);
        const lostId = lost.workerId;
        strike(lost);
        const other = await run.startWorker("three");
        await until("it is given up", async () => (await run.workerStates())[lostId]?.state === "ended");
        // Before anybody else touches its lanes.
        assert.deepEqual(lost.atWork(), []);
        await run.untilServed(sessionId);
        await run.untilQuiet(1);
        if (what.startsWith("stands")) {
          signalAll(lost.parts("service"), "SIGCONT");
          await until("it has registered anew", async () => {
            const states = await run.workerStates();
            const ready = Object.entries(states).filter(([, { state }]) => state === "ready");
            return ready.length === 2 && ready.some(([workerId]) => workerId !== lostId && workerId !== other.workerId);
          });
        }
        await run.release(sessionId);
        await run.untilQuiet(0);
        assert.deepEqual([...run.twins], []);
        assert.deepEqual(run.leftovers(), []);
      });
    });
  }

  it("take over the lane of a machine of another name, its lock included", function () {
    if (!canRenameHosts()) return this.skip();
    return withRun("8s", async (run) => {
      await run.declare();
      await run.startWorker("two", { host: "headroom-elsewhere" });
      const sessionId = await run.request();
      const lost = await untilAtWork(run);
      // As a machine that loses its power.
      kill9(lost.child.pid!);
      for (const { pid } of lost.atWork()) kill9(pid);
      await run.startWorker("three");
      await run.untilServed(sessionId);
      await run.untilQuiet(1);
      await run.release(sessionId);
      await run.untilQuiet(0);
      assert.deepEqual([...run.twins], []);
      assert.deepEqual(run.leftovers(), []);
    });
  });

  it("finish what they make while the service is killed and comes again", function () {
    if (!isWhole) return this.skip();
    return withRun("8s", async (run) => {
      await run.declare();
      await run.startWorker("two");
      const sessionId = await run.request();
      const worker = await untilAtWork(run);
      kill9(run.service.child.pid!);
      await run.startService();
      await run.untilServed(sessionId);
      await run.untilQuiet(1);
      assert.equal(worker.child.exitCode, null);
      await run.release(sessionId);
      await run.untilQuiet(0);
      assert.deepEqual([...run.twins], []);
      assert.deepEqual(run.leftovers(), []);
    });
  });
});
