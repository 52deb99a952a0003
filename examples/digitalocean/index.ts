// Needs a running Headroom runtime whose machine has the package @pulumi/digitalocean and the official Pulumi CLI.
import * as pulumi from "@pulumi/pulumi";
import * as headroom from "pulumi-headroom";

const token = new pulumi.Config().requireSecret("token");

const newYork = new headroom.Zone("new-york", { upstreamAuthAddress: "headroom.example.org" });
const records = new headroom.DigitalOceanDnsProvider("records", { token });
const droplets = new headroom.DigitalOceanVmProvider("droplets", {
  maxInstances: 10,
  token,
  region: "nyc1",
  image: "docker-20-04",
  size: "c-4",
  sshKeyName: "ops",
  // A firewall that has this tag applies to every node from its first second on; the account's check tells if it has none.
  tags: ["team:labs"],
  firewallId: "bb4b2611-3d72-467b-8602-280330ecd65c",
  inputOverride: { monitoring: true },
});

const agents = new headroom.Pool("agents", { type: headroom.PoolType.DockerAgent });
new headroom.AutoscaleConfig("agents", {
  pool: agents.name,
  zone: newYork.name,
  vmProvider: droplets.name,
  standbyCores: 4,
  maxNodes: 10,
  registerDns: true,
  baseDomainName: "agents.example.org",
  dnsProvider: records.name,
  startupScript: {
    text: "/opt/agent/start --upstream {upstream_auth_address} --token {manager_token} --server-id {server_id}\n",
  },
});
new headroom.Workspace("browser", { pools: [agents.name], cores: 1, memory: "2GiB" });
