// Needs a running Headroom runtime whose machine has the package @muhlba91/pulumi-proxmoxve and the official Pulumi CLI.
import * as pulumi from "@pulumi/pulumi";
import * as headroom from "pulumi-headroom";

const config = new pulumi.Config();

const lab = new headroom.Zone("lab", { upstreamAuthAddress: "headroom.example.org" });
const machines = new headroom.ProxmoxVmProvider("machines", {
  maxInstances: 20,
  host: "pve.example.org",
  username: "headroom@pve",
  tokenName: "runtime",
  tokenValue: config.requireSecret("proxmoxToken"),
  vmIdRangeLower: 20_000,
  vmIdRangeUpper: 20_999,
  templateName: "ubuntu-agent",
  clusterNode: "pve1",
  targetNode: "pve2",
  cores: 8,
  memory: "16GiB",
});

const desktops = new headroom.Pool("desktops", { type: headroom.PoolType.Server });
new headroom.ServerAutoscaleConfig("desktops", {
  pool: desktops.name,
  zone: lab.name,
  vmProvider: machines.name,
  connectionType: headroom.ConnectionType.Rdp,
  minimumAvailableSessions: 1,
  maxNodes: 15,
  startupScript: { osType: headroom.OsType.Linux, text: "systemctl enable --now xrdp\n" },
});
new headroom.Workspace("desktop", { kind: "desktop", pools: [desktops.name], cores: 4, memory: "8GiB" });
