/** What a worker tells of the VMs in an account, on every engine here. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { local } from "../../provider/clouds/local";
import type { AccountAnswer, ListedVm } from "../../runtime/model/account-questions";
import { enginesHere } from "../executor/bench";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { AccountBench, aNode, keysOf } from "./account-bench";

const installationId = "inst-1";
const ours = { "headroom-installation": installationId };
const question = (knownIds: readonly string[] = [], region = "us-east-1") =>
  ({ kind: "list", installationId, place: { region }, knownIds }) as const;

function vmsIn(answer: AccountAnswer): ListedVm[] {
  if (answer.kind !== "list") assert.fail(`no list: ${JSON.stringify(answer)}`);
  return answer.vms.toSorted((a, b) => (a.vmId < b.vmId ? -1 : 1));
}

for (const kind of ["embedded", "official"] as const) {
  describe(`what is in an AWS account, ${kind} engine`, () => {
    let bench: AccountBench;
    beforeEach(async function () {
      const engine = (await enginesHere()).find((candidate) => candidate.kind === kind);
      if (!engine) return this.skip();
      bench = await AccountBench.open(engine);
    });
    afterEach(() => bench?.close());

    it("all that carries the installation, with the tags of what nobody knows, and nothing of others", async () => {
      await bench.update(
        aNode("n-a", { installation: installationId }),
        aNode("n-b", { installation: installationId }),
      );
      const { "n-a": known } = bench.vms();
      const bare = bench.aws.launch(ours);
      const cloned = bench.aws.launch({ ...ours, "headroom-node": "n-a" });
      bench.aws.launch({ "headroom-installation": "inst-2", "headroom-node": "n-a" });
      bench.aws.launch({ "headroom-node": "n-old" });
      bench.aws.launch(ours, { owner: "999999999999" });
      const abroad = bench.aws.launch({ ...ours, "headroom-node": "n-z" }, { region: "eu-central-1" });

      const vms = vmsIn(await bench.ask(question([known!])));
      const { "n-b": young } = bench.vms();

      assert.deepEqual(vms, [
        { vmId: known },
        { vmId: young, nodeId: "n-b", installation: installationId },
        { vmId: bare, installation: installationId },
        { vmId: cloned, nodeId: "n-a", installation: installationId },
      ]);
      assert.deepEqual(vmsIn(await bench.ask(question([], "eu-central-1"))), [
        { vmId: abroad, nodeId: "n-z", installation: installationId },
      ]);
    });

    it("a known VM whose tags somebody removed, among more known ones than a filter takes", async () => {
      const ids = Array.from({ length: 450 }, (_, index) =>
        bench.aws.launch(index % 2 === 0 ? {} : { ...ours, "headroom-node": `n-${index}` }),
      );
      const gone = ["i-0000000000000dead", "i-0000000000000beef"];

      const vms = vmsIn(await bench.ask(question([...ids, ...gone])));

      assert.deepEqual(vms.map(({ vmId }) => vmId).sort(), ids.toSorted());
    });

    for (const validates of [true, false]) {
      it(`a key that is refused ${validates ? "when it is configured" : "at the first request"} is no answer`, async () => {
        bench.aws.iam.validatesAtConfigure = validates;
        bench.aws.launch(ours);
        bench.aws.iam.revoke("K1");

        const answer = await bench.ask(question());

        assert.equal(answer.kind, "failed");
        assert.match(JSON.stringify(answer), /InvalidClientTokenId|AuthFailure/);
        bench.useAccount(keysOf("K2"));
        assert.equal(vmsIn(await bench.ask(question())).length, 1);
      });
    }

    it("keys of another account than the known one are no answer", async () => {
      bench.aws.iam.owners.set("K2", "999999999999");
      bench.useAccount(keysOf("K2"), "vm", "123456789012");

      const answer = await bench.ask(question());

      assert.match(JSON.stringify(answer), /"failed".*999999999999/);
    });

    it("a question changes nothing, leaves nothing behind and keeps no update waiting", async () => {
      await bench.update(aNode("n-a"));
      const before = { state: bench.readState(), names: bench.dataNames(), steps: bench.aws.cloud.journal.length };

      const [first, second] = await Promise.all([bench.ask(question()), bench.ask(question())]);

      assert.deepEqual([first.kind, second.kind], ["list", "list"]);
      const after = { state: bench.readState(), names: bench.dataNames(), steps: bench.aws.cloud.journal.length };
      assert.deepEqual(after, before);
      const asking = bench.ask(question());
      assert.equal((await bench.update(aNode("n-a"), aNode("n-b"))).outcome, "succeeded");
      assert.equal((await asking).kind, "list");
    });
  });
}

describe("what is in a folder of local VMs", () => {
  it("a folder that is not there is no answer", async () => {
    const folder = newOpenFolder("headroom-listing-");
    try {
      const sought = { installationId, knownIds: [] };
      const list = (root: string) => local.vm.listVms(sought, { root }, {});
      assert.deepEqual(await list(folder), []);
      await assert.rejects(list(join(folder, "elsewhere")), /is not there/);
    } finally {
      removeFolder(folder);
    }
  });
});
