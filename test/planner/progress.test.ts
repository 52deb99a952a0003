import assert from "node:assert/strict";
import type { Node, Session } from "../../runtime/model/state";
import { ProgressReader } from "../../runtime/planner/explain/progress";
import { agentConfigDoc, aNode, aSession, aState, type WorldRows } from "../support/builders";
import { startMs } from "../support/virtual-clock";

const second = 1000;

/** As the reconciler notes it for a session that was promised room on this node. */
function promised(nodeId: string, session: Partial<Session> = {}): Session {
  const numbers = { nodeId, autoscaleConfig: "agents" };
  return aSession({ sessionId: "s", reason: { code: "inFlight", text: "", numbers }, ...session });
}

function coming(status: Node["status"], node: Partial<Node> = {}): Node {
  return aNode({ status, createdAtMs: startMs, ...node });
}

function progressOf(session: Session, rows: WorldRows = {}, nowMs = startMs) {
  const others = rows.sessions ?? [];
  const state = aState({ configs: [agentConfigDoc()], ...rows, sessions: [...others, session] });
  return new ProgressReader(state, nowMs).of(session);
}

/** Ten boots: 30, 40 ... 120 s, in no order. */
const bootSeconds = [70, 30, 120, 50, 90, 40, 110, 60, 100, 80];
const measured = [{ autoscaleConfig: "agents", bootSeconds }];

describe("progress", () => {
  const phases: { phase: string; session: Session; nodes?: Node[] }[] = [
    { phase: "queued", session: aSession({ sessionId: "s" }) },
    {
      phase: "provisioning 0/2",
      session: promised("n1"),
      nodes: [coming("requested"), coming("provisioning", { nodeId: "n2" })],
    },
    {
      phase: "provisioning 1/2",
      session: promised("n1"),
      nodes: [coming("provisioning"), coming("starting", { nodeId: "n2" })],
    },
    { phase: "waiting for check-in 0%", session: promised("n1"), nodes: [coming("starting")] },
    {
      phase: "waiting for check-in 40%",
      session: promised("n1"),
      nodes: [coming("starting", { progressPercent: 40 })],
    },
    { phase: "queued", session: promised("n1"), nodes: [coming("failed")] },
    { phase: "starting", session: aSession({ sessionId: "s", nodeId: "n1", status: "assigned" }), nodes: [aNode()] },
    { phase: "running", session: aSession({ sessionId: "s", nodeId: "n1" }), nodes: [aNode()] },
  ];
  for (const { phase, session, nodes = [] } of phases) {
    const node = nodes[0] ? `, its node ${nodes[0].status}` : "";
    it(`says "${phase}" of a session that is ${session.status}${node}`, () => {
      assert.equal(progressOf(session, { nodes }).phase, phase);
    });
  }

  it("tells the place in the queue, in the order of requests", () => {
    const others = [5, 3, 9, 7].map((sequence) => aSession({ sequence, requestedAtMs: startMs - 10 }));
    const later = aSession({ requestedAtMs: startMs + 1 });
    const rows = { sessions: [...others, later] };

    assert.equal(progressOf(aSession({ sessionId: "s", sequence: 4, requestedAtMs: startMs - 10 }), rows).position, 2);
    assert.equal(progressOf(aSession({ sessionId: "s", sequence: 1 }), rows).position, 5);
    assert.equal(progressOf(aSession({ sessionId: "s", nodeId: "n1" }), rows).position, undefined);
  });

  it("expects a node when 9 of 10 measured boots were faster, whatever time has passed of it", () => {
    const rows = { configStates: measured, nodes: [coming("provisioning")] };

    assert.equal(progressOf(promised("n1"), rows).expectedAtMs, startMs + 110 * second);
    assert.equal(progressOf(promised("n1"), rows, startMs + 60 * second).expectedAtMs, startMs + 110 * second);
  });

  it("expects the longest boot when it takes longer than usual, and says nothing when it takes longer than ever", () => {
    const rows = { configStates: measured, nodes: [coming("starting")] };

    assert.equal(progressOf(promised("n1"), rows, startMs + 115 * second).expectedAtMs, startMs + 120 * second);
    assert.equal(progressOf(promised("n1"), rows, startMs + 120 * second).expectedAtMs, undefined);
  });

  it("expects nothing when no boot was measured, or when it depends on others", () => {
    const capped = aSession({ sessionId: "s", reason: { code: "maxInstances", text: "", numbers: {} } });

    assert.equal(progressOf(promised("n1"), { nodes: [coming("provisioning")] }).expectedAtMs, undefined);
    assert.equal(progressOf(capped, { configStates: measured }).expectedAtMs, undefined);
  });

  it("counts from the next try of a config that backs off, and from the opening of one that is closed", () => {
    const last = { class: "CAPACITY" as const, message: "", atMs: startMs };
    const failures = { vms: { consecutiveFailures: 1, retryAtMs: startMs + 30 * second, last } };
    const backsOff = { code: "backoff", text: "", numbers: { autoscaleConfig: "agents", vmProvider: "vms" } };
    const opensAtMs = startMs + 3600 * second;
    const isClosed = { code: "schedule", text: "", numbers: { autoscaleConfig: "agents", opensAtMs } };
    const expected = (reason: Session["reason"]) =>
      progressOf(aSession({ sessionId: "s", reason }), { configStates: [{ ...measured[0]!, failures }] }).expectedAtMs;

    assert.equal(expected(backsOff), startMs + (30 + 110) * second);
    assert.equal(expected(isClosed), opensAtMs + 110 * second);
  });
});
