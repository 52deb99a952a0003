// Needs a running Headroom runtime whose machine has the official Pulumi CLI and reaches vCenter; no further package.
import * as pulumi from "@pulumi/pulumi";
import * as headroom from "pulumi-headroom";

const config = new pulumi.Config();

/** One account: a user of vCenter with the role that docs/clouds/vsphere.md names. */
const vcenter = {
  vcenterAddress: "vcenter.example.org",
  username: "headroom@vsphere.local",
  password: config.requireSecret("vcenterPassword"),
  datacenter: "DC1",
};

const lab = new headroom.Zone("lab", { upstreamAuthAddress: "headroom.example.org" });

// Linux: cloud-init reads the startup script. Linked clones of a template are there in seconds.
const agents = new headroom.VSphereVmProvider("agents", {
  ...vcenter,
  maxInstances: 30,
  templateName: "templates/ubuntu-agent",
  cloneType: "linked",
  folder: "labs/agents",
  cluster: "compute",
  resourcePool: "labs",
  cpus: 8,
  memory: "32GiB",
});
const docker = new headroom.Pool("docker", { type: headroom.PoolType.DockerAgent });
new headroom.AutoscaleConfig("docker", {
  pool: docker.name,
  zone: lab.name,
  vmProvider: agents.name,
  standbyCores: 8,
  standbyMemory: "16GiB",
  startupScript: { osType: headroom.OsType.Linux, text: "systemctl enable --now headroom-agent\n" },
});
new headroom.Workspace("ubuntu", { kind: "container", pools: [docker.name], cores: 2, memory: "4GiB" });

// Windows: VMware Tools run the startup script as an administrator of the template.
const windows = new headroom.VSphereVmProvider("windows", {
  ...vcenter,
  maxInstances: 20,
  templateName: "templates/windows-2022",
  folder: "labs/desktops",
  datastoreCluster: "pods",
  cluster: "compute",
  network: "labs",
  cpus: 4,
  memory: "16GiB",
  guestUsername: "Administrator",
  guestPassword: config.requireSecret("guestPassword"),
});
const desktops = new headroom.Pool("desktops", { type: headroom.PoolType.Server });
new headroom.ServerAutoscaleConfig("desktops", {
  pool: desktops.name,
  zone: lab.name,
  vmProvider: windows.name,
  connectionType: headroom.ConnectionType.Rdp,
  minimumAvailableSessions: 1,
  maxNodes: 15,
  startupScript: { osType: headroom.OsType.Windows, text: "Enable-NetFirewallRule -DisplayGroup 'Remote Desktop'\n" },
});
new headroom.Workspace("desktop", { kind: "desktop", pools: [desktops.name], cores: 4, memory: "8GiB" });
