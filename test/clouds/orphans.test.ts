/**
 * VMs that nobody knows are deleted, and only those, on every cloud and engine here: through a worker, as the store
 * permits it.
 */
import assert from "node:assert/strict";
import { findLocalVms } from "../../provider/local-vm/find-local-vms";
import { enginesHere } from "../executor/bench";
import { putNode } from "../store/rows";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { AccountBench } from "./account-bench";
import { engineKinds, onEachCloud } from "./each-cloud";
import { installationId, OrphanBench, whyOf } from "./orphan-bench";
import { emulatedKinds } from "./registered";

const installation = installationId;

onEachCloud("VMs that nobody knows", "few", ({ known, open }) => {
  let orphans: OrphanBench;
  let bench: AccountBench;
  beforeEach(async function () {
    orphans = await OrphanBench.open((permit) => open(this, permit));
    bench = orphans.bench;
  });
  afterEach(() => bench?.close());

  it("one of a node that is gone, and one without a node: they alone are deleted, and nothing is left behind", async () => {
    const { launch, access } = cloudOf(bench);
    await bench.update(bench.node("n-a", { installation }));
    const { "n-a": ours } = bench.vms();
    const orphan = launch({ nodeId: "n-gone", installation });
    const bare = launch({ installation });
    const others = [
      launch({ nodeId: "n-gone", installation: "inst-2" }),
      launch({ nodeId: "n-gone" }),
      launch({ nodeId: "n-other", installation }),
      launch({ nodeId: "n-gone", installation }, { owner: access.other }),
    ];
    const before = { state: bench.readState(), names: bench.dataNames() };

    assert.deepEqual(await orphans.remove(await orphans.told(orphan, "n-gone"), [ours!]), { kind: "deleted" });
    assert.deepEqual(await orphans.remove(await orphans.told(bare), [ours!]), { kind: "deleted" });

    assert.deepEqual(
      bench.cloud
        .vms()
        .map(({ id }) => id)
        .sort(),
      [ours!, ...others].sort(),
    );
    assert.deepEqual({ state: bench.readState(), names: bench.dataNames() }, before);
    assert.equal((await bench.update()).outcome, "succeeded");
  });

  it("one of another installation, account or place, one that is gone: nothing is asked of the store", async () => {
    const { launch, access, unknownVmId } = cloudOf(bench);
    const { otherPlace: place } = known;
    const vms = [
      launch({ nodeId: "n-gone", installation: "inst-2" }),
      launch({ nodeId: "n-gone" }),
      launch({ nodeId: "n-gone", installation }, { owner: access.other }),
      ...(place === undefined ? [] : [launch({ nodeId: "n-gone", installation }, { place })]),
    ];
    for (const vmId of [...vms, unknownVmId]) {
      const answer = await orphans.remove(await orphans.told(vmId, "n-gone"));
      assert.match(whyOf(answer), /does not list VM .* as ours any more/);
    }

    assert.ok(vms.every((vmId) => bench.lives(vmId)));
    assert.deepEqual(orphans.asked, []);
  });

  for (const [what, nodeId, isNow] of [
    ["another node's", "n-gone", { nodeId: "n-new", installation }],
    ["gone", "n-gone", { installation }],
    ["there all at once", undefined, { nodeId: "n-new", installation }],
    ["another installation's", "n-gone", { nodeId: "n-gone", installation: "inst-2" }],
  ] as const) {
    it(`one whose tags changed since it was told (they are ${what}) lives`, async () => {
      const vmId = bench.cloud.launch({ nodeId, installation });
      const orphan = await orphans.told(vmId, nodeId);
      bench.cloud.retag(vmId, isNow);

      assert.match(whyOf(await orphans.remove(orphan)), /tags of VM .* changed|does not list VM/);

      assert.ok(bench.lives(vmId));
      assert.deepEqual(orphans.asked, []);
    });
  }

  it("one whose tags change while it is read lives: it is looked at again right before its end", async () => {
    const vmId = bench.cloud.launch({ nodeId: "n-gone", installation });
    const orphan = await orphans.told(vmId, "n-gone");
    const read: string[] = [];
    bench.cloud.cloud.trouble = {
      onRead: (id) => {
        read.push(id);
        bench.cloud.retag(vmId, { nodeId: "n-new", installation });
      },
    };

    assert.match(whyOf(await orphans.remove(orphan)), /tags of VM .* changed: node id n-new, not n-gone/);

    assert.ok(read.includes(vmId) && bench.lives(vmId));
    assert.deepEqual(orphans.asked, []);
  });

  it("one for which the store gives no permit at the last moment lives, with the reason", async () => {
    const vmId = bench.cloud.launch({ nodeId: "n-gone", installation });
    const orphan = await orphans.told(vmId, "n-gone");
    const refusedWhile = async (
      reason: RegExp,
      change: () => Promise<void>,
      back: () => Promise<void>,
    ): Promise<void> => {
      await change();
      assert.match(whyOf(await orphans.remove(orphan)), reason);
      assert.ok(bench.lives(vmId), String(reason));
      await back();
    };

    await refusedWhile(
      /not permitted: .* does not say orphans: "delete"/,
      () => orphans.declare("report"),
      () => orphans.declare("delete"),
    );
    await refusedWhile(
      /not permitted: .* that of node n-owner/,
      () => orphans.store.write([putNode({ nodeId: "n-owner", vmId })]),
      () => orphans.store.write([{ kind: "delete", table: "node", id: "n-owner" }]),
    );

    assert.equal(orphans.asked.length, 2);
    assert.deepEqual(await orphans.remove(orphan), { kind: "deleted" });
    assert.ok(!bench.lives(vmId));
  });

  it("one in an account that does not let us in lives until it does", async () => {
    const orphan = await orphans.told(bench.cloud.launch({ nodeId: "n-gone", installation }), "n-gone");
    bench.cloud.access.revoke("K1");

    assert.match(whyOf(await orphans.remove(orphan)), known.says.revoked);

    assert.ok(bench.lives(orphan.vmId));
    bench.useKey("K2");
    assert.deepEqual(await orphans.remove(orphan), { kind: "deleted" });
  });
});

for (const engineKind of engineKinds) {
  describe(`local VMs that nobody knows, ${engineKind} engine`, () => {
    it("are deleted as they were told", async function () {
      const engine = (await enginesHere()).find((candidate) => candidate.kind === engineKind) ?? this.skip();
      const orphans = await OrphanBench.open((permit) => AccountBench.open(emulatedKinds[0]!, engine, permit));
      const root = newOpenFolder("headroom-orphans-");
      try {
        const { account, ...node } = orphans.bench.node("n-gone", {
          kind: "local",
          settings: { root, bootTime: "600s" },
        });
        assert.notEqual(account, undefined);
        const made = await orphans.bench.update({ ...node, vmProvider: "lab", installation });
        assert.equal(made.outcome, "succeeded", made.message);
        const { vmId } = findLocalVms(root)[0]!;
        const lab = { service: "vm", kind: "local", definition: "lab", identity: {}, settings: {} } as const;
        const orphan = await orphans.told(vmId, "n-gone", { orphanId: `lab/${vmId}`, place: { root } });

        assert.match(
          whyOf(await orphans.remove({ ...orphan, nodeId: "n-other" }, [], "lab", lab)),
          /tags of VM .* changed/,
        );
        assert.equal(findLocalVms(root).length, 1);
        assert.deepEqual(await orphans.remove(orphan, [], "lab", lab), { kind: "deleted" });
        assert.deepEqual(findLocalVms(root), []);
      } finally {
        await orphans.bench.close();
        removeFolder(root);
      }
    });
  });
}

/** Its methods may be called alone. */
function cloudOf({ cloud }: AccountBench) {
  const launch: typeof cloud.launch = (identity, where) => cloud.launch(identity, where);
  return { launch, access: cloud.access, unknownVmId: cloud.unknownVmId };
}
