/** Static members as nodes: there as long as the pool's definition names them, never created or destroyed. */
import type { Pool, StaticMember } from "../model/config";
import { connectionSecretsOf, nodeConnectionOf, withConnectionDefaults } from "../model/connection";
import { splitHost } from "../model/fields";
import { ConflictError } from "../model/errors";
import type { Reason } from "../model/reason";
import type { Node } from "../model/state";
import { formatCount } from "../model/units";
import type { QueueContext } from "../planner/placement/place-queue";
import { endSession } from "../planner/lifecycle/transitions";

/** Brings the pool's static nodes in line with its definition; undefined = the pool goes. */
export function syncStaticMembers(poolName: string, pool: Pool | undefined, context: QueueContext): void {
  const { draft } = context;
  const wanted = new Set(pool?.staticMembers.map((member) => staticNodeId(poolName, member.name)));
  for (const node of draft.snapshot.nodes.values()) {
    if (node.pool !== poolName || node.autoscaleConfig !== undefined || wanted.has(node.nodeId)) continue;
    for (const session of draft.sessionsOf(node.nodeId)) {
      if (session.status === "staged") endSession(context, session, "unstaged", memberGone(node.nodeId));
    }
    const { pinned } = draft.usage(node.nodeId);
    if (pinned > 0) {
      throw new ConflictError(
        `static member ${node.nodeId} of pool "${poolName}" has ${formatCount(pinned, "session")}; end ${pinned === 1 ? "it" : "them"} first`,
      );
    }
    draft.deleteNode(node.nodeId);
  }
  for (const member of pool?.staticMembers ?? []) {
    const nodeId = staticNodeId(poolName, member.name);
    draft.putNode(staticNode(nodeId, pool!, member, draft.snapshot.nodes.get(nodeId), context.nowMs));
    draft.putNodeSecrets(nodeId, pool!.type === "server" ? connectionSecretsOf(member) : undefined);
  }
}

/** How long a member's port may be silent before it takes no more sessions. */
const staticMissingSeconds = 600;

/** A member that is drained or silent stays so when its pool is declared anew. */
function statusOf(pool: Pool, before: Node | undefined): Pick<Node, "status" | "reason"> {
  if (before?.status === "draining" || before?.status === "missing") {
    return { status: before.status, reason: before.reason };
  }
  return { status: "running", reason: { code: "declared", text: `static member of pool "${pool.name}"`, numbers: {} } };
}

function memberGone(nodeId: string): Reason {
  return { code: "nodeClosed", text: `static member ${nodeId} is not declared any more`, numbers: { nodeId } };
}

export function staticNodeId(pool: string, member: string): string {
  return `static:${pool}:${member}`;
}

function staticNode(nodeId: string, pool: Pool, member: StaticMember, before: Node | undefined, nowMs: number): Node {
  const port = member.connectionPort ?? splitHost(member.address).port;
  const connection = nodeConnectionOf(withConnectionDefaults({ ...member, connectionPort: port }, "linux"));
  // Nobody is probed on a port that was never spoken of.
  const isPortKnown = member.connectionPort !== undefined || member.connectionType !== undefined;
  const connectionPort = isPortKnown ? connection.port : undefined;
  const server = {
    connection,
    sessionsMax: member.maxSimultaneousSessions,
    usersMax: member.maxSimultaneousUsers,
    isReusable: true,
  };
  const isSame = before?.address === member.address && before.connectionPort === connectionPort;
  return {
    nodeId,
    zone: member.zone,
    pool: pool.name,
    ...statusOf(pool, isSame ? before : undefined),
    // Nothing that was seen at another address says anything about this one.
    statusSinceMs: isSame ? before.statusSinceMs : nowMs,
    ...(isSame && before.lastProbeMs !== undefined ? { lastProbeMs: before.lastProbeMs } : {}),
    ...(connectionPort === undefined ? {} : { connectionPort }),
    ...(member.labels.length === 0 ? {} : { labels: member.labels }),
    createdAtMs: before?.createdAtMs ?? nowMs,
    runningSinceMs: isSame ? (before.runningSinceMs ?? nowMs) : nowMs,
    shape: { cores: member.cores, memoryBytes: member.memory, gpus: member.gpus },
    ...(pool.type === "server" ? server : {}),
    readyWhen: "declared",
    provisionTimeoutSeconds: 0,
    missingTimeoutSeconds: staticMissingSeconds,
    deadTimeoutSeconds: 0,
    address: member.address,
  };
}
