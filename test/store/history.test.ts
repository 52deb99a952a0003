import assert from "node:assert/strict";
import { connect } from "../../runtime/store/postgres-connection";
import { PostgresStore } from "../../runtime/store/postgres";
import { withDatabase } from "../support/postgres";
import { realClock } from "../../runtime/model/real-clock";
import { until } from "../support/until";
import { decided, putSession } from "./rows";

const dayMs = 86_400_000;

describe("history", () => {
  it("is pruned by age: old decisions and sessions that ended long ago go, open sessions never", async () => {
    await withDatabase(async (connectionString) => {
      const store = await PostgresStore.open({
        ...{ connectionString, clock: realClock, holder: "test", onLost: () => undefined },
      });
      await store.write([
        decided({ decisionId: "1", atMs: 1_000 }),
        decided({ decisionId: "2", atMs: 2_000 }),
        putSession({ sessionId: "open", requestedAtMs: 0 }),
        putSession({ sessionId: "old", status: "ended", endedAtMs: 1_999 }),
        putSession({ sessionId: "young", status: "ended", endedAtMs: 2_000 }),
      ]);

      assert.equal(await store.prune(2_000), 2);
      assert.deepEqual(
        (await store.decisions({ limit: 10 })).map(({ decisionId }) => decisionId),
        ["2"],
      );
      assert.equal(await store.session("old"), undefined);
      assert.ok(await store.session("young"));
      assert.deepEqual(await store.load(), [putSession({ sessionId: "open", requestedAtMs: 0 })]);
      await store.close();
    });
  });

  it("is pruned by size too: beyond the limit the oldest go, however young they are", async () => {
    await withDatabase(async (connectionString) => {
      const store = await PostgresStore.open({
        ...{ connectionString, clock: realClock, holder: "test", onLost: () => undefined, journalEntriesMax: 3 },
      });
      const ids = ["1", "2", "3", "4", "5"];
      await store.write([
        ...ids.map((id) => decided({ decisionId: id, atMs: 1_000 + Number(id) })),
        ...ids.map((id) => putSession({ sessionId: `s${id}`, status: "ended", endedAtMs: 2_000 + Number(id) })),
        putSession({ sessionId: "open", requestedAtMs: 0 }),
      ]);

      assert.equal(await store.prune(0), 4);
      const left = await store.decisions({ limit: 10 });
      assert.deepEqual(
        left.map(({ decisionId }) => decisionId),
        ["5", "4", "3"],
      );
      assert.deepEqual(await Promise.all(ids.map(async (id) => (await store.session(`s${id}`)) !== undefined)), [
        ...[false, false, true, true, true],
      ]);
      assert.equal(await store.prune(0), 0);
      assert.equal((await store.load()).length, 1);
      await store.close();
    });
  });

  it("is kept for the set time and then pruned by itself, in bounded statements", async () => {
    await withDatabase(async (connectionString) => {
      const due: (() => void)[] = [];
      const clock = {
        now: () => 100 * dayMs,
        after: (delayMs: number, run: () => void) => {
          if (delayMs === 60_000 || delayMs === 3_600_000) due.push(run);
          return () => undefined;
        },
      };
      const store = await PostgresStore.open({
        ...{ connectionString, clock, holder: "test", onLost: () => undefined, journalRetentionSeconds: 86_400 },
      });
      const client = await connect(connectionString);
      await client.query(
        `insert into headroom.decision select lpad(n::text, 9, '0'), n * 1000, 'node', 'n1', '{}' from generate_series(1, 12000) n`,
      );
      await client.query(`
        create table batch (rows bigint);
        create function note_batch() returns trigger language plpgsql as
          'begin insert into batch select count(*) from gone; return null; end';
        create trigger note_batch after delete on headroom.decision
          referencing old table as gone for each statement execute function note_batch()`);
      await store.write([decided({ decisionId: "new", atMs: 99.5 * dayMs })]);
      due.shift()!();
      await until("the old decisions are gone", async () => {
        const { rows } = await client.query<{ count: string }>("select count(*) from headroom.decision");
        return Number(rows[0]?.count) === 1;
      });
      await until("the next pruning is due", () => due.length === 1);
      const { rows: batches } = await client.query<{ rows: string }>("select rows from batch order by rows");
      assert.deepEqual(
        batches.map(({ rows }) => Number(rows)),
        [2000, 5000, 5000],
      );
      await client.end();
      await store.close();
    });
  });

  it("of one subject is read by index", async () => {
    await withDatabase(async (connectionString) => {
      const store = await PostgresStore.open({
        ...{ connectionString, clock: realClock, holder: "test", onLost: () => undefined },
      });
      const client = await connect(connectionString);
      await client.query(
        `insert into headroom.decision select lpad(n::text, 9, '0'), n, 'node', 'n' || n % 500, '{}' from generate_series(1, 20000) n;
         analyze headroom.decision`,
      );
      const { rows } = await client.query<{ "QUERY PLAN": string }>(
        "explain select doc from headroom.decision where subject = 'node' and subject_id = 'n7' order by id desc limit 10",
      );

      assert.match(rows.map((row) => row["QUERY PLAN"]).join("\n"), /decision_subject/);
      await client.end();
      await store.close();
    });
  });
});
