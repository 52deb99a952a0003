import assert from "node:assert/strict";
import fc from "fast-check";
import { UnavailableError } from "../../runtime/model/errors";
import { changeId } from "../../runtime/store/batch";
import { HotState } from "../../runtime/store/hot-state";
import { rowId, type Change } from "../../runtime/model/changes";
import { MemoryDisk, MemoryStore } from "../../runtime/store/memory";
import { PostgresStore } from "../../runtime/store/postgres";
import { connect } from "../../runtime/store/postgres-connection";
import type { Store } from "../../runtime/store/store";
import { newDatabase } from "../support/postgres";
import { realClock } from "../../runtime/model/real-clock";
import {
  aDecision,
  aSealer,
  aSession,
  aStagedSession,
  anAnswer,
  decided,
  oneOfEach,
  putDefinition,
  putLane,
  putNode,
  putSession,
} from "./rows";

/** One durable state, and what can be done to it from outside. */
interface World {
  readonly open: () => Promise<Store>;
  /** Another runtime takes the lease over while the present leader knows nothing of it. */
  readonly depose: () => Promise<void>;
}

async function onMemory(): Promise<World> {
  const disk = new MemoryDisk();
  return {
    open: async () => new MemoryStore({ disk }),
    depose: async () => {
      disk.epoch += 1;
    },
  };
}

async function onPostgres(): Promise<World> {
  const connectionString = await newDatabase();
  const sealer = aSealer();
  const options = { connectionString, clock: realClock, holder: "test", onLost: () => undefined, sealer };
  return {
    open: () => PostgresStore.open(options),
    depose: async () => {
      const client = await connect(connectionString);
      await client.query("update headroom.lease set epoch = epoch + 1, holder = 'another'");
      await client.end();
    },
  };
}

const seed = Number(process.env["HEADROOM_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

describeStore("MemoryStore", onMemory);
describeStore("PostgresStore", onPostgres);

function describeStore(name: string, prepare: () => Promise<World>): void {
  describe(name, () => {
    let world: World;
    let store: Store;

    beforeEach(async () => {
      world = await prepare();
      store = await world.open();
    });

    afterEach(async () => {
      await store.close();
    });

    const reopen = async (): Promise<void> => {
      await store.close();
      store = await world.open();
    };

    it("keeps a staged session with its permissions, and that a user got it", async () => {
      const staged = aStagedSession();
      const doc = { name: "desks", zone: "default", workspace: "desktop", sessions: 1, permissions: { webcam: true } };
      await store.write([
        putDefinition({ kind: "stagingConfig", name: "desks", doc }),
        putNode(),
        { kind: "put", table: "session", row: staged },
      ]);
      await reopen();
      const before = new HotState();
      before.apply(await store.load());
      await store.write([putSession({ ...staged, status: "assigned", userId: "alice" })]);
      await reopen();
      const after = new HotState();
      after.apply(await store.load());

      assert.deepEqual([...before.staged.get("desks")!.values()], [staged]);
      assert.equal(before.stagingConfigs.get("desks")!.permissions.webcam, true);
      assert.equal(after.staged.size, 0);
      assert.deepEqual(after.sessions.get("t1"), { ...staged, status: "assigned", userId: "alice" });
    });

    it("starts empty", async () => {
      assert.deepEqual(await store.load(), []);
      assert.deepEqual(await store.decisions({ limit: 10 }), []);
      assert.equal(await store.session("s1"), undefined);
    });

    it("gives a row of every table back after a restart", async () => {
      await store.write(oneOfEach);
      await reopen();

      assert.deepEqual(await store.load(), oneOfEach);
    });

    it("loads rows in the order of their last change, over batches and restarts", async () => {
      await store.write([putNode({ nodeId: "n1" }), putSession({ sessionId: "s1" })]);
      await reopen();
      await store.write([putNode({ nodeId: "n2" }), putLane()]);
      await store.write([putNode({ nodeId: "n1", status: "running" })]);
      await reopen();

      const nodes = [putNode({ nodeId: "n2" }), putLane(), putNode({ nodeId: "n1", status: "running" })];
      assert.deepEqual(await store.load(), [putSession({ sessionId: "s1" }), ...nodes]);
    });

    it("writes any number of changes as one, in their order", async () => {
      const sessions = Array.from({ length: 9_000 }, (_, index) => `s${String(index).padStart(5, "0")}`);
      const changes: Change[] = sessions.flatMap((sessionId) => [
        putSession({ sessionId }),
        decided({ decisionId: `d${sessionId}`, subjectId: sessionId }),
      ]);
      changes.push(
        { kind: "delete", table: "session", id: "s00001" },
        putSession({ sessionId: "s00000", sequence: 7 }),
      );
      await store.write(changes);

      const rows = (await store.load()).flatMap((change) =>
        change.kind === "put" ? [rowId(change.table, change.row)] : [],
      );
      assert.deepEqual(rows, [...sessions.slice(2), "s00000"]);
      assert.equal((await store.decisions({ limit: 1, subjectId: "s08999" })).length, 1);

      await world.depose();
      await assert.rejects(
        store.write(sessions.map((sessionId) => putSession({ sessionId, sequence: 9 }))),
        UnavailableError,
      );
      await store.close();
      store = await world.open();
      assert.ok(
        !(await store.load()).some(
          (change) => change.kind === "put" && JSON.stringify(change).includes('"sequence":9'),
        ),
      );
    });

    it("keeps the last of several changes of one row in one batch", async () => {
      await store.write([
        putSession({ userId: "first" }),
        putNode(),
        putSession({ userId: "last" }),
        putLane(),
        { kind: "delete", table: "lane", id: "agents-1" },
        { kind: "delete", table: "node", id: "n1" },
        putNode({ status: "running" }),
      ]);

      assert.deepEqual(await store.load(), [putSession({ userId: "last" }), putNode({ status: "running" })]);
    });

    it("forgets deleted rows, and does not mind deleting what is not there", async () => {
      await store.write(oneOfEach);
      const puts = oneOfEach.filter((change) => change.kind === "put");
      await store.write(puts.map((put): Change => ({ kind: "delete", table: put.table, id: changeId(put) })));
      await store.write([{ kind: "delete", table: "node", id: "unknown" }]);

      assert.deepEqual(await store.load(), []);
      assert.equal(await store.session("s1"), undefined);
    });

    it("does not load sessions that ended, but finds them by id", async () => {
      const ended = aSession({ status: "ended", endedAtMs: 9_000, endReason: "released" });
      await store.write([putSession(), putSession({ sessionId: "s2" })]);
      await store.write([{ kind: "put", table: "session", row: ended }]);
      await reopen();

      assert.deepEqual(await store.load(), [putSession({ sessionId: "s2" })]);
      assert.deepEqual(await store.session("s1"), ended);
    });

    it("keeps documents apart from later changes of the objects handed in", async () => {
      const doc = { name: "default", list: [1] };
      await store.write([putDefinition({ doc })]);
      doc.list.push(2);

      assert.deepEqual(await store.load(), [putDefinition({ doc: { name: "default", list: [1] } })]);
    });

    it("drops fields that are undefined, as JSON does", async () => {
      await store.write([putSession({ nodeId: undefined, zone: undefined })]);

      assert.deepEqual(await store.load(), [putSession()]);
    });

    it("pages through the journal, newest first or after an id", async () => {
      const ids = [1, 2, 3, 4, 5].map((number) => `000000000${number}-0`);
      const all = ids.map((decisionId, index) =>
        aDecision({ decisionId, subject: index % 2 ? "node" : "session", subjectId: index < 2 ? "a" : "b" }),
      );
      await store.write(all.slice(0, 3).map((decision) => decided(decision)));
      await store.write(all.slice(3).map((decision) => decided(decision)));
      const idsOf = async (filter: Parameters<Store["decisions"]>[0]): Promise<string[]> =>
        (await store.decisions(filter)).map(({ decisionId }) => decisionId);

      assert.deepEqual(await store.decisions({ limit: 2 }), [all[4], all[3]]);
      assert.deepEqual(await idsOf({ after: ids[1]!, limit: 2 }), [ids[2], ids[3]]);
      assert.deepEqual(await idsOf({ after: "", limit: 1 }), [ids[0]]);
      assert.deepEqual(await idsOf({ after: ids[4]!, limit: 2 }), []);
      assert.deepEqual(await idsOf({ subject: "session", limit: 10 }), [ids[4], ids[2], ids[0]]);
      assert.deepEqual(await idsOf({ subject: "session", subjectId: "b", limit: 10 }), [ids[4], ids[2]]);
      assert.deepEqual(await idsOf({ subject: "node", subjectId: "b", after: ids[0]!, limit: 10 }), [ids[3]]);
      assert.deepEqual(await store.load(), []);
    });

    it("writes a decision once", async () => {
      await store.write([decided({ event: "placed" }), decided({ event: "again" })]);
      await store.write([decided({ event: "later" })]);

      assert.deepEqual(await store.decisions({ limit: 10 }), [aDecision({ event: "placed" })]);
    });

    it("refuses writes once another leader took over, and writes nothing of them", async () => {
      await store.write([putSession({ sessionId: "before" })]);
      await world.depose();

      await assert.rejects(store.write([putSession({ sessionId: "late" }), decided()]), UnavailableError);
      await assert.rejects(store.write([{ kind: "delete", table: "session", id: "before" }]), UnavailableError);
      await reopen();
      await store.write([putSession({ sessionId: "after" })]);

      assert.deepEqual(await store.load(), [putSession({ sessionId: "before" }), putSession({ sessionId: "after" })]);
      assert.deepEqual(await store.decisions({ limit: 10 }), []);
    });

    it("refuses everything after it was closed", async () => {
      await store.close();
      await store.close();

      await assert.rejects(store.write([putSession()]), UnavailableError);
      await assert.rejects(store.load(), UnavailableError);
      await assert.rejects(store.session("s1"), UnavailableError);
      await assert.rejects(store.decisions({ limit: 1 }), UnavailableError);
    });

    it(`takes every JSON document and every string as an id (seed ${seed})`, async () => {
      const anyText = fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), minLength: 1 });
      const anyBody = fc.oneof(
        fc.jsonValue({ noUnicodeString: false }),
        fc.dictionary(
          anyText.filter((key) => key !== "__proto__"),
          anyText,
        ),
        fc.constantFrom(
          "\u0000",
          "\\u0000",
          "\\\u0000",
          "\ud800",
          "\udc00\ud800",
          "\ue000",
          "\ue0000000",
          "a\ue000d800",
        ),
      );
      await fc.assert(
        fc.asyncProperty(anyText, anyBody, async (key, body) => {
          const row = anAnswer({ key, body: JSON.parse(JSON.stringify(body)) as unknown });
          await store.write([{ kind: "put", table: "idempotentAnswer", row }]);
          const loaded = await store.load();
          await store.write([{ kind: "delete", table: "idempotentAnswer", id: key }]);

          assert.deepEqual(loaded, [{ kind: "put", table: "idempotentAnswer", row }]);
        }),
        { seed, numRuns: 100 },
      );
      assert.deepEqual(await store.load(), []);
    });

    it("fills the hot state with what was in it before", async () => {
      const before = new HotState();
      before.apply(oneOfEach);
      await store.write(oneOfEach);
      const after = new HotState();
      after.apply(await store.load());

      assert.deepEqual(contentsOf(after), contentsOf(before));
      assert.ok(contentsOf(before).every((table) => table.length > 0));
    });
  });
}

/** Every table, and what was made from the definitions. */
function contentsOf(state: HotState): readonly unknown[][] {
  const { definitions, nodes, sessions, lanes, accounts, accountChecks, configStates, orphans } = state;
  const { apiKeys, idempotentAnswers, installation, zones } = state;
  const tables = { definitions, nodes, sessions, lanes, accounts, accountChecks, configStates, orphans };
  return Object.values({ ...tables, apiKeys, idempotentAnswers, installation, zones }).map((rows) => [...rows]);
}
