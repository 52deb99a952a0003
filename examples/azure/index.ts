// Needs a running Headroom runtime whose machine has the package @pulumi/azure-native and the official Pulumi CLI, and an app
// registration with the roles of docs/clouds/azure.md on the resource group.
import * as pulumi from "@pulumi/pulumi";
import * as headroom from "pulumi-headroom";

const config = new pulumi.Config();
const subscriptionId = "00000000-0000-0000-0000-000000000000";
const app = {
  subscriptionId,
  tenantId: "00000000-0000-0000-0000-000000000001",
  clientId: "00000000-0000-0000-0000-000000000002",
  clientSecret: config.requireSecret("clientSecret"),
  resourceGroup: "dev",
};
const network = `/subscriptions/${subscriptionId}/resourceGroups/dev/providers/Microsoft.Network`;

const east = new headroom.Zone("east", { upstreamAuthAddress: "headroom.example.org" });
const records = new headroom.AzureDnsProvider("records", app);
const spotVms = new headroom.AzureVmProvider("spot-vms", {
  ...app,
  maxInstances: 20,
  region: "eastus",
  vmSize: "Standard_D4s_v5",
  imageReference: "Canonical:ubuntu-24_04-lts:server:latest",
  subnet: `${network}/virtualNetworks/labs/subnets/default`,
  networkSecurityGroup: `${network}/networkSecurityGroups/agents`,
  osUsername: "labs",
  sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOYXOqmgtdj5srVSyrXU2uEe3NuMVHR8U28PkNU1VT8D labs",
  tags: { team: "labs" },
  // Evicted nodes are told half a minute ahead, drain, and are made anew.
  spot: {},
  configOverride: { "os_profile.linux_configuration.ssh.public_keys.0.path": "/home/labs/.ssh/authorized_keys" },
});
const desktops = new headroom.AzureVmProvider("desktops", {
  ...app,
  maxInstances: 5,
  region: "eastus",
  vmSize: "Standard_D8s_v5",
  // An image of your own, with the applications in it.
  imageReference: {
    id: `/subscriptions/${subscriptionId}/resourceGroups/dev/providers/Microsoft.Compute/galleries/labs/images/desktop`,
  },
  subnet: `${network}/virtualNetworks/labs/subnets/default`,
  osUsername: "labs",
  osPassword: config.requireSecret("osPassword"),
  securityType: "TrustedLaunch",
});

const agents = new headroom.Pool("agents", { type: headroom.PoolType.DockerAgent });
new headroom.AutoscaleConfig("agents", {
  pool: agents.name,
  zone: east.name,
  vmProvider: spotVms.name,
  standbyCores: 4,
  maxNodes: 20,
  registerDns: true,
  baseDomainName: "agents.example.org",
  dnsProvider: records.name,
  startupScript: {
    text: "/opt/agent/start --upstream {upstream_auth_address} --token {manager_token} --server-id {server_id}\n",
  },
});
new headroom.Workspace("browser", { pools: [agents.name], cores: 1, memory: "2GiB" });

const servers = new headroom.Pool("desktops", { type: headroom.PoolType.Server });
new headroom.ServerAutoscaleConfig("desktops", {
  pool: servers.name,
  zone: east.name,
  vmProvider: desktops.name,
  connectionType: headroom.ConnectionType.Rdp,
  connectionUsername: "labs",
  connectionPassword: config.requireSecret("osPassword"),
  minimumAvailableSessions: 1,
  maxNodes: 5,
  // Azure itself runs no script in Windows: a run command does, by the VM's agent.
  startupScript: { osType: headroom.OsType.Windows, text: "Enable-NetFirewallRule -DisplayGroup 'Remote Desktop'\n" },
});
new headroom.Workspace("desktop", { kind: "desktop", pools: [servers.name], cores: 4, memory: "8GiB" });
