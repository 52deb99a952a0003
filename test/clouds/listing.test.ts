/** What a worker tells of the VMs in an account, on every cloud and engine here. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { AccountAnswer, ListedVm } from "../../runtime/model/account-questions";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import type { AccountBench } from "./account-bench";
import { onEachCloud } from "./each-cloud";
import { vmProviderOf } from "./registered";

const installation = "inst-1";

function vmsIn(answer: AccountAnswer): ListedVm[] {
  if (answer.kind !== "list") assert.fail(`no list: ${JSON.stringify(answer)}`);
  return byId(answer.vms);
}

const byId = (vms: readonly ListedVm[]): ListedVm[] => vms.toSorted((a, b) => (a.vmId < b.vmId ? -1 : 1));

onEachCloud("what is in an account", "few", ({ kind, known, open }) => {
  let bench: AccountBench;
  beforeEach(async function () {
    bench = await open(this);
  });
  afterEach(() => bench?.close());

  const question = (knownIds: readonly string[] = [], place = bench.place) =>
    ({ kind: "list", installationId: installation, place, knownIds }) as const;

  it("all that carries the installation, with the tags of what nobody knows, and nothing of others", async () => {
    await bench.update(bench.node("n-a", { installation }), bench.node("n-b", { installation }));
    const { "n-a": ours } = bench.vms();
    const bare = bench.cloud.launch({ installation });
    const cloned = bench.cloud.launch({ installation, nodeId: "n-a" });
    bench.cloud.launch({ installation: "inst-2", nodeId: "n-a" });
    bench.cloud.launch({ installation: `${installation}2`, nodeId: "n-a" });
    bench.cloud.launch({ nodeId: "n-old" });
    bench.cloud.launch({ installation }, { owner: bench.cloud.access.other });

    const vms = vmsIn(await bench.ask(question([ours!])));
    const { "n-b": young } = bench.vms();

    assert.deepEqual(
      vms.map((vm) => (vm.vmId === ours ? { vmId: ours } : vm)),
      byId([
        { vmId: ours! },
        { vmId: young!, nodeId: "n-b", installation },
        { vmId: bare, installation },
        { vmId: cloned, nodeId: "n-a", installation },
      ]),
    );
  });

  it("of each place that an account has its own VMs only", async () => {
    const { otherPlace } = known;
    assert.equal(otherPlace !== undefined, vmProviderOf(kind).account.place.length > 0, "the rules name places");
    if (otherPlace === undefined) return;
    const here = bench.cloud.launch({ installation, nodeId: "n-y" });
    const abroad = bench.cloud.launch({ installation, nodeId: "n-z" }, { place: otherPlace });

    assert.deepEqual(vmsIn(await bench.ask(question([], otherPlace))), [{ vmId: abroad, nodeId: "n-z", installation }]);
    assert.deepEqual(vmsIn(await bench.ask(question())), [{ vmId: here, nodeId: "n-y", installation }]);
  });

  it("a known VM whose tags somebody removed, among more known ones than a filter or a page takes", async () => {
    const ids = Array.from({ length: 450 }, (_, index) =>
      bench.cloud.launch(index % 2 === 0 ? {} : { installation, nodeId: `n-${index}` }),
    );

    const vms = vmsIn(await bench.ask(question([...ids, bench.cloud.unknownVmId])));

    assert.deepEqual(vms.map(({ vmId }) => vmId).sort(), ids.toSorted());
  });

  for (const when of known.noticed) {
    it(`a key that is refused at the ${when} is no answer`, async () => {
      bench.cloud.access.noticeAt(when);
      bench.cloud.launch({ installation });
      bench.cloud.access.revoke("K1");

      const answer = await bench.ask(question());

      assert.equal(answer.kind, "failed");
      assert.match(JSON.stringify(answer), known.says.revoked);
      bench.useKey("K2");
      assert.equal(vmsIn(await bench.ask(question())).length, 1);
    });
  }

  it("keys of another account than the known one are no answer", async () => {
    const { home, other } = bench.cloud.access;
    bench.cloud.access.giveTo("K2", other);
    bench.useKey("K2", "vm", home);

    const answer = await bench.ask(question());

    assert.equal(answer.kind, "failed");
    assert.match(JSON.stringify(answer), known.says.foreign);
    assert.match(JSON.stringify(answer), new RegExp(other));
  });

  it("a question changes nothing, leaves nothing behind and keeps no update waiting", async () => {
    await bench.update(bench.node("n-a"));
    const seen = () => ({
      state: bench.readState(),
      names: bench.dataNames(),
      steps: bench.cloud.cloud.journal.length,
    });
    const before = seen();

    const [first, second] = await Promise.all([bench.ask(question()), bench.ask(question())]);

    assert.deepEqual([first.kind, second.kind], ["list", "list"]);
    assert.deepEqual(seen(), before);
    const asking = bench.ask(question());
    assert.equal((await bench.update(bench.node("n-a"), bench.node("n-b"))).outcome, "succeeded");
    assert.equal((await asking).kind, "list");
  });
});

describe("what is in a folder of local VMs", () => {
  it("a folder that is not there is no answer", async () => {
    const folder = newOpenFolder("headroom-listing-");
    try {
      const sought = { installationId: installation, knownIds: [] };
      const list = (root: string) => vmProviderOf("local").listVms(sought, { root }, {});
      assert.deepEqual(await list(folder), []);
      await assert.rejects(list(join(folder, "elsewhere")), /is not there/);
    } finally {
      removeFolder(folder);
    }
  });
});
