/** What the reconciler makes of a plan, as far as the planner can see it. */
import type { NodeChange, Plan } from "../../runtime/model/plan";
import type { Node } from "../../runtime/model/state";
import type { Shape } from "../../runtime/model/shapes";
import { shapeOfConfig } from "../../runtime/planner/config/next-node";
import { plan } from "../../runtime/planner/planning/plan";
import { SpecDigests } from "../../runtime/planner/config/spec-digest";
import { without } from "../../runtime/planner/lifecycle/transitions";
import type { HotState } from "../../runtime/store/hot-state";
import type { Change } from "../../runtime/model/changes";
import { aNode, catalog } from "../support/builders";
import { startMs } from "../support/virtual-clock";

export function planOf(state: HotState, nowMs = startMs): Plan {
  return plan(state, { nowMs, catalog });
}

let births = 0;

/** Applies a plan to the state; new nodes get ids that no test uses. */
export function applyPlan(state: HotState, { changes, configs, waiting, atMs }: Plan): void {
  const puts: Change[] = [];
  for (const change of changes) {
    if (change.kind === "create") {
      puts.push({ kind: "put", table: "node", row: bornNode(state, change, atMs) });
      continue;
    }
    const node = state.nodes.get(change.nodeId)!;
    const status = ({ drain: "draining", undrain: "running", destroy: "destroying" } as const)[change.kind];
    puts.push({ kind: "put", table: "node", row: { ...node, status, statusSinceMs: atMs, reason: change.reason } });
  }
  for (const { sessionId, reservation, reason } of waiting) {
    const session = without(state.sessions.get(sessionId)!, "reservation");
    const row = { ...session, ...(reservation ? { reservation } : {}), reason };
    puts.push({ kind: "put", table: "session", row });
  }
  for (const { nextState } of configs) puts.push({ kind: "put", table: "configState", row: nextState });
  state.apply(puts);
}

type Create = Extract<NodeChange, { kind: "create" }>;

function bornNode(state: HotState, { autoscaleConfig: name, vmProvider }: Create, atMs: number): Node {
  const config = state.autoscaleConfigs.get(name)!;
  births += 1;
  const shape: Shape | undefined = shapeOfConfig(config, state, catalog, vmProvider);
  const server =
    config.type === "server"
      ? {
          sessionsMax: config.reusable ? config.maxSimultaneousSessionsPerServer : 1,
          usersMax: config.reusable ? config.maxSimultaneousUsers : 1,
          isReusable: config.reusable,
        }
      : {};
  return aNode({
    nodeId: `z${births}`,
    pool: config.pool,
    zone: config.zone,
    autoscaleConfig: name,
    vmProvider,
    status: "requested",
    statusSinceMs: atMs,
    createdAtMs: atMs,
    runningSinceMs: undefined,
    shape,
    specDigest: new SpecDigests(catalog).of(config, vmProvider, state),
    ...server,
  });
}

/** e.g. `{ create: 2, drain: 1 }`; kinds without changes are left out. */
export function countChanges({ changes }: Plan): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of changes) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

export function setNodes(state: HotState, patch: (node: Node) => Partial<Node>): void {
  state.apply(
    [...state.nodes.values()].map((node) => ({ kind: "put", table: "node", row: { ...node, ...patch(node) } })),
  );
}
