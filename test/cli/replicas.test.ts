/** Replicas in one process: which may not lead, and what those do that were overtaken by a newer version. */
import assert from "node:assert/strict";
import { readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HeadroomClient } from "../../runtime/api/client";
import type { Runtime } from "../../runtime/main/options";
import { startRuntime } from "../../runtime/main";
import type { Clock } from "../../runtime/model/clock";
import { realClock } from "../../runtime/model/real-clock";
import { connect } from "../../runtime/store/postgres-connection";
import { newDatabase } from "../support/postgres";
import { until } from "../support/until";
import { shareSecrets, withFolder } from "./headroom";

/** That of this machine, and so much ahead. */
class OffClock implements Clock {
  aheadMs = 0;
  now(): number {
    return Date.now() + this.aheadMs;
  }
  after(delayMs: number, run: () => void): () => void {
    return realClock.after(delayMs, run);
  }
}

describe("replicas", function () {
  this.timeout(180_000);

  /** Two with the same secrets on one database; the first leads, and the second reaches the backend by the path `mount`. */
  async function withTwo(
    use: (site: { one: Runtime; two: Runtime; databaseUrl: string; mount: string }) => Promise<void>,
    clocks: { one?: Clock; two?: Clock } = {},
  ): Promise<void> {
    await withFolder(async (folder) => {
      const databaseUrl = await newDatabase();
      const [state, mount] = [join(folder, "state"), join(folder, "mount")];
      const options = { port: 0, engine: "embedded", databaseUrl, logLevel: "silent" } as const;
      const first = { ...options, backendUrl: `file://${state}` };
      const one = await startRuntime({ ...first, dataFolder: join(folder, "one"), clock: clocks.one });
      const started = [one];
      try {
        shareSecrets(join(folder, "one"), join(folder, "two"));
        symlinkSync(state, mount);
        const second = { ...options, backendUrl: `file://${mount}` };
        const two = await startRuntime({ ...second, dataFolder: join(folder, "two"), clock: clocks.two });
        started.push(two);
        await use({ one, two, databaseUrl, mount });
      } finally {
        for (const runtime of started) await runtime.stop();
      }
    });
  }

  async function readiness({ url }: Runtime): Promise<{ httpStatus: number; status: string; message?: string }> {
    const response = await fetch(`${url}/readyz`);
    return { httpStatus: response.status, ...((await response.json()) as { status: string; message?: string }) };
  }

  it("with a clock that is off say so and don't lead, and do both when it is set", async () => {
    for (const aheadMs of [3_000, -3_000]) {
      const clock = new OffClock();
      clock.aheadMs = aheadMs;
      await withTwo(
        async ({ one, two }) => {
          const where = aheadMs > 0 ? "ahead of" : "behind";
          const unready = await readiness(two);
          assert.deepEqual([unready.httpStatus, unready.status], [503, "unready"]);
          assert.match(
            unready.message!,
            new RegExp(`does not lead: the clock .* (2\\.9|3\\.0) s ${where} the database's`),
          );
          await one.stop();
          assert.equal(two.isLeader, false);
          clock.aheadMs = 0;
          await two.whenLeader();
          assert.deepEqual(await readiness(two).then(({ status }) => status), "leader");
        },
        { two: clock },
      );
    }
  });

  it("give up leading when their clock goes wrong, and another one leads", async () => {
    const clock = new OffClock();
    await withTwo(
      async ({ one, two }) => {
        assert.equal(one.isLeader, true);
        clock.aheadMs = 60_000;
        await two.whenLeader();
        await until("the one whose clock is off says so", async () =>
          /clock of its machine is (59|60)\.\d s ahead/.test((await readiness(one)).message ?? ""),
        );
        assert.equal((await readiness(one)).httpStatus, 503);
      },
      { one: clock },
    );
  });

  it("that can't reach the backend say so and don't lead, and do when it is there again", async () => {
    await withTwo(async ({ one, two, mount }) => {
      assert.equal((await readiness(two)).status, "standby");
      const state = readlinkSync(mount);
      rmSync(mount);
      writeFileSync(mount, "no folder");
      await one.stop();
      await until("the second says what is wrong", async () =>
        (await readiness(two)).message?.includes("can't be read"),
      );
      assert.equal((await readiness(two)).httpStatus, 503);
      assert.match(two.standbyReason!, /does not lead: its backend file:.*mount can't be read \(ENOTDIR/);

      rmSync(mount);
      symlinkSync(state, mount);
      await two.whenLeader();
    });
  });

  it("of an older version that was overtaken by a newer one have requests answered by it", async () => {
    await withTwo(async ({ one, two, databaseUrl }) => {
      const client = await connect(databaseUrl);
      try {
        // As a newer version leaves it behind, and then the older leader loses its lease.
        await client.query("insert into headroom.migration values (1000, now())");
        await client.query("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted");
      } finally {
        await client.end();
      }
      await two.whenLeader();
      await until("the older one stands by", async () => (await readiness(one)).status === "standby");
      const answers = new HeadroomClient({ endpoint: one.url, apiKey: one.adminKey });
      assert.equal((await answers.status()).url, two.url);
      assert.match(one.standbyReason!, new RegExp(`standby; ${two.url}`));
    });
  });
});
