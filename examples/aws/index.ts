// Needs a running Headroom runtime whose machine has the package @pulumi/aws and the official Pulumi CLI.
import * as pulumi from "@pulumi/pulumi";
import * as headroom from "pulumi-headroom";

const config = new pulumi.Config();
const region = "eu-central-1";

const frankfurt = new headroom.Zone("frankfurt", { upstreamAuthAddress: "headroom.example.org" });
const records = new headroom.AwsDnsProvider("records", { hostedZoneId: "Z0123456789ABC" });
const graphics = new headroom.AwsVmProvider("graphics", {
  maxInstances: 20,
  region,
  accessKeyId: config.requireSecret("accessKeyId"),
  secretAccessKey: config.requireSecret("secretAccessKey"),
  amiId: "ami-0abcdef1234567890",
  instanceType: "g5.xlarge",
  subnetId: "subnet-0123",
  securityGroupIds: ["sg-0123"],
  ebsVolumeSize: "100GiB",
  tags: { team: "design" },
});

const desktops = new headroom.Pool("desktops", { type: headroom.PoolType.Server });
const desktopConfig = new headroom.ServerAutoscaleConfig("desktops", {
  pool: desktops.name,
  zone: frankfurt.name,
  vmProvider: graphics.name,
  connectionType: headroom.ConnectionType.Rdp,
  minimumAvailableSessions: 2,
  maxNodes: 15,
  registerDns: true,
  baseDomainName: "desktops.example.org",
  dnsProvider: records.name,
  startupScript: { osType: headroom.OsType.Windows, text: "Set-Service -Name TermService -StartupType Automatic\r\n" },
});
new headroom.Workspace("design", { kind: "desktop", pools: [desktops.name], cores: 4, memory: "16GiB", gpus: 1 });
new headroom.Schedule("working-days", {
  autoscaleConfig: desktopConfig.name,
  days: [headroom.Weekday.Monday, headroom.Weekday.Tuesday, headroom.Weekday.Wednesday, headroom.Weekday.Thursday],
  start: "08:00",
  end: "20:00",
  timezone: "Europe/Berlin",
});

// The same VM without the runtime, in this stack: for building images, or for other projects.
const builder = new headroom.AwsNode("builder", {
  startupScript: "#!/bin/sh\napt-get update\n",
  settings: {
    region,
    amiId: "ami-0abcdef1234567890",
    instanceType: "m7i.large",
    subnetId: "subnet-0123",
    securityGroupIds: ["sg-0123"],
  },
});
export const builderAddress = builder.address;
