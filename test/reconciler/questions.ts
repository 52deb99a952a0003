/** What tests of the reconciler ask of a world. */
import assert from "node:assert/strict";
import type { NodeStatus } from "../../runtime/model/state";
import { agentConfigDoc } from "../support/builders";
import { guestScript, type World } from "./world";

/** Docker agents that check in and send heartbeats. Nobody says here that a session runs, so none must. */
export function agents(doc: Parameters<typeof agentConfigDoc>[0] = {}) {
  return agentConfigDoc({ startupScript: guestScript, startTimeout: "0s", ...doc });
}

export async function request(world: World, workspace = "office", userId = "ann"): Promise<string> {
  const outcome = await world.broker.requestSession({ workspace, userId });
  return outcome.kind === "refused" ? assert.fail(outcome.reason.text) : outcome.session.sessionId;
}

/** The one node that there is. */
export function only(world: World) {
  const [node, ...others] = [...world.state.nodes.values()];
  assert.deepEqual(others, []);
  return node!;
}

export function countByStatus(world: World): Partial<Record<NodeStatus, number>> {
  const counts: Partial<Record<NodeStatus, number>> = {};
  for (const { status } of world.state.nodes.values()) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** What the journal tells of it, in order. */
export async function events(world: World, subject: "node" | "config", subjectId: string): Promise<string[]> {
  return (await world.store.decisions({ subject, subjectId, limit: 100 })).reverse().map(({ event }) => event);
}
