/** What is EC2's own: every setting as it arrives in the cloud, overrides, failure codes. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aws as awsCloud } from "../../provider/clouds/aws";
import { awsSettingsSchema } from "../../provider/clouds/aws/settings";
import type { Properties } from "../../provider/resource-kernel";
import { problemsOf } from "../../runtime/model/config";
import type { DesiredNode } from "../../runtime/model/state";
import { EmulatedAws, ec2Error } from "./emulated-aws";
import { enginesHere } from "../executor/bench";
import { NodeStack, repositoryRoot } from "./node-stack";
import { removeFolder } from "../support/remove-folder";

const minimal = {
  region: "us-east-1",
  amiId: "ami-0123456789abcdef0",
  instanceType: "m7i.large",
  securityGroupIds: ["sg-0a"],
  subnetId: "subnet-0a",
};

const aNode = (
  nodeId: string,
  settings: Record<string, unknown> = {},
  over: Partial<DesiredNode> = {},
): DesiredNode => ({
  nodeId,
  zone: "home",
  pool: "agents",
  autoscaleConfig: "agents-aws",
  vmProvider: "main",
  installation: "i-lab",
  kind: "aws",
  settings: { ...minimal, ...settings },
  osType: "linux",
  startupScript: "#!/bin/bash\ntrue",
  ...over,
});

const problemsIn = (settings: Record<string, unknown>) => {
  const given = { ...minimal, ...settings };
  const parsed = awsSettingsSchema.safeParse(given);
  return parsed.success ? [] : problemsOf(parsed.error, given);
};
const pathsIn = (settings: Record<string, unknown>) => problemsIn(settings).map(({ path }) => path);

describe("AWS settings", () => {
  it("need region, image, type, groups and subnet, and nothing else", () => {
    assert.deepEqual(pathsIn({}), []);
    const parsed = awsSettingsSchema.safeParse({});
    assert.deepEqual(parsed.error?.issues.map(({ path }) => path.join(".")).sort(), Object.keys(minimal).sort());
  });

  it("refuse what contradicts itself", () => {
    assert.deepEqual(pathsIn({ retrieveWindowsPassword: true }), ["keyName"]);
    assert.deepEqual(pathsIn({ addressType: "public", associatePublicIpAddress: false }), ["associatePublicIpAddress"]);
    assert.deepEqual(pathsIn({ ebsKmsKeyId: "k", ebsEncrypted: false }), ["ebsEncrypted"]);
    assert.deepEqual(pathsIn({ ebsVolumeSize: "1.5GiB" }), ["ebsVolumeSize"]);
    assert.deepEqual(pathsIn({ securityGroupIds: [] }), ["securityGroupIds"]);
  });
});

describe("AWS failures", () => {
  const codes: readonly (readonly [string, string])[] = [
    ["InsufficientInstanceCapacity", "CAPACITY"],
    ["UnfulfillableCapacity", "CAPACITY"],
    ["Unsupported", "CAPACITY"],
    ["InsufficientFreeAddressesInSubnet", "CAPACITY"],
    ["VcpuLimitExceeded", "QUOTA"],
    ["MaxSpotInstanceCountExceeded", "QUOTA"],
    ["AuthFailure", "CONFIG"],
    ["UnauthorizedOperation", "CONFIG"],
    ["InvalidAMIID.NotFound", "CONFIG"],
    ["InvalidSubnetID.NotFound", "CONFIG"],
    ["InvalidParameterValue", "CONFIG"],
    ["RequestLimitExceeded", "TRANSIENT"],
    ["InternalError", "TRANSIENT"],
  ];
  for (const [code, failureClass] of codes) {
    it(`takes ${code} for ${failureClass}, whatever its case`, () => {
      assert.equal(awsCloud.vm.classify(ec2Error(code, "some prose")), failureClass);
      assert.equal(awsCloud.vm.classify(ec2Error(code.toLowerCase(), "some prose")), failureClass);
    });
  }

  it("does not take prose or longer codes for a code", () => {
    assert.equal(awsCloud.vm.classify("unsupported argument"), undefined);
    assert.equal(awsCloud.vm.classify("MyVcpuLimitExceededTest"), undefined);
  });

  it("refuses a script that fits only before it is wrapped", async () => {
    const script = "x".repeat(16_384);
    const declare = (over: Partial<DesiredNode>) => {
      const node = aNode("n1", {}, { startupScript: script, ...over });
      return awsCloud.vm.declareNode({ ...node, settings: awsSettingsSchema.parse(node.settings) }, {});
    };

    await assert.rejects(declare({ osType: "windows" }), /n1: startupScript.text: .* 16411 bytes .* at most 16384/);
    await assert.rejects(declare({ osType: "linux" }), /16394 bytes/);
  });

  it("says in one sentence which package is missing", () => {
    const program = `
      const Module = require("node:module");
      const resolve = Module._resolveFilename;
      Module._resolveFilename = function (request, ...rest) {
        if (!request.startsWith("@pulumi/aws")) return resolve.call(this, request, ...rest);
        throw Object.assign(new Error("Cannot find module '" + request + "'"), { code: "MODULE_NOT_FOUND" });
      };
      const { aws } = require("./dist/provider/clouds/aws.js");
      aws.vm.pulumiProvider("account", { settings: { region: "us-east-1" } }).catch((error) => console.log(error.name + ": " + error.message));
    `;
    const said = execFileSync(process.execPath, ["-e", program], { cwd: repositoryRoot, encoding: "utf8" });

    assert.equal(
      said.trim(),
      "SetupError: this cloud needs the package @pulumi/aws, which is not installed: npm install @pulumi/aws",
    );
  });
});

describe("AWS through an update", () => {
  let folder: string;
  let aws: EmulatedAws;
  let stack: NodeStack;
  before(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "headroom-aws-")));
    aws = new EmulatedAws([minimal.amiId], [{ name: "example.org", zoneId: "Z0123456789ABC" }]);
    await aws.cloud.listen();
    const [engine] = await enginesHere();
    const environment = { PULUMI_DEBUG_PROVIDERS: aws.cloud.debugProvider };
    stack = await NodeStack.open({ engine: engine!, folder, cloud: awsCloud, environment });
  });
  after(() => {
    aws.cloud.close();
    removeFolder(folder);
  });

  it("sends every setting where EC2 expects it", async () => {
    aws.cloud.trouble = { latencyMs: 20 };
    const dns = { kind: "aws" as const, settings: {}, baseDomainName: "a.b.example.org", ttlSeconds: 30 };
    const report = await stack.update([
      aNode("n-plain", {}, { startupScript: "" }),
      aNode("n-full", fullSettings),
      aNode("n-spot", { spot: { maxPrice: "0.05" } }),
      aNode("n-windows", { retrieveWindowsPassword: true, keyName: "k" }, { osType: "windows", startupScript: "dir" }),
      aNode("n-public", { addressType: "public" }, { dns }),
      aNode("n-override", overrideSettings),
    ]);

    assert.deepEqual([...report.errors], []);
    const inputs = new Map(
      [...aws.instances.values()].map((vm) => [(vm.inputs["tags"] as Properties)["Name"], vm.inputs]),
    );
    assert.deepEqual(withoutInternals(inputs.get("n-plain")!), plainInputs);
    assert.deepEqual(withoutInternals(inputs.get("n-full")!), fullInputs);
    assert.deepEqual(inputs.get("n-spot")!["instanceMarketOptions"], {
      marketType: "spot",
      spotOptions: { instanceInterruptionBehavior: "terminate", spotInstanceType: "one-time", maxPrice: "0.05" },
    });
    assert.equal(inputs.get("n-windows")!["userData"], "<powershell>\ndir\n</powershell>");
    assert.equal(inputs.get("n-windows")!["getPasswordData"], undefined, "no create waits for a password");
    assert.equal(inputs.get("n-public")!["associatePublicIpAddress"], true);
    const [record] = aws.zones.records();
    assert.equal(record?.name, "n-public.a.b.example.org");
    assert.match(record.values[0]!, /^198\.51\.100\./, "the public address");
    assertOverridden(inputs.get("n-override")!);
  });

  it("is stopped by the account's quota and leaves nothing of the refused VM", async () => {
    aws.vcpusMax = aws.instances.size * 2;
    const before = aws.leftovers();

    const report = await stack.update([aNode("n-plain", {}, { startupScript: "" }), aNode("n-more")]);

    assert.equal(awsCloud.vm.classify(report.errors.get("n-more") ?? ""), "QUOTA");
    assert.ok(aws.leftovers().every((id) => before.includes(id)));
    await stack.destroy();
    assert.deepEqual(aws.leftovers(), []);
    assert.deepEqual(aws.violations, []);
  });
});

const tagsOf = (nodeId: string) => ({
  Name: nodeId,
  "headroom-node": nodeId,
  "headroom-installation": "i-lab",
  "headroom-zone": "home",
  "headroom-pool": "agents",
  "headroom-config": "agents-aws",
});

const plainInputs = {
  ami: minimal.amiId,
  instanceType: "m7i.large",
  subnetId: "subnet-0a",
  vpcSecurityGroupIds: ["sg-0a"],
  monitoring: false,
  metadataOptions: { httpTokens: "required", httpEndpoint: "enabled", httpPutResponseHopLimit: 1 },
  rootBlockDevice: { volumeType: "gp3", encrypted: true, deleteOnTermination: true },
  tags: tagsOf("n-plain"),
  volumeTags: tagsOf("n-plain"),
  userDataReplaceOnChange: false,
};

const fullSettings = {
  associatePublicIpAddress: false,
  ebsVolumeSize: "50GiB",
  ebsVolumeType: "io2",
  ebsIops: 4000,
  ebsKmsKeyId: "key-1",
  iamInstanceProfile: "arn:aws:iam::123456789012:instance-profile/team/agents",
  tags: { team: "labs", Name: "mine", "headroom-node": "mine" },
  keyName: "k",
  metadataOptions: { httpTokens: "optional", httpPutResponseHopLimit: 2 },
  monitoring: true,
};

const fullInputs = {
  ...plainInputs,
  associatePublicIpAddress: false,
  iamInstanceProfile: "agents",
  keyName: "k",
  monitoring: true,
  metadataOptions: { httpTokens: "optional", httpEndpoint: "enabled", httpPutResponseHopLimit: 2 },
  rootBlockDevice: {
    volumeSize: 50,
    volumeType: "io2",
    iops: 4000,
    encrypted: true,
    kmsKeyId: "key-1",
    deleteOnTermination: true,
  },
  tags: { team: "labs", ...tagsOf("n-full") },
  volumeTags: { team: "labs", ...tagsOf("n-full") },
  userData: "#!/bin/bash\ntrue",
};

const overrideSettings = {
  configOverride: {
    instance_config: {
      InstanceType: "m7i.xlarge",
      Placement: { AvailabilityZone: "us-east-1b", PartitionNumber: 2 },
      MetadataOptions: { HttpPutResponseHopLimit: 3 },
      IamInstanceProfile: { Arn: "arn:aws:iam::123456789012:instance-profile/other" },
      BlockDeviceMappings: [
        { DeviceName: "/dev/sda1", Ebs: { VolumeSize: 80 } },
        { DeviceName: "/dev/sdf", Ebs: { VolumeSize: 10, VolumeType: "gp3" } },
        { DeviceName: "/dev/sdg", VirtualName: "ephemeral0" },
      ],
      NetworkInterfaces: [{ DeviceIndex: 0, Groups: ["sg-0b"], AssociatePublicIpAddress: true }],
      TagSpecifications: [
        {
          ResourceType: "instance",
          Tags: [
            { Key: "cost", Value: "1" },
            { Key: "Name", Value: "x" },
          ],
        },
      ],
    },
  },
  inputOverride: {
    sourceDestCheck: false,
    metadataOptions: { instanceMetadataTags: "enabled" },
    tags: { owner: "me" },
  },
};

function assertOverridden(inputs: Properties): void {
  const { tags, metadataOptions, rootBlockDevice, ebsBlockDevices, ephemeralBlockDevices, ...rest } = inputs;
  assert.deepEqual(tags, { cost: "1", owner: "me", ...tagsOf("n-override") });
  assert.deepEqual(metadataOptions, {
    httpTokens: "required",
    httpEndpoint: "enabled",
    httpPutResponseHopLimit: 3,
    instanceMetadataTags: "enabled",
  });
  assert.deepEqual(rootBlockDevice, { ...plainInputs.rootBlockDevice, volumeSize: 80 });
  assert.deepEqual(ebsBlockDevices, [
    { deviceName: "/dev/sdf", deleteOnTermination: true, volumeSize: 10, volumeType: "gp3" },
  ]);
  assert.deepEqual(ephemeralBlockDevices, [{ deviceName: "/dev/sdg", virtualName: "ephemeral0" }]);
  assert.equal(rest["instanceType"], "m7i.xlarge");
  assert.equal(rest["availabilityZone"], "us-east-1b");
  assert.equal(rest["placementPartitionNumber"], 2);
  assert.equal(rest["iamInstanceProfile"], "other");
  assert.deepEqual(rest["vpcSecurityGroupIds"], ["sg-0b"]);
  assert.equal(rest["associatePublicIpAddress"], true);
  assert.equal(rest["sourceDestCheck"], false);
}

function withoutInternals(inputs: Properties): Properties {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => !name.startsWith("__")));
}
