/** What the live state keeps up to date change by change equals what the same rows give when they are loaded anew. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Node, NodeStatus, Session, SessionStatus } from "../../runtime/model/state";
import { WindowCache } from "../../runtime/planner/config/windows";
import { plan } from "../../runtime/planner/planning/plan";
import { HotState } from "../../runtime/store/hot-state";
import type { Change } from "../../runtime/model/changes";
import {
  aDesktopSession,
  agentConfigDoc,
  aNode,
  aServer,
  aSession,
  catalog,
  definitionChanges,
  desktopDoc,
  plainDocs,
  scheduleDoc,
  serverConfigDoc,
  zoneDoc,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { planOf } from "./applied";

const docs = {
  zones: [zoneDoc(), zoneDoc({ name: "us" })],
  configs: [
    agentConfigDoc({ standbyCores: 6, downscaleBackoff: "0s" }),
    agentConfigDoc({ name: "night", standbyCores: 2 }),
    serverConfigDoc({ minimumAvailableSessions: 3, maxSimultaneousSessionsPerServer: 4, maxSimultaneousUsers: 2 }),
  ],
  schedules: [scheduleDoc({ autoscaleConfig: "night", start: "20:00", end: "06:00" })],
  workspaces: [...plainDocs.workspaces, desktopDoc({ name: "app", kind: "remoteApp" })],
};

const nodeStatuses: readonly NodeStatus[] = ["requested", "starting", "running", "running", "missing", "draining"];
const sessionStatuses: readonly SessionStatus[] = ["queued", "running", "running", "paused", "stopped", "ended"];

/** A node put, moved or deleted; a session put, moved or ended: few ids, so that they meet. */
const commands: fc.Arbitrary<Change[]> = fc.array(
  fc.oneof(
    fc
      .record({
        id: fc.nat(6),
        owner: fc.constantFrom("agents", "night", "servers", "gone"),
        status: fc.constantFrom(...nodeStatuses),
        vmProvider: fc.constantFrom("vms", "others"),
        zone: fc.constantFrom("eu", "eu", "us"),
      })
      .map(({ id, owner, ...rest }): Change => {
        const common: Partial<Node> = { nodeId: `n${id}`, autoscaleConfig: owner, createdAtMs: startMs - id, ...rest };
        const row = owner === "servers" ? aServer({ sessionsMax: 4, usersMax: 2, ...common }) : aNode(common);
        return { kind: "put", table: "node", row };
      }),
    fc
      .record({
        id: fc.nat(12),
        node: fc.nat(6),
        user: fc.nat(3),
        kind: fc.constantFrom("office", "desktop", "app"),
        status: fc.constantFrom(...sessionStatuses),
      })
      .map(({ id, node, user, kind, status }): Change => {
        const base: Partial<Session> = { sessionId: `s${id}`, userId: `u${user}`, sequence: id, status };
        const placed = status === "queued" ? base : { ...base, nodeId: `n${node}` };
        if (kind === "office") return { kind: "put", table: "session", row: aSession(placed) };
        const app = kind === "app" ? { workspace: "app", isRemoteApp: true } : {};
        return { kind: "put", table: "session", row: aDesktopSession({ ...placed, ...app }) };
      }),
    fc.nat(6).map((id): Change => ({ kind: "delete", table: "node", id: `n${id}` })),
    fc.nat(12).map((id): Change => ({ kind: "delete", table: "session", id: `s${id}` })),
  ),
  { minLength: 1, maxLength: 40 },
);

/** The same rows, newest first. */
function reloaded(state: HotState): HotState {
  const fresh = new HotState();
  fresh.apply(definitionChanges(docs).reverse());
  for (const row of [...state.sessions.values()].reverse()) fresh.apply([{ kind: "put", table: "session", row }]);
  for (const row of [...state.nodes.values()].reverse()) fresh.apply([{ kind: "put", table: "node", row }]);
  return fresh;
}

describe("planner, incremental state", () => {
  it("keeps one order of the queue for sessions of one moment and number, however they were loaded", () => {
    const waiting = ["sb", "sa", "sc"].map((sessionId) => aSession({ sessionId, requestedAtMs: startMs, sequence: 7 }));
    const orders = [waiting, [...waiting].reverse()].map((rows) => {
      const state = new HotState();
      state.apply(rows.map((row): Change => ({ kind: "put", table: "session", row })));
      return state.queue().map(({ sessionId }) => sessionId);
    });

    assert.deepEqual(orders, [
      ["sa", "sb", "sc"],
      ["sa", "sb", "sc"],
    ]);
  });

  const { HEADROOM_SEED: seed, HEADROOM_RUNS: runs = "150" } = process.env;
  const parameters = { numRuns: Number(runs), ...(seed === undefined ? {} : { seed: Number(seed) }) };

  it("a state kept up to date by commands gives the plan that its rows give when loaded anew", () => {
    const windows = new WindowCache();
    fc.assert(
      fc.property(commands, (changes) => {
        const state = new HotState();
        state.apply(definitionChanges(docs));
        for (const [index, change] of changes.entries()) {
          state.apply([change]);
          // Asked in between, so that what is remembered has to be forgotten at the right time.
          if (index % 5 === 0) plan(state, { nowMs: startMs, catalog, windows });
        }

        assert.deepEqual(plan(state, { nowMs: startMs, catalog, windows }), planOf(reloaded(state)));
        for (const vmProvider of ["vms", "others"]) {
          const counted = [...state.nodes.values()].filter((node) => node.vmProvider === vmProvider).length;
          assert.equal(state.instancesOf(vmProvider), counted);
        }
      }),
      parameters,
    );
  });
});
