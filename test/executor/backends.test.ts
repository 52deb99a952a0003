/**
 * The backends of lane stacks that are no folder, under the official CLI: a PostgreSQL server of the test's own, and those
 * that HEADROOM_TEST_BACKENDS names, separated by spaces, with their credentials in the environment:
 *
 *   HEADROOM_TEST_BACKENDS='s3://stacks?endpoint=http://127.0.0.1:5000&s3ForcePathStyle=true&region=us-east-1'
 */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import type { Engine } from "../../runtime/executor/engine-choice";
import { postgresBackendOf, pruneStates } from "../../runtime/executor/postgres-states";
import { LaneFolder } from "../../runtime/executor/lane-folder";
import type { UpdateResult } from "../../runtime/executor/node-updater";
import { startEmbeddedPostgres } from "../../runtime/store/embedded-postgres";
import { connect } from "../../runtime/store/postgres-connection";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";
import { aNode, aRequest, enginesHere, Heard, openBench, type Bench } from "./bench";
import { thingsOf } from "./toy-cloud";

const named = (process.env["HEADROOM_TEST_BACKENDS"] ?? "").split(/\s+/).filter((url) => url !== "");

for (const url of ["postgres", ...named]) {
  describe(`lanes in a backend of kind ${url.split(":")[0]}`, () => {
    let bench: Bench;
    let server: Server | undefined;

    before(async function () {
      const engine = await officialEngine();
      if (engine === undefined) return this.skip();
      server = url === "postgres" ? await startServer() : undefined;
      bench = await openBench(engine, { slots: 2, warmSpares: 1 }, server?.backendUrl ?? url);
    });
    afterEach(() => bench?.world.release());
    after(async () => {
      await bench?.close();
      await server?.stop();
    });

    const idsOf = ({ present, message }: UpdateResult) =>
      present?.map(({ nodeId }) => nodeId).sort() ?? [`nothing is known: ${message}`];
    const vms = () =>
      thingsOf(bench.world.folder)
        .map(({ nodeId }) => nodeId)
        .sort();
    const creates = (nodeId: string) =>
      bench.world
        .calls()
        .calls.filter(
          ({ call, properties, preview }) =>
            call === "create" && preview !== true && (properties as { nodeId?: string }).nodeId === nodeId,
        ).length;

    /** Waits until the cloud is asked for it; an update that ends before has failed. */
    const begun = (update: Promise<UpdateResult>, nodeId: string) =>
      Promise.race([
        until(`the create of ${nodeId}`, () => creates(nodeId) > 0),
        update.then(({ message }) => assert.fail(`the update ended: ${message}`)),
      ]);

    it("makes a lane, changes it, and removes it; once more is no failure", async () => {
      const one = aNode("a1", bench.world);
      const two = aNode("a2", bench.world);
      assert.deepEqual(idsOf(await bench.pool.update(aRequest([one, two], "a"), () => undefined)), ["a1", "a2"]);
      const shrunk = { ...aRequest([one], "a", 2, ["a2"]), creates: [] };
      assert.deepEqual(idsOf(await bench.pool.update(shrunk, () => undefined)), ["a1"]);
      assert.deepEqual(vms(), ["a1"]);

      const remove = () => bench.pool.removeStack("a", "a", 1);
      await assert.rejects(remove(), /stack a is not empty: a1/);
      await bench.pool.update(aRequest([], "a", 3, ["a1"]), () => undefined);
      await remove();
      await remove();
      assert.deepEqual(vms(), []);
    });

    it("recovers a lane whose engine was killed while it made a VM: its lock goes, its VM is adopted", async () => {
      const heard = new Heard();
      const request = aRequest([aNode("e0", bench.world), aNode("e1", bench.world, { delayMs: 1 })], "e");
      bench.world.hold();
      const update = bench.pool.update(request, heard.hear);
      await begun(update, "e1");
      await until("e0", () => heard.kinds().includes("nodeCreated e0"));
      process.kill(heard.enginePid(), "SIGKILL");
      assert.equal((await update).present, undefined, "nobody knows yet what is there");
      bench.world.release();

      assert.deepEqual(idsOf(await bench.pool.recover(request, heard.enginePid())), ["e0", "e1"]);
      assert.deepEqual(new LaneFolder(bench.installation, "e", "e").processes(), []);
      const again = await bench.pool.update({ ...request, creates: [] }, () => undefined);
      assert.deepEqual([again.outcome, again.message], ["succeeded", undefined]);
      assert.equal(creates("e1"), 1);
      await bench.pool.update(aRequest([], "e", 2, ["e0", "e1"]), () => undefined);
      assert.deepEqual(vms(), [], "an adopted VM is destroyed like any other");
    });

    it("removes a lane that a dead engine has locked", async () => {
      const heard = new Heard();
      const update = bench.pool.update(aRequest([aNode("d1", bench.world, { delayMs: 60_000 })], "d"), heard.hear);
      await begun(update, "d1");
      const remove = () => bench.pool.removeStack("d", "d", 1);
      for (const pid of new LaneFolder(bench.installation, "d", "d").processes()) process.kill(pid, "SIGKILL");
      await update;
      await assert.rejects(remove(), /stack d is not empty: it has pending operations/);
      assert.deepEqual(idsOf(await bench.pool.recover(aRequest([], "d", 2), heard.enginePid())), []);
      await remove();
    });

    it("keeps the newest updates of a lane", async function () {
      if (server === undefined) return this.skip();
      const { client, backendUrl } = server;
      for (const revision of [1, 2, 3]) {
        const node = aNode("h1", bench.world, { delayMs: revision });
        const update = { ...aRequest([node], "h", revision), creates: revision === 1 ? ["h1"] : [] };
        assert.equal((await bench.pool.update(update, () => undefined)).message, undefined);
      }
      const history = async () => {
        const { rows } = await client.query("select key from pulumi_state where key like '%/history/%/h/%'");
        return rows.length;
      };
      assert.equal(await history(), 6);
      await pruneStates(postgresBackendOf(backendUrl)!, 2);
      assert.equal(await history(), 4);
      assert.deepEqual(idsOf(await bench.pool.update(aRequest([], "h", 4, ["h1"]), () => undefined)), []);
    });

    it("breaks no lock of others, and every lock of the dead", async function () {
      if (server === undefined) return this.skip();
      const { client } = server;
      const request = aRequest([aNode("l1", bench.world)], "l");
      await bench.pool.update(request, () => undefined);
      const lock = (id: string, content: object) =>
        client.query("insert into pulumi_state (key, data) values ($1, $2)", [
          `postgres/.pulumi/locks/organization/headroom-nodes/l/${id}.json`,
          {
            data: Buffer.from(
              JSON.stringify({ username: "somebody", timestamp: "2026-01-01T00:00:00Z", ...content }),
            ).toString("base64"),
          },
        ]);
      const locks = async () => {
        const { rows } = await client.query("select key from pulumi_state where key like '%/locks/%/l/%'");
        return rows.length;
      };

      await lock("1", { pid: 1, hostname: "another-host" });
      const foreign = await bench.pool.recover(request, undefined);
      assert.equal(foreign.present, undefined);
      assert.match(foreign.message ?? "", /locked by/);
      assert.equal(await locks(), 1);

      const fenced = { ...request, fencedHosts: ["another-host"] };
      assert.deepEqual(idsOf(await bench.pool.recover(fenced, undefined)), ["l1"]);
      assert.equal(await locks(), 0, "the worker there was given up");

      await lock("2", { pid: process.pid, hostname: hostname() });
      assert.deepEqual(idsOf(await bench.pool.recover(request, undefined)), ["l1"]);
      assert.equal(await locks(), 0, "the number is ours by now, and we are no engine");
    });
  });
}

async function officialEngine(): Promise<Engine | undefined> {
  return (await enginesHere()).find(({ kind }) => kind === "official");
}

interface Server {
  readonly backendUrl: string;
  readonly client: Client;
  stop(): Promise<void>;
}

/** On the loopback address: the engine's driver wants a host and a port. */
async function startServer(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "headroom-backend-"));
  // No Unix socket has room for a path of this length.
  const deep = join(folder, "x".repeat(100));
  mkdirSync(deep);
  // Whatever account it runs as gets there.
  for (const path of [folder, deep]) chmodSync(path, 0o755);
  const postgres = await startEmbeddedPostgres({ folder: deep });
  const { username, password, host, pathname } = new URL(postgres.connectionString);
  const client = await connect(postgres.connectionString);
  return {
    backendUrl: `postgres://${username}:${password}@${host}${pathname}?sslmode=disable`,
    client,
    async stop() {
      await client.end();
      await postgres.stop();
      removeFolder(folder);
    },
  };
}
