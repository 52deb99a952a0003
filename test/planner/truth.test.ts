/**
 * Every sentence about waiting, refusing and placing is true: the numbers in it are those of the snapshot, counted here
 * anew, and the constraint that it names is one that, taken away, changes the answer. Of random states; a failing run
 * prints its seed, `HEADROOM_SEED` repeats it.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Draft } from "../../runtime/model/draft";
import type { Reason } from "../../runtime/model/reason";
import type { Node, Session } from "../../runtime/model/state";
import { WindowCache } from "../../runtime/planner/config/windows";
import { ProgressReader } from "../../runtime/planner/explain/progress";
import { traceOf } from "../../runtime/planner/explain/trace";
import { place, type Placement } from "../../runtime/planner/placement/place";
import type { HotState } from "../../runtime/store/hot-state";
import { aDesktopSession, aNode, aServer, aSession, catalog, gib, zoneDoc, type WorldRows } from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { applyPlan, planOf } from "./applied";
import { liftOnConfig, liftOnNode } from "./lifts";
import { build, check, worlds } from "./worlds";

/** Somebody who asks: of one of the workspaces, a user who may have sessions already, for little or much. */
const asking = fc.record({
  what: fc.constantFrom("office", "desktop", "app"),
  user: fc.nat(4),
  cores: fc.constantFrom(0.5, 2, 4, 64),
  gpus: fc.constantFrom(0, 0, 0, 1),
  zone: fc.option(fc.constantFrom("eu", "us"), { nil: undefined }),
});
type Asking = typeof asking extends fc.Arbitrary<infer T> ? T : never;

/** Zone `us` searches no other; the zone `eu` does. */
const askedWorlds = fc.tuple(
  worlds.map((world): WorldRows => ({
    ...world,
    zones: [zoneDoc(), zoneDoc({ name: "us", searchAlternateZones: false })],
  })),
  asking,
);

function sessionOf({ what, user, cores, gpus, zone }: Asking): Session {
  const needs = { cores, memoryBytes: gib, gpus };
  const common = {
    sessionId: "new",
    userId: `u${user}`,
    sequence: 1e6,
    requestedAtMs: startMs,
    needs,
    ...(zone ? { zone } : {}),
  };
  if (what === "office") return aSession(common);
  return aDesktopSession({ ...common, workspace: what, ...(what === "app" ? { isRemoteApp: true } : {}) });
}

function placeIn(state: HotState, session: Session): Placement {
  return place(session, { draft: new Draft(state), windows: new WindowCache(), catalog, nowMs: startMs });
}

function reasonOf(placement: Placement): Reason {
  return placement.kind === "queued" ? placement.tell() : placement.reason;
}

/** Pools and zones where it may run, by the documents of these worlds. */
function placesFor({ workspace, zone }: Pick<Session, "workspace" | "zone">): string[] {
  const pool = workspace === "office" ? "agents" : "servers";
  return (zone === "us" ? ["us"] : ["eu", "us"]).map((name) => `${pool}/${name}`);
}

/** Those that were requested earlier and may run in one of the places of this one. */
function countAhead(state: HotState, session: Session): number {
  const own = placesFor(session);
  const isBefore = (other: Session): boolean =>
    other.requestedAtMs < session.requestedAtMs ||
    (other.requestedAtMs === session.requestedAtMs && other.sequence < session.sequence);
  return state.queue().filter((other) => isBefore(other) && placesFor(other).some((name) => own.includes(name))).length;
}

function enqueue(state: HotState, session: Session): void {
  state.apply([{ kind: "put", table: "session", row: session }]);
}

/** An empty node beside the others that takes anybody. */
function addNode(state: HotState, pool: string, zone: string): void {
  const limits = pool === "servers" ? { sessionsMax: 1000, usersMax: 1000, isReusable: true } : {};
  const shape = { cores: 1000, memoryBytes: 1000 * gib, gpus: 100 };
  const common = { nodeId: "extra", pool, zone, autoscaleConfig: undefined, vmProvider: undefined, shape, ...limits };
  const row: Node = pool === "servers" ? aServer(common) : aNode(common);
  state.apply([{ kind: "put", table: "node", row }]);
}

/** More constraints than this do not hold of one node or config. */
const stepsMax = 12;

describe("sentences are true", () => {
  it("of a session that waits: how many nodes there are, what is said of each, who is ahead; and a free node serves it", () => {
    check(askedWorlds, ([world, asked]) => {
      const state = build(world);
      const session = sessionOf(asked);
      const placement = placeIn(state, session);
      if (placement.kind !== "queued" || reasonOf(placement).code !== "full") return;
      const { text, numbers } = reasonOf(placement);
      const { pool, zone, nodes, ahead } = numbers as { pool: string; zone: string; nodes: number; ahead: number };

      assert.ok(placesFor(session).includes(`${pool}/${zone}`));
      assert.equal(nodes, state.nodesIn(pool, zone).size);
      const counted = Object.entries(numbers).filter(([name]) => name.startsWith("nodes."));
      assert.equal(
        counted.reduce((sum, [, count]) => sum + Number(count), 0),
        nodes,
        text,
      );
      for (const [name, count] of counted) assert.ok(text.includes(`${count} `), `${name} is not in: ${text}`);
      assert.equal(ahead, countAhead(state, session), text);
      addNode(state, pool, zone);
      assert.equal(placeIn(state, session).kind, "assigned", text);
    });
  });

  it("of each node that a waiting session can't have: what is told, taken away, is told no more, until there is room", () => {
    check(askedWorlds, ([world, asked]) => {
      const session = sessionOf(asked);
      const first = build(world);
      enqueue(first, session);
      for (const { kind, id } of traceOf(session, first, { nowMs: startMs, catalog })) {
        if (kind !== "node") continue;
        const state = build(world);
        enqueue(state, session);
        const told: string[] = [];
        for (;;) {
          const { reason } = traceOf(session, state, { nowMs: startMs, catalog }).find((other) => other.id === id)!;
          assert.equal(told.includes(reason.code), false, `${reason.code} after ${told.join(", ")}: ${reason.text}`);
          if (reason.code === "room") break;
          told.push(reason.code);
          liftOnNode(state, id, session, reason);
        }
        const got = placeIn(state, session);
        assert.equal(got.kind, "assigned", `${id} has room by its trace, and the session waits`);
      }
    });
  });

  it("of each node: its numbers are those that its sessions take", () => {
    check(askedWorlds, ([world, asked]) => {
      const state = build(world);
      const session = sessionOf(asked);
      enqueue(state, session);
      for (const { kind, id, reason } of traceOf(session, state, { nowMs: startMs, catalog })) {
        const node = state.nodes.get(id);
        if (kind !== "node" || !node) continue;
        const on = [...state.sessionsOf(id).values()].filter(({ status }) => status !== "stopped");
        const cores = on.reduce((sum, { needs }) => sum + needs.cores, 0);
        if (reason.code === "full") {
          assert.equal(reason.numbers["freeCores"], Math.max(0, node.shape!.cores - cores));
          assert.ok(
            session.needs.cores > Number(reason.numbers["freeCores"]) ||
              session.needs.gpus > 0 ||
              node.shape!.cores < cores ||
              session.needs.memoryBytes > Number(reason.numbers["freeMemoryBytes"]),
            reason.text,
          );
        }
        if (reason.code === "sessions") {
          assert.equal(
            reason.text,
            `has ${on.length} of at most ${node.sessionsMax} session${node.sessionsMax === 1 ? "" : "s"}`,
          );
          assert.ok(on.length >= node.sessionsMax!);
        }
        if (reason.code === "users") {
          const users = new Set(on.map(({ userId }) => userId));
          assert.equal(
            reason.text,
            `has ${users.size} of at most ${node.usersMax} user${node.usersMax === 1 ? "" : "s"}`,
          );
          assert.ok(users.size >= node.usersMax! && !users.has(session.userId));
        }
      }
    });
  });

  it("of each config that makes no node: what is told, taken away, is told no more, until it may; numbers as counted", () => {
    check(askedWorlds, ([{ sessions = [], ...rows }, asked]) => {
      // Nobody else waits, who could get the node first.
      const world = { ...rows, sessions: sessions.filter(({ status }) => status !== "queued") };
      const session = sessionOf(asked);
      const first = build(world);
      enqueue(first, session);
      for (const { kind, id } of traceOf(session, first, { nowMs: startMs, catalog })) {
        if (kind !== "config") continue;
        const state = build(world);
        enqueue(state, session);
        const told: string[] = [];
        for (;;) {
          const { reason } = traceOf(session, state, { nowMs: startMs, catalog }).find((other) => other.id === id)!;
          assertCounted(reason, id, state);
          assert.equal(told.includes(reason.code), false, `${reason.code} after ${told.join(", ")}: ${reason.text}`);
          if (reason.code === "open") break;
          told.push(reason.code);
          assert.ok(told.length < stepsMax);
          liftOnConfig(state, id, reason);
        }
        const plan = planOf(state);
        const waiting = plan.waiting.find(({ sessionId }) => sessionId === session.sessionId)!;
        // A first node whose size nobody knows is made to find out.
        const isMade = plan.changes.some(({ kind }) => kind === "create");
        const isServed = waiting.nodeId !== undefined || waiting.reason.code === "newNode" || isMade;
        assert.ok(isServed, `"${id}" can make a node for it, and the plan says: ${waiting.reason.text}`);
      }
    });
  });

  it("of a refusal: what is told, taken away, is told no more", () => {
    check(askedWorlds, ([world, asked]) => {
      const state = build(world);
      const session = sessionOf(asked);
      const told = new Set<string>();
      for (let step = 0; step < stepsMax; step += 1) {
        const placement = placeIn(state, session);
        if (placement.kind !== "refused") return;
        const { code, text, numbers } = placement.reason;
        const key = `${code} ${String(numbers["autoscaleConfig"])}`;
        assert.equal(told.has(key), false, `told twice: ${text}`);
        told.add(key);
        liftOnConfig(state, String(numbers["autoscaleConfig"]), placement.reason);
      }
      assert.fail(`refused again and again: ${[...told].join(", ")}`);
    });
  });

  it("of a placed session: its node, what was on it, and that it had room", () => {
    check(askedWorlds, ([world, asked]) => {
      const state = build(world);
      const session = sessionOf(asked);
      const placement = placeIn(state, session);
      if (placement.kind !== "assigned") return;
      const { text, numbers } = placement.reason;
      const node = state.nodes.get(placement.nodeId)!;
      const on = [...state.sessionsOf(node.nodeId).values()].filter(({ status }) => status !== "stopped");

      assert.deepEqual([numbers["nodeId"], numbers["sessionsBefore"]], [node.nodeId, on.length]);
      if (node.sessionsMax !== undefined) {
        assert.ok(text.endsWith(`(${on.length} of ${node.sessionsMax} taken)`) && on.length < node.sessionsMax, text);
        return;
      }
      const cores = on.reduce((sum, { needs }) => sum + needs.cores, 0);
      assert.equal(numbers["coresUsedBefore"], cores);
      assert.ok(cores + session.needs.cores <= node.shape!.cores, text);
      assert.equal(/\(empty\)$/.test(text), on.length === 0, text);
    });
  });

  it("of the place in the queue: it counts those who wait for the same pools, whoever else waits", () => {
    check(askedWorlds, ([world]) => {
      const state = build(world);
      const reader = new ProgressReader(state, startMs);
      for (const session of state.queue()) assert.equal(reader.of(session).position, countAhead(state, session) + 1);
    });
  });

  it("of a config's plan: who waits for it is counted, and so are its nodes", () => {
    check(askedWorlds, ([world]) => {
      const state = build(world);
      applyPlan(state, planOf(state));
      const plan = planOf(state);
      for (const { autoscaleConfig, reasons } of plan.configs) {
        for (const reason of reasons) {
          assertCounted(reason, autoscaleConfig, state);
          const { sessionsWaiting } = reason.numbers;
          if (sessionsWaiting === undefined) continue;
          const own = plan.waiting.filter((each) => each.reason.numbers["autoscaleConfig"] === autoscaleConfig);
          const alike = own.filter((each) => reason.text.endsWith(`: ${each.reason.text}`));
          assert.equal(sessionsWaiting, alike.length, reason.text);
        }
      }
      for (const { reason } of plan.waiting) assertCounted(reason, String(reason.numbers["autoscaleConfig"]), state);
    });
  });
});

/** Numbers of reasons about a config, where they have some, are those of the snapshot; and the text has them. */
function assertCounted({ code, text, numbers }: Reason, name: string, state: HotState): void {
  const config = state.autoscaleConfigs.get(name);
  const shows = (value: unknown): void =>
    assert.ok(text.includes(String(value)), `${String(value)} is not in: ${text}`);
  const isLive = ({ status }: Node): boolean => ["requested", "provisioning", "starting", "running"].includes(status);
  const nodes = [...state.nodesOfConfig(name).values()];
  switch (code) {
    case "maxNodes":
      assert.deepEqual([numbers["nodes"], numbers["maxNodes"]], [nodes.length, config?.maxNodes], text);
      return shows(nodes.length);
    case "maxInstances": {
      const { maxInstances } = state.vmProviderConfigs.get("vms")!;
      const instances = [...state.nodes.values()].filter(({ vmProvider }) => vmProvider === "vms").length;
      assert.deepEqual([numbers["instances"], numbers["maxInstances"]], [instances, maxInstances], text);
      return shows(instances);
    }
    case "circuitOpen":
    case "backoff":
    case "singleTry": {
      const failures = state.configStates.get(name)?.failures?.["vms"];
      if (failures === undefined) return;
      assert.equal(numbers["consecutiveFailures"], failures.consecutiveFailures, text);
      if (code !== "singleTry") shows(`${Math.ceil((failures.retryAtMs - startMs) / 1000)} s`);
      return;
    }
    case "floor":
      if (numbers["nodesLive"] !== undefined)
        assert.ok(Number(numbers["nodesLive"]) <= nodes.filter(isLive).length, text);
      return;
    default:
      return;
  }
}
