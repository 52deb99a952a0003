/** What users add to EC2's request: it arrives as the SDK declares it, or is told with its path. */
import assert from "node:assert/strict";
import { z } from "zod";
import { aws } from "../../provider/clouds/aws";
import { instanceInputs, runInstancesFields } from "../../provider/clouds/aws/overrides";
import type { OverrideRule, OverrideTable } from "../../provider/frame/overrides";
import { problemsOf } from "../../runtime/model/config";
import { findShapeProblems, SdkTypes, type JsonShape, type SdkType } from "./sdk-types";

const minimal = {
  region: "us-east-1",
  amiId: "ami-0123456789abcdef0",
  instanceType: "m7i.large",
  securityGroupIds: ["sg-0a"],
  subnetId: "subnet-0a",
};

const problemsIn = (settings: Record<string, unknown>) => {
  const given = { ...minimal, ...settings };
  const parsed = aws.vm.settings.safeParse(given);
  return parsed.success ? [] : problemsOf(parsed.error, given);
};
const at = "configOverride.instance_config";
const pathsOf = (instance_config: Record<string, unknown>) =>
  problemsIn({ configOverride: { instance_config } }).map(({ path }) => path.replace(`${at}.`, ""));

describe("overrides of AWS", () => {
  it("name every field of an override that is unknown or protected, with its path", () => {
    const instance_config = {
      EbsOptimised: true,
      DisableApiTermination: true,
      MinCount: 2,
      UserData: "x",
      Placement: { Zone: "a" },
      Monitoring: true,
      EbsOptimized: "yes",
    };
    const inputOverride = { userDataBase64: "x", instancetype: "t3.micro", rootBlockDevice: { volumesize: 5 } };

    const problems = problemsIn({ configOverride: { instance_config }, inputOverride });

    assert.deepEqual(problems.map(({ path }) => path).sort(), [
      `${at}.DisableApiTermination`,
      `${at}.EbsOptimised`,
      `${at}.EbsOptimized`,
      `${at}.MinCount`,
      `${at}.Monitoring`,
      `${at}.Placement.Zone`,
      `${at}.UserData`,
      "inputOverride.instancetype",
      "inputOverride.rootBlockDevice.volumesize",
      "inputOverride.userDataBase64",
    ]);
    assert.match(problems.find(({ path }) => path.endsWith("DisableApiTermination"))!.message, /can't be scaled down/);
  });

  const ebs = (DeviceName: string, Ebs: unknown) => ({ DeviceName, Ebs });
  for (const [what, instance_config, paths] of [
    ["a disk that is no object", { BlockDeviceMappings: [ebs("/dev/sdf", 8)] }, ["BlockDeviceMappings[0].Ebs"]],
    ["disks that are no list", { BlockDeviceMappings: ebs("/dev/sdf", {}) }, ["BlockDeviceMappings"]],
    [
      "a size as text and an unknown field",
      { BlockDeviceMappings: [ebs("/dev/sdf", { VolumeSize: "8", Size: 8 })] },
      ["BlockDeviceMappings[0].Ebs.VolumeSize", "BlockDeviceMappings[0].Ebs.Size"],
    ],
    [
      "the root device twice",
      { BlockDeviceMappings: [ebs("/dev/sda1", { VolumeSize: 8 }), ebs("/dev/xvda", { VolumeSize: 9 })] },
      ["BlockDeviceMappings[1].DeviceName"],
    ],
    [
      "a snapshot of the root device",
      { BlockDeviceMappings: [ebs("/dev/sda1", { SnapshotId: "snap-1" })] },
      ["BlockDeviceMappings[0].Ebs.SnapshotId"],
    ],
    [
      "a disk that is both",
      { BlockDeviceMappings: [{ ...ebs("/dev/sdf", {}), VirtualName: "ephemeral0" }] },
      ["BlockDeviceMappings[0].VirtualName"],
    ],
    ["a device without name", { BlockDeviceMappings: [{ Ebs: {} }] }, ["BlockDeviceMappings[0].DeviceName"]],
    ["no network interface", { NetworkInterfaces: [] }, ["NetworkInterfaces"]],
    ["two network interfaces", { NetworkInterfaces: [{ DeviceIndex: 0 }, { DeviceIndex: 1 }] }, ["NetworkInterfaces"]],
    ["groups that are no list", { NetworkInterfaces: [{ Groups: "sg-1" }] }, ["NetworkInterfaces[0].Groups"]],
    ["two subnets", { SubnetId: "subnet-1", NetworkInterfaces: [{ SubnetId: "subnet-2" }] }, ["NetworkInterfaces"]],
    [
      "two profiles",
      { IamInstanceProfile: { Name: "a", Arn: "arn:aws:iam::1:instance-profile/b" } },
      ["IamInstanceProfile.Arn"],
    ],
    [
      "tags that are no list",
      { TagSpecifications: [{ ResourceType: "volume", Tags: { a: "b" } }] },
      ["TagSpecifications[0].Tags"],
    ],
    [
      "tags of something else",
      { TagSpecifications: [{ ResourceType: "network-interface", Tags: [] }] },
      ["TagSpecifications[0].ResourceType"],
    ],
    [
      "a tag without value, and one more field",
      { TagSpecifications: [{ ResourceType: "volume", Tags: [{ Key: "a" }], More: 1 }] },
      ["TagSpecifications[0].Tags[0].Value", "TagSpecifications[0].More"],
    ],
    [
      "a tag with two values",
      { TagSpecifications: [{ ResourceType: "volume", Tags: ["1", "2"].map((Value) => ({ Key: "a", Value })) }] },
      ["TagSpecifications[0].Tags[1].Key"],
    ],
    [
      "a tag that is longer than a tag may be",
      { TagSpecifications: [{ ResourceType: "volume", Tags: [{ Key: "a".repeat(129), Value: "" }] }] },
      ["TagSpecifications[0].Tags[0].Key"],
    ],
  ] as const) {
    it(`tell of ${what}`, () => assert.deepEqual(pathsOf(instance_config).sort(), [...paths].sort()));
  }

  it("tell of tags of single disks: EC2 takes them only without tags of all disks", () => {
    const tags = { "headroom-node": "n-other" };
    const inputOverride = { rootBlockDevice: { tags }, ebsBlockDevices: [{ deviceName: "/dev/sdf", tags }] };
    assert.deepEqual(
      problemsIn({ inputOverride })
        .map(({ path }) => path)
        .sort(),
      ["inputOverride.ebsBlockDevices[0].tags", "inputOverride.rootBlockDevice.tags"],
    );
  });

  it("lead to a property that the SDK has, with a shape that the SDK declares", () => {
    const inputs = new SdkTypes("@pulumi/aws").read("ec2/instance", "InstanceArgs");

    const problems = [...targetsOf(runInstancesFields), ...targetsOf(instanceInputs)].flatMap(({ path, shape }) =>
      findShapeProblems(propertyAt(inputs, path.split(".")), z.toJSONSchema(shape, { io: "input" }) as JsonShape, path),
    );

    assert.deepEqual(problems, []);
    assert.deepEqual(Object.keys(instanceInputs).sort(), [...inputs.fields.keys()].sort());
  });
});

/** Every input to which a table leads by name. */
function targetsOf(table: OverrideTable): (OverrideRule & { readonly rule: "to" })[] {
  return Object.values(table).flatMap((rule) => {
    if (rule.rule === "to") return [rule];
    return rule.rule === "within" ? targetsOf(rule.table) : [];
  });
}

function propertyAt(type: SdkType | undefined, [name, ...rest]: readonly string[]): SdkType | undefined {
  if (name === undefined || type === undefined) return type;
  return propertyAt(type.kind === "object" ? type.fields.get(name)?.type : undefined, rest);
}
