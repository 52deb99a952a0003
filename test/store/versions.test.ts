/** What earlier versions left in the database is opened by this one, which goes on from there. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Change } from "../../runtime/model/changes";
import { tableNames } from "../../runtime/store/batch";
import { columnName } from "../../runtime/store/postgres-batch";
import { PostgresStore } from "../../runtime/store/postgres";
import { agents, countByStatus } from "../reconciler/questions";
import { World } from "../reconciler/world";
import { newDatabase } from "../support/postgres";
import { realClock } from "../../runtime/model/real-clock";
import { accountSecret } from "./rows";
import { restoreDataSet, sealerOf, type DataSet } from "./versions/data-set";

const folder = join(__dirname, "..", "..", "..", "test", "store", "versions");
const versions = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

function readSet(version: string): DataSet {
  return JSON.parse(readFileSync(join(folder, version, "rows.json"), "utf8")) as DataSet;
}

async function load(set: DataSet): Promise<Change[]> {
  const connectionString = await newDatabase();
  await restoreDataSet(connectionString, set);
  const options = { connectionString, clock: realClock, holder: "test", onLost: () => undefined };
  const store = await PostgresStore.open({ ...options, sealer: sealerOf(set) });
  try {
    return await store.load();
  } finally {
    await store.close();
  }
}

/** A world that goes on where the data set ends. */
async function worldOf(set: DataSet, changes: readonly Change[]): Promise<World> {
  const world = new World();
  await world.clock.advance(set.atMs - world.clock.now());
  await world.store.write(changes);
  world.state.apply(changes);
  for (const [stack, nodes] of Object.entries(set.stacks)) world.stacks.set(stack, new Map(Object.entries(nodes)));
  await world.laneRunner.start();
  await world.reconciler.start();
  return world;
}

describe("data sets of earlier versions", () => {
  it("there are some", () => {
    assert.notDeepEqual(versions, []);
  });

  for (const version of versions) {
    it(`of version ${version} are opened: every open row of every table is there and readable`, async () => {
      const set = readSet(version);
      const changes = await load(set);

      const open = Object.entries(set.tables).flatMap(([table, rows]) =>
        rows
          .filter(({ doc }) => table !== "decision" && (doc as { status?: string }).status !== "ended")
          .map(({ id }) => `${table} ${String(id)}`),
      );
      const loaded = changes.map((change) => (change.kind === "put" ? columnName(change.table) : "other"));
      assert.equal(changes.length, open.length);
      for (const table of tableNames.map(columnName)) {
        const kept = open.filter((name) => name.startsWith(`${table} `)).length;
        assert.equal(loaded.filter((name) => name === table).length, kept, table);
      }
      const world = await worldOf(set, changes);
      await world.stop();
      assert.equal(world.state.unreadable.size, 0);
      assert.equal(world.state.accounts.get("vm-main-1a2b3c4d")?.settings["secretAccessKey"], accountSecret);
      assert.ok(world.state.lanes.size > 0 && world.state.sessions.size > 0);
    });

    it(`of version ${version} are led: nodes with sessions stay, idle ones go, new ones are made`, async () => {
      const set = readSet(version);
      const world = await worldOf(set, await load(set));
      const before = [...world.state.nodes.keys()];
      const used = before.filter((nodeId) => world.state.sessionsOf(nodeId).size > 0);
      assert.deepEqual(countByStatus(world), { running: before.length });
      assert.ok(used.length > 0 && used.length < before.length);
      assert.deepEqual(world.nodesInCloud().sort(), before.sort());

      const declare = (minNodes: number): Promise<void> =>
        world.declare({ configs: [agents({ minNodes, maxNodes: 6, downscaleBackoff: "1m" })] });
      await declare(before.length + 1);
      await world.clock.advance(60_000);
      const added = [...world.state.nodes.keys()].filter((nodeId) => !before.includes(nodeId));
      assert.equal(added.length, 1);
      assert.ok(world.nodesInCloud().includes(added[0]!));

      await declare(0);
      await world.clock.advance(4 * 60_000);
      await world.stop();
      assert.deepEqual(world.errors, []);
      for (const nodeId of used) assert.ok(world.nodesInCloud().includes(nodeId), `${nodeId} has sessions`);
      assert.ok(world.nodesInCloud().length < before.length);
      assert.deepEqual(world.nodesInCloud().sort(), [...world.state.nodes.keys()].sort());
    });
  }
});
