import assert from "node:assert/strict";
import type { Change } from "../../runtime/model/changes";
import { demandEvents } from "../../runtime/planner/demand/demand-events";
import { DemandLearner } from "../../runtime/reconciler/demand-learner";
import type { ForecastState } from "../../runtime/planner/forecast/forecast-types";
import { agentConfigDoc, aNode, aSession, aState, gib } from "../support/builders";
import { startMs, VirtualClock } from "../support/virtual-clock";
import type { HotState } from "../../runtime/store/hot-state";
import type { Reason } from "../../runtime/model/reason";
import type { Session } from "../../runtime/model/state";

const reasonOf = (autoscaleConfig?: string): Reason => ({
  ...{ code: "newNode", text: "" },
  numbers: autoscaleConfig === undefined ? {} : { autoscaleConfig },
});
const put = (row: Session): Change => ({ kind: "put", table: "session", row });
const declared = () =>
  aState({
    configs: [agentConfigDoc({ waitObjective: { share: "5%" } })],
    nodes: [aNode({ nodeId: "own" }), aNode({ nodeId: "fixed", autoscaleConfig: undefined })],
  });

/** What a session's rows tell, one after the other. */
function told(state: HotState, ...rows: readonly Partial<Session>[]): string[] {
  const counted = new Map<string, string>();
  return rows.flatMap((row) => {
    const change = put(aSession({ sessionId: "s1", requestedAtMs: startMs, reason: reasonOf(), ...row }));
    const events = demandEvents([change], state, counted, startMs);
    state.apply([change]);
    return events.map(({ autoscaleConfig, event }) => {
      const waited = "waitedSeconds" in event ? ` ${event.waitedSeconds}` : "";
      return `${autoscaleConfig} ${event.kind}${"durationSeconds" in event ? ` ${event.durationSeconds}` : waited}`;
    });
  });
}
const at = (seconds: number) => startMs + seconds * 1000;
const placed = (nodeId: string, seconds = 0) =>
  ({ status: "assigned", nodeId, assignedAtMs: at(seconds) }) as const satisfies Partial<Session>;
const queued = (config?: string) => ({ status: "queued", reason: reasonOf(config) }) as const;

describe("demand, as commits tell it", () => {
  it("counts who is placed at once for the config of the node, and when it ends", () => {
    const end = {
      status: "ended",
      nodeId: "own",
      assignedAtMs: at(0),
      endedAtMs: at(90),
      endReason: "released",
    } as const;
    assert.deepEqual(told(declared(), placed("own"), { ...placed("own"), status: "running" }, end), [
      ...["agents arrival", "agents start 0"],
      "agents end 90",
    ]);
  });

  it("counts who waits once, for the config that would make the node, whatever node it gets", () => {
    assert.deepEqual(told(declared(), queued(), queued("agents"), queued("other"), placed("fixed", 70)), [
      ...["agents arrival", "agents start 70"],
    ]);
  });

  it("counts who gives up, and not who could never be served", () => {
    const ended = (endReason: "cancelled" | "neverServable") =>
      ({ status: "ended", endedAtMs: at(30), endReason }) as const;
    assert.deepEqual(told(declared(), queued("agents"), ended("cancelled")), ["agents arrival", "agents gaveUp 30"]);
    assert.deepEqual(told(declared(), queued("agents"), ended("neverServable")), ["agents arrival"]);
  });

  it("counts on a static member for a config that counts those, and a staged session when it is taken", () => {
    assert.deepEqual(told(declared(), placed("fixed")), ["agents arrival", "agents start 0"]);
    const alone = aState({
      configs: [agentConfigDoc({ waitObjective: { share: "5%" }, countStatic: false })],
      nodes: [aNode({ nodeId: "fixed", autoscaleConfig: undefined })],
    });
    assert.deepEqual(told(alone, placed("fixed")), []);
    const staged = { status: "staged", nodeId: "own", userId: "" } as const;
    const unstaged = { status: "ended", nodeId: "own", endReason: "unstaged" } as const;
    assert.deepEqual(told(declared(), staged, unstaged), []);
    assert.deepEqual(told(declared(), staged, placed("own")), ["agents arrival", "agents start 0"]);
  });
});

describe("demand, as it is kept", () => {
  const minuteMs = 60_000;
  const arrive = (learner: DemandLearner, state: HotState, sessionId: string, atMs: number): void => {
    const needs = { cores: 2, memoryBytes: gib, gpus: 0 };
    const change = put(aSession({ sessionId, requestedAtMs: atMs, needs, ...placed("own"), assignedAtMs: atMs }));
    learner.see([change]);
    state.apply([change]);
  };
  const arrivalsIn = (state: HotState): number =>
    (state.configDemands.get("agents")!.forecast as ForecastState).sessions;

  it("writes a row once a minute at most while somebody comes, and once in a quarter of an hour else", () => {
    const [state, clock] = [declared(), new VirtualClock()];
    const learner = new DemandLearner(state, clock);
    const writes: number[] = [];
    for (let second = 0; second <= 40 * 60; second += 5) {
      const nowMs = startMs + second * 1000;
      if (second < 600) arrive(learner, state, `s${second}`, nowMs);
      const rows = learner.due(nowMs);
      if (rows.length > 0) writes.push(second);
      state.apply(rows);
    }
    const first = writes.filter((second) => second <= 660);
    assert.ok(first.length >= 9 && first.every((second, index) => index === 0 || second - first[index - 1]! >= 60));
    assert.ok(writes.length - first.length <= 2, writes.join(" "));
    assert.equal(arrivalsIn(state), 120);
    assert.equal(state.configDemands.get("agents")!.sizes.length, 1);
  });

  it("goes on after a restart with what was written", () => {
    const state = declared();
    const learner = new DemandLearner(state, new VirtualClock());
    arrive(learner, state, "a", startMs);
    state.apply(learner.due(startMs + minuteMs));
    const next = declared();
    next.apply([{ kind: "put", table: "configDemand", row: structuredClone(state.configDemands.get("agents")!) }]);
    const later = new DemandLearner(next, new VirtualClock());
    arrive(later, next, "b", startMs + minuteMs);
    next.apply(later.due(startMs + 3 * minuteMs));
    assert.equal(arrivalsIn(next), 2);
  });

  it("learns nothing and writes nothing where nobody declares an objective", () => {
    const state = aState({ nodes: [aNode({ nodeId: "own" })] });
    const learner = new DemandLearner(state, new VirtualClock());
    arrive(learner, state, "a", startMs);
    assert.deepEqual(learner.due(startMs + minuteMs), []);
  });
});
