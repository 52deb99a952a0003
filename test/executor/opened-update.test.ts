/** Updates that were opened ahead of their nodes, on every engine of this machine, and every process that may die meanwhile. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../../runtime/executor/engine-choice";
import { laneFolder, openCrypter } from "../../runtime/executor/installation";
import { LaneFolder } from "../../runtime/executor/lane-folder";
import type { OpenedUpdate, OpenRequest, UpdateResult } from "../../runtime/executor/node-updater";
import { isAlive, parentOf } from "../../runtime/executor/processes";
import type { DesiredNode } from "../../runtime/model/state";
import { until } from "../support/until";
import { aNode, aRequest, enginesHere, Heard, openBench, type Bench } from "./bench";
import { thingsOf } from "./toy-cloud";

/** An engine that has nothing to wait for any more is gone within this, on a machine that has other things to do. */
const endMsMax = 10_000;

for (const kind of ["embedded", "official"] as const) {
  describe(`an update opened ahead with the ${kind} engine`, () => {
    let engine: Engine;
    let bench: Bench;

    before(async function () {
      const found = (await enginesHere()).find((candidate) => candidate.kind === kind);
      if (found === undefined) return this.skip();
      engine = found;
      const limits = { engineWaitMs: 60_000, orphanWaitMs: 2_000, settleMs: 200 };
      bench = await openBench(engine, { slots: 2, warmSpares: 1, limits });
    });
    afterEach(() => bench?.world.release());
    after(async () => {
      await bench?.close();
    });

    const anOpening = (existing: readonly DesiredNode[], lane: string): OpenRequest => ({
      ...aRequest(existing, lane, 2),
      likely: aNode("likely", bench.world),
    });
    const idsOf = ({ present, message }: UpdateResult) =>
      present?.map(({ nodeId }) => nodeId).sort() ?? [`nothing is known: ${message}`];
    const vms = (prefix: string) =>
      thingsOf(bench.world.folder)
        .map(({ nodeId }) => nodeId)
        .filter((nodeId) => nodeId.startsWith(prefix))
        .sort();
    const callsOf = (call: string, prefix: string) =>
      bench.world.calls().calls.filter(({ call: made, urn }) => {
        return made === call && typeof urn === "string" && urn.split("::").at(-1)!.startsWith(prefix);
      });
    const locks = (lane: string) => {
      const folder = join(bench.installation.dataFolder, "state/.pulumi/locks/organization/headroom-nodes", lane);
      try {
        return readdirSync(folder).filter((name) => name.endsWith(".json"));
      } catch {
        return [];
      }
    };

    async function opened(
      existing: readonly DesiredNode[],
      lane: string,
    ): Promise<{ update: OpenedUpdate; heard: Heard }> {
      const heard = new Heard();
      const update = bench.pool.open(anOpening(existing, lane), heard.hear);
      update.result.catch(() => undefined);
      await until("the opened update", () => heard.kinds().includes("ready"));
      return { update, heard };
    }

    it("has the lock, and its plugin configured, before it is given a node; then makes it and leaves what exists", async () => {
      const old = ["a1", "a2"].map((id) => aNode(id, bench.world));
      await bench.pool.update(aRequest(old, "a"), () => undefined);
      const before = thingsOf(bench.world.folder);
      const configured = () => bench.world.calls().calls.filter(({ call }) => call === "configure").length;
      const configuredBefore = configured();

      const { update, heard } = await opened(old, "a");
      assert.equal(locks("a").length, 1);
      await until("the configured plugin", () => configured() > configuredBefore);
      update.give([aNode("a3", bench.world)]);
      await until("the end of its create", () => heard.kinds().includes("settled"));
      update.close();
      const result = await update.result;

      assert.equal(result.outcome, "succeeded", result.message ?? "");
      assert.deepEqual(idsOf(result), ["a1", "a2", "a3"]);
      assert.deepEqual(result.taken, ["a3"]);
      assert.ok(heard.kinds().includes("nodeCreated a3"));
      assert.deepEqual(
        thingsOf(bench.world.folder).filter(({ nodeId }) => nodeId !== "a3"),
        before,
      );
      assert.deepEqual(locks("a"), []);
    });

    it("changes nothing when nothing was demanded", async () => {
      const old = ["b1", "b2"].map((id) => aNode(id, bench.world));
      await bench.pool.update(aRequest(old, "b"), () => undefined);
      const { update, heard } = await opened(old, "b");

      const closedAtMs = Date.now();
      update.close();
      const result = await update.result;

      assert.ok(Date.now() - closedAtMs < endMsMax, "it takes seconds to end");
      assert.equal(result.outcome, "succeeded", result.message ?? "");
      assert.deepEqual(idsOf(result), ["b1", "b2"]);
      assert.deepEqual([callsOf("create", "b").length, callsOf("delete", "b").length], [2, 0]);
      assert.ok(!heard.kinds().some((heardKind) => heardKind.startsWith("nodeDeleted")));
      assert.deepEqual(locks("b"), []);
    });

    it("takes nodes that come before it is ready", async () => {
      const heard = new Heard();
      const update = bench.pool.open(anOpening([], "c"), heard.hear);
      update.give([aNode("c1", bench.world)]);
      update.close();

      assert.deepEqual(idsOf(await update.result), ["c1"]);
      assert.deepEqual(vms("c"), ["c1"]);
    });

    it("makes what streams in while an earlier create takes long", async () => {
      const { update, heard } = await opened([], "s");
      bench.world.hold();
      update.give([aNode("s1", bench.world, { delayMs: 1 })]);
      await until("the slow create", () => callsOf("create", "s1").length > 0);

      update.give([aNode("s2", bench.world), aNode("s3", bench.world)]);
      await until("the others", () => ["s2", "s3"].every((id) => heard.kinds().includes(`nodeCreated ${id}`)));
      assert.ok(!heard.kinds().includes("nodeCreated s1"));
      assert.ok(!heard.kinds().includes("settled"), "one is on its way");
      bench.world.release();
      await until("the end of all", () => heard.kinds().includes("settled"));
      update.close();

      assert.deepEqual(idsOf(await update.result), ["s1", "s2", "s3"]);
    });

    it("writes a node to the lane's configuration before it declares it", async () => {
      const { update } = await opened([], "w");
      bench.world.hold();
      update.give([aNode("w1", bench.world, { delayMs: 1 })]);
      await until("the create", () => callsOf("create", "w1").length > 0);

      const file = join(laneFolder(bench.installation, "w"), "Pulumi.w.yaml");
      const { config } = JSON.parse(readFileSync(file, "utf8")) as { config: Record<string, { secure: string }> };
      const crypter = await openCrypter(bench.installation);
      assert.equal((JSON.parse(crypter.decrypt(config["headroom-nodes:w1"]!.secure)) as DesiredNode).nodeId, "w1");
      bench.world.release();
      update.close();
      await update.result;
    });

    it("fails only the nodes that can't be made", async () => {
      const { update, heard } = await opened([], "f");
      const broken = { ...aNode("f1", bench.world), settings: { wrold: "typo" } };
      update.give([broken, aNode("f2", bench.world, { fail: "create" }), aNode("f3", bench.world)]);
      await until("the end of all", () => heard.kinds().includes("settled"));
      update.close();
      const result = await update.result;

      assert.deepEqual(idsOf(result), ["f3"]);
      assert.deepEqual([...(result.taken ?? [])].sort(), ["f1", "f2", "f3"]);
      const failed = heard.events.filter((event) => event.kind === "nodeFailed");
      assert.deepEqual(Object.fromEntries(failed.map((event) => [event.nodeId, event.class])), {
        f1: "CONFIG",
        f2: "CAPACITY",
      });
    });

    it("deletes nothing when its worker is killed while it waits, and lets go of the lock within seconds", async () => {
      const old = [aNode("k1", bench.world)];
      await bench.pool.update(aRequest(old, "k"), () => undefined);
      const { update, heard } = await opened(old, "k");

      const rejected = assert.rejects(update.result, /the worker process of the update ended with SIGKILL/);
      const killedAtMs = Date.now();
      process.kill(parentOf(heard.enginePid())!, "SIGKILL");
      await rejected;
      await until("the end of the engine", () => !isAlive(heard.enginePid()));

      assert.ok(Date.now() - killedAtMs < endMsMax, `the engine ended ${Date.now() - killedAtMs} ms after its worker`);
      assert.deepEqual(locks("k"), []);
      assert.deepEqual(vms("k"), ["k1"]);
      assert.deepEqual(idsOf(await bench.pool.recover(aRequest(old, "k", 2), heard.enginePid())), ["k1"]);
      assert.equal(callsOf("delete", "k").length, 0);
    });

    it("loses and doubles nothing when its worker is killed while nodes stream in", async () => {
      const old = [aNode("m0", bench.world)];
      await bench.pool.update(aRequest(old, "m"), () => undefined);
      const { update, heard } = await opened(old, "m");
      const given = [aNode("m1", bench.world, { delayMs: 1 }), aNode("m2", bench.world), aNode("m3", bench.world)];
      bench.world.hold();
      update.give(given.slice(0, 2));
      await until("both creates", () => callsOf("create", "m1").length > 0 && vms("m").includes("m2"));
      update.give(given.slice(2));
      process.kill(parentOf(heard.enginePid())!, "SIGKILL");
      await assert.rejects(update.result, /SIGKILL/);
      bench.world.release();

      const request = aRequest([...old, ...given], "m", 3);
      const recovered = await bench.pool.recover(request, heard.enginePid());
      assert.ok(
        ["m0", "m1", "m2"].every((id) => idsOf(recovered)?.includes(id)),
        String(idsOf(recovered)),
      );
      assert.deepEqual(idsOf(await bench.pool.update(request, () => undefined)), ["m0", "m1", "m2", "m3"]);
      assert.deepEqual(vms("m"), ["m0", "m1", "m2", "m3"]);
      for (const id of vms("m")) assert.equal(callsOf("create", id).length, 1, id);
      assert.equal(callsOf("delete", "m").length, 0);
    });

    it("loses and doubles nothing when its engine is killed while it waits or while nodes stream in", async () => {
      const old = [aNode("e0", bench.world)];
      await bench.pool.update(aRequest(old, "e"), () => undefined);
      const waiting = await opened(old, "e");
      process.kill(waiting.heard.enginePid(), "SIGKILL");
      assert.equal((await waiting.update.result).present, undefined, "nobody knows yet what is there");
      assert.deepEqual(idsOf(await bench.pool.recover(aRequest(old, "e", 2), waiting.heard.enginePid())), ["e0"]);

      const { update, heard } = await opened(old, "e");
      const given = [aNode("e1", bench.world, { delayMs: 1 }), aNode("e2", bench.world)];
      bench.world.hold();
      update.give(given);
      await until("both creates", () => callsOf("create", "e1").length > 0 && vms("e").includes("e2"));
      process.kill(heard.enginePid(), "SIGKILL");
      assert.equal((await update.result).present, undefined);
      bench.world.release();

      const request = aRequest([...old, ...given], "e", 3);
      assert.deepEqual(idsOf(await bench.pool.recover(request, heard.enginePid())), ["e0", "e1", "e2"]);
      assert.equal((await bench.pool.update(request, () => undefined)).outcome, "succeeded");
      for (const id of ["e0", "e1", "e2"]) assert.equal(callsOf("create", id).length, 1, id);
      assert.equal(callsOf("delete", "e").length, 0);
    });

    it("ends at once when another service recovers its lane, though its own hangs", async () => {
      const old = [aNode("h0", bench.world)];
      await bench.pool.update(aRequest(old, "h"), () => undefined);
      const { update, heard } = await opened(old, "h");
      const worker = parentOf(heard.enginePid())!;
      process.kill(worker, "SIGSTOP");

      const rejected = assert.rejects(update.result, /SIGKILL/);
      const recovered = await bench.pool.recover(aRequest(old, "h", 2), heard.enginePid());
      await rejected;

      assert.deepEqual(idsOf(recovered), ["h0"]);
      assert.ok(!isAlive(heard.enginePid()) && !isAlive(worker));
      assert.deepEqual(new LaneFolder(bench.installation, "h", "h").processes(), []);
    });

    it("ends with the service that opened it", async () => {
      const other = await openBench(engine, { slots: 1 });
      try {
        const heard = new Heard();
        const update = other.pool.open({ ...aRequest([], "z"), likely: aNode("likely", other.world) }, heard.hear);
        update.result.catch(() => undefined);
        await until("the opened update", () => heard.kinds().includes("ready"));

        await other.pool.stop();

        await until("the end of the engine", () => !isAlive(heard.enginePid()));
      } finally {
        await other.close();
      }
    });

    it("leaves its worker fit for the next update", async () => {
      const { update, heard } = await opened([], "x");
      const worker = parentOf(heard.enginePid());
      process.kill(heard.enginePid(), "SIGKILL");
      await update.result;
      await bench.pool.recover(aRequest([], "x", 2), heard.enginePid());

      let isSame = false;
      for (let turn = 0; turn < 4 && !isSame; turn += 1) {
        const next = new Heard();
        const running = bench.pool.update(aRequest([aNode("x1", bench.world)], "x", 3 + turn), (event) => {
          next.hear(event);
          if (event.kind === "started") isSame ||= parentOf(event.enginePid) === worker;
        });
        assert.equal((await running).outcome, "succeeded");
      }
      assert.ok(isSame, "the worker was used again");
    });
  });
}
