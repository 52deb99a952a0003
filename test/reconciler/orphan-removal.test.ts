/** When a VM that nobody knows is asked to be deleted, and what is told of it. */
import assert from "node:assert/strict";
import type { AccountAnswer } from "../../runtime/model/account-questions";
import { accountIdOf } from "../../runtime/model/accounts";
import type { VmProviderConfig } from "../../runtime/model/config";
import type { Lane, Node, Orphan } from "../../runtime/model/state";
import { OrphanRemoval } from "../../runtime/reconciler/orphan-removal";
import { HotState } from "../../runtime/store/hot-state";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryStore } from "../../runtime/store/memory";
import { aNode, definitionChanges, vmProviderDoc } from "../support/builders";
import { SeededRng, startMs, VirtualClock } from "../support/virtual-clock";
import { catalog, ours } from "./sweep-model";

const minute = 60_000;
const spec = { service: "vm", kind: "aws", definition: "vms", settings: { key: "K1" }, identity: {} } as const;
const accountId = accountIdOf(spec);
const place = { region: "east" };
const failure: AccountAnswer = { kind: "failed", failed: "api error UnauthorizedOperation" };

class Removals {
  readonly clock = new VirtualClock();
  readonly store = new MemoryStore();
  readonly state = new HotState();
  readonly ledger = new GroupCommitLedger({ state: this.state, store: this.store, onLost: assert.fail });
  /** By lane: the nodes of its stack; a lane that is not here is not known. */
  readonly stacks = new Map<string, Map<string, { readonly vmId: string }>>();
  readonly removal = new OrphanRemoval({
    ...{ ledger: this.ledger, epoch: 7, clock: this.clock, rng: new SeededRng(1), catalog },
    stackOf: (laneId) => this.stacks.get(laneId),
  });

  async open(orphans?: VmProviderConfig["orphans"]): Promise<void> {
    const row = { installationId: ours, backend: "", passphrase: "", tokenSecret: "" };
    await this.ledger.commit([
      { kind: "put", table: "installation", row },
      { kind: "put", table: "account", row: { ...spec, accountId, updatedAtMs: startMs, isCurrent: true } },
    ]);
    await this.declare(orphans);
  }

  declare(orphans?: VmProviderConfig["orphans"]): Promise<void> {
    const doc = { kind: "aws" as const, settings: { ...place, cores: 2 }, ...(orphans && { orphans }) };
    return this.ledger.commit(definitionChanges({ vmProviders: [vmProviderDoc(doc)] }));
  }

  tell(vmId: string, over: Partial<Orphan> = {}): Promise<void> {
    const at = { firstSeenMs: startMs, lastSeenMs: startMs, reportedAtMs: startMs };
    const row: Orphan = { orphanId: `${accountId}/${vmId}`, accountId, vmProvider: "vms", place, vmId, ...at, ...over };
    return this.ledger.commit([{ kind: "put", table: "orphan", row }]);
  }

  putNode(over: Partial<Node>): Promise<void> {
    return this.ledger.commit([{ kind: "put", table: "node", row: aNode(over) }]);
  }

  putLane(over: Partial<Lane> = {}): Promise<void> {
    const lane = { laneId: "l1", autoscaleConfig: "agents", stack: "l1", desiredRevision: 1, appliedRevision: 1 };
    return this.ledger.commit([{ kind: "put", table: "lane", row: { ...lane, ...over } }]);
  }

  next(): ReturnType<OrphanRemoval["nextQuestion"]> {
    return this.removal.nextQuestion(this.clock.now());
  }

  async told(): Promise<string[]> {
    const decisions = await this.store.decisions({ limit: 100 });
    return decisions.map(({ event, reason }) => `${event}: ${reason.text}`).reverse();
  }
}

describe("the removal of VMs that nobody knows", () => {
  let removals: Removals;
  beforeEach(() => (removals = new Removals()));

  it("one that was told is asked for as it was told, beside the VMs that are known, and forgotten once it is deleted", async () => {
    await removals.open("delete");
    const known = { spec: { ...aNode().spec!, account: accountId, settings: place }, address: "10.0.0.1" };
    await removals.putNode({ ...known, nodeId: "n-1", vmId: "i-known", status: "running" });
    await removals.tell("i-1", { nodeId: "n-gone" });

    const due = removals.next();

    assert.deepEqual(due?.request.question, {
      ...{ kind: "deleteOrphan", epoch: 7, orphanId: `${accountId}/i-1`, vmId: "i-1", nodeId: "n-gone" },
      ...{ installationId: ours, place, knownIds: ["i-known"] },
    });
    assert.deepEqual(due?.request.account, spec);
    assert.equal(removals.next(), undefined);
    await due.conclude({ kind: "deleted" });
    assert.equal(removals.state.orphans.size, 0);
    assert.deepEqual(await removals.told(), [
      `orphanDeleted: VM i-1 in account "${accountId}", which nobody knew, was deleted`,
    ]);
  });

  for (const orphans of ["report", undefined] as const) {
    it(`none is asked for with orphans: ${orphans}, until an edit wants it, and not after it is taken back`, async () => {
      await removals.open(orphans);
      await removals.tell("i-1");
      await removals.tell("i-2");

      assert.equal(removals.next(), undefined);
      await removals.declare("delete");
      assert.ok(removals.next());
      await removals.declare(orphans);
      assert.equal(removals.next(), undefined);
    });
  }

  it("none that was seen only once, whose account is not known, or whose VM provider config is gone", async () => {
    await removals.open("delete");
    await removals.tell("i-1", { reportedAtMs: undefined as never });
    await removals.tell("i-2", { accountId: "vm-other-00000000" });
    await removals.tell("i-3", { vmProvider: "gone" });

    assert.equal(removals.next(), undefined);
  });

  it("none that has an owner by now, or whose stack is not known or worked on; another one does not wait for it", async () => {
    await removals.open("delete");
    await removals.tell("i-1", { nodeId: "n-1" });
    await removals.putLane();
    assert.equal(removals.next(), undefined, "the lane's stack is not known");
    removals.stacks.set("l1", new Map([["n-1", { vmId: "i-1" }]]));
    assert.equal(removals.next(), undefined, "the lane's stack has it");
    removals.stacks.set("l1", new Map());
    await removals.putNode({ nodeId: "n-1", laneId: "l1", vmId: "i-9" });
    await removals.putLane({ openRevision: 2, openSinceMs: startMs });
    assert.equal(removals.next(), undefined, "the node's lane is worked on");
    await removals.putLane();
    await removals.putNode({ nodeId: "n-2", laneId: "l1", vmId: "i-1" });
    assert.equal(removals.next(), undefined, "another node has it");

    await removals.tell("i-2");
    assert.equal((removals.next()?.request.question as { vmId: string }).vmId, "i-2");
    await removals.ledger.commit([{ kind: "delete", table: "node", id: "n-2" }]);
    assert.equal((removals.next()?.request.question as { vmId: string }).vmId, "i-1");
  });

  it("one that was not deleted is told, stays, and is asked for again after an hour", async () => {
    await removals.open("delete");
    await removals.tell("i-1");
    await removals.next()!.conclude(failure);
    assert.equal(removals.state.orphans.size, 1);
    assert.deepEqual(await removals.told(), [
      `orphanNotDeleted: VM i-1 in account "${accountId}", which nobody knew, was not deleted: api error UnauthorizedOperation`,
    ]);

    await removals.clock.advance(59 * minute);
    assert.equal(removals.next(), undefined);
    await removals.clock.advance(minute);
    assert.ok(removals.next());
  });
});
