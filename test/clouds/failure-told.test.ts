/** However a cloud refuses, people read its own sentence, on every cloud and engine here. */
import assert from "node:assert/strict";
import type { UpdateResult } from "../../runtime/executor/node-updater";
import type { DesiredNode } from "../../runtime/model/state";
import type { AccountBench } from "./account-bench";
import type { EmulatedUnderTest } from "./cloud-under-test";
import { onEachCloud } from "./each-cloud";
import type { CloudAction } from "./emulation";

interface Case {
  readonly what: string;
  /** What is wrong with the key that this case uses. */
  readonly trouble: (bench: AccountBench) => void;
  readonly run: (bench: AccountBench, one: DesiredNode) => Promise<UpdateResult>;
  readonly told: RegExp;
}

const those = (bench: AccountBench) => [bench.node("n-a"), bench.node("n-b")] as const;
const addOne: Case["run"] = (bench, one) => bench.update(one, ...those(bench));
const removeOne: Case["run"] = (bench) => bench.update(bench.node("n-b"));
const removeAll: Case["run"] = (bench) => bench.update();
const recoverAll: Case["run"] = (bench, one) => bench.recover(...those(bench), one);
const ofOthers: Case["trouble"] = (bench) => {
  bench.cloud.access.giveTo("foreign", bench.cloud.access.other);
  bench.useKey("foreign", "vm", bench.cloud.access.home);
};
const deny = (action: CloudAction): Case["trouble"] => {
  return (bench) => bench.cloud.access.deny("bad", action);
};

function casesOf({ says, providerField, dns }: EmulatedUnderTest): readonly Case[] {
  const { foreign, denied, noDomain } = says;
  return [
    { what: "keys of another account, while one is made", trouble: ofOthers, run: addOne, told: foreign },
    { what: "keys of another account, while one goes", trouble: ofOthers, run: removeOne, told: foreign },
    { what: "keys of another account, while all go", trouble: ofOthers, run: removeAll, told: foreign },
    { what: "keys of another account, in a recovery", trouble: ofOthers, run: recoverAll, told: foreign },
    {
      what: "a revoked key",
      trouble: (bench) => {
        bench.cloud.access.revoke("revoked");
        bench.useKey("revoked");
      },
      run: addOne,
      told: says.revoked,
    },
    ...[undefined, providerField].map((field): Case => {
      const configuration = { reason: "the key has 19 characters", ...(field && { field }) };
      return {
        what: `CheckConfig, ${field === undefined ? "as an error" : "as what is wrong with a field"}`,
        trouble: (bench) => (bench.cloud.cloud.trouble = { configuration }),
        run: addOne,
        told: /the key has 19 characters/,
      };
    }),
    {
      what: "an invoke of a recovery",
      trouble: deny("list VMs"),
      run: recoverAll,
      told: denied["list VMs"],
    },
    { what: "a create", trouble: deny("create a VM"), run: addOne, told: denied["create a VM"] },
    { what: "a delete", trouble: deny("delete a VM"), run: removeOne, told: denied["delete a VM"] },
    { what: "all deletes", trouble: deny("delete a VM"), run: removeAll, told: denied["delete a VM"] },
    ...(dns === undefined ? [] : casesOfRecords(denied["look up a domain"], noDomain!)),
  ];
}

function casesOfRecords(denied: RegExp, noDomain: RegExp): readonly Case[] {
  return [
    {
      what: "an invoke of an update",
      trouble: deny("look up a domain"),
      run: (bench, one) => bench.update({ ...one, dns: bench.dns! }, ...those(bench)),
      told: denied,
    },
    {
      what: "the program itself",
      trouble: () => undefined,
      run: (bench, one) =>
        bench.update({ ...one, dns: { ...bench.dns!, baseDomainName: "nowhere.org" } }, ...those(bench)),
      told: noDomain,
    },
  ];
}

/** To whoever may not see a VM, OCI tells nothing of it: who takes that for "gone" forgets a VM. */
const ownWay = ["oci"];

onEachCloud(
  "what a cloud refuses is told in its own words",
  "few",
  ({ known, open }) => {
    let bench: AccountBench;
    before(async function () {
      bench = await open(this);
    });
    beforeEach(async () => {
      bench.cloud.endTrouble();
      for (const service of ["vm", "dns"] as const) bench.useKey("good", service);
      const { outcome, message } = await bench.update(...those(bench));
      assert.equal(outcome, "succeeded", message);
    });
    after(() => bench?.close());

    for (const [index, { what, trouble, run, told }] of casesOf(known).entries()) {
      it(what, async () => {
        const vms = bench.vms();
        for (const service of ["vm", "dns"] as const) bench.useKey("bad", service);
        trouble(bench);

        const result = await run(bench, bench.node(`n-${index}`));

        assert.equal(result.outcome, "failed");
        assert.match(result.message ?? "", told);
        assert.doesNotMatch(result.message ?? "", /^(Unhandled exception|update failed)/);
        for (const event of bench.events) if (event.kind === "nodeFailed") assert.match(event.message, told);
        assert.deepEqual({ ...bench.vms(), ...vms }, bench.vms(), "nothing is lost");
      });
    }
  },
  ownWay,
);
