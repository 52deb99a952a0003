// Needs a running Headroom runtime whose machine has the official Pulumi CLI; the plugin for OpenStack is fetched by it.
import * as pulumi from "@pulumi/pulumi";
import * as headroom from "pulumi-headroom";

const config = new pulumi.Config();

const lab = new headroom.Zone("lab", { upstreamAuthAddress: "headroom.example.org" });
const servers = new headroom.OpenStackVmProvider("servers", {
  maxInstances: 20,
  authUrl: "https://openstack.example.org:5000",
  region: "RegionOne",
  // openstack application credential create headroom --role member --access-rules @rules.json
  applicationCredentialId: "0c5b9a6f8a7e4d7fb7a0c9d3e1f2a4b6",
  applicationCredentialSecret: config.requireSecret("credentialSecret"),
  imageId: "70a599e0-31e7-49b7-b260-868f441e862b",
  flavor: "gen.medium",
  createVolume: true,
  volumeSize: "50GiB",
  volumeType: "__DEFAULT__",
  networkId: "5d7d5c66-8e4f-4f2b-8b9e-0d5b0b6f1d3e",
  securityGroups: ["agents"],
  keyName: "ops",
  availabilityZone: "nova",
  metadata: { team: "labs" },
  configOverride: { tags: ["labs"] },
});

const agents = new headroom.Pool("agents", { type: headroom.PoolType.DockerAgent });
new headroom.AutoscaleConfig("agents", {
  pool: agents.name,
  zone: lab.name,
  vmProvider: servers.name,
  standbyCores: 4,
  maxNodes: 10,
  startupScript: {
    text: "/opt/agent/start --upstream {upstream_auth_address} --token {manager_token} --server-id {server_id}\n",
  },
});
new headroom.Workspace("browser", { pools: [agents.name], cores: 1, memory: "2GiB" });
