/** There is one answer to "does the session fit": where it is placed and where it is planned. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Draft } from "../../runtime/model/draft";
import type { Node, Session } from "../../runtime/model/state";
import type { Shape } from "../../runtime/model/shapes";
import { WindowCache } from "../../runtime/planner/config/windows";
import { place } from "../../runtime/planner/placement/place";
import type { HotState } from "../../runtime/store/hot-state";
import {
  agentConfigDoc,
  aNode,
  aServer,
  aSession,
  aState,
  catalog,
  gib,
  scheduleDoc,
  serverConfigDoc,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, countChanges, planOf } from "./applied";

const shapes: fc.Arbitrary<Shape> = fc.record({
  cores: fc.integer({ min: 1, max: 6 }).map((cores) => cores / 2),
  memoryBytes: fc.integer({ min: 0, max: 4 }).map((memory) => memory * gib),
  gpus: fc.integer({ min: 0, max: 2 }),
});

const sessions = fc.record({
  needs: shapes,
  userId: fc.constantFrom("ada", "bob", "cleo"),
  isRemoteApp: fc.boolean(),
  status: fc.constantFrom("running" as const, "paused" as const, "stopped" as const),
});

const servers: fc.Arbitrary<Partial<Node>> = fc.record({
  sessionsMax: fc.integer({ min: 1, max: 4 }),
  usersMax: fc.integer({ min: 1, max: 3 }),
  isReusable: fc.boolean(),
  hasServed: fc.boolean(),
});

/** Sessions on nodes may take more than the node has: its shape may have turned out smaller. */
const worlds = fc.record({
  server: fc.option(servers, { nil: undefined }),
  nodes: fc.array(
    fc.record({ shape: fc.option(shapes, { nil: undefined }), sessions: fc.array(sessions, { maxLength: 4 }) }),
    { minLength: 1, maxLength: 3 },
  ),
  waiting: sessions,
  isClosed: fc.boolean(),
});

function stateOf({
  server,
  nodes,
  waiting,
  isClosed,
}: typeof worlds extends fc.Arbitrary<infer T> ? T : never): HotState {
  const workspace = server ? "desktop" : "office";
  const config = server ? serverConfigDoc({ maxNodes: 3 }) : agentConfigDoc({ maxNodes: 3 });
  const rows = nodes.map(({ shape }, index) => {
    const row = { nodeId: `n${index}`, shape, createdAtMs: startMs + index };
    return server ? aServer({ ...row, ...server }) : aNode(row);
  });
  const on = nodes.flatMap((node, index) =>
    node.sessions.map((session): Session => aSession({ ...session, workspace, nodeId: `n${index}` })),
  );
  return aState({
    configs: [config],
    schedules: isClosed ? [scheduleDoc({ autoscaleConfig: config.name, days: [], dates: ["2020-01-01"] })] : [],
    nodes: rows,
    sessions: [...on, aSession({ ...waiting, sessionId: "waiting", workspace, status: "queued" })],
  });
}

describe("room", () => {
  it("a waiting session is promised a running node exactly when it would be placed on one", () => {
    const property = fc.property(worlds, (world) => {
      const state = stateOf(world);
      const session = state.sessions.get("waiting")!;
      const context = { draft: new Draft(state), windows: new WindowCache(), catalog, nowMs: startMs };

      const placement = place(session, context);

      const [promised] = planOf(state).waiting;
      assert.equal(promised!.reason.code === "placing", placement.kind === "assigned", JSON.stringify(promised));
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it("a node that turned out too small for what runs on it is not waited for: a new one is made", () => {
    const shape = { cores: 8, memoryBytes: 8 * gib, gpus: 1 };
    const busy = aSession({ nodeId: "n1", needs: { cores: 1, memoryBytes: gib, gpus: 2 } });
    const state = aState({ configs: [agentConfigDoc()], nodes: [aNode({ shape })], sessions: [busy, aSession()] });

    const plan = planOf(state);

    assert.deepEqual(countChanges(plan), { create: 1 });
    applyPlan(state, plan);
    assert.deepEqual(countChanges(planOf(state)), {});
  });
});
