/** Gives up a node whose VM can't be reached or deleted any more, because its account is gone. */
import { ConflictError, NotFoundError } from "../model/errors";
import type { Node, NodeStatus, Session } from "../model/state";
import { endSession } from "../planner/lifecycle/transitions";
import type { QueueContext } from "../planner/placement/place-queue";

/** Nobody can count on such a node. */
const lostStatuses: readonly NodeStatus[] = ["missing", "dead", "failed", "destroying"];

export interface ForgottenNode {
  readonly node: Node;
  /** Those that ended with it. */
  readonly sessions: readonly Session[];
}

/**
 * Its row goes at once, its sessions end, and its lane takes it out of its stack without asking a cloud. A VM that lives
 * on is found by the next sweeps of its account, as one that nobody knows.
 */
export function forgetNode(nodeId: string, isForced: boolean, context: QueueContext): ForgottenNode {
  const { draft, journal } = context;
  const node = draft.node(nodeId);
  if (!node) throw new NotFoundError(`there is no node "${nodeId}"`);
  if (node.autoscaleConfig === undefined) {
    throw new ConflictError(
      `node ${nodeId} is a static member of pool "${node.pool}"; remove it from the pool's definition`,
    );
  }
  if (!isForced && !lostStatuses.includes(node.status)) {
    throw new ConflictError(
      `node ${nodeId} is ${node.status}; without force only a node that is ${lostStatuses.join(", ")} is given up`,
    );
  }
  const { vmId = "", address = "" } = node;
  const vm = vmId === "" ? "whatever became of its VM" : `its VM ${vmId} may live on`;
  const text = `given up by request while it was ${node.status}: ${vm}, and nothing is deleted`;
  const reason = { code: "forgotten", text, numbers: { status: node.status, vmId, address } };
  const sessions = draft.sessionsOf(nodeId);
  for (const session of sessions) {
    endSession(context, session, "nodeDead", { ...reason, text: `its node ${nodeId} was ${text}` });
  }
  draft.deleteNode(nodeId);
  draft.decide(journal.entry("node", nodeId, "forgotten", reason));
  const lane = node.laneId === undefined ? undefined : draft.lane(node.laneId);
  if (lane) draft.raiseLane({ ...lane, forgotten: [...(lane.forgotten ?? []), nodeId].sort() });
  return { node, sessions };
}
