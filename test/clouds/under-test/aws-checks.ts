/** What the check of an AWS account tells. */
import type { CheckCase } from "../cloud-under-test";
import type { EmulatedAws } from "../emulated-aws";
import { homeAccount } from "../emulated-iam";

type Case = CheckCase<EmulatedAws>;

const other = "999999999999";
const gib = 2 ** 30;
const image = "ami-0123456789abcdef0";
const getAmi = "aws:ec2/getAmi:getAmi";

export const awsChecks: readonly Case[] = [
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
    arrange: ({ facts }) => {
      facts.images.set("ami-0aaaaaaaaaaaaaaaa", { ...facts.images.get(image)!, owner: other });
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
    arrange: ({ facts }) =>
      facts.images.set("ami-0bbbbbbbbbbbbbbbb", {
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
    arrange: ({ facts }) => facts.groups.set("sg-far", { owner: homeAccount, region: "us-east-1", vpcId: "vpc-far" }),
    template: { securityGroupIds: ["sg-far"] },
    finds: [["wrong", "securityGroupIds", /in VPC vpc-far, and subnet "subnet-0a" in vpc-0a/]],
  },
  {
    name: "a key pair that is not there",
    template: { keyName: "nobody" },
    finds: [["wrong", "keyName", /no such key pair.*import it there/]],
  },
  {
    name: "an instance profile with a role, by its ARN",
    template: { iamInstanceProfile: `arn:aws:iam::${homeAccount}:instance-profile/labs/agents` },
    finds: [],
  },
  {
    name: "an instance profile that is not there, by an override",
    template: { configOverride: { instance_config: { IamInstanceProfile: { Name: "nobody" } } } },
    finds: [["wrong", "configOverride.instance_config", /AWS says NoSuchEntity .*no such instance profile/]],
  },
  {
    name: "an instance profile without a role",
    arrange: ({ facts }) => facts.profiles.set("empty", { owner: homeAccount, roleArn: "" }),
    template: { iamInstanceProfile: "empty" },
    finds: [["wrong", "iamInstanceProfile", /^iamInstanceProfile "empty": the profile has no role/]],
  },
  {
    name: "keys that may not look: no fault of the template",
    arrange: ({ iam }) => iam.denied.set("K1", ["ec2:DescribeImages", "ec2:DescribeInstanceTypes"]),
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
    arrange: ({ facts }) => facts.failing.set(getAmi, "api error RequestLimitExceeded: Request limit exceeded."),
    finds: [["passing", "amiId", /this time: AWS says RequestLimitExceeded/]],
  },
  {
    name: "a refusal that repeats a secret, without the secret",
    arrange: ({ facts }) => facts.failing.set(getAmi, "api error Odd: you sent secret of K1 with K1K1"),
    finds: [["passing", "amiId", /you sent \[secret\] with/]],
  },
  {
    name: "a time-out",
    arrange: ({ facts }) => facts.failing.set(getAmi, "dial tcp 10.0.0.1:443: i/o timeout"),
    finds: [["passing", "amiId", /i\/o timeout/]],
  },
  ...[true, false].flatMap((validatesAtConfigure): Case[] => {
    const when = validatesAtConfigure ? "when the provider starts" : "at the first request";
    const refuse =
      (how: "revoke" | "expire") =>
      ({ iam }: EmulatedAws) => {
        iam.validatesAtConfigure = validatesAtConfigure;
        iam[how]("K1");
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
