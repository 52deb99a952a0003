/** Anything that a planner may find: definitions, nodes and sessions of every kind, and what it remembers. */
import fc from "fast-check";
import type { ConfigState, Node, NodeStatus, Session } from "../../runtime/model/state";
import { HotState } from "../../runtime/store/hot-state";
import {
  aDesktopSession,
  agentConfigDoc,
  aNode,
  aServer,
  aSession,
  definitionChanges,
  desktopDoc,
  gib,
  poolDoc,
  rowChanges,
  scheduleDoc,
  serverConfigDoc,
  someFailures,
  vmProviderDoc,
  workspaceDoc,
  zoneDoc,
  type WorldRows,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";

export const minute = 60_000;
const memories = ["0GiB", "2GiB", "9GiB"] as const;

const agentConfigs = fc
  .record({
    standbyCores: fc.constantFrom(0, 1, 4, 10),
    standbyMemory: fc.constantFrom(...memories),
    standbySlots: fc.option(fc.nat(6), { nil: undefined }),
    minNodes: fc.nat(3),
    maxNodes: fc.option(fc.integer({ min: 3, max: 8 }), { nil: undefined }),
    aggressiveScaling: fc.boolean(),
    countStatic: fc.boolean(),
    enabled: fc.constantFrom(true, true, true, false),
    drain: fc.constantFrom(false, false, false, true),
    downscaleBackoff: fc.constantFrom("0s", "10m"),
    coresOverride: fc.constantFrom(0, 0, 16),
    zone: fc.constantFrom("eu", "us"),
  })
  .map(({ standbySlots: count, ...doc }) =>
    agentConfigDoc({ ...doc, ...(count === undefined ? {} : { standbySlots: { workspace: "office", count } }) }),
  );

const serverConfigs = fc
  .record({
    minimumAvailableSessions: fc.nat(6),
    sessions: fc.integer({ min: 1, max: 4 }),
    maxSimultaneousUsers: fc.integer({ min: 1, max: 4 }),
    reusable: fc.boolean(),
    minNodes: fc.nat(2),
    downscaleBackoff: fc.constantFrom("0s", "10m"),
  })
  .map(({ sessions, ...doc }) =>
    serverConfigDoc({ ...doc, maxSimultaneousSessionsPerServer: doc.reusable ? sessions : 1 }),
  );

const statuses: readonly NodeStatus[] = [
  "requested",
  "provisioning",
  "starting",
  "running",
  "running",
  "running",
  "missing",
  "draining",
  "destroying",
  "failed",
];

const nodeSketches = fc.array(
  fc.record({
    owner: fc.constantFrom("agents", "spare", "servers", "desktops", "static"),
    status: fc.constantFrom(...statuses),
    ageMinutes: fc.nat(5),
    hasServed: fc.boolean(),
    isManual: fc.boolean(),
  }),
  { maxLength: 12 },
);

const sessionSketches = fc.array(
  fc.record({
    at: fc.option(fc.nat(20), { nil: undefined }),
    isDesktop: fc.boolean(),
    isRemoteApp: fc.constantFrom(false, false, true),
    cores: fc.constantFrom(0.5, 1, 2, 4),
    user: fc.nat(4),
    isStopped: fc.constantFrom(false, false, false, true),
    zone: fc.option(fc.constantFrom("eu", "us"), { nil: undefined }),
    ageMinutes: fc.constantFrom(0, 0, 4, 6, 30),
  }),
  { maxLength: 14 },
);

const configStates = fc.record({
  excessMinutes: fc.option(fc.nat(20), { nil: undefined }),
  failures: fc.constantFrom(0, 0, 1, 4),
  retries: fc.boolean(),
  isDeleting: fc.constantFrom(false, false, false, false, true),
});

/** A zone pair, two agent configs and two server configs on one VM provider config, and anything on top. */
export const worlds: fc.Arbitrary<WorldRows> = fc
  .record({
    agents: agentConfigs,
    spare: agentConfigs,
    servers: serverConfigs,
    desktops: serverConfigs,
    maxInstances: fc.integer({ min: 1, max: 14 }),
    isShapeKnown: fc.constantFrom(true, true, true, false),
    schedule: fc.constantFrom("none", "open", "closed"),
    nodes: nodeSketches,
    sessions: sessionSketches,
    state: configStates,
  })
  .map((sketch) => {
    const nodes = sketch.nodes.map(({ owner, status, ageMinutes, hasServed, isManual }, index): Node => {
      const nodeId = `n${index}`;
      const createdAtMs = startMs - ageMinutes * minute;
      const code = isManual ? "manual" : "excess";
      const common = {
        nodeId,
        createdAtMs,
        statusSinceMs: createdAtMs,
        status,
        reason: { code, text: "", numbers: {} },
      };
      const config = { agents: sketch.agents, spare: sketch.spare }[owner as "agents" | "spare"];
      if (owner === "servers" || owner === "desktops") {
        const { reusable: isReusable = true, ...server } = sketch[owner];
        const { maxSimultaneousSessionsPerServer: sessionsMax = 1, maxSimultaneousUsers: usersMax = 1 } = server;
        return aServer({
          ...common,
          autoscaleConfig: owner,
          sessionsMax,
          usersMax: isReusable ? usersMax : 1,
          isReusable,
          hasServed,
        });
      }
      if (!config) {
        return aNode({
          ...common,
          autoscaleConfig: undefined,
          vmProvider: undefined,
          status: "running",
          readyWhen: "declared",
        });
      }
      const cores = config.coresOverride || 4;
      const shape = sketch.isShapeKnown ? { cores, memoryBytes: 8 * gib, gpus: 0 } : undefined;
      return aNode({
        ...common,
        autoscaleConfig: owner,
        zone: config.zone,
        ...(shape ? { shape } : { shape: undefined }),
      });
    });
    const takers = nodes.filter(({ status }) => status === "running" || status === "missing" || status === "draining");
    const sessions = sketch.sessions.map(
      ({ at, isDesktop, isRemoteApp, cores, user, isStopped, zone, ageMinutes }, index): Session => {
        const node = at === undefined ? undefined : takers[at];
        const base = {
          sessionId: `s${index}`,
          userId: `u${user}`,
          sequence: index,
          requestedAtMs: startMs - ageMinutes * minute - 100 + index,
        };
        const placed = node
          ? { nodeId: node.nodeId, status: isStopped ? ("stopped" as const) : ("running" as const) }
          : {};
        const onServer = node ? node.sessionsMax !== undefined : isDesktop;
        const app = isRemoteApp ? { workspace: "app", isRemoteApp } : {};
        if (onServer) return aDesktopSession({ ...base, ...app, ...placed, ...(zone ? { zone } : {}) });
        return aSession({ ...base, ...placed, needs: { cores, memoryBytes: gib, gpus: 0 }, ...(zone ? { zone } : {}) });
      },
    );
    const { excessMinutes, failures, retries, isDeleting } = sketch.state;
    const failed = someFailures({ consecutiveFailures: failures, retryAtMs: startMs + (retries ? minute : -minute) });
    const configState: ConfigState = {
      autoscaleConfig: "agents",
      ...(excessMinutes === undefined ? {} : { excessSinceMs: startMs - excessMinutes * minute }),
      ...(failures > 0 ? { failures: { vms: failed } } : {}),
      ...(isDeleting ? { isDeleting } : {}),
    };
    const window =
      sketch.schedule === "open"
        ? { start: "11:00", end: "13:00", ...(sketch.agents.standbySlots ? { standbySlots: 3 } : {}) }
        : { start: "20:00", end: "21:00" };
    return {
      zones: [zoneDoc(), zoneDoc({ name: "us" })],
      pools: [poolDoc(), poolDoc({ name: "servers", type: "server" })],
      vmProviders: [
        vmProviderDoc({ maxInstances: sketch.maxInstances, settings: sketch.isShapeKnown ? { cores: 4 } : {} }),
      ],
      configs: [
        sketch.agents,
        { ...sketch.spare, name: "spare" },
        sketch.servers,
        { ...sketch.desktops, name: "desktops" },
      ],
      schedules: sketch.schedule === "none" ? [] : [scheduleDoc(window)],
      workspaces: [workspaceDoc(), desktopDoc(), desktopDoc({ name: "app", kind: "remoteApp" })],
      nodes,
      sessions,
      configStates: [configState],
    };
  });

export function build(world: WorldRows): HotState {
  const state = new HotState();
  state.apply([...definitionChanges(world), ...rowChanges(world)]);
  return state;
}

export function check<T>(arbitrary: fc.Arbitrary<T>, rule: (value: T) => void): void {
  const { HEADROOM_SEED: seed, HEADROOM_RUNS: runs = "120" } = process.env;
  fc.assert(fc.property(arbitrary, rule), {
    numRuns: Number(runs),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  });
}
