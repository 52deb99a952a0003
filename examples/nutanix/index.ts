// Needs a running Headroom runtime whose machine has Pulumi's plugin for Nutanix and the official Pulumi CLI.
import * as pulumi from "@pulumi/pulumi";
import * as headroom from "pulumi-headroom";

const config = new pulumi.Config();

const campus = new headroom.Zone("campus", { upstreamAuthAddress: "headroom.example.org" });
const machines = new headroom.NutanixVmProvider("machines", {
  maxInstances: 20,
  host: "prism.example.org",
  username: "headroom@example.org",
  password: config.requireSecret("prismPassword"),
  vmCandidate: "ubuntu-agent",
  cluster: "compute",
  subnet: "desktops",
  project: "labs",
  cores: 8,
  memory: "16GiB",
  diskSize: "80GiB",
});

const agents = new headroom.Pool("agents", { type: headroom.PoolType.DockerAgent });
new headroom.AutoscaleConfig("agents", {
  pool: agents.name,
  zone: campus.name,
  vmProvider: machines.name,
  standbyCores: 4,
  standbyMemory: "8GiB",
  maxNodes: 15,
  startupScript: headroom.startupScripts.dockerAgent({}),
});
new headroom.Workspace("desktop", { kind: "container", pools: [agents.name], cores: 2, memory: "4GiB" });
