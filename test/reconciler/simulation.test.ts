/**
 * A day of random requests, releases, faults and edits under virtual time, with the invariants checked after every step.
 * `HEADROOM_SEED` repeats a run; the seed is in the name of each test.
 */
import assert from "node:assert/strict";
import type { CloudFailureClass } from "../../runtime/model/errors";
import type { Session } from "../../runtime/model/state";
import { agentConfigDoc, desktopDoc, serverConfigDoc, vmProviderDoc, workspaceDoc } from "../support/builders";
import { SeededRng } from "../support/virtual-clock";
import { goodCloud, guestScript, World } from "./world";

const second = 1000;
const maxInstances = 9;
const steps = 220;

const configs = (downscaleBackoff: string) => [
  agentConfigDoc({
    startupScript: guestScript,
    standbyCores: 2,
    downscaleBackoff,
    provisionTimeout: "2m",
    missingTimeout: "3m",
    deadTimeout: "6m",
  }),
  agentConfigDoc({
    name: "burst",
    startupScript: guestScript,
    aggressiveScaling: true,
    maxNodes: 3,
    downscaleBackoff,
    provisionTimeout: "2m",
  }),
  serverConfigDoc({
    startupScript: guestScript,
    requireCheckin: true,
    reusable: false,
    minimumAvailableSessions: 1,
    downscaleBackoff,
    provisionTimeout: "2m",
  }),
];

class Simulation {
  /** Where each session has been seen, to see that it never moves and never comes back. */
  private readonly seen = new Map<string, Session>();
  private readonly ended = new Set<string>();
  private users = 0;

  constructor(
    readonly world: World,
    readonly rng: SeededRng,
  ) {}

  async step(): Promise<void> {
    const { rng, world } = this;
    const roll = rng.below(100);
    if (roll < 40) await this.request();
    else if (roll < 65) await this.release();
    else if (roll < 72) await this.changeStatus();
    else if (roll < 75) this.kill();
    else if (roll < 77) await this.removeNode();
    else if (roll < 79) await world.declare({ ...this.docs(`${1 + rng.below(5)}m`) });
    await world.clock.advance(rng.below(20) * second);
    this.check();
  }

  docs(downscaleBackoff: string) {
    return {
      vmProviders: [vmProviderDoc({ maxInstances })],
      configs: configs(downscaleBackoff),
      workspaces: [workspaceDoc(), workspaceDoc({ name: "small", cores: 1, memory: "1GiB" }), desktopDoc()],
    };
  }

  private async request(): Promise<void> {
    const workspace = ["office", "small", "desktop"][this.rng.below(3)]!;
    this.users += 1;
    const outcome = await this.world.broker.requestSession({ workspace, userId: `u${this.users % 15}` });
    assert.notEqual(outcome.kind, "refused");
  }

  private pick(...statuses: Session["status"][]): Session | undefined {
    const sessions = [...this.world.state.sessions.values()].filter(({ status }) => statuses.includes(status));
    return sessions[this.rng.below(Math.max(1, sessions.length))];
  }

  private async release(): Promise<void> {
    const session = this.pick("queued", "assigned", "running", "paused", "stopped");
    if (session) await this.world.broker.releaseSession(session.sessionId);
  }

  private async changeStatus(): Promise<void> {
    const session = this.pick("assigned", "running", "paused", "stopped");
    const status = (["running", "paused", "stopped"] as const)[this.rng.below(3)]!;
    if (!session) return;
    await this.world.broker.setSessionStatus(session.sessionId, status).catch((error: unknown) => {
      assert.equal((error as { code?: string }).code, "conflict");
    });
  }

  private kill(): void {
    const nodes = [...this.world.state.nodes.values()].filter(({ status }) => status === "running");
    const node = nodes[this.rng.below(Math.max(1, nodes.length))];
    if (node) this.world.killed.add(node.nodeId);
  }

  private async removeNode(): Promise<void> {
    const nodes = [...this.world.state.nodes.keys()];
    const nodeId = nodes[this.rng.below(Math.max(1, nodes.length))];
    if (nodeId !== undefined) await this.world.broker.deleteNode(nodeId);
  }

  /** The invariants that must hold at every moment. */
  check(): void {
    const { state } = this.world;
    assert.deepEqual(this.world.errors, []);
    assert.ok(this.world.nodesInCloud().length <= maxInstances, "max instances");
    assert.ok(state.nodes.size <= maxInstances, "max instances, by rows");
    for (const node of state.nodes.values()) {
      const usage = state.usage(node.nodeId);
      if (node.status === "destroying" || node.status === "failed")
        assert.equal(usage.pinned, 0, "no session on what goes");
      if (node.sessionsMax !== undefined) {
        assert.ok(usage.sessions <= node.sessionsMax, "sessions of a server");
        const users = [...state.sessionsOf(node.nodeId)].map(({ userId }) => userId);
        assert.equal(new Set(users).size, users.length, "one desktop per user");
      } else if (node.shape) {
        assert.ok(
          usage.cores <= node.shape.cores && usage.memoryBytes <= node.shape.memoryBytes,
          "capacity of an agent",
        );
      }
    }
    for (const session of state.sessions.values()) {
      const before = this.seen.get(session.sessionId);
      assert.ok(!this.ended.has(session.sessionId), "an ended session stays ended");
      if (before?.nodeId !== undefined) assert.equal(session.nodeId, before.nodeId, "a session stays on its node");
      if (session.nodeId !== undefined) assert.ok(state.nodes.has(session.nodeId), "a session's node exists");
      this.seen.set(session.sessionId, session);
    }
    for (const sessionId of this.seen.keys()) if (!state.sessions.has(sessionId)) this.ended.add(sessionId);
  }

  /** After the faults: everybody is served or knows why not, and what nobody needs is gone. */
  async finish(): Promise<void> {
    const { world } = this;
    world.behaviour = goodCloud;
    for (let round = 0; round < 60 && world.state.queue().length > 0; round += 1) {
      const running = this.pick("assigned", "running", "paused", "stopped");
      if (running) await world.broker.releaseSession(running.sessionId);
      await world.clock.advance(60 * second);
      this.check();
    }
    assert.deepEqual(world.state.queue(), []);
    for (const sessionId of [...world.state.sessions.keys()]) await world.broker.releaseSession(sessionId);
    await world.clock.advance(3600 * second);
    this.check();
    const live = [...world.state.nodes.values()].map(({ nodeId, status }) => [nodeId, status]);
    assert.deepEqual(
      live.map(([, status]) => status),
      ["running", "running"],
      "standby of one agent and one server",
    );
    assert.deepEqual(live.map(([nodeId]) => nodeId).sort(), world.nodesInCloud().sort());
  }
}

async function simulate(seed: number): Promise<void> {
  const rng = new SeededRng(seed);
  const world = new World(new SeededRng(seed + 1));
  const simulation = new Simulation(world, rng);
  await world.declare(simulation.docs("2m"));
  await world.laneRunner.start();
  await world.reconciler.start();
  const classes: readonly CloudFailureClass[] = ["CAPACITY", "TRANSIENT"];
  world.behaviour = {
    ...goodCloud,
    failCreate: () => (rng.below(8) === 0 ? classes[rng.below(2)] : undefined),
    guest: () => (["staysSilent", "fails"] as const)[rng.below(16)] ?? "checksIn",
  };
  for (let step = 0; step < steps; step += 1) await simulation.step();
  await simulation.finish();
  await world.stop();
}

describe("simulation", () => {
  const { HEADROOM_SEED: chosen } = process.env;
  const seeds = chosen === undefined ? [1, 2, 3, 4, 5, 6] : [Number(chosen)];
  for (const seed of seeds) {
    it(`keeps every invariant and serves everybody in the end, seed ${seed}`, () => simulate(seed));
  }
});
