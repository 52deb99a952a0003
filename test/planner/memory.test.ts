/** What a plan remembers from the one before never changes what it says. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ConfigState, Node, NodeStatus, Session, SessionStatus } from "../../runtime/model/state";
import { PlanMemory } from "../../runtime/planner/planning/plan-memory";
import { plan } from "../../runtime/planner/planning/plan";
import { WindowCache } from "../../runtime/planner/config/windows";
import { SpecDigests } from "../../runtime/planner/config/spec-digest";
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
  someFailures,
  stagingDoc,
  vmProviderDoc,
  workspaceDoc,
  zoneDoc,
  type WorldDocs,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, planOf } from "./applied";

const minute = 60_000;

/** Something that happens between two plans. */
type Event =
  | { readonly kind: "change"; readonly changes: readonly Change[] }
  | { readonly kind: "signsOfLife" }
  | { readonly kind: "apply" }
  | { readonly kind: "wait"; readonly minutes: number };

const change = (changes: readonly Change[]): Event => ({ kind: "change", changes });
const define = (docs: WorldDocs): Event => change(definitionChanges({ ...noDocs, ...docs }));
const noDocs = { zones: [], pools: [], vmProviders: [], configs: [], schedules: [], workspaces: [] };

const docs = {
  zones: [zoneDoc(), zoneDoc({ name: "us" })],
  vmProviders: [vmProviderDoc(), vmProviderDoc({ name: "others", settings: {} })],
  configs: [
    agentConfigDoc({ standbyCores: 6, downscaleBackoff: "2m" }),
    agentConfigDoc({ name: "night", standbyCores: 2, minNodes: 1 }),
    serverConfigDoc({ minimumAvailableSessions: 3, maxSimultaneousSessionsPerServer: 4, maxSimultaneousUsers: 2 }),
  ],
  schedules: [scheduleDoc({ autoscaleConfig: "night", start: "12:05", end: "12:20" })],
  workspaces: [
    ...plainDocs.workspaces,
    workspaceDoc({ name: "large", cores: 4 }),
    desktopDoc({ name: "app", kind: "remoteApp" }),
  ],
};

const nodeStatuses: readonly NodeStatus[] = [
  ...["requested", "starting", "running", "running", "running"],
  ...["missing", "draining", "draining", "failed", "dead", "destroying"],
] as NodeStatus[];
const sessionStatuses: readonly SessionStatus[] = ["queued", "queued", "running", "running", "stopped", "ended"];

const nodeEvents = fc
  .record({
    id: fc.nat(7),
    owner: fc.constantFrom("agents", "agents", "night", "servers", "gone", undefined),
    status: fc.constantFrom(...nodeStatuses),
    vmProvider: fc.constantFrom("vms", "vms", "others"),
    zone: fc.constantFrom("eu", "eu", "eu", "us"),
    ageMinutes: fc.nat(20),
    code: fc.constantFrom("excess", "excess", "manual", "held", "outdated"),
    specDigest: fc.constantFrom(undefined, "old"),
    isKnown: fc.constantFrom(true, true, false),
    hasServed: fc.boolean(),
  })
  .map(({ id, owner, ageMinutes, code, isKnown, hasServed, ...rest }): Event => {
    const { shape, ...common }: Partial<Node> = {
      ...aNode({
        nodeId: `n${id}`,
        createdAtMs: startMs - (45 + ageMinutes) * minute - id,
        address: "10.0.0.1",
        ...rest,
      }),
      statusSinceMs: startMs - id * minute,
      reason: { code, text: "made by a test", numbers: {} },
    };
    // A static member simply runs.
    const isStatic = owner === undefined ? { status: "running" as const } : {};
    const own = { ...common, shape: isKnown ? shape : undefined, autoscaleConfig: owner, ...isStatic };
    const server = { sessionsMax: 4, usersMax: 2, isReusable: id % 2 === 0, hasServed, ...own, pool: "servers" };
    return change([{ kind: "put", table: "node", row: owner === "servers" ? aServer(server) : aNode(own) }]);
  });

const sessionEvents = fc
  .record({
    id: fc.nat(14),
    node: fc.nat(7),
    user: fc.nat(3),
    workspace: fc.constantFrom("office", "office", "large", "desktop", "app"),
    status: fc.constantFrom(...sessionStatuses),
  })
  .map(({ id, node, user, workspace, status }): Event => {
    const base: Partial<Session> = { sessionId: `s${id}`, userId: `u${user}`, sequence: id, status };
    const placed = status === "queued" ? base : { ...base, nodeId: `n${node}` };
    if (workspace === "desktop") return change([{ kind: "put", table: "session", row: aDesktopSession(placed) }]);
    const app = { ...placed, workspace, isRemoteApp: true };
    if (workspace === "app") return change([{ kind: "put", table: "session", row: aDesktopSession(app) }]);
    const needs = { cores: workspace === "large" ? 4 : 2, memoryBytes: 2 ** 31, gpus: 0 };
    return change([{ kind: "put", table: "session", row: aSession({ ...placed, workspace, needs }) }]);
  });

const stateEvents = fc
  .record({
    autoscaleConfig: fc.constantFrom("agents", "night", "servers"),
    failures: fc.constantFrom(0, 0, 1, 6),
    class: fc.constantFrom("CAPACITY" as const, "TRANSIENT" as const),
    retryMinutes: fc.nat(10),
    excessMinutes: fc.option(fc.nat(5), { nil: undefined }),
    isDeleting: fc.constantFrom(false, false, false, true),
  })
  .map(
    ({ autoscaleConfig, failures: consecutiveFailures, retryMinutes, excessMinutes, isDeleting, ...rest }): Event => {
      const last = { class: rest.class, message: "no room", atMs: startMs };
      const vms = someFailures({ consecutiveFailures, retryAtMs: startMs + retryMinutes * minute, last });
      const row: ConfigState = {
        autoscaleConfig,
        ...(consecutiveFailures > 0 ? { failures: { vms } } : {}),
        ...(excessMinutes === undefined ? {} : { excessSinceMs: startMs - excessMinutes * minute }),
        ...(isDeleting ? { isDeleting } : {}),
      };
      return change([{ kind: "put", table: "configState", row }]);
    },
  );

/** Rotation by age and by definition, quarantine, fallback, caps, and what turns a config off. */
const definitionEvents = fc.oneof(
  fc
    .record({
      standbyCores: fc.constantFrom(0, 6, 12),
      aggressiveScaling: fc.boolean(),
      countStatic: fc.boolean(),
      standbySlots: fc.constantFrom(undefined, { workspace: "large", count: 2 }),
      age: fc.constantFrom({}, { maxNodeAge: "1h" }, { maxNodeAge: "1h", rotatePreWarm: "5m" }),
      onSpecChange: fc.constantFrom("keep" as const, "rotate" as const),
      quarantine: fc.constantFrom(0 as const, 1 as const),
      fallbackVmProviders: fc.constantFrom<string[]>([], ["others"]),
      maxNodes: fc.constantFrom(undefined, 4),
      enabled: fc.constantFrom(true, true, true, false),
      drain: fc.constantFrom(false, false, false, true),
      downscaleBackoff: fc.constantFrom("0s", "2m"),
    })
    .map(({ age, ...doc }) => define({ configs: [agentConfigDoc({ ...age, ...doc })] })),
  fc.nat(3).map((sessions) => define({ staging: [stagingDoc({ sessions })] })),
  fc.constantFrom(2, 4).map((cores) => define({ vmProviders: [vmProviderDoc({ settings: { cores } })] })),
  fc.constant(change([{ kind: "delete", table: "definition", id: "autoscaleConfig/night" }])),
);

const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: nodeEvents },
    { weight: 6, arbitrary: sessionEvents },
    { weight: 2, arbitrary: stateEvents },
    { weight: 2, arbitrary: definitionEvents },
    { weight: 2, arbitrary: fc.nat(6).map((minutes): Event => ({ kind: "wait", minutes })) },
    { weight: 1, arbitrary: fc.constant<Event>({ kind: "signsOfLife" }) },
    { weight: 1, arbitrary: fc.constant<Event>({ kind: "apply" }) },
    {
      weight: 1,
      arbitrary: fc.nat(7).map((id) => change([{ kind: "delete", table: "node", id: `n${id}` }])),
    },
    {
      weight: 1,
      arbitrary: fc.nat(14).map((id) => change([{ kind: "delete", table: "session", id: `s${id}` }])),
    },
  ),
  { minLength: 1, maxLength: 40 },
);

function happen(state: HotState, event: Event, nowMs: number): void {
  if (event.kind === "change") state.apply(event.changes);
  if (event.kind === "apply") applyPlan(state, planOf(state, nowMs));
  if (event.kind === "signsOfLife") {
    const alive = [...state.nodes.values()].map((node): Change => {
      return { kind: "put", table: "node", row: { ...node, lastHeartbeatMs: nowMs, progressPercent: 50 } };
    });
    state.apply(alive);
  }
}

/** The same rows, newest first. */
function reloaded(state: HotState): HotState {
  const fresh = new HotState();
  const put = (changes: Change[]) => fresh.apply(changes.reverse());
  put([...state.definitions.values()].map((row) => ({ kind: "put", table: "definition", row })));
  put([...state.configStates.values()].map((row) => ({ kind: "put", table: "configState", row })));
  put([...state.sessions.values()].map((row) => ({ kind: "put", table: "session", row })));
  put([...state.nodes.values()].map((row) => ({ kind: "put", table: "node", row })));
  return fresh;
}

describe("planner, memory", () => {
  const { HEADROOM_SEED: seed, HEADROOM_RUNS: runs = "150" } = process.env;
  const parameters = { numRuns: Number(runs), ...(seed === undefined ? {} : { seed: Number(seed) }) };

  it("a plan that remembers the one before equals one that starts from the rows alone, whatever happened meanwhile", () => {
    fc.assert(
      fc.property(events, (happening) => {
        const state = new HotState();
        state.apply(definitionChanges(docs));
        const kept = { windows: new WindowCache(), digests: new SpecDigests(catalog), memory: new PlanMemory() };
        let nowMs = startMs;
        for (const event of happening) {
          if (event.kind === "wait") nowMs += event.minutes * minute;
          happen(state, event, nowMs);
          const remembering = plan(state, { nowMs, catalog, ...kept });
          assert.deepEqual(remembering, planOf(reloaded(state), nowMs));
        }
      }),
      parameters,
    );
  });

  it("a memory that is handed another state starts anew", () => {
    const memory = new PlanMemory();
    const [one, other] = [new HotState(), new HotState()];
    for (const state of [one, other]) state.apply(definitionChanges(docs));
    other.apply([{ kind: "put", table: "node", row: aNode() }]);
    for (const state of [one, other, one]) {
      assert.deepEqual(plan(state, { nowMs: startMs, catalog, memory }), planOf(state));
    }
  });
});
