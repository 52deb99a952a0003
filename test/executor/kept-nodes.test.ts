/** Nodes that another version froze in a way that this one can't read: they stay, and hold up nobody in their lane. */
import assert from "node:assert/strict";
import type { Engine } from "../../runtime/executor/engine-choice";
import type { KnownVm } from "../../runtime/executor/node-updater";
import type { DesiredNode } from "../../runtime/model/state";
import { until } from "../support/until";
import { aNode, aRequest, enginesHere, Heard, openBench, type Bench } from "./bench";
import { thingsOf } from "./toy-cloud";

type Freeze = (node: DesiredNode) => DesiredNode;
const withSettings =
  (settings: Record<string, unknown>): Freeze =>
  (node) => ({ ...node, settings: { ...node.settings, ...settings } });
const without =
  (field: string): Freeze =>
  (node) => ({
    ...node,
    settings: Object.fromEntries(Object.entries(node.settings).filter(([name]) => name !== field)),
  });

const frozen: Readonly<Record<string, Freeze>> = {
  "a field of another version": withSettings({ retiredField: true }),
  "a value that is not allowed any more": withSettings({ delayMs: "5s" }),
  "a field missing that is required by now": without("world"),
  "DNS settings of another version": (node) => ({
    ...node,
    dns: { ...node.dns!, settings: { ...node.dns!.settings, zoneName: "old" } },
  }),
};

for (const kind of ["embedded", "official"] as const) {
  describe(`a node of another version, ${kind} engine`, function () {
    this.timeout(240_000);
    let engine: Engine;
    let bench: Bench;
    before(async function () {
      const found = (await enginesHere()).find((candidate) => candidate.kind === kind);
      if (found === undefined) return this.skip();
      engine = found;
    });
    beforeEach(async () => {
      bench = await openBench(engine, { slots: 1, warmSpares: 1 });
    });
    afterEach(() => bench?.close());

    const vms = () =>
      thingsOf(bench.world.folder)
        .map(({ nodeId, id }) => `${nodeId} ${id}`)
        .sort();
    const idsOf = (present: readonly { readonly nodeId: string }[] = []) => present.map(({ nodeId }) => nodeId).sort();
    /** A node with a record, so that more than the VM has to stay. */
    const named = (nodeId: string): DesiredNode => {
      const node = aNode(nodeId, bench.world);
      const dns = { kind: "local" as const, settings: node.settings, baseDomainName: "lab", ttlSeconds: 60 };
      return { ...node, dns };
    };

    for (const [what, freeze] of Object.entries(frozen)) {
      it(`with ${what} stays as it is while others come and go`, async () => {
        const [a1, a2] = [named("a1"), named("a2")];
        const made = await bench.pool.update(aRequest([a1, a2]), () => undefined);
        const [kept] = vms().filter((vm) => vm.startsWith("a1 "));
        const before = made.present!.find(({ nodeId }) => nodeId === "a1");
        const old = freeze(a1);

        const removal = await bench.pool.update(aRequest([old], "lane-1", 2, ["a2"]), () => undefined);
        assert.deepEqual([removal.outcome, removal.message], ["succeeded", undefined]);
        assert.deepEqual(vms(), [kept]);
        assert.deepEqual(removal.present, [before]);

        const heard = new Heard();
        const growth = await bench.pool.update(aRequest([named("a3"), old], "lane-1", 3), heard.hear);
        assert.equal(growth.outcome, "succeeded");
        assert.deepEqual(idsOf(growth.present), ["a1", "a3"]);
        assert.ok(heard.kinds().includes("nodeCreated a3"), heard.kinds().join());
        assert.ok(vms().includes(kept!));

        const opening = { ...aRequest([named("a3"), old], "lane-1", 4), likely: named("likely") };
        const aheadHeard = new Heard();
        const ahead = bench.pool.open(opening, aheadHeard.hear);
        ahead.give([named("a4")]);
        await Promise.race([until("the create", () => aheadHeard.kinds().includes("settled")), ahead.result]);
        ahead.close();
        const opened = await ahead.result;
        assert.deepEqual([opened.outcome, opened.message, opened.taken], ["succeeded", undefined, ["a4"]]);
        assert.deepEqual(idsOf(opened.present), ["a1", "a3", "a4"]);
        assert.ok(vms().includes(kept!));

        const recovered = await bench.pool.recover(aRequest([named("a4"), named("a3"), old], "lane-1", 5), undefined);
        assert.deepEqual(idsOf(recovered.present), ["a1", "a3", "a4"]);

        const end = await bench.pool.update(aRequest([], "lane-1", 6, ["a1", "a3", "a4"]), () => undefined);
        assert.deepEqual([end.outcome, end.present, vms()], ["succeeded", [], []]);
      });
    }

    it("that may exist and is not in the state is not taken for gone; one that was never asked for holds up nobody", async () => {
      const old = frozen["a field of another version"]!(named("a1"));
      await bench.pool.update(aRequest([named("a2")]), () => undefined);
      const request = aRequest([old, named("a2")], "lane-1", 2);
      const recover = (known: KnownVm | undefined) =>
        bench.pool.recover({ ...request, known: known ? { a1: known } : {} }, undefined);

      for (const known of [undefined, { isYoung: true }, { isYoung: false, address: "10.0.0.1" }]) {
        assert.equal((await recover(known)).present, undefined, JSON.stringify(known));
      }
      const recovered = await recover({ isYoung: true, isUnasked: true });
      assert.deepEqual([idsOf(recovered.present), recovered.absent], [["a2"], []]);
    });

    it("that does not exist yet fails alone, and the others are made", async () => {
      const old = frozen["a field of another version"]!(named("a1"));
      const heard = new Heard();

      const result = await bench.pool.update(aRequest([old, named("a2")]), heard.hear);

      assert.deepEqual(idsOf(result.present), ["a2"]);
      const failed = heard.events.find((event) => event.kind === "nodeFailed");
      assert.deepEqual(failed && [failed.nodeId, failed.class], ["a1", "CONFIG"]);
      assert.match(failed!.message, /settings of node a1: retiredField: unknown field/);
    });
  });
}
