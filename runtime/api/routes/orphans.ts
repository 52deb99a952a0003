/** VMs that nobody knows, and nodes that are given up. */
import type { Snapshot } from "../../model/snapshot";
import type { SweepView } from "../backend";
import { idParamsSchema } from "../contracts";
import {
  forgetBodySchema,
  forgottenSchema,
  orphansSchema,
  type OrphanView,
  type SweepStateView,
} from "../orphan-contracts";
import { route, type Route } from "../route";

const list = route({
  method: "get",
  path: "/api/v1/orphans",
  access: "viewer",
  summary: "VMs that carry this installation's id and that no node and no stack has, seen at least twice",
  responses: { 200: orphansSchema },
  async handle(_input, context) {
    const { ledger, work } = context.leader();
    const orphans = viewOrphans(ledger.state);
    return { status: 200, body: { orphans, ...(work ? { sweeps: work.sweeps().map(viewSweep) } : {}) } };
  },
});

/** Those that are certain, the oldest first. */
export function viewOrphans({ orphans }: Snapshot): OrphanView[] {
  return [...orphans.values()]
    .flatMap(({ reportedAtMs, ...orphan }) => (reportedAtMs === undefined ? [] : [{ ...orphan, reportedAtMs }]))
    .sort((a, b) => a.firstSeenMs - b.firstSeenMs);
}

function viewSweep({ definition, place, sweptAtMs, complaint }: SweepView): SweepStateView {
  return {
    ...{ definition, place: { ...place } },
    ...(sweptAtMs === undefined ? {} : { sweptAtMs }),
    ...(complaint === undefined ? {} : { complaint }),
  };
}

const forget = route({
  method: "post",
  path: "/api/v1/nodes/{id}/forget",
  access: "operator",
  summary: "Gives a node up: its row goes and its sessions end; nothing is asked of its cloud",
  params: idParamsSchema,
  body: forgetBodySchema,
  responses: { 200: forgottenSchema },
  async handle({ params, body }, context) {
    const { node, sessions } = await context.leader().broker.forgetNode(params.id, body.force);
    return { status: 200, body: { nodeId: node.nodeId, sessions: sessions.map(({ sessionId }) => sessionId) } };
  },
});

export const orphanRoutes: readonly Route[] = [list, forget];
