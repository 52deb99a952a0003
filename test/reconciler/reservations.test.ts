/** Large sessions beside an endless stream of small ones that fill whatever comes free, at the cap. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Session } from "../../runtime/model/state";
import { reserveAfterMs } from "../../runtime/planner/planning/reservations";
import { workspaceDoc } from "../support/builders";
import { SeededRng } from "../support/virtual-clock";
import { agents, countByStatus } from "./questions";
import { World } from "./world";

const minute = 60_000;
const stepMs = 15_000;
const coresPerNode = 4;

interface Town {
  readonly nodes: number;
  readonly large: readonly number[];
  readonly minutesMax: number;
  readonly seed: number;
}

const towns: fc.Arbitrary<Town> = fc.record({
  nodes: fc.integer({ min: 1, max: 9 }),
  /** Cores of each large session. */
  large: fc.array(fc.integer({ min: 2, max: coresPerNode }), { minLength: 1, maxLength: 4 }),
  minutesMax: fc.integer({ min: 4, max: 25 }),
  seed: fc.nat(1_000_000),
});

/** A fleet at its cap, full of small sessions of 1 to `minutesMax` minutes; others wait for each place that comes free. */
class Crowd {
  private readonly endsAtMs = new Map<string, number>();
  private users = 0;

  private constructor(
    readonly world: World,
    private readonly town: Town,
    private readonly chance: SeededRng,
  ) {}

  static async start(town: Town): Promise<Crowd> {
    const config = agents({ minNodes: town.nodes, maxNodes: town.nodes, queueTimeout: "24h" });
    const sizes = [1, 2, 3, 4].map((cores) => workspaceDoc({ name: `cores${cores}`, cores, memory: "1GiB" }));
    const world = await World.start({ configs: [config], workspaces: [workspaceDoc(), ...sizes] });
    const crowd = new Crowd(world, town, new SeededRng(town.seed));
    await world.clock.advance(2 * minute);
    assert.deepEqual(countByStatus(world), { running: town.nodes });
    await crowd.advance(town.minutesMax * minute);
    return crowd;
  }

  async request(cores: number): Promise<string> {
    this.users += 1;
    const request = { workspace: `cores${cores}`, userId: `u${this.users}` };
    const outcome = await this.world.broker.requestSession(request);
    return outcome.kind === "refused" ? assert.fail(outcome.reason.text) : outcome.session.sessionId;
  }

  async advance(ms: number, look: () => void = () => undefined): Promise<void> {
    const { clock, state, broker } = this.world;
    for (let passed = 0; passed < ms; passed += stepMs) {
      await clock.advance(stepMs);
      for (const session of [...state.sessions.values()]) {
        if (session.status === "queued") continue;
        const endsAtMs = this.endOf(session);
        if (clock.now() >= endsAtMs) await broker.releaseSession(session.sessionId);
      }
      while (state.queue().filter(({ needs }) => needs.cores === 1).length < 3) await this.request(1);
      // One pass gives away what nobody keeps any more.
      await this.world.reconciler.tickNow();
      look();
    }
  }

  private endOf({ sessionId, assignedAtMs = 0 }: Session): number {
    const known = this.endsAtMs.get(sessionId);
    const endsAtMs = known ?? assignedAtMs + (1 + this.chance.next() * (this.town.minutesMax - 1)) * minute;
    this.endsAtMs.set(sessionId, endsAtMs);
    return endsAtMs;
  }

  isServed(sessionId: string): boolean {
    return this.world.state.sessions.get(sessionId)?.status !== "queued";
  }

  freeCores(nodeId: string): number {
    return coresPerNode - this.world.state.usage(nodeId).cores;
  }
}

describe("large sessions at the cap", () => {
  it("are served in bounded time, however many small ones come, who lose nothing but the reserved nodes", async () => {
    const { HEADROOM_SEED: seed, HEADROOM_RUNS: runs = "12" } = process.env;
    const property = fc.asyncProperty(towns, async (town) => {
      const crowd = await Crowd.start(town);
      const { state } = crowd.world;
      const ids: string[] = [];
      for (const cores of town.large) ids.push(await crowd.request(cores));
      // Small ones that waited before it come first: a session's time passes until they are placed.
      const turnMs = town.minutesMax * minute + 2 * stepMs;
      const boundMs = reserveAfterMs + turnMs + ids.length * turnMs;
      await crowd.advance(boundMs, () => {
        const reserved = [...state.reservations.keys()];
        assert.ok(reserved.length <= Math.ceil(town.nodes / 4), `${reserved.length} of ${town.nodes} nodes reserved`);
        if (state.queue().every(({ needs }) => needs.cores > 1)) return;
        const unused = [...state.nodes.keys()].filter((nodeId) => crowd.freeCores(nodeId) >= 1);
        assert.deepEqual(
          unused.filter((nodeId) => !state.reservations.has(nodeId)),
          [],
          "room that nobody gets while a small one waits",
        );
      });
      assert.deepEqual(
        ids.filter((id) => !crowd.isServed(id)),
        [],
        "large sessions that still wait",
      );
      assert.equal(state.reservations.size, 0, "nothing is kept for who is served");
      assert.deepEqual(crowd.world.errors, []);
      await crowd.world.stop();
    });
    await fc.assert(property, { numRuns: Number(runs), ...(seed === undefined ? {} : { seed: Number(seed) }) });
  });
});
