/** VMs that nobody knows are deleted, and only those, on every engine here: through a worker, as the store permits it. */
import assert from "node:assert/strict";
import { findLocalVms } from "../../provider/local-vm/find-local-vms";
import type { AccountAnswer } from "../../runtime/model/account-questions";
import type { VmProviderConfig } from "../../runtime/model/config";
import type { Orphan } from "../../runtime/model/state";
import { MemoryStore } from "../../runtime/store/memory";
import type { PermitRequest } from "../../runtime/store/permit";
import { enginesHere } from "../executor/bench";
import { putNode } from "../store/rows";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { AccountBench, aNode, keysOf, vmAccount } from "./account-bench";

const installationId = "inst-1";
const tagsOf = (nodeId?: string, installation = installationId): Record<string, string> => ({
  "headroom-installation": installation,
  ...(nodeId === undefined ? {} : { "headroom-node": nodeId }),
});

for (const kind of ["embedded", "official"] as const) {
  describe(`VMs that nobody knows, ${kind} engine`, () => {
    let bench: AccountBench;
    let store: MemoryStore;
    let asked: PermitRequest[];
    beforeEach(async function () {
      const engine = (await enginesHere()).find((candidate) => candidate.kind === kind);
      if (!engine) return this.skip();
      store = new MemoryStore();
      asked = [];
      bench = await AccountBench.open(engine, async (request) => {
        if (request.step !== "deleteOrphan") return { isAllowed: true };
        asked.push(request);
        return store.permit(request);
      });
      await declare("delete");
    });
    afterEach(() => bench?.close());

    const declare = (orphans: VmProviderConfig["orphans"]): Promise<void> =>
      store.write([
        {
          kind: "put",
          table: "definition",
          row: { kind: "vmProviderConfig", name: "main", doc: { orphans }, owner: "test", updatedAtMs: 1 },
        },
      ]);

    /** The sweep has told of it. */
    async function told(vmId: string, nodeId?: string): Promise<Orphan> {
      const row: Orphan = {
        orphanId: `${vmAccount}/${vmId}`,
        accountId: vmAccount,
        vmProvider: "main",
        place: { region: "us-east-1" },
        vmId,
        ...(nodeId === undefined ? {} : { nodeId }),
        firstSeenMs: 1,
        lastSeenMs: 2,
        reportedAtMs: 2,
      };
      await store.write([{ kind: "put", table: "orphan", row }]);
      return row;
    }

    function remove(
      { orphanId, vmId, nodeId, place }: Orphan,
      knownIds: readonly string[] = [],
    ): Promise<AccountAnswer> {
      const of = { orphanId, vmId, ...(nodeId === undefined ? {} : { nodeId }), place };
      return bench.ask({ kind: "deleteOrphan", epoch: store.epoch, ...of, installationId, knownIds });
    }

    const lives = (vmId: string): boolean => bench.aws.instances.has(vmId);
    const whyOf = (answer: AccountAnswer): string =>
      answer.kind === "failed" ? answer.failed : `it is ${answer.kind}`;

    it("one of a node that is gone, and one without a node: they alone are deleted, and nothing is left behind", async () => {
      await bench.update(aNode("n-a", { installation: installationId }));
      const { "n-a": known } = bench.vms();
      const orphan = bench.aws.launch(tagsOf("n-gone"));
      const bare = bench.aws.launch(tagsOf());
      const others = [
        bench.aws.launch(tagsOf("n-gone", "inst-2")),
        bench.aws.launch({ "headroom-node": "n-gone" }),
        bench.aws.launch(tagsOf("n-other")),
        bench.aws.launch(tagsOf("n-gone"), { owner: "999999999999" }),
      ];
      const before = { state: bench.readState(), names: bench.dataNames() };

      assert.deepEqual(await remove(await told(orphan, "n-gone"), [known!]), { kind: "deleted" });
      assert.deepEqual(await remove(await told(bare), [known!]), { kind: "deleted" });

      assert.deepEqual([...bench.aws.instances.keys()].sort(), [known!, ...others].sort());
      assert.deepEqual({ state: bench.readState(), names: bench.dataNames() }, before);
      assert.equal((await bench.update()).outcome, "succeeded");
    });

    it("one of another installation, of another account or region, one that is gone: nothing is asked of the store", async () => {
      const vms = [
        bench.aws.launch(tagsOf("n-gone", "inst-2")),
        bench.aws.launch({ "headroom-node": "n-gone" }),
        bench.aws.launch(tagsOf("n-gone"), { owner: "999999999999" }),
        bench.aws.launch(tagsOf("n-gone"), { region: "eu-central-1" }),
      ];
      for (const vmId of [...vms, "i-0000000000000dead"]) {
        assert.match(whyOf(await remove(await told(vmId, "n-gone"))), /does not list VM .* as ours any more/);
      }

      assert.ok(vms.every(lives));
      assert.deepEqual(asked, []);
    });

    for (const [what, nodeId, isNow] of [
      ["another node's", "n-gone", tagsOf("n-new")],
      ["gone", "n-gone", tagsOf()],
      ["there all at once", undefined, tagsOf("n-new")],
      ["another installation's", "n-gone", tagsOf("n-gone", "inst-2")],
    ] as const) {
      it(`one whose tags changed since it was told (they are ${what}) lives`, async () => {
        const vmId = bench.aws.launch(tagsOf(nodeId));
        const orphan = await told(vmId, nodeId);
        const vm = bench.aws.instances.get(vmId)!;
        const [inputs, outputs] = [vm.inputs, vm.outputs].map((fields) => ({ ...fields, tags: isNow }));
        bench.aws.instances.set(vmId, { ...vm, inputs: inputs!, outputs: outputs! });

        assert.match(whyOf(await remove(orphan)), /tags of VM .* changed|does not list VM/);

        assert.ok(lives(vmId));
        assert.deepEqual(asked, []);
      });
    }

    it("one whose tags change while it is read lives: it is looked at again right before its end", async () => {
      const vmId = bench.aws.launch(tagsOf("n-gone"));
      const orphan = await told(vmId, "n-gone");
      const { iam, instances } = bench.aws;
      const authorise = iam.authorise.bind(iam);
      let calls = 0;
      iam.authorise = (action, asker) => {
        calls += 1;
        // A list and the VM's tags, as they were told; then the engine reads the VM.
        const vm = instances.get(vmId)!;
        if (calls === 3) instances.set(vmId, { ...vm, inputs: { ...vm.inputs, tags: tagsOf("n-new") } });
        return authorise(action, asker);
      };

      assert.match(whyOf(await remove(orphan)), /tags of VM .* changed: node id n-new, not n-gone/);

      assert.ok(calls > 3 && lives(vmId));
      assert.deepEqual(asked, []);
    });

    it("a local VM", async () => {
      const root = newOpenFolder("headroom-orphans-");
      try {
        const settings = { root, bootTime: "600s" };
        const { account, ...node } = aNode("n-gone", { kind: "local", vmProvider: "lab", settings });
        assert.notEqual(account, undefined);
        const made = await bench.update({ ...node, installation: installationId });
        assert.equal(made.outcome, "succeeded", made.message);
        const { vmId } = findLocalVms(root)[0]!;
        const lab = { service: "vm", kind: "local", definition: "lab", identity: {}, settings: {} } as const;
        const row = { orphanId: `lab/${vmId}`, vmId, vmProvider: "main", nodeId: "n-gone", place: { root } };
        const orphan = { ...(await told(vmId, "n-gone")), ...row };
        await store.write([{ kind: "put", table: "orphan", row: orphan }]);
        const ask = (nodeId: string) => {
          const of = { orphanId: orphan.orphanId, vmId, nodeId, installationId, place: { root }, knownIds: [] };
          return bench.ask({ kind: "deleteOrphan", epoch: store.epoch, ...of }, "lab", lab);
        };

        assert.match(whyOf(await ask("n-other")), /tags of VM .* changed/);
        assert.equal(findLocalVms(root).length, 1);
        assert.deepEqual(await ask("n-gone"), { kind: "deleted" });
        assert.deepEqual(findLocalVms(root), []);
      } finally {
        removeFolder(root);
      }
    });

    it("one for which the store gives no permit at the last moment lives, with the reason", async () => {
      const vmId = bench.aws.launch(tagsOf("n-gone"));
      const orphan = await told(vmId, "n-gone");
      const refusedWhile = async (
        reason: RegExp,
        change: () => Promise<void>,
        back: () => Promise<void>,
      ): Promise<void> => {
        await change();
        assert.match(whyOf(await remove(orphan)), reason);
        assert.ok(lives(vmId), String(reason));
        await back();
      };

      await refusedWhile(
        /not permitted: .* does not say orphans: "delete"/,
        () => declare("report"),
        () => declare("delete"),
      );
      await refusedWhile(
        /not permitted: .* that of node n-owner/,
        () => store.write([putNode({ nodeId: "n-owner", vmId })]),
        () => store.write([{ kind: "delete", table: "node", id: "n-owner" }]),
      );

      assert.equal(asked.length, 2);
      assert.deepEqual(await remove(orphan), { kind: "deleted" });
      assert.ok(!lives(vmId));
    });

    it("one in an account that does not let us in lives until it does", async () => {
      const orphan = await told(bench.aws.launch(tagsOf("n-gone")), "n-gone");
      bench.aws.iam.revoke("K1");

      assert.match(whyOf(await remove(orphan)), /InvalidClientTokenId|AuthFailure/);

      assert.ok(lives(orphan.vmId));
      bench.useAccount(keysOf("K2"));
      assert.deepEqual(await remove(orphan), { kind: "deleted" });
    });
  });
}
