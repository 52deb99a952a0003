/** What a sweep does and never does, whatever it is told and in whatever order. */
import assert from "node:assert/strict";
import type { Node } from "../../runtime/model/state";
import { SeededRng } from "../support/virtual-clock";
import { ours, SweepModel } from "./sweep-model";

const minute = 60_000;
const runs = 60;
const stepsPerRun = 120;

/** One thing that happens, by chance. */
async function happen(model: SweepModel): Promise<void> {
  const { rng, state, clock } = model;
  const rows = [...state.nodes.values()].filter(({ vmId }) => vmId !== undefined);
  const settled = rows.filter(({ status }) => status !== "destroying");
  const lanesOpen = [...state.lanes.values()].some(({ openRevision }) => openRevision !== undefined);
  switch (rng.below(14)) {
    case 0:
    case 1:
      if (!lanesOpen && state.nodes.size < 30) await model.bear();
      return;
    case 2:
      return destroyOne(model, settled);
    case 3: {
      // By hand: nobody tells.
      const vm = model.living().find(({ vmId }) => settled.some((node) => node.vmId === vmId));
      if (vm) vm.goneAtMs = clock.now();
      return;
    }
    case 4:
      return void model.newVm({ nodeId: model.newId(), installation: ours });
    case 5:
      return void model.newVm({ installation: rng.pick([ours, "inst-2"]) });
    case 6:
      return void model.newVm({ nodeId: settled[0]?.nodeId ?? "n-x", installation: rng.pick([ours, "inst-2"]) });
    case 7: {
      const stranger = model.newVm({ nodeId: model.newId(), installation: ours });
      const laneId = rng.pick(["l1", "l2"]);
      model.stacks.get(laneId)!.set(stranger.nodeId!, { vmId: stranger.vmId });
      return;
    }
    case 8:
      return rng.below(3) === 0 ? model.restart() : undefined;
    case 9:
      return model.put([{ kind: "put", table: "account", row: model.account(rng.pick(["K1", "K2", "wrong"])) }]);
    case 10:
      model.isWrongAccount = rng.below(3) === 0;
      return;
    case 11: {
      const strays = model.living().filter((vm) => !model.isOwned(vm));
      if (strays.length > 0) rng.pick(strays).goneAtMs = clock.now();
      return;
    }
    default:
      return model.put(
        settled
          .filter(({ vmId }) => model.vms.get(vmId!)?.goneAtMs === undefined)
          .map((row) => ({ kind: "put", table: "node", row: { ...row, lastHeartbeatMs: clock.now() } })),
      );
  }
}

async function destroyOne(model: SweepModel, settled: readonly Node[]): Promise<void> {
  if (settled.length > 0) await model.destroy(model.rng.pick(settled));
}

/** What the planner does with dead nodes. */
async function clearDead(model: SweepModel): Promise<void> {
  for (const node of model.state.nodes.values()) if (node.status === "dead") await model.destroy(node);
}

async function calmDown(model: SweepModel): Promise<void> {
  model.isCalm = true;
  model.isWrongAccount = false;
  await model.put([{ kind: "put", table: "account", row: model.account("K1") }]);
  // What was not deleted is asked for again after an hour.
  for (let turn = 0; turn < 110; turn += 1) {
    await model.clock.advance(minute);
    await clearDead(model);
    const strays = model.trueOrphans();
    if (turn === 0) model.reported.forEach((vmId) => strays.includes(vmId) || model.reported.delete(vmId));
  }
}

describe("the sweep of an account", () => {
  it(`whatever happens in whatever order: owned VMs and others' are left alone, what is gone is noticed, what nobody has is told, and deleted where that is wanted (${runs} runs)`, async () => {
    const total = { gone: 0, reported: 0, lists: 0, deleted: 0 };
    for (let seed = 1; seed <= runs; seed += 1) {
      const policy = seed % 3 === 0 ? "delete" : "report";
      const model = new SweepModel(new SeededRng(seed), seed % 2 === 0 ? "123456789012" : undefined, policy);
      await model.open();
      for (let step = 0; step < stepsPerRun; step += 1) {
        await happen(model);
        await clearDead(model);
        await model.clock.advance(model.rng.between(1_000, 90_000));
      }
      await calmDown(model);
      model.stop();

      const told = `seed ${seed}`;
      assert.deepEqual(model.wrongs, [], told);
      const orphans = model.orphans();
      assert.deepEqual(orphans.map(({ vmId }) => vmId).sort(), model.trueOrphans(), told);
      assert.deepEqual(model.ghosts(), [], `${told}: rows whose VM is gone`);
      if (policy === "delete") assert.deepEqual(orphans, [], `${told}: VMs that should be deleted`);
      else assert.equal(model.counts.deleted, 0, told);
      for (const key of ["gone", "reported", "lists", "deleted"] as const) total[key] += model.counts[key];
    }
    assert.ok(total.gone > runs && total.reported > runs && total.deleted > runs / 3, JSON.stringify(total));
  });
});
