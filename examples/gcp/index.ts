// Needs a running Headroom runtime whose machine has the package @pulumi/gcp and the official Pulumi CLI.
import * as pulumi from "@pulumi/pulumi";
import * as headroom from "pulumi-headroom";

const project = "pensive-voice-547511";
// The JSON file of a key of a service account with the role of docs/clouds/gcp.md.
const credentials = new pulumi.Config().requireSecret("credentials");
const account = { credentials, project };

const virginia = new headroom.Zone("virginia", { upstreamAuthAddress: "headroom.example.org" });
const records = new headroom.GcpDnsProvider("records", account);

const vms = {
  ...account,
  maxInstances: 10,
  // Nodes are spread over both; the subnetwork is of their region.
  zone: ["us-east4-a", "us-east4-b"],
  machineType: "e2-standard-4",
  image: `projects/${project}/global/images/family/agents`,
  bootVolumeSize: "50GiB",
  diskType: "pd-ssd",
  subnetwork: `projects/${project}/regions/us-east4/subnetworks/agents`,
  // A firewall rule of the network applies by this tag.
  networkTags: ["headroom-agents"],
  customLabels: { team: "labs" },
  serviceAccount: { email: `agents@${project}.iam.gserviceaccount.com` },
  configOverride: { shieldedInstanceConfig: { enableSecureBoot: true } },
};
const onDemand = new headroom.GcpVmProvider("on-demand", vms);
const spot = new headroom.GcpVmProvider("spot", { ...vms, spot: {} });

const agents = new headroom.Pool("agents", { type: headroom.PoolType.DockerAgent });
const startupScript = {
  text: "/opt/agent/start --upstream {upstream_auth_address} --token {manager_token} --server-id {server_id}\n",
};
for (const [name, vmProvider] of Object.entries({ spot, "on-demand": onDemand })) {
  new headroom.AutoscaleConfig(`agents-${name}`, {
    pool: agents.name,
    zone: virginia.name,
    vmProvider: vmProvider.name,
    standbyCores: 4,
    maxNodes: 10,
    registerDns: true,
    baseDomainName: "agents.example.org",
    dnsProvider: records.name,
    startupScript,
  });
}
new headroom.Workspace("browser", { pools: [agents.name], cores: 1, memory: "2GiB" });
