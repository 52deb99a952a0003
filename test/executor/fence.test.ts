import assert from "node:assert/strict";
import type { Engine } from "../../runtime/executor/engine-choice";
import { signal } from "../../runtime/executor/processes";
import type { NodeStatus } from "../../runtime/model/state";
import { judgePermit, type Permit, type PermitRequest } from "../../runtime/store/permit";
import { until } from "../support/until";
import { aNode, aRequest, enginesHere, Heard, openBench, type Bench } from "./bench";
import { thingsOf } from "./toy-cloud";

/** What the database would hold, and what happens when it is asked about a node. */
class Durable {
  epoch = 1;
  readonly nodes = new Map<string, NodeStatus>();
  readonly asked: string[] = [];
  onStep: (judged: () => Permit) => Promise<Permit> = (judged) => Promise.resolve(judged());

  readonly permit = (request: PermitRequest): Promise<Permit> => {
    const nodeId = request.step === "operate" ? undefined : request.nodeId;
    const judged = (): Permit =>
      judgePermit(request, {
        epoch: this.epoch,
        nodeStatus: nodeId === undefined ? undefined : this.nodes.get(nodeId),
      });
    this.asked.push(nodeId === undefined ? request.step : `${request.step} ${nodeId}`);
    return nodeId === undefined ? Promise.resolve(judged()) : this.onStep(judged);
  };
}

const held = [["worker"], ["engine"], ["engine", "worker"], ["worker", "engine"]] as const;

describe("each create and each delete is fenced", function () {
  this.timeout(240_000);
  let engines: Engine[];
  before(async () => {
    engines = await enginesHere();
  });

  for (const kind of ["embedded", "official"] as const) {
    describe(`with the ${kind} engine`, () => {
      let bench: Bench;
      let durable: Durable;
      const made = () => thingsOf(bench.world.folder).map(({ nodeId }) => nodeId);

      beforeEach(async function () {
        const engine = engines.find((found) => found.kind === kind);
        if (engine === undefined) return this.skip();
        durable = new Durable();
        bench = await openBench(engine, {
          // One worker at a time: the one that is held.
          slots: 1,
          warmSpares: 0,
          permit: durable.permit,
          limits: { permitWaitMs: 6_000, settleMs: 200 },
        });
      });
      afterEach(() => bench?.close());

      it("what is not permitted is not done, is no failure of its cloud, and is done when it is permitted", async () => {
        const nodes = ["a", "b"].map((nodeId) => aNode(nodeId, bench.world));
        durable.nodes.set("a", "provisioning");
        const heard = new Heard();
        const first = await bench.pool.update(aRequest(nodes), heard.hear);

        assert.deepEqual(made(), ["a"]);
        assert.deepEqual([first.outcome, first.notPermitted], ["failed", ["b"]]);
        assert.ok(!heard.kinds().some((event) => event.startsWith("nodeFailed")), heard.kinds().join());

        durable.nodes.set("a", "running").set("b", "requested");
        const second = await bench.pool.update(aRequest(nodes, "lane-1", 2), () => undefined);
        assert.deepEqual([second.outcome, made().sort()], ["succeeded", ["a", "b"]]);

        // A stale list: it deletes what is busy.
        durable.nodes.set("b", "running");
        const third = await bench.pool.update(aRequest([], "lane-1", 3, ["a", "b"]), () => undefined);
        assert.deepEqual([third.outcome, third.notPermitted?.toSorted()], ["failed", ["a", "b"]]);
        assert.deepEqual(made().sort(), ["a", "b"]);

        durable.nodes.set("a", "destroying").set("b", "destroying");
        const fourth = await bench.pool.update(aRequest([], "lane-1", 4, ["a", "b"]), () => undefined);
        assert.deepEqual([fourth.outcome, made()], ["succeeded", []]);
      });

      it("starts no engine for an update of another epoch", async () => {
        durable.epoch = 2;
        const heard = new Heard();
        const update = bench.pool.update(aRequest([aNode("a", bench.world)]), heard.hear);

        await assert.rejects(update, /not permitted: another runtime has taken over/);
        assert.deepEqual(heard.kinds(), []);
      });

      it("a recovery of another epoch ends nobody's worker and nobody's engine", async () => {
        const [spare, lane] = [
          await openBench(bench.installation.engine, { slots: 2, permit: durable.permit }),
          "lane-1",
        ];
        try {
          durable.epoch = 2;
          durable.nodes.set("a", "requested");
          const node = aNode("a", spare.world);
          const heard = new Heard();
          const opening = { ...aRequest([], lane), epoch: 2, likely: aNode("likely", spare.world) };
          const opened = spare.pool.open(opening, heard.hear);
          opened.result.catch(() => undefined);
          await until("the opened update", () => heard.kinds().includes("ready"));

          const stale = await spare.pool.recover(aRequest([node], lane), heard.enginePid());

          assert.match(stale.message ?? "", /not permitted: another runtime has taken over/);
          opened.give([node]);
          opened.close();
          assert.deepEqual(
            (await opened.result).present?.map(({ nodeId }) => nodeId),
            ["a"],
          );
        } finally {
          await spare.close();
        }
      });

      it("a service that does not answer has refused", async () => {
        durable.nodes.set("a", "requested");
        durable.onStep = () => new Promise(() => undefined);
        const result = await bench.pool.update(aRequest([aNode("a", bench.world)]), () => undefined);

        assert.deepEqual([result.notPermitted, made()], [["a"], []]);
      });

      for (const processes of held) {
        for (const step of ["create", "delete"] as const) {
          it(`${processes.join(" and ")} held at a ${step} while another takes over: nothing is done afterwards`, async () => {
            const node = aNode("a", bench.world);
            durable.nodes.set("a", "requested");
            if (step === "delete") await bench.pool.update(aRequest([node]), () => undefined);
            durable.nodes.set("a", step === "create" ? "requested" : "running");
            const before = made();
            const heard = new Heard();
            const pidOf = (name: string): number =>
              name === "engine" ? heard.enginePid() : (bench.pool.workerPids()[0] ?? 0);
            let isHeld = false;
            durable.onStep = (judged) => {
              for (const name of processes) signal(pidOf(name), "SIGSTOP");
              durable.epoch = 2;
              isHeld = true;
              return Promise.resolve(judged());
            };

            const request = step === "create" ? aRequest([node], "lane-1", 2) : aRequest([], "lane-1", 2, ["a"]);
            const ended = bench.pool.update(request, heard.hear);
            await until("the step is held", () => isHeld);
            for (const name of processes) signal(pidOf(name), "SIGCONT");
            await ended;

            assert.deepEqual(made(), before);
            assert.equal(durable.asked.filter((asked) => asked === `${step} a`).length, 1);
          });
        }
      }

      it("a permit that lay in the pipe of a held worker is too old to act on", async () => {
        durable.nodes.set("a", "requested");
        let heldAtMs = 0;
        durable.onStep = (judged) => {
          signal(bench.pool.workerPids()[0] ?? 0, "SIGSTOP");
          heldAtMs = performance.now();
          return Promise.resolve(judged());
        };

        const ended = bench.pool.update(aRequest([aNode("a", bench.world)]), () => undefined);
        await until("the permit is old", () => heldAtMs > 0 && performance.now() - heldAtMs > 7_000);
        signal(bench.pool.workerPids()[0] ?? 0, "SIGCONT");
        const result = await ended;

        assert.deepEqual([result.notPermitted, made()], [["a"], []]);
      });
    });
  }
});
