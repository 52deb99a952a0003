import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Engine } from "../../runtime/executor/engine-choice";
import { LaneFolder } from "../../runtime/executor/lane-folder";
import { commandLineOf, isAlive } from "../../runtime/executor/processes";
import type { UpdateResult } from "../../runtime/executor/node-updater";
import type { Clock } from "../../runtime/model/clock";
import { until } from "../support/until";
import { aNode, aRequest, enginesHere, Heard, openBench, type Bench } from "./bench";
import { realClock } from "../../runtime/model/real-clock";
import { thingsOf } from "./toy-cloud";

for (const kind of ["embedded", "official"] as const) {
  describe(`recovery of a lane with the ${kind} engine`, () => {
    let engine: Engine;
    let bench: Bench;

    before(async function () {
      const found = (await enginesHere()).find((candidate) => candidate.kind === kind);
      if (found === undefined) return this.skip();
      engine = found;
      bench = await openBench(engine, { slots: 2, warmSpares: 1 });
    });
    afterEach(() => bench?.world.release());
    after(async () => {
      await bench?.close();
    });

    const idsOf = ({ present, message }: UpdateResult) =>
      present?.map(({ nodeId }) => nodeId).sort() ?? [`nothing is known: ${message}`];
    const vmsOf = (...nodeIds: string[]) =>
      thingsOf(bench.world.folder)
        .map(({ nodeId }) => nodeId)
        .filter((nodeId) => nodeIds.includes(nodeId))
        .sort();
    const creates = (nodeId: string) =>
      bench.world
        .calls()
        .calls.filter(
          ({ call, properties, preview }) =>
            call === "create" && preview !== true && (properties as { nodeId?: string }).nodeId === nodeId,
        ).length;
    const lanePids = (lane: string, of = bench) => new LaneFolder(of.installation, lane, lane).processes();
    const pluginsOf = (lane: string) =>
      lanePids(lane).filter((pid) => (commandLineOf(pid) ?? "").includes("pulumi-resource-toy"));
    const creating = (nodeId: string) => until(`the create of ${nodeId}`, () => creates(nodeId) > 0);

    it("lets the engine of a killed worker finish, and finds its nodes without making any twice", async () => {
      const heard = new Heard();
      const request = aRequest([aNode("w1", bench.world, { delayMs: 1 }), aNode("w2", bench.world)], "w");
      bench.world.hold();
      const before = new Set(bench.pool.workerPids());
      const update = bench.pool.update(request, heard.hear);
      const rejected = assert.rejects(update, /the worker process of the update ended with SIGKILL/);
      await creating("w1");
      await until("w2", () => heard.kinds().includes("nodeCreated w2"));

      const worker = parentOf(heard.enginePid());
      assert.ok(before.has(worker) || bench.pool.workerPids().includes(worker));
      process.kill(worker, "SIGKILL");
      await rejected;
      assert.ok(isAlive(heard.enginePid()), "the engine outlives its worker");
      bench.world.release();
      const recovered = await bench.pool.recover(request, heard.enginePid());

      assert.deepEqual(idsOf(recovered), ["w1", "w2"]);
      const again = await bench.pool.update(request, () => undefined);
      assert.deepEqual(
        again.present?.map(({ address }) => address !== undefined),
        [true, true],
      );
      assert.deepEqual(vmsOf("w1", "w2"), ["w1", "w2"]);
      assert.equal(creates("w1"), 1);
    });

    it("adopts a VM whose engine was killed while it was made", async () => {
      const heard = new Heard();
      const request = aRequest([aNode("e0", bench.world), aNode("e1", bench.world, { delayMs: 1 })], "e");
      bench.world.hold();
      const update = bench.pool.update(request, heard.hear);
      await creating("e1");
      await until("e0", () => heard.kinds().includes("nodeCreated e0"));

      process.kill(heard.enginePid(), "SIGKILL");
      const cut = await update;
      assert.equal(cut.present, undefined, "nobody knows yet what is there");
      bench.world.release();
      const recovered = await bench.pool.recover(request, heard.enginePid());

      assert.deepEqual(idsOf(recovered), ["e0", "e1"]);
      assert.deepEqual(lanePids("e"), [], "no plugin is left behind");
      const again = await bench.pool.update(request, () => undefined);
      assert.equal(again.outcome, "succeeded");
      assert.ok(again.present?.every(({ address }) => address !== undefined));
      assert.deepEqual(vmsOf("e0", "e1"), ["e0", "e1"]);
      assert.equal(creates("e1"), 1);

      await bench.pool.update(aRequest([], "e", 2, ["e0", "e1"]), () => undefined);
      assert.deepEqual(vmsOf("e0", "e1"), [], "an adopted VM is destroyed like any other");
    });

    it("forgets a create that the killed engine had begun and the cloud never saw", async () => {
      const heard = new Heard();
      const request = aRequest([aNode("n1", bench.world, { delayMs: 60_000 })], "n");
      const update = bench.pool.update(request, heard.hear);
      await creating("n1");

      const plugins = pluginsOf("n");
      process.kill(heard.enginePid(), "SIGKILL");
      for (const plugin of plugins) process.kill(plugin, "SIGKILL");
      await update;
      const recovered = await bench.pool.recover(request, heard.enginePid());

      assert.deepEqual(recovered.present, []);
      const again = await bench.pool.update(aRequest([aNode("n1", bench.world)], "n", 2), () => undefined);
      assert.deepEqual(idsOf(again), ["n1"]);
      assert.deepEqual(vmsOf("n1"), ["n1"]);
    });

    it("adopts a VM whose plugin was killed after the cloud made it and before it answered", async function () {
      if (process.platform !== "linux") return this.skip();
      const heard = new Heard();
      const node = aNode("p1", bench.world, { delayMs: 60_000 });
      const refused = aNode("p2", bench.world, { fail: "create" });
      const request = aRequest([aNode("p0", bench.world), refused, node], "p");
      const update = bench.pool.update(request, heard.hear);
      await creating("p1");
      await until("p0", () => heard.kinds().includes("nodeCreated p0"));
      await until("the refusal of p2", () => heard.kinds().includes("nodeFailed p2"));

      const inputs = { nodeId: "p1", size: "small", delayMs: 60_000, flavor: "plain" };
      bench.world.put({ id: "thing-777", inputs, outputs: { ...inputs, address: "10.0.7.77" } });
      for (const plugin of pluginsOf("p")) process.kill(plugin, "SIGKILL");
      const result = await update;

      assert.equal(creates("p2"), 1, "what was reported as failed is not asked for again");
      assert.equal(result.present?.find(({ nodeId }) => nodeId === "p1")?.address, "10.0.7.77");
      assert.deepEqual(vmsOf("p0", "p1"), ["p0", "p1"]);
      assert.ok(!heard.kinds().includes("nodeFailed p1"));
    });

    it("removes locks that its dead engines left, and never the lock of somebody who works by hand", async () => {
      const node = aNode("l1", bench.world);
      await bench.pool.update(aRequest([node], "l"), () => undefined);
      const folder = join(
        bench.installation.dataFolder,
        "state",
        ".pulumi",
        "locks",
        "organization",
        "headroom-nodes",
        "l",
      );
      mkdirSync(folder, { recursive: true });
      const lock = (pid: number, host: string) =>
        JSON.stringify({ pid, username: "somebody", hostname: host, timestamp: "2026-01-01T00:00:00Z" });
      const locks = () => readdirSync(folder).filter((name) => name.endsWith(".json"));

      writeFileSync(join(folder, "11111111-1111-4111-8111-111111111111.json"), lock(4_000_000, hostname()));
      const refused = await bench.pool.update(aRequest([node], "l", 2), () => undefined);
      assert.equal(refused.present, undefined);
      assert.match(refused.message ?? "", /locked/);
      assert.deepEqual(idsOf(await bench.pool.recover(aRequest([node], "l", 2), undefined)), ["l1"]);
      assert.deepEqual(locks(), []);

      writeFileSync(join(folder, "22222222-2222-4222-8222-222222222222.json"), lock(1, "another-host"));
      assert.deepEqual(idsOf(await bench.pool.recover(aRequest([node], "l", 2), undefined)), ["l1"]);
      assert.deepEqual(locks(), [], "no other host works in a data folder that is ours");

      if (process.platform !== "linux") return;
      writeFileSync(join(folder, "33333333-3333-4333-8333-333333333333.json"), lock(process.pid, hostname()));
      assert.deepEqual(idsOf(await bench.pool.recover(aRequest([node], "l", 2), undefined)), ["l1"]);
      assert.deepEqual(locks(), [], "the number is ours by now, and we are no engine");

      const script = join(bench.installation.dataFolder, "pulumi");
      writeFileSync(script, "process.stdin.resume();");
      const operator = spawn(process.execPath, [script, "up", "--stack", "organization/headroom-nodes/l"]);
      try {
        writeFileSync(join(folder, "44444444-4444-4444-8444-444444444444.json"), lock(operator.pid!, hostname()));
        const foreign = await bench.pool.recover(aRequest([node], "l", 2), undefined);
        assert.equal(foreign.present, undefined);
        assert.match(foreign.message ?? "", /locked by somebody@.*not ours to break/);
        assert.deepEqual(locks(), ["44444444-4444-4444-8444-444444444444.json"]);
        assert.ok(isAlive(operator.pid!), "whoever works by hand is left alone");
      } finally {
        operator.kill("SIGKILL");
      }
    });

    it("interrupts an update that takes too long, and kills what does not end then", async () => {
      const updateTimeoutMs = 6_000;
      let timeOut: (() => void) | undefined;
      const after: Clock["after"] = (delayMs, run) => {
        if (delayMs !== updateTimeoutMs) return realClock.after(delayMs, run);
        timeOut = run;
        return () => (timeOut = undefined);
      };
      const clock = { ...realClock, after };
      const strict = await openBench(engine, { clock, slots: 1, updateTimeoutMs, graceMs: 1_500 });
      try {
        const heard = new Heard();
        const request = aRequest([aNode("t1", strict.world, { delayMs: 100_000 })], "t");

        const update = strict.pool.update(request, heard.hear);
        const rejected = assert.rejects(update, /the worker process of the update ended with/);
        await until("the create", () => heard.kinds().includes("nodeCreating t1"));
        timeOut!();
        await rejected;

        await until("the end of the engine", () => !isAlive(heard.enginePid()));
        for (const orphan of lanePids("t", strict)) process.kill(orphan, "SIGKILL");
      } finally {
        await strict.close();
      }
    });
  });
}

function parentOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
}
