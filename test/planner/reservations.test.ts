/** Which nodes keep their room for a session that was passed over, for how long, and from whom. */
import assert from "node:assert/strict";
import type { Node, Session } from "../../runtime/model/state";
import type { Shape } from "../../runtime/model/shapes";
import { Draft } from "../../runtime/model/draft";
import { place } from "../../runtime/planner/placement/place";
import { reserveAfterMs } from "../../runtime/planner/planning/reservations";
import { WindowCache } from "../../runtime/planner/config/windows";
import { traceOf } from "../../runtime/planner/explain/trace";
import type { HotState } from "../../runtime/store/hot-state";
import { agentConfigDoc, aNode, aSession, aState, catalog, gib, poolDoc, serverConfigDoc } from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, planOf } from "./applied";

const minute = 60_000;
const later = startMs + minute;

function shape(cores: number, gpus = 0): Shape {
  return { cores, memoryBytes: gib, gpus };
}

function small(session: Partial<Session> = {}): Session {
  return aSession({ needs: shape(1), requestedAtMs: later, ...session });
}

/** As many small sessions, which came after the large one was requested. */
function smallOn(nodeId: string, count: number): Session[] {
  return Array.from({ length: count }, () => small({ nodeId }));
}

function large(session: Partial<Session> = {}): Session {
  return aSession({ sessionId: "large", requestedAtMs: startMs, needs: shape(4), ...session });
}

/** Nodes of 4 cores, at the cap. */
function aTown(counts: readonly number[], sessions: readonly Session[], nodes: Partial<Node> = {}): HotState {
  const crew = counts.map((_, index) => aNode({ nodeId: `n${index + 1}`, createdAtMs: startMs + index, ...nodes }));
  return aState({
    configs: [agentConfigDoc({ minNodes: crew.length, maxNodes: crew.length })],
    nodes: crew,
    sessions: [...counts.flatMap((count, index) => smallOn(`n${index + 1}`, count)), ...sessions],
  });
}

function reservedIn(state: HotState, nowMs: number): readonly string[] | undefined {
  const plan = planOf(state, nowMs);
  applyPlan(state, plan);
  return state.sessions.get("large")?.reservation?.nodeIds;
}

function placeIn(state: HotState, session: Session, nowMs = startMs + 10 * minute) {
  return place(session, { draft: new Draft(state), windows: new WindowCache(), catalog, nowMs });
}

describe("planner, reservations", () => {
  it("keeps the node with least to free for a session that was passed over for 5 minutes, not before", () => {
    const state = aTown([4, 3, 4], [large()]);

    assert.equal(reservedIn(state, startMs + reserveAfterMs - 1), undefined);
    assert.deepEqual(reservedIn(state, startMs + reserveAfterMs), ["n2"]);
  });

  it("of nodes with as much to free it keeps the one with most sessions", () => {
    const few = [2, 2].map((cores) => aSession({ nodeId: "n1", needs: shape(cores), requestedAtMs: later }));
    const state = aTown([0, 4], [...few, large()]);

    assert.deepEqual(reservedIn(state, startMs + reserveAfterMs), ["n2"]);
  });

  it("keeps none for a session that nobody passed over, however long it waits", () => {
    const before = Array.from({ length: 4 }, () => small({ nodeId: "n1", requestedAtMs: startMs - 1 }));

    assert.equal(reservedIn(aTown([0], [...before, large()]), startMs + 60 * minute), undefined);
  });

  it("keeps none where a node can be made or is on its way", () => {
    const growing = aState({
      configs: [agentConfigDoc({ maxNodes: 2 })],
      nodes: [aNode()],
      sessions: [...smallOn("n1", 4), large()],
    });

    assert.equal(reservedIn(growing, startMs + 60 * minute), undefined);
    assert.equal(growing.nodes.size, 2);
    assert.equal(reservedIn(growing, startMs + 60 * minute), undefined);
  });

  it("gives up what it keeps when a node is on its way", () => {
    const state = aTown([4, 4], [large()]);
    assert.deepEqual(reservedIn(state, startMs + reserveAfterMs), ["n1"]);

    const doc = agentConfigDoc({ minNodes: 2, maxNodes: 3 });
    state.apply([
      {
        kind: "put",
        table: "definition",
        row: { kind: "autoscaleConfig", name: "agents", doc, owner: "tester", updatedAtMs: startMs },
      },
    ]);

    assert.equal(reservedIn(state, startMs + reserveAfterMs + 1), undefined);
    assert.equal(state.reservations.size, 0);
  });

  it("keeps one node more each 5 minutes, three at most, and of a place no more than a quarter", () => {
    const nodesAfter = (nodes: number, minutes: number): number => {
      const state = aTown(
        Array.from({ length: nodes }, () => 4),
        [large()],
      );
      for (let passed = 5; passed <= minutes; passed += 5) reservedIn(state, startMs + passed * minute);
      return state.reservations.size;
    };

    assert.deepEqual(
      [5, 10, 15, 20, 60].map((minutes) => nodesAfter(20, minutes)),
      [1, 2, 3, 3, 3],
    );
    assert.deepEqual(
      [1, 4, 5, 8, 9].map((nodes) => nodesAfter(nodes, 60)),
      [1, 1, 2, 2, 3],
    );
  });

  it("serves the oldest first where more were passed over than nodes may be kept for", () => {
    const younger = large({ sessionId: "younger", requestedAtMs: startMs + 1, sequence: 1 });
    const state = aTown([4, 4, 4], [younger, large({ sequence: 2 })]);

    assert.deepEqual(reservedIn(state, startMs + 60 * minute), ["n1"]);
    assert.equal(state.sessions.get("younger")!.reservation, undefined);
  });

  it("keeps the same node through plans, restarts and other nodes that become emptier; another when it leaves", () => {
    const state = aTown([4, 4], [large()]);
    assert.deepEqual(reservedIn(state, startMs + reserveAfterMs), ["n1"]);

    for (const session of [...state.sessionsOf("n2").values()].slice(0, 2)) {
      state.apply([{ kind: "put", table: "session", row: { ...session, status: "ended" } }]);
    }
    const restarted = aState({
      configs: [agentConfigDoc({ minNodes: 2, maxNodes: 2 })],
      nodes: [...state.nodes.values()],
      sessions: [...state.sessions.values()],
    });
    assert.deepEqual(reservedIn(restarted, startMs + reserveAfterMs + 1), ["n1"]);

    restarted.apply([{ kind: "put", table: "node", row: { ...restarted.nodes.get("n1")!, status: "missing" } }]);
    assert.deepEqual(reservedIn(restarted, startMs + reserveAfterMs + 2), ["n2"]);
  });

  it("a kept node takes who came earlier, and who came later only beside the one that waits", () => {
    const cpu = [small({ nodeId: "n1" }), small({ nodeId: "n1" })];
    const state = aTown([0], [...cpu, large()]);
    assert.deepEqual(reservedIn(state, startMs + reserveAfterMs), ["n1"]);

    assert.equal(placeIn(state, small({ requestedAtMs: startMs + 1 })).kind, "queued");
    assert.equal(placeIn(state, small({ requestedAtMs: startMs - 1 })).kind, "assigned");

    const memoryIsShort = aTown(
      [0],
      [
        aSession({ nodeId: "n1", requestedAtMs: later, needs: { cores: 1, memoryBytes: 6 * gib, gpus: 0 } }),
        large({ needs: { cores: 1, memoryBytes: 4 * gib, gpus: 0 } }),
      ],
    );
    assert.deepEqual(reservedIn(memoryIsShort, startMs + reserveAfterMs), ["n1"]);
    const withoutMemory = { cores: 1, memoryBytes: 0, gpus: 0 };
    assert.equal(placeIn(memoryIsShort, small({ needs: withoutMemory })).kind, "assigned");
    assert.equal(placeIn(memoryIsShort, small({ needs: { ...withoutMemory, memoryBytes: gib } })).kind, "queued");
  });

  it("room that is kept is promised to nobody else and is no standby", () => {
    const state = aTown([3], [large()]);
    assert.deepEqual(reservedIn(state, startMs + reserveAfterMs), ["n1"]);
    state.apply([{ kind: "put", table: "session", row: small({ sessionId: "next" }) }]);

    const plan = planOf(state, startMs + reserveAfterMs + 1);

    assert.equal(plan.waiting.find(({ sessionId }) => sessionId === "next")!.nodeId, undefined);
    const [candidate] = traceOf(state.sessions.get("next")!, state, { nowMs: startMs + 6 * minute, catalog });
    assert.equal(candidate!.reason.code, "reserved");
    assert.match(candidate!.reason.text, /keeps its room for session large/);
  });

  it("is not for servers, whose sessions all take one place", () => {
    const server = { sessionsMax: 2, usersMax: 2, pool: "servers", autoscaleConfig: "servers" } as const;
    const state = aState({
      configs: [serverConfigDoc({ maxNodes: 1, maxSimultaneousSessionsPerServer: 2, maxSimultaneousUsers: 2 })],
      nodes: [aNode(server)],
      sessions: [...smallOn("n1", 2), large({ workspace: "desktop", needs: shape(1) })],
    });

    assert.equal(reservedIn(state, startMs + 60 * minute), undefined);
  });

  it("counts for static members too, which can't become more", () => {
    const member = { name: "m", address: "10.0.0.9", zone: "eu", cores: 4, memory: "8GiB" };
    const state = aState({
      pools: [poolDoc({ staticMembers: [member] })],
      nodes: [aNode({ autoscaleConfig: undefined, vmProvider: undefined, readyWhen: "declared" })],
      sessions: [...smallOn("n1", 4), large()],
    });

    assert.deepEqual(reservedIn(state, startMs + reserveAfterMs), ["n1"]);
  });
});
