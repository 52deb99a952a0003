/** What the demo declares: what any user's program would, with times short enough for a day of half a minute. */
import * as pulumi from "@pulumi/pulumi";
import { randomBytes } from "node:crypto";
import * as headroom from "pulumi-headroom";
import { startTerminal, terminalPort } from "./login-service";

/** Startup scripts are what a user writes: braces are doubled where they are the script's own. */
const agentScript = `#!/bin/sh
set -eu
headroom-guest checkin --upstream '{upstream_auth_address}' --token '{checkin_jwt}' --progress 40 'pulling images'
headroom-guest agent --upstream '{upstream_auth_address}' --token '{manager_token}' --server-id '{server_id}'
`;
const serverScript = `#!/bin/sh
set -eu
report() {{ headroom-guest checkin --upstream '{upstream_auth_address}' --token '{checkin_jwt}' --progress "$1" "$2"; }}
report 40 'installing the desktop'
sleep 1
${startTerminal}report 100 'ready'
`;

export const stagedSessions = 2;

/** As a secret of a stack's configuration would be. */
const terminalPassword = randomBytes(12).toString("hex");

export interface DemoSettings {
  /** Host and port of the runtime, as the VMs reach it. */
  readonly upstreamAuthAddress: string;
  readonly night: OvernightWindow;
}

/** The night lab's window: opened yesterday evening, closes during the demo. */
export interface OvernightWindow {
  readonly start: string;
  readonly end: string;
  readonly timezone: string;
}

export function declareEverything({ upstreamAuthAddress, night }: DemoSettings): void {
  const campus = new headroom.Zone("campus", { upstreamAuthAddress, local: true });
  const small = new headroom.LocalVmProvider("small", {
    maxInstances: 8,
    cores: 4,
    memory: "8GiB",
    bootTime: "2s",
    heartbeatEvery: "2s",
  });
  // Cheap VMs of which the cloud refuses every second one for lack of capacity.
  const spot = new headroom.LocalVmProvider("spot", {
    maxInstances: 4,
    cores: 4,
    memory: "8GiB",
    bootTime: "2s",
    heartbeatEvery: "2s",
    faults: { refuseEvery: 2, refuseClass: "CAPACITY" },
  });
  const records = new headroom.LocalDnsProvider("records");

  const agents = new headroom.Pool("agents", { type: "dockerAgent" });
  const agentConfig = new headroom.AutoscaleConfig("agents-small", {
    pool: agents.name,
    zone: campus.name,
    vmProvider: spot.name,
    fallbackVmProviders: [small.name],
    downscaleBackoff: "4s",
    startupScript: { text: agentScript },
    registerDns: true,
    baseDomainName: "campus.example",
    dnsProvider: records.name,
  });
  const browser = { cores: 1, memory: "2GiB" };
  const workspace = new headroom.Workspace("browser", { pools: [agents.name], ...browser }, { dependsOn: agentConfig });
  // Two browsers wait started, so that nobody waits for the first two.
  new headroom.StagingConfig("browsers-ready", {
    zone: campus.name,
    workspace: workspace.name,
    pool: agents.name,
    sessions: stagedSessions,
  });

  const servers = new headroom.Pool("servers", { type: "server" });
  const serverConfig = new headroom.ServerAutoscaleConfig("servers-small", {
    pool: servers.name,
    zone: campus.name,
    vmProvider: small.name,
    downscaleBackoff: "4s",
    requireCheckin: true,
    connectionType: "ssh",
    connectionPort: terminalPort,
    connectionUsername: "student",
    connectionPassword: pulumi.secret(terminalPassword),
    maxSimultaneousSessionsPerServer: 2,
    maxSimultaneousUsers: 2,
    startupScript: { text: serverScript },
  });
  new headroom.Workspace(
    "desktop",
    { pools: [servers.name], kind: "desktop", ...browser },
    { dependsOn: serverConfig },
  );

  new headroom.Schedule("open-all-week", {
    autoscaleConfig: serverConfig.name,
    days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    start: "00:00",
    end: "24:00",
    timezone: "Europe/Berlin",
    minimumAvailableSessions: 1,
  });

  const lab = new headroom.Pool("lab", { type: "dockerAgent" });
  const labConfig = new headroom.AutoscaleConfig("lab-night", {
    pool: lab.name,
    zone: campus.name,
    vmProvider: small.name,
    downscaleBackoff: "4s",
    startupScript: { text: agentScript },
  });
  new headroom.Workspace("render", { pools: [lab.name], cores: 2, memory: "2GiB" }, { dependsOn: labConfig });
  new headroom.Schedule("lab-by-night", {
    autoscaleConfig: labConfig.name,
    days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    ...night,
    minNodes: 1,
  });
}
