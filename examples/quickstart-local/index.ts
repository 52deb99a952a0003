// Start the runtime with `npx headroom serve`, then, in this folder:
//   pulumi config set headroom:endpoint http://127.0.0.1:8700
//   pulumi config set --secret headroom:apiKey "$(cat <data folder>/admin-key)"
//   pulumi up
import * as pulumi from "@pulumi/pulumi";
import * as headroom from "pulumi-headroom";

// VMs call home to the runtime that this program talks to.
const endpoint =
  new pulumi.Config("headroom").get("endpoint") ?? process.env["HEADROOM_ENDPOINT"] ?? "http://127.0.0.1:8700";
const lab = new headroom.Zone("lab", { upstreamAuthAddress: new URL(endpoint).host, local: true });

// What a VM is, and how many of them there may ever be.
const small = new headroom.LocalVmProvider("small", { maxInstances: 6, cores: 4, memory: "8GiB" });

// Docker agents: VMs that run containers. Two cores stay free for the next session.
const agents = new headroom.Pool("agents", { type: headroom.PoolType.DockerAgent });
const agentConfig = new headroom.AutoscaleConfig("agents", {
  pool: agents.name,
  zone: lab.name,
  vmProvider: small.name,
  standbyCores: 2,
  downscaleBackoff: "2m",
  startupScript: {
    text: "headroom-guest agent --upstream {upstream_auth_address} --token {manager_token} --server-id {server_id}\n",
  },
});
new headroom.Workspace("browser", { pools: [agents.name], cores: 1, memory: "2GiB" });

// Servers: a VM for each desktop. One is always ready, and the VM itself says when it is.
const desktops = new headroom.Pool("desktops", { type: headroom.PoolType.Server });
new headroom.ServerAutoscaleConfig("desktops", {
  pool: desktops.name,
  zone: lab.name,
  vmProvider: small.name,
  minimumAvailableSessions: 1,
  requireCheckin: true,
  startupScript: { text: "headroom-guest checkin --upstream {upstream_auth_address} --token {checkin_jwt} ready\n" },
});
new headroom.Workspace("desktop", { kind: "desktop", pools: [desktops.name], cores: 4, memory: "8GiB" });

// Agents exist in office hours only; whoever works longer is never cut off.
new headroom.Schedule("office-hours", {
  autoscaleConfig: agentConfig.name,
  days: ["mon", "tue", "wed", "thu", "fri"],
  start: "07:30",
  end: "19:00",
  timezone: "Europe/Berlin",
});
