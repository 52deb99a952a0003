/** However a cloud refuses, people read its own sentence, on every engine here. */
import assert from "node:assert/strict";
import type { DesiredNode } from "../../runtime/model/state";
import type { UpdateResult } from "../../runtime/executor/node-updater";
import { enginesHere } from "../executor/bench";
import { AccountBench, aNode, dns, keysOf } from "./account-bench";
import { homeAccount } from "./emulated-iam";

const notAllowed = "AWS account ID not allowed: 999999999999";
const revoked = "InvalidClientTokenId: The security token included in the request is invalid";

interface Case {
  readonly what: string;
  /** What is wrong with the key that this case uses. */
  readonly trouble: (bench: AccountBench) => void;
  readonly run: (bench: AccountBench, one: DesiredNode) => Promise<UpdateResult>;
  readonly told: string;
}

const [a, b] = [aNode("n-a"), aNode("n-b")];
const addOne: Case["run"] = (bench, one) => bench.update(one, a, b);
const removeOne: Case["run"] = (bench) => bench.update(b);
const removeAll: Case["run"] = (bench) => bench.update();
const recoverAll: Case["run"] = (bench, one) => bench.recover(a, b, one);
const ofOthers: Case["trouble"] = (bench) => {
  bench.aws.iam.owners.set("foreign", "999999999999");
  bench.useAccount(keysOf("foreign"), "vm", homeAccount);
};
const deny = (action: string): Case["trouble"] => {
  return (bench) => bench.aws.iam.denied.set("bad", [action]);
};

const cases: readonly Case[] = [
  { what: "Configure, while one is made", trouble: ofOthers, run: addOne, told: notAllowed },
  { what: "Configure, while one goes", trouble: ofOthers, run: removeOne, told: notAllowed },
  { what: "Configure, while all go", trouble: ofOthers, run: removeAll, told: notAllowed },
  { what: "Configure, in a recovery", trouble: ofOthers, run: recoverAll, told: notAllowed },
  {
    what: "Configure",
    trouble: (bench) => {
      bench.aws.iam.revoke("revoked");
      bench.useAccount(keysOf("revoked"));
    },
    run: addOne,
    told: revoked,
  },
  ...[undefined, "accessKey"].map((field): Case => {
    const configuration = { reason: "the access key has 19 characters", ...(field && { field }) };
    return {
      what: `CheckConfig, ${field === undefined ? "as an error" : "as what is wrong with a field"}`,
      trouble: (bench) => (bench.aws.cloud.trouble = { configuration }),
      run: addOne,
      told: configuration.reason,
    };
  }),
  {
    what: "an invoke of a recovery",
    trouble: deny("ec2:DescribeInstances"),
    run: recoverAll,
    told: "perform: ec2:DescribeInstances",
  },
  {
    what: "an invoke of an update",
    trouble: deny("route53:ListHostedZones"),
    run: (bench, one) => bench.update({ ...one, dns }, a, b),
    told: "perform: route53:ListHostedZones",
  },
  { what: "a create", trouble: deny("ec2:RunInstances"), run: addOne, told: "perform: ec2:RunInstances" },
  {
    what: "a delete",
    trouble: deny("ec2:TerminateInstances"),
    run: removeOne,
    told: "perform: ec2:TerminateInstances",
  },
  {
    what: "all deletes",
    trouble: deny("ec2:TerminateInstances"),
    run: removeAll,
    told: "perform: ec2:TerminateInstances",
  },
  {
    what: "the program itself",
    trouble: () => undefined,
    run: (bench, one) => bench.update({ ...one, dns: { ...dns, baseDomainName: "nowhere.org" } }, a, b),
    told: 'baseDomainName: got "nowhere.org"; the AWS account has no public hosted zone',
  },
];

for (const kind of ["embedded", "official"] as const) {
  describe(`what a cloud refuses is told in its own words, ${kind} engine`, () => {
    let bench: AccountBench;
    before(async function () {
      const engine = (await enginesHere()).find((candidate) => candidate.kind === kind);
      if (!engine) return this.skip();
      bench = await AccountBench.open(engine);
    });
    beforeEach(async () => {
      bench.aws.iam.denied.clear();
      bench.aws.cloud.trouble = {};
      for (const service of ["vm", "dns"] as const) bench.useAccount(keysOf("good"), service);
      const { outcome, message } = await bench.update(a, b);
      assert.equal(outcome, "succeeded", message);
    });
    after(() => bench?.close());

    for (const [index, { what, trouble, run, told }] of cases.entries()) {
      it(`${what}: ${told}`, async () => {
        const vms = bench.vms();
        for (const service of ["vm", "dns"] as const) bench.useAccount(keysOf("bad"), service);
        trouble(bench);

        const result = await run(bench, aNode(`n-${index}`));

        assert.equal(result.outcome, "failed");
        assert.ok(result.message?.includes(told), result.message);
        assert.doesNotMatch(result.message ?? "", /^(Unhandled exception|update failed)/);
        for (const event of bench.events) {
          if (event.kind === "nodeFailed") assert.ok(event.message.includes(told), event.message);
        }
        assert.deepEqual({ ...bench.vms(), ...vms }, bench.vms(), "nothing is lost");
      });
    }
  });
}
