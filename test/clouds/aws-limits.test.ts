/** What AWS itself would refuse, or accept and end a moment later, is refused when it is declared, with its path. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { aws } from "../../provider/clouds/aws";
import { partitionOf } from "../../provider/clouds/aws/names";
import { volumeProblems, volumeTypes } from "../../provider/clouds/aws/volumes";
import { problemsOf } from "../../runtime/model/config";

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
const pathsIn = (settings: Record<string, unknown>) => [...new Set(problemsIn(settings).map(({ path }) => path))];
const request = (instance_config: Record<string, unknown>) => ({ configOverride: { instance_config } });
const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "v"]));

describe("names of AWS", () => {
  for (const [region, partition] of [
    ["us-east-1", "aws"],
    ["ap-southeast-7", "aws"],
    ["mx-central-1", "aws"],
    ["il-central-1", "aws"],
    ["cn-northwest-1", "aws-cn"],
    ["us-gov-west-1", "aws-us-gov"],
    ["us-iso-east-1", "aws-iso"],
    ["us-isob-east-1", "aws-iso-b"],
    ["eu-isoe-west-1", "aws-iso-e"],
    ["us-isof-south-1", "aws-iso-f"],
    ["eusc-de-east-1", "aws-eusc"],
  ] as const) {
    it(`take the region ${region}, which is in partition ${partition}`, () => {
      assert.deepEqual(pathsIn({ region }), []);
      assert.equal(partitionOf(region), partition);
    });
  }

  const arn = (resource: string) => `arn:aws:iam::123456789012:${resource}`;
  for (const [field, good, bad] of [
    ["region", ["eu-central-2"], ["", "us-east-1a", "US-EAST-1", "us east 1", "useast1", "us-east-", "us-east-1\n"]],
    ["amiId", ["ami-12345678"], ["ami-xyz", "12345678", "ami-0123456789abcdef0 ", "ami-0123456789ABCDEF0"]],
    ["instanceType", ["u-6tb1.112xlarge", "m7i-flex.large", "mac2.metal"], ["m7i", "m7i.", "M7i.large", "m7i large"]],
    ["securityGroupIds", [["sg-0123456789abcdef0"]], [["default"], ["sg-"], ["sg-of-vpc-b"], ["my group"], [], "sg-1"]],
    ["subnetId", ["subnet-0123456789abcdef0"], ["subnet-", "vpc-0a", "subnet-0A", "subnet-0a,subnet-0b"]],
    ["keyName", ["my key (1)", "k"], ["", " k", "k ", "schlüssel", "k".repeat(256), "a\nb"]],
    [
      "iamInstanceProfile",
      ["agents", "a+b=c,d.e@f-g_h", arn("instance-profile/agents"), arn("instance-profile/team/x/agents")],
      [
        "",
        "a b",
        "a/b",
        arn("role/agents"),
        arn("instance-profile/"),
        "x".repeat(129),
        "arn:aws:iam::12:instance-profile/a",
      ],
    ],
    [
      "assumeRoleArn",
      [arn("role/vms"), arn("role/team/vms")],
      [arn("role/"), arn("user/a"), "vms", `${arn("role/a b")}`],
    ],
  ] as const) {
    it(`are told with their path where AWS has none such: ${field}`, () => {
      for (const value of good) assert.deepEqual(pathsIn({ [field]: value }), [], JSON.stringify(value));
      for (const value of bad) {
        const [path = "", ...others] = pathsIn({ [field]: value });
        assert.ok(path.startsWith(field) && others.length === 0, `${JSON.stringify(value)}: ${path} ${others.join()}`);
      }
    });
  }

  it("of tags do not begin with what AWS keeps for itself, and are as long and as many as it takes", () => {
    for (const good of [{ team: "" }, { "a:aws:b": "x" }, { ["k".repeat(128)]: "v".repeat(256) }, tags(44)]) {
      assert.deepEqual(pathsIn({ tags: good }), []);
    }
    for (const bad of [
      { "aws:x": "" },
      { "AWS:x": "" },
      { "": "x" },
      { ["k".repeat(129)]: "" },
      { k: "v".repeat(257) },
      tags(45),
    ]) {
      for (const settings of [
        { tags: bad },
        { inputOverride: { tags: bad } },
        { inputOverride: { volumeTags: bad } },
      ]) {
        const found = pathsIn(settings);
        assert.ok(
          found.length === 1 && /(^|\.)(tags|volumeTags)/.test(found[0]!),
          `${Object.keys(bad)[0]}: ${found.join()}`,
        );
      }
    }
    const list = Object.keys(tags(44)).map((Key) => ({ Key, Value: "" }));
    assert.deepEqual(
      pathsIn({ tags: { one: "1" }, ...request({ TagSpecifications: [{ ResourceType: "instance", Tags: list }] }) }),
      ["configOverride.instance_config"],
    );
    assert.deepEqual(pathsIn({ tags: { ...tags(43), Name: "mine", "headroom-node": "x", "headroom-pool": "y" } }), []);
  });
});

describe("volumes of AWS", () => {
  for (const [what, volume, field] of [
    ["operations of gp2", { volumeType: "gp2", iops: 3000 }, "iops"],
    ["operations of standard", { volumeType: "standard", iops: 100 }, "iops"],
    ["throughput of gp2", { volumeType: "gp2", throughput: 250 }, "throughput"],
    ["throughput of io2", { volumeType: "io2", iops: 1000, throughput: 250 }, "throughput"],
    ["io1 without operations", { volumeType: "io1", volumeSize: 50 }, "iops"],
    ["io2 without operations", { volumeType: "io2", volumeSize: 50 }, "iops"],
    ["more operations than io1 has for its size", { volumeType: "io1", volumeSize: 20, iops: 1001 }, "iops"],
    ["more operations than io2 has for its size", { volumeType: "io2", volumeSize: 4, iops: 4001 }, "iops"],
    ["more operations than io1 has at all", { volumeType: "io1", volumeSize: 16_000, iops: 64_001 }, "iops"],
    ["fewer operations than gp3 has anyway", { volumeType: "gp3", iops: 2999 }, "iops"],
    ["more operations than gp3 has for its size", { volumeType: "gp3", volumeSize: 10, iops: 5001 }, "iops"],
    ["more throughput than gp3 has for its operations", { volumeType: "gp3", throughput: 751 }, "throughput"],
    ["throughput below gp3's", { volumeType: "gp3", throughput: 124 }, "throughput"],
    ["gp2 that is too large", { volumeType: "gp2", volumeSize: 16_385 }, "volumeSize"],
    ["standard that is too large", { volumeType: "standard", volumeSize: 1025 }, "volumeSize"],
    ["io2 that is too small", { volumeType: "io2", volumeSize: 3, iops: 100 }, "volumeSize"],
    ["st1 as a root disk", { volumeType: "st1", volumeSize: 125 }, "volumeType"],
    ["sc1 as a root disk", { volumeType: "sc1", volumeSize: 125 }, "volumeType"],
  ] as const) {
    it(`are refused: ${what}; by the settings, by an override, and as a further disk`, () => {
      const names = {
        volumeType: "ebsVolumeType",
        volumeSize: "ebsVolumeSize",
        iops: "ebsIops",
        throughput: "ebsThroughput",
      };
      const { volumeSize, iops, throughput } = {
        volumeSize: undefined,
        iops: undefined,
        throughput: undefined,
        ...volume,
      };
      const settings = {
        ebsVolumeType: volume.volumeType,
        ...(volumeSize === undefined ? {} : { ebsVolumeSize: `${String(volumeSize)}GiB` }),
        ...(iops === undefined ? {} : { ebsIops: iops }),
        ...(throughput === undefined ? {} : { ebsThroughput: throughput }),
      };
      assert.deepEqual(pathsIn(settings), [names[field]]);
      assert.deepEqual(pathsIn({ inputOverride: { rootBlockDevice: volume } }), ["inputOverride.rootBlockDevice"]);
      if (field === "volumeType") return;
      const ebsBlockDevices = [{ deviceName: "/dev/sdf", ...volume }];
      assert.deepEqual(pathsIn({ inputOverride: { ebsBlockDevices } }), ["inputOverride.ebsBlockDevices"]);
      const Ebs = { VolumeType: volume.volumeType, VolumeSize: volumeSize, Iops: iops, Throughput: throughput };
      const mapping = { DeviceName: "/dev/sdf", Ebs: JSON.parse(JSON.stringify(Ebs)) as object };
      assert.deepEqual(pathsIn(request({ BlockDeviceMappings: [mapping] })), [
        "configOverride.instance_config.BlockDeviceMappings",
      ]);
    });
  }

  it("are taken within their limits (property)", () => {
    const volume = fc.constantFrom(...volumeTypes).chain((volumeType) => {
      const [least, most] = {
        gp2: [1, 16_384],
        gp3: [1, 65_536],
        io1: [4, 16_384],
        io2: [4, 65_536],
        standard: [1, 1024],
      }[volumeType as "gp2"] ?? [125, 16_384];
      const rate = { gp3: [3000, 500], io1: [100, 50], io2: [100, 1000] }[volumeType as "gp3"];
      const limit = { gp3: 80_000, io1: 64_000, io2: 256_000 }[volumeType as "gp3"] ?? 0;
      return fc.integer({ min: least, max: most }).chain((volumeSize) => {
        if (rate === undefined) return fc.constant({ volumeType, volumeSize });
        const max = Math.max(rate[0]!, Math.min(limit, volumeSize * rate[1]!));
        return fc.integer({ min: rate[0]!, max }).map((iops) => ({ volumeType, volumeSize, iops }));
      });
    });
    fc.assert(fc.property(volume, (each) => assert.deepEqual(volumeProblems(each, { isRoot: false }), [])));
  });

  it("that are merged of settings and overrides are judged as they will be", () => {
    assert.deepEqual(
      pathsIn({ ebsVolumeType: "gp2", inputOverride: { rootBlockDevice: { volumeType: "gp3", iops: 4000 } } }),
      [],
    );
    assert.deepEqual(pathsIn({ ebsIops: 4000, inputOverride: { rootBlockDevice: { volumeType: "gp2" } } }), [
      "inputOverride.rootBlockDevice",
    ]);
    const [problem] = problemsIn({ ebsVolumeType: "io1", ebsVolumeSize: "20GiB", ebsIops: 20_100 });
    assert.match(problem!.message, /at most 1000 for 20 GiB of io1, 50 for each GiB/);
  });

  it("are named once each", () => {
    const disk = { deviceName: "/dev/sdf", volumeSize: 8 };
    assert.deepEqual(pathsIn({ inputOverride: { ebsBlockDevices: [disk, disk] } }), ["inputOverride.ebsBlockDevices"]);
  });
});

describe("options of AWS", () => {
  for (const [what, settings, path] of [
    [
      "credits of a type that has none",
      request({ CreditSpecification: { CpuCredits: "standard" } }),
      "configOverride.instance_config",
    ],
    [
      "credits of a type that has none",
      { inputOverride: { creditSpecification: { cpuCredits: "standard" } } },
      "inputOverride.creditSpecification",
    ],
    [
      "a spot request that makes VMs by itself",
      { inputOverride: { instanceMarketOptions: { spotOptions: { spotInstanceType: "persistent" } } } },
      "inputOverride.instanceMarketOptions.spotOptions.spotInstanceType",
    ],
    [
      "a spot VM that is stopped",
      request({ InstanceMarketOptions: { SpotOptions: { InstanceInterruptionBehavior: "stop" } } }),
      "configOverride.instance_config.InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior",
    ],
    [
      "a network interface that exists",
      { inputOverride: { primaryNetworkInterface: { networkInterfaceId: "eni-1" } } },
      "inputOverride.primaryNetworkInterface",
    ],
    [
      "network fields at two levels",
      { inputOverride: { networkInterfaces: [{ deviceIndex: 0, networkInterfaceId: "eni-1" }] } },
      "inputOverride.networkInterfaces",
    ],
    [
      "a word that EC2 does not know",
      request({ MetadataOptions: { HttpTokens: "Required" } }),
      "configOverride.instance_config.MetadataOptions.HttpTokens",
    ],
    ["a tenancy that is none", { inputOverride: { tenancy: "shared" } }, "inputOverride.tenancy"],
    [
      "a tag that the metadata service can't tell",
      { tags: { "a/b": "c" }, ...request({ MetadataOptions: { InstanceMetadataTags: "enabled" } }) },
      "configOverride.instance_config",
    ],
    [
      "groups by their names in an override",
      request({ SecurityGroupIds: ["default"] }),
      "configOverride.instance_config.SecurityGroupIds[0]",
    ],
    ["an image that is none in an override", { inputOverride: { ami: "ubuntu" } }, "inputOverride.ami"],
    ["a list as text", request({ SecurityGroupIds: "sg-1" }), "configOverride.instance_config.SecurityGroupIds"],
    ["tags as a list", { tags: [{ Key: "a", Value: "b" }] }, "tags"],
    ["tags as a list in an override", { inputOverride: { tags: [{ key: "a", value: "b" }] } }, "inputOverride.tags"],
    [
      "a root disk as a list",
      { inputOverride: { rootBlockDevice: [{ volumeSize: 8 }] } },
      "inputOverride.rootBlockDevice",
    ],
    ["a disk as text", { inputOverride: { rootBlockDevice: "100" } }, "inputOverride.rootBlockDevice"],
    [
      "a size as text",
      { inputOverride: { rootBlockDevice: { volumeSize: "100" } } },
      "inputOverride.rootBlockDevice.volumeSize",
    ],
    ["an override as a list", { inputOverride: [] }, "inputOverride"],
    ["a request as text", { configOverride: { instance_config: "{}" } }, "configOverride.instance_config"],
  ] as const) {
    it(`are refused at ${path}: ${what}`, () => assert.deepEqual(pathsIn(settings), [path]));
  }

  it("of an address that one VM can have are refused for several, with their paths", () => {
    const findProblems = aws.vm.findProblems!;
    const settings = {
      configOverride: {
        instance_config: { PrivateIpAddress: "10.0.0.9", NetworkInterfaces: [{ PrivateIpAddress: "10.0.0.9" }] },
      },
      inputOverride: { privateIp: "10.0.0.9", ipv6Addresses: ["2001:db8::9"], secondaryPrivateIps: ["10.0.0.8"] },
    };
    assert.deepEqual(
      findProblems(settings, { maxInstances: 2 }).map(({ path }) => path),
      [
        "configOverride.instance_config.PrivateIpAddress",
        "configOverride.instance_config.NetworkInterfaces[0].PrivateIpAddress",
        "inputOverride.privateIp",
        "inputOverride.ipv6Addresses",
        "inputOverride.secondaryPrivateIps",
      ],
    );
    assert.deepEqual(findProblems(settings, { maxInstances: 1 }), []);
    assert.deepEqual(findProblems({ inputOverride: { ipv6AddressCount: 1 } }, { maxInstances: 20 }), []);
  });

  it("are taken where the type has them", () => {
    assert.deepEqual(
      pathsIn({ instanceType: "t3.large", ...request({ CreditSpecification: { CpuCredits: "unlimited" } }) }),
      [],
    );
    assert.deepEqual(
      pathsIn({ inputOverride: { instanceType: "t4g.large", creditSpecification: { cpuCredits: "standard" } } }),
      [],
    );
  });
});
