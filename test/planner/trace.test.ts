import assert from "node:assert/strict";
import { traceOf } from "../../runtime/planner/explain/trace";
import type { Session } from "../../runtime/model/state";
import {
  aDesktopSession,
  agentConfigDoc,
  aNode,
  aServer,
  aSession,
  aState,
  scheduleDoc,
  serverConfigDoc,
  vmProviderDoc,
  zoneDoc,
  type WorldRows,
} from "../support/builders";
import { catalog } from "../support/builders";
import { startMs } from "../support/virtual-clock";

/** `id code: text` of each candidate of the waiting session. */
function trace(session: Session, rows: WorldRows): string[] {
  const state = aState({ ...rows, sessions: [...(rows.sessions ?? []), session] });
  const candidates = traceOf(session, state, { nowMs: startMs, catalog });
  return candidates.map(({ id, reason }) => `${id} ${reason.code}: ${reason.text}`);
}

describe("trace of a waiting session", () => {
  it("says of every node why it does not take the session, and of every config why it makes none", () => {
    const reason = { code: "manual", text: "deleted by request", numbers: {} };
    const lines = trace(aSession(), {
      zones: [zoneDoc(), zoneDoc({ name: "us" })],
      configs: [
        agentConfigDoc({ maxNodes: 1 }),
        agentConfigDoc({ name: "night", zone: "us" }),
        agentConfigDoc({ name: "off", zone: "us", enabled: false }),
      ],
      schedules: [scheduleDoc({ autoscaleConfig: "night", start: "20:00", end: "21:00" })],
      nodes: [
        aNode({ nodeId: "a" }),
        aNode({ nodeId: "b", status: "draining", reason }),
        aNode({ nodeId: "c", status: "starting", progressPercent: 40 }),
        aNode({ nodeId: "d", status: "missing", reason: { ...reason, text: "no heartbeat for 12m" } }),
        aNode({ nodeId: "e", autoscaleConfig: "night", zone: "us" }),
        aNode({ nodeId: "f", shape: undefined }),
      ],
      sessions: [aSession({ nodeId: "a", needs: { cores: 3, memoryBytes: 1, gpus: 0 } })],
    });

    assert.match(lines[0]!, /^a full: has 1 core, .* free of 4 cores, 8GiB; it needs 2 cores, 2GiB$/);
    assert.equal(lines[1], "b draining: is draining: deleted by request");
    assert.equal(lines[2], "c coming: is starting, check-in 40%");
    assert.equal(lines[3], "d missing: is missing: no heartbeat for 12m");
    assert.equal(lines[4], "f unknownShape: has not said what it offers");
    assert.equal(lines[5], 'e configClosed: takes no sessions: autoscale config "night" is closed');
    assert.match(lines[6]!, /^agents maxNodes: /);
    assert.match(lines[7]!, /^night schedule: .* outside its schedule; it opens at 2026-01-14T20:00/);
    assert.match(lines[8]!, /^off configDisabled: /);
    assert.equal(lines.length, 9);
  });

  it("says of servers how many sessions are left and that a user has his desktop", () => {
    const nodes = ["a", "b"].map((nodeId) => aServer({ nodeId, sessionsMax: 2, usersMax: 2 }));
    const own = aDesktopSession({ nodeId: "a", userId: "ann" });
    const others = ["x", "y"].map((userId) => aDesktopSession({ nodeId: "b", userId }));
    const lines = trace(aDesktopSession({ userId: "ann" }), {
      configs: [serverConfigDoc()],
      nodes,
      sessions: [own, ...others],
    });

    assert.deepEqual(lines, [
      "a desktop: its user has a desktop on it already",
      "b sessions: has 2 of at most 2 sessions",
      "servers open: can make a node for it",
    ]);
  });

  it("names what keeps configs from a node: cap, back-off, size", () => {
    const vmProviders = [vmProviderDoc({ maxInstances: 1 }), vmProviderDoc({ name: "small", settings: { cores: 1 } })];
    const configs = [agentConfigDoc(), agentConfigDoc({ name: "tiny", vmProvider: "small" })];
    const nodes = [aNode({ status: "failed", reason: { code: "x", text: "no capacity", numbers: {} } })];
    const lines = trace(aSession(), { vmProviders, configs, nodes });

    assert.deepEqual(
      lines.map((line) => line.split(":")[0]),
      ["n1 failed", "agents maxInstances", "tiny shape"],
    );
  });

  it("is empty for a session that does not wait", () => {
    assert.deepEqual(trace(aSession({ nodeId: "n1" }), { configs: [agentConfigDoc()], nodes: [aNode()] }), []);
  });
});
