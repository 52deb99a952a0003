/**
 * `node dist/test/store/versions/write.js`: keeps a data set of this version in `test/store/versions/<version>`, for all
 * later ones to open. To be run once for each release. The secrets in it are test values.
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageVersion } from "../../../runtime/main";
import { putOf } from "../../../runtime/store/batch";
import { startEmbeddedPostgres } from "../../../runtime/store/embedded-postgres";
import type { Change, Rows, TableName } from "../../../runtime/model/changes";
import { PostgresStore } from "../../../runtime/store/postgres";
import { agents, request } from "../../reconciler/questions";
import { World } from "../../reconciler/world";
import { scheduleDoc, stagingDoc } from "../../support/builders";
import { realClock } from "../../../runtime/model/real-clock";
import { oneOfEach } from "../rows";
import { readTables, sealerOf, type DataSet } from "./data-set";

const sealingKey = createHash("sha256").update("a test value").digest("hex");

/** Tables of which the world writes nothing. */
const fromRows: readonly TableName[] = ["account", "apiKey", "idempotentAnswer", "installation"];

/** Three nodes, of which sessions fill one, take a part of another and spare the last; one session has ended. */
async function makeWorld(): Promise<World> {
  const world = await World.start({
    configs: [agents({ minNodes: 3, maxNodes: 6, downscaleBackoff: "1m" })],
    schedules: [scheduleDoc({ start: "00:00", end: "00:00", days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] })],
    staging: [stagingDoc({ sessions: 1 })],
  });
  await world.clock.advance(5 * 60_000);
  const first = await request(world, "office", "ann");
  await request(world, "office", "ben");
  await world.clock.advance(60_000);
  await world.broker.releaseSession(first);
  await world.clock.advance(5_000);
  await world.stop();
  return world;
}

function rowsOf(world: World): Change[] {
  const rows = [...world.disk.rows.values()].map(({ table, text }) =>
    putOf(table, JSON.parse(text) as Rows[TableName]),
  );
  const decisions = world.disk.decisions.map((decision): Change => ({ kind: "decision", decision }));
  const others = oneOfEach.filter((change) => change.kind === "put" && fromRows.includes(change.table));
  return [...rows, ...others, ...decisions];
}

async function writeDataSet(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "headroom-versions-"));
  const server = await startEmbeddedPostgres({ folder });
  try {
    const { connectionString } = server;
    const world = await makeWorld();
    const options = { connectionString, clock: realClock, holder: "versions", onLost: () => undefined };
    const store = await PostgresStore.open({ ...options, sealer: sealerOf({ sealingKey }) });
    await store.write(rowsOf(world));
    await store.close();
    const stacks = Object.fromEntries([...world.stacks].map(([stack, nodes]) => [stack, Object.fromEntries(nodes)]));
    const set: DataSet = { ...(await readTables(connectionString)), atMs: world.clock.now(), sealingKey, stacks };
    const target = join(__dirname, "..", "..", "..", "..", "test", "store", "versions", packageVersion());
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, "rows.json"), `${JSON.stringify(set, null, 2)}\n`);
    return target;
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

writeDataSet().then(
  (target) => console.log(`written: ${target}`),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
