import assert from "node:assert/strict";
import fc from "fast-check";
import { Journal } from "../../runtime/model/journal";
import { Draft } from "../../runtime/model/draft";
import { WindowCache } from "../../runtime/planner/config/windows";
import { Probes } from "../../runtime/reconciler/probes";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryStore } from "../../runtime/store/memory";
import { aServer, aState, catalog, serverConfigDoc } from "../support/builders";
import { SeededRng, startMs, VirtualClock } from "../support/virtual-clock";

const second = 1_000;
/** A probe that nobody answers ends after this time. */
const limitMs = 2 * second;
const probesMax = 64;

/** Servers that start, and a network in which only some of them listen. */
class Network {
  readonly clock = new VirtualClock();
  readonly listening = new Set<string>();
  /** Whether the probe of an address might ask this machine. */
  readonly near = new Map<string, boolean>();
  readonly state;
  /** Probes under way now, and the most there were at a time. */
  underWay = 0;
  most = 0;
  readonly probes: Probes;

  constructor(servers: number) {
    const nodes = [...Array(servers).keys()].map((index) =>
      aServer({ nodeId: `n${index}`, address: `10.0.0.${index}`, status: "starting", statusSinceMs: startMs }),
    );
    this.state = aState({ configs: [serverConfigDoc()], nodes });
    const { clock, state } = this;
    const ledger = new GroupCommitLedger({
      state,
      store: new MemoryStore(),
      onLost: (error) => assert.fail(String(error)),
    });
    const shared = { windows: new WindowCache(), catalog, journal: new Journal(clock, new SeededRng(1)) };
    this.probes = new Probes({
      ledger,
      clock,
      probe: (address, _port, { mayBeNear }) => {
        this.near.set(address, mayBeNear);
        return this.probe(address);
      },
      begin: () => ({ ...shared, draft: new Draft(state), nowMs: clock.now() }),
      wake: () => undefined,
      after: (delayMs, run) => void clock.after(delayMs, run),
      isStopped: () => false,
    });
  }

  statusOf(index: number): string {
    return this.state.nodes.get(`n${index}`)!.status;
  }

  private probe(address: string): Promise<boolean> {
    this.underWay += 1;
    this.most = Math.max(this.most, this.underWay);
    const isOpen = this.listening.has(address);
    return new Promise((resolve) =>
      this.clock.after(isOpen ? 1 : limitMs, () => {
        this.underWay -= 1;
        resolve(isOpen);
      }),
    );
  }
}

/** Time in which each of so many servers is asked once, whoever is silent. */
function roundMs(servers: number): number {
  return (Math.ceil(servers / probesMax) + 1) * limitMs + second;
}

const worlds = fc.integer({ min: 1, max: 300 }).chain((servers) =>
  fc.record({
    servers: fc.constant(servers),
    booted: fc.uniqueArray(fc.nat(servers - 1), { minLength: 1, maxLength: 5 }),
    bootSeconds: fc.integer({ min: 0, max: 60 }),
    /** By how much the clock is set back meanwhile; 0 = it is not. */
    setBackSeconds: fc.constantFrom(0, 90, 7_200),
  }),
);

describe("probes of connection ports", () => {
  it("find each server soon after it listens, however many others are silent, also when the clock was set back", async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ servers, booted, bootSeconds, setBackSeconds }) => {
        const network = new Network(servers);
        network.probes.look();
        await network.clock.advance(bootSeconds * second);
        network.clock.set(-setBackSeconds * second);
        for (const index of booted) network.listening.add(`10.0.0.${index}`);
        await network.clock.advance(roundMs(servers));
        for (const index of booted) assert.equal(network.statusOf(index), "running", `n${index}`);
        assert.ok(network.most <= probesMax, `${network.most} at a time`);
      }),
      { numRuns: 30 },
    );
  });
});
