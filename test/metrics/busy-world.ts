/** A fleet in virtual time in which everything happens by chance that a fleet counts. */
import { Metrics } from "../../runtime/metrics/metrics";
import type { FleetSources } from "../../runtime/metrics/moment";
import { agents } from "../reconciler/questions";
import { goodCloud, World } from "../reconciler/world";
import {
  catalog,
  plainDocs,
  poolDoc,
  scheduleDoc,
  serverConfigDoc,
  stagingDoc,
  budgetDoc,
  vmProviderDoc,
  workspaceDoc,
  desktopDoc,
} from "../support/builders";
import { SeededRng } from "../support/virtual-clock";
import { guestScript } from "../reconciler/world";

const second = 1_000;

const docs = {
  zones: plainDocs.zones,
  pools: [poolDoc(), poolDoc({ name: "servers", type: "server" })],
  budgets: [budgetDoc({ currency: "EUR" })],
  vmProviders: [
    vmProviderDoc({ maxInstances: 12, hourlyCost: 2, currency: "EUR" }),
    vmProviderDoc({ name: "spare", maxInstances: 6 }),
  ],
  configs: [
    agents({ fallbackVmProviders: ["spare"], downscaleBackoff: "2m", standbyCores: 2, queueTimeout: "20m" }),
    serverConfigDoc({ startupScript: guestScript, requireCheckin: true, reusable: false, minimumAvailableSessions: 1 }),
  ],
  schedules: [scheduleDoc({ days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], start: "00:00", end: "23:00" })],
  workspaces: [workspaceDoc(), desktopDoc(), workspaceDoc({ name: "closed", enabled: false })],
  staging: [stagingDoc()],
};

export class BusyWorld {
  readonly troubles: unknown[] = [];
  readonly metrics = new Metrics({ version: "1.2.3", onTrouble: (error) => this.troubles.push(error) });

  private constructor(
    readonly world: World,
    private readonly rng: SeededRng,
  ) {}

  static async start(seed: number): Promise<BusyWorld> {
    const busy = new BusyWorld(new World(new SeededRng(seed)), new SeededRng(seed + 1));
    const { world, metrics, rng } = busy;
    metrics.setEngine("embedded 1.2.3");
    world.watch = metrics;
    world.onPlanned = (plan, seconds) => metrics.planned(plan, { snapshot: world.state, seconds });
    world.laneWatch = { jobEnded: (...end) => metrics.jobEnded(...end), heard: () => undefined };
    world.behaviour = {
      ...goodCloud,
      failCreate: () => (rng.below(6) === 0 ? rng.pick(["CAPACITY", "QUOTA", "TRANSIENT"] as const) : undefined),
      guest: () => (["fails", "staysSilent", "checksIn"] as const)[rng.below(12)] ?? "checksIn",
    };
    await world.declare(docs);
    await world.laneRunner.start();
    await world.reconciler.start();
    return busy;
  }

  get sources(): FleetSources {
    const { state, clock, laneRunner } = this.world;
    const work = { slotUse: () => laneRunner.slotUse(), sweeps: () => [{ definition: "vms", sweptAtMs: clock.now() }] };
    return { ledger: { state }, clock, catalog, epoch: 1, work };
  }

  scrape(): Promise<string> {
    return this.metrics.scrape(this.sources);
  }

  /** So many things happen, and then time passes until most of what they began has ended. */
  async live(steps: number): Promise<void> {
    for (let step = 0; step < steps; step += 1) {
      await this.step();
      await this.world.clock.advance(this.rng.below(20) * second);
    }
    await this.world.clock.advance(1_800 * second);
  }

  private async step(): Promise<void> {
    const { world, rng } = this;
    const sessions = [...world.state.sessions.values()].filter(({ status }) => status !== "staged");
    const nodes = [...world.state.nodes.values()].filter(({ status }) => status === "running");
    const what = rng.below(10);
    if (what < 5) {
      const workspace = rng.pick(["office", "office", "desktop", "closed"]);
      await world.broker.requestSession({ workspace, userId: `user ${rng.below(30)}` });
    } else if (what < 8 && sessions.length > 0) await world.broker.releaseSession(rng.pick(sessions).sessionId);
    else if (what === 8 && nodes.length > 0) await world.broker.deleteNode(rng.pick(nodes).nodeId);
    else if (what === 9 && nodes.length > 0 && rng.below(3) === 0) world.killed.add(rng.pick(nodes).nodeId);
  }
}
