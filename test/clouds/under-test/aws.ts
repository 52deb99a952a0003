import type { Settings } from "../../../runtime/model/accounts";
import type { EmulatedUnderTest } from "../cloud-under-test";
import { EmulatedAws, ec2Error } from "../emulated-aws";
import { runEmulated } from "../run-emulated";
import { awsChecks } from "./aws-checks";

const images = ["ami-0123456789abcdef0", "ami-0123456789abcdef1"];

export const underTest: EmulatedUnderTest<EmulatedAws> = {
  template: () => ({
    region: "us-east-1",
    amiId: images[0],
    instanceType: "m7i.large",
    securityGroupIds: ["sg-0a"],
    subnetId: "subnet-0a",
    tags: { team: "labs", "headroom-node": "mine" },
    configOverride: { instance_config: { Monitoring: { Enabled: true }, EbsOptimized: true } },
  }),
  credentials: (key) => ({ accessKeyId: key, secretAccessKey: `secret of ${key}` }),
  dns: {
    settings: () => ({}),
    baseDomainName: "labs.example.org",
    zones: [
      { what: "the longest", settings: {}, baseDomainName: "a.deep.example.org", leadsTo: "Z00000000DEEP" },
      { what: "a shorter one", settings: {}, baseDomainName: "adeep.example.org", leadsTo: "Z0123456789ABC" },
      {
        what: "the one that is given",
        settings: { hostedZoneId: "Z0123456789ABC" },
        baseDomainName: "b.deep.example.org",
        leadsTo: "Z0123456789ABC",
      },
      {
        what: "a private one",
        settings: { privateZone: true, vpcId: "vpc-0a" },
        baseDomainName: "inner.example.org",
        leadsTo: "Z0000000PRIVA",
      },
      {
        what: "several private ones of one name",
        settings: { privateZone: true },
        baseDomainName: "inner.example.org",
        leadsTo:
          /several private hosted zones .* \(Z0000000PRIVA, Z0000000PRIVB\); say which by hostedZoneId, or vpcId/,
      },
      {
        what: "several public ones of one name",
        settings: {},
        baseDomainName: "x.twice.example.com",
        leadsTo: /several public hosted zones .* \(Z0000000TWICA, Z0000000TWICB\); say which by hostedZoneId$/m,
      },
      {
        what: "none",
        settings: { privateZone: true },
        baseDomainName: "elsewhere.net",
        leadsTo: /baseDomainName: got "elsewhere\.net"; the AWS account has no private hosted zone/,
      },
    ],
  },
  edit: (template: Settings, number) => ({ ...template, amiId: images[1], tags: { edit: String(number) } }),
  sentScript: {
    linux: (script) => `#!/bin/sh\n${script}`,
    windows: (script) => `<powershell>\n${script}\n</powershell>`,
  },
  emulate: () =>
    new EmulatedAws(images, [
      { name: "example.org", zoneId: "Z0123456789ABC" },
      { name: "deep.example.org", zoneId: "Z00000000DEEP" },
      { name: "inner.example.org", zoneId: "Z0000000PRIVA", vpcId: "vpc-0a" },
      { name: "inner.example.org", zoneId: "Z0000000PRIVB", vpcId: "vpc-0b" },
      { name: "twice.example.com", zoneId: "Z0000000TWICA" },
      { name: "twice.example.com", zoneId: "Z0000000TWICB" },
    ]),
  start: () => runEmulated(underTest),
  refusals: {
    CAPACITY: ec2Error("InsufficientInstanceCapacity", "as asked for by the test"),
    QUOTA: ec2Error("VcpuLimitExceeded", "as asked for by the test"),
    CONFIG: ec2Error("InvalidSubnetID.NotFound", "as asked for by the test"),
    TRANSIENT: ec2Error("RequestLimitExceeded", "as asked for by the test"),
  },
  says: {
    revoked: /InvalidClientTokenId|AuthFailure/,
    foreign: /AWS account ID not allowed: 999999999999/,
    denied: {
      "list VMs": /perform: ec2:DescribeInstances/,
      "create a VM": /perform: ec2:RunInstances/,
      "delete a VM": /perform: ec2:TerminateInstances/,
      "look up a domain": /perform: route53:ListHostedZones/,
    },
    noDomain: /baseDomainName: got "nowhere\.org"; the AWS account has no public hosted zone/,
  },
  noticed: ["start", "request"],
  providerField: "accessKey",
  otherPlace: { region: "eu-central-1" },
  vmsTellOwner: true,
  checks: awsChecks,
  size: { name: "m7i.large", shape: { cores: 2, memoryBytes: 8 * 2 ** 30, gpus: 0 } },
};
