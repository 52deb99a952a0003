/** A fleet of busy docker agents as it stands in the database: what the big fleets of the benchmarks are made of. */
import type { Node, Session } from "../runtime/model/state";
import type { Change } from "../runtime/model/changes";

const gib = 2 ** 30;
export const agentShape = { cores: 16, memoryBytes: 64 * gib, gpus: 0 };
const nodesPerLane = 25;
/** Agents are set up by a script of this size; it stands in each row. */
const scriptBytes = 4096;

export interface FleetSize {
  readonly nodes: number;
  readonly sessionsPerNode: number;
}

export interface FleetSource extends FleetSize {
  readonly nowMs: number;
  readonly account?: string;
  readonly installation?: string;
  /** The cloud's id of a node's VM. */
  readonly vmIdOf?: (nodeId: string) => string;
}

/** Of the VMs; with it goes what says which account and how to get in. */
const template = {
  amiId: "ami-0123456789abcdef0",
  instanceType: "m7i.4xlarge",
  subnetId: "subnet-0a",
  securityGroupIds: ["sg-0a"],
} as const;

/** What the rows of {@link agentRows} refer to. */
export const agentDefinitions = [
  { kind: "zone", doc: { name: "lab", upstreamAuthAddress: "headroom.example.com" } },
  {
    kind: "vmProviderConfig",
    doc: {
      name: "ec2",
      kind: "aws",
      maxInstances: 10_000,
      settings: { ...template, region: "us-east-1", accessKeyId: "AKIAEMULATED", secretAccessKey: "emulated" },
    },
  },
  { kind: "pool", doc: { name: "agents", type: "dockerAgent" } },
  {
    kind: "autoscaleConfig",
    doc: {
      type: "dockerAgent",
      name: "agents",
      pool: "agents",
      zone: "lab",
      vmProvider: "ec2",
      coresOverride: agentShape.cores,
      memoryOverride: "64GiB",
      startTimeout: "0s",
      startupScript: { text: "{server_id} {manager_token} {upstream_auth_address}" },
    },
  },
  { kind: "workspace", doc: { name: "browser", pools: ["agents"], cores: 1, memory: "1GiB" } },
] as const;

export function definitionRows(nowMs: number): Change[] {
  return agentDefinitions.map(({ kind, doc }) => ({
    kind: "put",
    table: "definition",
    row: { kind, name: doc.name, doc, owner: "bench", updatedAtMs: nowMs },
  }));
}

export function agentRows(source: FleetSource): Change[] {
  const changes: Change[] = [];
  for (let lane = 0; lane * nodesPerLane < source.nodes; lane += 1) {
    const laneId = `agents-${lane}`;
    const row = { laneId, autoscaleConfig: "agents", stack: laneId, desiredRevision: 1, appliedRevision: 1 };
    changes.push({ kind: "put", table: "lane", row });
  }
  for (let index = 0; index < source.nodes; index += 1) {
    const row = agentNode(index, source);
    changes.push({ kind: "put", table: "node", row });
    for (let place = 0; place < source.sessionsPerNode; place += 1) {
      changes.push({ kind: "put", table: "session", row: sessionOn(row, index * source.sessionsPerNode + place) });
    }
  }
  return changes;
}

function agentNode(index: number, { nowMs, account, installation, vmIdOf }: FleetSource): Node {
  const nodeId = `n${index.toString().padStart(7, "0")}`;
  const place = { zone: "lab", pool: "agents", autoscaleConfig: "agents", vmProvider: "ec2" };
  const startupScript = `#!/bin/sh\n# ${nodeId}\n`.padEnd(scriptBytes, "echo set up\n");
  const spec = { nodeId, ...place, kind: "aws" as const, settings: template, osType: "linux" as const, startupScript };
  const owner = {
    ...(account === undefined ? {} : { account }),
    ...(installation === undefined ? {} : { installation }),
  };
  return {
    nodeId,
    ...place,
    laneId: `agents-${Math.floor(index / nodesPerLane)}`,
    spec: { ...spec, ...owner },
    status: "running",
    statusSinceMs: nowMs,
    createdAtMs: nowMs - 3_600_000 + index,
    runningSinceMs: nowMs - 3_500_000,
    lastHeartbeatMs: nowMs,
    shape: agentShape,
    declared: { cores: agentShape.cores, memoryBytes: agentShape.memoryBytes },
    reported: { cores: agentShape.cores, memoryBytes: agentShape.memoryBytes },
    readyWhen: "heartbeat",
    provisionTimeoutSeconds: 600,
    missingTimeoutSeconds: 600,
    deadTimeoutSeconds: 3600,
    address: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
    ...(vmIdOf ? { vmId: vmIdOf(nodeId) } : {}),
    reason: { code: "heartbeat", text: "first heartbeat", numbers: {} },
  };
}

function sessionOn({ nodeId, createdAtMs }: Node, number: number): Session {
  return {
    sessionId: `s${number.toString().padStart(14, "0")}`,
    workspace: "browser",
    userId: `user-${number}`,
    status: "running",
    requestedAtMs: createdAtMs + number,
    sequence: number,
    nodeId,
    assignedAtMs: createdAtMs + number,
    needs: { cores: 1, memoryBytes: gib, gpus: 0 },
    reason: { code: "placed", text: `node ${nodeId} of pool "agents" had room for 1 core, 1GiB`, numbers: { nodeId } },
  };
}
