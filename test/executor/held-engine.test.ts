/** An engine, its plugin or its worker that a signal holds, on every engine of this machine: nobody waits long for it. */
import assert from "node:assert/strict";
import { LaneFolder } from "../../runtime/executor/lane-folder";
import { commandLineOf, isAlive, parentOf } from "../../runtime/executor/processes";
import { until } from "../support/until";
import { aNode, aRequest, enginesHere, Heard, openBench, type Bench } from "./bench";
import { thingsOf } from "./toy-cloud";

/** Far less than an engine that works may take, on a machine that has other things to do. */
const recoveryMsMax = 90_000;

for (const kind of ["embedded", "official"] as const) {
  describe(`a held process of a lane with the ${kind} engine`, function () {
    this.timeout(240_000);
    let bench: Bench;
    before(async function () {
      const engine = (await enginesHere()).find((candidate) => candidate.kind === kind);
      if (engine === undefined || process.platform !== "linux") return this.skip();
      const limits = { stoppedWaitMs: 2_000, orphanWaitMs: 10_000, settleMs: 200 };
      bench = await openBench(engine, { slots: 2, warmSpares: 1, limits });
    });
    after(() => bench?.close());

    const creates = (nodeId: string) =>
      bench.world.calls().calls.filter(({ call, urn }) => call === "create" && String(urn).endsWith(`::${nodeId}`));
    const vms = (lane: string) =>
      thingsOf(bench.world.folder)
        .map(({ nodeId }) => nodeId)
        .filter((nodeId) => nodeId.startsWith(lane))
        .sort();

    for (const held of ["engine", "plugin", "worker"] as const) {
      it(`the ${held}: it is ended soon, and each node has one VM`, async () => {
        const lane = held[0]!;
        const folder = new LaneFolder(bench.installation, lane, lane);
        const [made, underWay] = [`${lane}0`, `${lane}1`];
        const request = aRequest([aNode(made, bench.world), aNode(underWay, bench.world, { delayMs: 1 })], lane);
        const heard = new Heard();
        bench.world.hold();
        const update = bench.pool.update(request, heard.hear);
        const lost = assert.rejects(update, /SIGKILL/);
        await until("the create", () => creates(underWay).length > 0);
        await until("the other node", () => heard.kinds().includes(`nodeCreated ${made}`));
        const engine = heard.enginePid();
        const worker = parentOf(engine)!;
        const plugins = folder.processes().filter((pid) => commandLineOf(pid)?.includes("pulumi-resource-toy"));
        const pids = { engine: [engine], plugin: plugins, worker: [worker] }[held];
        for (const pid of pids) process.kill(pid, "SIGSTOP");
        await until("recovery need not wait before it looks", () => !bench.pool.isEngineRunning(lane, lane, engine));
        if (held !== "worker") process.kill(worker, "SIGKILL");
        bench.world.release();

        const begunAtMs = Date.now();
        const recovered = await bench.pool.recover(request, engine);
        const tookMs = Date.now() - begunAtMs;
        await lost;

        assert.ok(tookMs < recoveryMsMax, `the recovery took ${tookMs} ms`);
        assert.ok(
          recovered.present?.some(({ nodeId }) => nodeId === made),
          recovered.message,
        );
        assert.ok([engine, ...pids].every((pid) => !isAlive(pid)));
        assert.deepEqual(folder.processes(), []);
        const again = await bench.pool.update({ ...request, revision: 2 }, () => undefined);
        assert.equal(again.outcome, "succeeded", again.message);
        assert.deepEqual(vms(lane), [made, underWay]);
      });
    }
  });
}
