/** What a worker tells of an account and of what a template names there, on every engine here. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { local, localSettingsSchema } from "../../provider/clouds/local";
import { environmentOf } from "../../provider/local-vm/local-rules";
import type { AccountCheck, AccountFinding } from "../../runtime/model/account-check";
import { enginesHere } from "../executor/bench";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { AccountBench, keysOf, template } from "./account-bench";
import { homeAccount } from "./emulated-iam";

const other = "999999999999";
const gib = 2 ** 30;

interface Case {
  readonly name: string;
  /** What is wrong in the cloud. */
  readonly arrange?: (bench: AccountBench) => void;
  readonly template?: Record<string, unknown>;
  /** Kind, field, and what its sentence must say. */
  readonly finds: readonly (readonly [AccountFinding["kind"], string, RegExp])[];
  /** Default: cores, memory and GPUs of `m7i.large`. */
  readonly size?: AccountCheck["size"] | "unknown";
  readonly isNobody?: boolean;
}

const getAmi = "aws:ec2/getAmi:getAmi";
const large = { name: "m7i.large", shape: { cores: 2, memoryBytes: 8 * gib, gpus: 0 } };

const cases: readonly Case[] = [
  { name: "all is well", finds: [] },
  {
    name: "GPUs of a size",
    template: { instanceType: "g5.12xlarge" },
    finds: [],
    size: { name: "g5.12xlarge", shape: { cores: 48, memoryBytes: 192 * gib, gpus: 4 } },
  },
  {
    name: "an override of the type and of its threads",
    template: { inputOverride: { instanceType: "m7i.4xlarge", cpuOptions: { coreCount: 4, threadsPerCore: 1 } } },
    finds: [],
    size: { name: "m7i.4xlarge with 4 x 1", shape: { cores: 4, memoryBytes: 64 * gib, gpus: 0 } },
  },
  {
    name: "an image that is not there",
    template: { amiId: "ami-00000000000000000" },
    finds: [["wrong", "amiId", /^amiId "ami-0+": AWS says .*no results.*123456789012 has no such image.*us-east-1/]],
  },
  {
    name: "an image of another account, not shared",
    arrange: ({ aws }) => {
      const image = aws.facts.images.get(template.amiId)!;
      aws.facts.images.set("ami-0aaaaaaaaaaaaaaaa", { ...image, owner: other });
    },
    template: { amiId: "ami-0aaaaaaaaaaaaaaaa" },
    finds: [["wrong", "amiId", /share it with the account/]],
  },
  {
    name: "an image of another region",
    template: { region: "eu-central-1" },
    finds: [
      ["wrong", "amiId", /region "eu-central-1"/],
      ["wrong", "subnetId", /no such subnet in region "eu-central-1"/],
      ["wrong", "securityGroupIds", /no such security group/],
    ],
  },
  {
    name: "an image that is still being made, for other processors, by an override",
    arrange: ({ aws }) =>
      aws.facts.images.set("ami-0bbbbbbbbbbbbbbbb", {
        owner: homeAccount,
        region: "us-east-1",
        architecture: "arm64",
        state: "pending",
        isPublic: false,
      }),
    template: { configOverride: { instance_config: { ImageId: "ami-0bbbbbbbbbbbbbbbb" } } },
    finds: [
      ["wrong", "configOverride.instance_config", /"pending" and not "available"/],
      ["wrong", "configOverride.instance_config", /for arm64, and "m7i.large" takes x86_64/],
    ],
  },
  {
    name: "a type that the region does not have",
    template: { instanceType: "m99.huge" },
    finds: [["wrong", "instanceType", /AWS says InvalidInstanceType .*m99\.huge.*no such type/]],
    size: "unknown",
  },
  {
    name: "a subnet that is not there",
    template: { subnetId: "subnet-gone" },
    finds: [["wrong", "subnetId", /"subnet-gone": AWS says .*no matching EC2 Subnet/]],
  },
  {
    name: "one of two security groups is not there",
    template: { securityGroupIds: ["sg-0a", "sg-gone"] },
    finds: [["wrong", "securityGroupIds", /^securityGroupIds "sg-gone"/]],
  },
  {
    name: "a security group of another VPC than the subnet",
    arrange: ({ aws }) => aws.facts.groups.set("sg-far", { owner: homeAccount, region: "us-east-1", vpcId: "vpc-far" }),
    template: { securityGroupIds: ["sg-far"] },
    finds: [["wrong", "securityGroupIds", /in VPC vpc-far, and subnet "subnet-0a" in vpc-0a/]],
  },
  {
    name: "a key pair that is not there",
    template: { keyName: "nobody" },
    finds: [["wrong", "keyName", /no such key pair.*import it there/]],
  },
  {
    name: "keys that may not look: no fault of the template",
    arrange: ({ aws }) => aws.iam.denied.set("K1", ["ec2:DescribeImages", "ec2:DescribeInstanceTypes"]),
    finds: [
      [
        "unchecked",
        "amiId",
        /could not be checked: AWS says UnauthorizedOperation.*allow the action ec2:DescribeImages/,
      ],
      ["unchecked", "instanceType", /allow the action ec2:DescribeInstanceTypes/],
    ],
    size: "unknown",
  },
  {
    name: "a request that was throttled",
    arrange: ({ aws }) => aws.facts.failing.set(getAmi, "api error RequestLimitExceeded: Request limit exceeded."),
    finds: [["passing", "amiId", /this time: AWS says RequestLimitExceeded/]],
  },
  {
    name: "a refusal that repeats a secret, without the secret",
    arrange: ({ aws }) => aws.facts.failing.set(getAmi, "api error Odd: you sent secret of K1 with K1K1"),
    finds: [["passing", "amiId", /you sent \[secret\] with/]],
  },
  {
    name: "a time-out",
    arrange: ({ aws }) => aws.facts.failing.set(getAmi, "dial tcp 10.0.0.1:443: i/o timeout"),
    finds: [["passing", "amiId", /i\/o timeout/]],
  },
  ...[true, false].flatMap((validatesAtConfigure): Case[] => {
    const when = validatesAtConfigure ? "when the provider starts" : "at the first request";
    const refuse = (how: "revoke" | "expire") => (bench: AccountBench) => {
      bench.aws.iam.validatesAtConfigure = validatesAtConfigure;
      bench.aws.iam[how]("K1");
    };
    return [
      {
        name: `a revoked key, refused ${when}`,
        arrange: refuse("revoke"),
        finds: [["wrong", "accessKeyId", /InvalidClientTokenId.*AWS does not know this access key/]],
        size: "unknown",
        isNobody: true,
      },
      {
        name: `an expired token, refused ${when}`,
        arrange: refuse("expire"),
        finds: [["wrong", "credentials", /ExpiredToken.*declare a new one/]],
        size: "unknown",
        isNobody: true,
      },
    ];
  }),
];

for (const kind of ["embedded", "official"] as const) {
  describe(`the check of an AWS account, ${kind} engine`, () => {
    let bench: AccountBench;
    before(async function () {
      const engine = (await enginesHere()).find((candidate) => candidate.kind === kind);
      if (!engine) return this.skip();
      bench = await AccountBench.open(engine);
    });
    after(() => bench?.close());

    beforeEach(() => {
      const { iam, facts } = bench.aws;
      iam.denied.clear();
      iam.accept("K1");
      iam.validatesAtConfigure = true;
      facts.failing.clear();
      bench.useAccount(keysOf("K1"));
    });

    for (const { name, arrange, template: edits, finds, size = large, isNobody } of cases) {
      it(`tells: ${name}`, async () => {
        arrange?.(bench);
        const before = bench.aws.cloud.journal.length;

        const check = await checked(bench, { ...template, ...edits });

        assert.deepEqual(
          check.findings.map(({ kind: found, field }) => [found, field]),
          finds.map(([found, field]) => [found, field]),
          JSON.stringify(check.findings),
        );
        for (const [index, [, , says]] of finds.entries()) assert.match(check.findings[index]!.text, says);
        assert.deepEqual(check.size, size === "unknown" ? undefined : size);
        assert.equal(check.identity?.owner, isNobody ? undefined : homeAccount);
        assert.doesNotMatch(JSON.stringify(check), /secret of K1/);
        assert.equal(bench.aws.cloud.journal.length, before, "a check changes nothing");
      });
    }

    it("tells whose other keys are, whatever account was known before", async () => {
      bench.aws.iam.owners.set("K7", other);
      bench.useAccount(keysOf("K7"));

      const { identity } = await checked(bench, template);

      assert.deepEqual(identity, { owner: other, name: `arn:aws:iam::${other}:user/headroom` });
    });
  });
}

async function checked(bench: AccountBench, settings: Record<string, unknown>): Promise<AccountCheck> {
  const answer = await bench.ask({ kind: "check", template: settings });
  return answer.kind === "check" ? answer.check : assert.fail(JSON.stringify(answer));
}

describe("the check of local VMs", () => {
  let folder: string;
  beforeEach(() => (folder = newOpenFolder("headroom-check-")));
  afterEach(() => {
    delete process.env["HEADROOM_LOCAL_RULES"];
    removeFolder(folder);
  });

  const findings = async (root: string): Promise<readonly AccountFinding[]> =>
    (await local.vm.check(localSettingsSchema.parse({ root }), {})).findings;

  it("finds nothing at a folder that is there, or that can be made", async () => {
    assert.deepEqual(await findings(folder), []);
    assert.deepEqual(await findings(join(folder, "a", "b")), []);
  });

  it("tells of a file in the place of a folder, also further up", async () => {
    writeFileSync(join(folder, "file"), "");
    for (const root of [join(folder, "file"), join(folder, "file", "below")]) {
      const [found, ...others] = await findings(root);
      assert.deepEqual([found?.kind, found?.field, others], ["wrong", "root", []]);
      assert.match(found!.text, /^root ".*file.*" is no folder/);
    }
  });

  it("tells of a folder that may not be written", async function () {
    if (process.getuid?.() === 0) return this.skip();
    mkdirSync(join(folder, "closed"));
    chmodSync(join(folder, "closed"), 0o555);
    assert.match((await findings(join(folder, "closed", "vms")))[0]!.text, /may not write.*EACCES/);
  });

  it("tells of a folder that the runtime does not allow", async () => {
    const rules = { isAllowed: true, roots: [join(folder, "allowed")] };
    Object.assign(process.env, { HEADROOM_LOCAL_RULES: environmentOf(rules)["HEADROOM_LOCAL_RULES"] });
    assert.match((await findings(join(folder, "elsewhere")))[0]!.text, /must be in .*allowed/);
  });
});
