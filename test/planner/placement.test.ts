/** Which node gets a session, by the rules of zones, pools and servers. */
import assert from "node:assert/strict";
import type { Zone } from "../../runtime/model/config";
import type { Node, Session } from "../../runtime/model/state";
import { Draft } from "../../runtime/model/draft";
import { place, type Placement } from "../../runtime/planner/placement/place";
import { WindowCache } from "../../runtime/planner/config/windows";
import type { HotState } from "../../runtime/store/hot-state";
import {
  aDesktopSession,
  agentConfigDoc,
  aNode,
  aServer,
  aSession,
  aState,
  catalog,
  desktopDoc,
  gib,
  plainDocs,
  scheduleDoc,
  serverConfigDoc,
  workspaceDoc,
  zoneDoc,
  type WorldRows,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { countChanges, planOf } from "./applied";

const workspaces = [...plainDocs.workspaces, desktopDoc({ name: "app", kind: "remoteApp" })];
const minute = 60_000;

function placeIn(state: HotState, session: Session): Placement {
  return place(session, { draft: new Draft(state), windows: new WindowCache(), catalog, nowMs: startMs });
}

/** The node that the session gets; undefined when it has to wait. */
function nodeFor(rows: WorldRows, session: Session): string | undefined {
  const placement = placeIn(aState({ workspaces, ...rows }), session);
  return placement.kind === "assigned" ? placement.nodeId : undefined;
}

function anApp(session: Partial<Session> = {}): Session {
  return aDesktopSession({ workspace: "app", isRemoteApp: true, ...session });
}

function aStatic(node: Partial<Node> = {}): Node {
  return aNode({ nodeId: "static", autoscaleConfig: undefined, vmProvider: undefined, readyWhen: "declared", ...node });
}

describe("placement, docker agents", () => {
  // n1: one session of 3 cores. n2: two sessions of 1 core. n3: empty and the newest.
  const nodes = ["n1", "n2", "n3"].map((nodeId, index) => aNode({ nodeId, createdAtMs: startMs - minute + index }));
  const sessions = [
    aSession({ nodeId: "n1", needs: { cores: 3, memoryBytes: gib, gpus: 0 } }),
    aSession({ nodeId: "n2", needs: { cores: 1, memoryBytes: gib, gpus: 0 } }),
    aSession({ nodeId: "n2", needs: { cores: 1, memoryBytes: gib, gpus: 0 } }),
  ];
  const small = () => aSession({ needs: { cores: 1, memoryBytes: gib, gpus: 0 } });
  const expected: readonly [Zone["loadStrategy"], string][] = [
    ["leastLoad", "n3"],
    ["mostLoad", "n1"],
    ["leastSessions", "n3"],
    ["mostSessions", "n2"],
  ];

  for (const [loadStrategy, nodeId] of expected) {
    it(`loadStrategy ${loadStrategy} chooses among agents by that rule`, () => {
      const zones = [zoneDoc({ loadStrategy })];
      assert.equal(nodeFor({ zones, configs: [agentConfigDoc()], nodes, sessions }, small()), nodeId);
    });
  }

  it("packs by default: the agent with most sessions, and of equal ones the oldest", () => {
    assert.equal(nodeFor({ configs: [agentConfigDoc()], nodes, sessions }, small()), "n2");
    assert.equal(nodeFor({ configs: [agentConfigDoc()], nodes }, small()), "n1");
  });

  for (const { prioritizeStaticAgents, nodeId } of [
    { prioritizeStaticAgents: true, nodeId: "static" },
    { prioritizeStaticAgents: false, nodeId: "n2" },
  ]) {
    it(`prioritizeStaticAgents ${prioritizeStaticAgents}: a session goes to ${nodeId}`, () => {
      const zones = [zoneDoc({ prioritizeStaticAgents })];
      const rows = { zones, configs: [agentConfigDoc()], nodes: [...nodes, aStatic()], sessions };
      assert.equal(nodeFor(rows, small()), nodeId);
    });
  }

  it("searches other zones only when the requested one is full and says so, and never for a pinned workspace", () => {
    const rows = (searchAlternateZones: boolean, pinned: string[] = []) => ({
      zones: [zoneDoc({ searchAlternateZones }), zoneDoc({ name: "us" })],
      configs: [agentConfigDoc(), agentConfigDoc({ name: "us", zone: "us" })],
      workspaces: [workspaceDoc({ zones: pinned })],
      nodes: [aNode({ nodeId: "far", zone: "us", autoscaleConfig: "us" })],
    });
    assert.equal(nodeFor(rows(true), aSession({ zone: "eu" })), "far");
    assert.equal(nodeFor(rows(false), aSession({ zone: "eu" })), undefined);
    assert.equal(nodeFor(rows(true, ["eu"]), aSession({ zone: "eu" })), undefined);
    const near = { ...rows(true), nodes: [...rows(true).nodes, aNode({ nodeId: "near" })] };
    assert.equal(nodeFor(near, aSession({ zone: "eu" })), "near");
  });

  it("places a session that needs GPUs only where that many are free", () => {
    const gpuNodes = [aNode(), aNode({ nodeId: "n2", shape: { cores: 4, memoryBytes: 8 * gib, gpus: 1 } })];
    const needs = { cores: 1, memoryBytes: gib, gpus: 1 };
    const rows = { configs: [agentConfigDoc({ gpusOverride: 1 })], nodes: gpuNodes };
    assert.equal(nodeFor(rows, aSession({ needs })), "n2");
    assert.equal(nodeFor({ ...rows, sessions: [aSession({ nodeId: "n2", needs })] }, aSession({ needs })), undefined);
  });
});

describe("placement, servers", () => {
  const configs = [serverConfigDoc({ maxSimultaneousSessionsPerServer: 3, maxSimultaneousUsers: 2 })];
  const wide = (node: Partial<Node> = {}) => aServer({ sessionsMax: 3, usersMax: 2, ...node });

  it("goes to the server with fewest sessions, whatever the zone's load strategy", () => {
    const zones = [zoneDoc({ loadStrategy: "mostSessions" })];
    const rows = { zones, configs, nodes: [wide(), wide({ nodeId: "n2" })] };
    assert.equal(nodeFor({ ...rows, sessions: [aDesktopSession({ nodeId: "n1" })] }, aDesktopSession()), "n2");
  });

  it("a user has at most one full desktop per server, a stopped one too", () => {
    for (const status of ["running", "paused", "stopped"] as const) {
      const sessions = [aDesktopSession({ nodeId: "n1", userId: "ann", status })];
      assert.equal(nodeFor({ configs, nodes: [wide()], sessions }, aDesktopSession({ userId: "ann" })), undefined);
      assert.equal(nodeFor({ configs, nodes: [wide()], sessions }, aDesktopSession({ userId: "bob" })), "n1");
    }
  });

  it("a user may have several sessions on one SSH server, whose desktops take nothing from each other", () => {
    const ssh = wide({ connection: { type: "ssh", port: 22, credentialType: "static" } });
    for (const status of ["running", "stopped"] as const) {
      const sessions = [aDesktopSession({ nodeId: "n1", userId: "ann", status })];
      assert.equal(nodeFor({ configs, nodes: [ssh], sessions }, aDesktopSession({ userId: "ann" })), "n1");
    }
    const full = ["a", "b", "c"].map(() => aDesktopSession({ nodeId: "n1", userId: "ann" }));
    assert.equal(nodeFor({ configs, nodes: [ssh], sessions: full }, aDesktopSession({ userId: "ann" })), undefined);
  });

  it("any number of RemoteApps run beside a desktop, up to the sessions of the server", () => {
    const rows = { configs, nodes: [wide()] };
    const desktop = aDesktopSession({ nodeId: "n1", userId: "ann" });
    const one = [desktop, anApp({ nodeId: "n1", userId: "ann" })];
    assert.equal(nodeFor({ ...rows, sessions: one }, anApp({ userId: "ann" })), "n1");
    const two = [...one, anApp({ nodeId: "n1", userId: "ann" })];
    assert.equal(nodeFor({ ...rows, sessions: two }, anApp({ userId: "ann" })), undefined, "3 of 3 sessions");
  });

  it("a RemoteApp of a user who is there takes a session and no user slot; of another user it takes both", () => {
    const sessions = [
      aDesktopSession({ nodeId: "n1", userId: "ann" }),
      aDesktopSession({ nodeId: "n1", userId: "bob" }),
    ];
    const rows = { configs, nodes: [wide()], sessions };
    assert.equal(nodeFor(rows, anApp({ userId: "ann" })), "n1");
    assert.equal(nodeFor(rows, anApp({ userId: "cid" })), undefined, "2 of 2 users");
  });

  it("an existing user's server comes first, also before an emptier and a static one", () => {
    const nodes = [wide(), wide({ nodeId: "n2" }), aStatic({ pool: "servers", sessionsMax: 3, usersMax: 2 })];
    const sessions = [anApp({ nodeId: "n1", userId: "ann" })];
    assert.equal(nodeFor({ configs, nodes, sessions }, anApp({ userId: "ann" })), "n1");
    assert.equal(nodeFor({ configs, nodes, sessions }, aDesktopSession({ userId: "ann" })), "n1");
    assert.equal(nodeFor({ configs, nodes, sessions }, aDesktopSession({ userId: "bob" })), "static");
  });

  it("a non-reusable server serves once: no second session, not even of the same user", () => {
    const single = aServer({ isReusable: false, sessionsMax: 3, usersMax: 3 });
    const sessions = [aDesktopSession({ nodeId: "n1", userId: "ann" })];
    assert.equal(nodeFor({ configs, nodes: [single] }, anApp({ userId: "ann" })), "n1");
    assert.equal(nodeFor({ configs, nodes: [single], sessions }, anApp({ userId: "ann" })), undefined);
    const served = { ...single, hasServed: true };
    assert.equal(nodeFor({ configs, nodes: [served] }, anApp({ userId: "ann" })), undefined);
  });

  it("outside the schedule a server takes no new session, except a RemoteApp of a user who is on it", () => {
    const schedules = [scheduleDoc({ autoscaleConfig: "servers", start: "18:00", end: "20:00" })];
    const sessions = [aDesktopSession({ nodeId: "n1", userId: "ann" })];
    const rows = { configs, schedules, nodes: [wide(), wide({ nodeId: "n2" })], sessions };
    assert.equal(nodeFor(rows, anApp({ userId: "ann" })), "n1");
    assert.equal(nodeFor(rows, anApp({ userId: "bob" })), undefined);
    assert.equal(nodeFor(rows, aDesktopSession({ userId: "bob" })), undefined);
    const drained = [{ ...configs[0]!, drain: true }];
    assert.equal(nodeFor({ ...rows, configs: drained }, anApp({ userId: "ann" })), undefined, "being emptied");
  });
});

describe("planner, RemoteApps", () => {
  const configs = [serverConfigDoc({ maxSimultaneousSessionsPerServer: 3, maxSimultaneousUsers: 1 })];
  const plan = (rows: WorldRows) => countChanges(planOf(aState({ workspaces, configs, ...rows })));

  it("the queue sees a deficit that only the one-desktop rule causes", () => {
    const nodes = [aServer({ sessionsMax: 3, usersMax: 1 })];
    const there = aDesktopSession({ nodeId: "n1", userId: "ann" });
    assert.deepEqual(plan({ nodes, sessions: [there, anApp({ userId: "ann" })] }), {}, "joins");
    assert.deepEqual(plan({ nodes, sessions: [there, aDesktopSession({ userId: "ann" })] }), { create: 1 });
  });

  it("sessions of one user that wait together share one new SSH server, and fill the one that is there", () => {
    const ssh = [serverConfigDoc({ ...configs[0], connectionType: "ssh" })];
    const sessions = [aDesktopSession({ userId: "ann" }), aDesktopSession({ userId: "ann" })];
    assert.deepEqual(plan({ configs: ssh, sessions }), { create: 1 });
    assert.deepEqual(plan({ configs, sessions }), { create: 2 }, "RDP");
    const connection = { type: "ssh", port: 22, credentialType: "static" } as const;
    const nodes = [aServer({ sessionsMax: 3, usersMax: 1, connection })];
    const there = aDesktopSession({ nodeId: "n1", userId: "ann" });
    assert.deepEqual(plan({ configs: ssh, nodes, sessions: [there, ...sessions] }), {});
  });

  it("a user's desktop and RemoteApps that wait together share one new server", () => {
    const sessions = [aDesktopSession({ userId: "ann" }), anApp({ userId: "ann" }), anApp({ userId: "ann" })];
    assert.deepEqual(plan({ sessions }), { create: 1 });
    assert.deepEqual(plan({ sessions: [...sessions, anApp({ userId: "ann" })] }), { create: 2 }, "3 sessions each");
    assert.deepEqual(plan({ sessions: [...sessions, anApp({ userId: "bob" })] }), { create: 2 }, "1 user each");
  });

  it("a RemoteApp that can join its user outside the schedule needs no new server", () => {
    const schedules = [scheduleDoc({ autoscaleConfig: "servers", start: "18:00", end: "20:00" })];
    const others = serverConfigDoc({ name: "others" });
    const nodes = [aServer({ sessionsMax: 3, usersMax: 1 })];
    const there = aDesktopSession({ nodeId: "n1", userId: "ann" });
    const rows = { configs: [...configs, others], schedules, nodes };
    assert.deepEqual(plan({ ...rows, sessions: [there, anApp({ userId: "ann" })] }), {});
    assert.deepEqual(plan({ ...rows, sessions: [there, anApp({ userId: "bob" })] }), { create: 1 });
  });

  it("a server's free sessions are the lower of sessions left and users left, RemoteApps included", () => {
    const sessions = [aDesktopSession({ nodeId: "n1", userId: "ann" }), anApp({ nodeId: "n1", userId: "ann" })];
    const nodes = [aServer({ sessionsMax: 4, usersMax: 3 })];
    const wants = (minimumAvailableSessions: number) =>
      plan({
        configs: [
          serverConfigDoc({ maxSimultaneousSessionsPerServer: 4, maxSimultaneousUsers: 3, minimumAvailableSessions }),
        ],
        nodes,
        sessions,
      });
    assert.deepEqual(wants(2), {}, "2 sessions and 2 users are left");
    assert.deepEqual(wants(3), { create: 1 });
  });
});
