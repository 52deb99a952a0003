/**
 * One run: a world made from a seed, the real deciding half of the runtime in it, and rules that are checked after every
 * event. First so many events with faults; then the faults end, people leave, and everything must come to rest.
 */
import { AccountEdits } from "./account-edits";
import { GeneratedArrivals, TraceArrivals, type Arrivals } from "./arrivals";
import { SimBackend } from "./backend";
import { Client } from "./client";
import { SimCloud } from "./cloud";
import { CommitChecker } from "./commit-checker";
import { SimDatabase } from "./database";
import { Disturbances } from "./disturbances";
import { SimEngines } from "./engine";
import { Faults, type FaultChoice } from "./faults";
import { Guests, isListening } from "./guests";
import { SimKeys } from "./keys";
import { checkPlanning, unrest } from "./liveness";
import { Operators } from "./operators";
import { Replica } from "./replica";
import { SeededRng } from "./rng";
import { servedBy, serviceLimitMs } from "./service";
import { enlarge, makeSite, simCatalog } from "./site";
import { StackTroubles } from "./stack-troubles";
import { Timeline } from "./timeline";
import { PlainTokens } from "./tokens";
import { Users } from "./users";
import { SimVersions } from "./versions";
import { Verdict, type Violation } from "./violation";

export interface SimulationOptions extends FaultChoice {
  readonly seed: number;
  /** Events with faults; those in which the world comes to rest are on top. */
  readonly events: number;
  /** A site of this many nodes, and as many people at once. Default: small sites, up to 14 nodes per VM provider. */
  readonly fleet?: number;
  /** No token of any node is accepted: a world in which nobody who needs a new node is served. */
  readonly areTokensVoid?: boolean;
  /** Recorded arrivals; default: generated ones. */
  readonly trace?: readonly { readonly atMs: number; readonly holdMs: number }[];
  readonly onProgress?: (events: number) => void;
}

export interface SimulationReport {
  readonly seed: number;
  readonly events: number;
  readonly eventsByKind: Readonly<Record<string, number>>;
  readonly virtualSeconds: number;
  readonly sessions: number;
  readonly nodes: number;
  /** Ids of the faults that struck. */
  readonly faults: readonly string[];
  readonly violations: readonly Violation[];
  /** Of all that happened: equal for equal options. */
  readonly hash: string;
}

const hourMs = 3_600_000;
/** Virtual time in which everything must come to rest: the longest wait is for a zone of which nothing is heard, a day. */
const restLimitMs = 30 * hourMs;
const planCheckEvery = 5_000;
const progressEvery = 20_000;

export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const world = new SimulatedWorld(options);
  const seconds = world.timeline.nowMs;
  await world.run();
  const { timeline, verdict, faults, checker } = world;
  return {
    seed: options.seed,
    events: timeline.events,
    eventsByKind: Object.fromEntries([...timeline.eventsByKind].sort((a, b) => b[1] - a[1])),
    virtualSeconds: Math.round((timeline.nowMs - seconds) / 1000),
    sessions: checker.sessionsSeen,
    nodes: checker.vms.nodesSeen,
    faults: faults.struck,
    violations: verdict.violations,
    hash: timeline.hash.toString(16).padStart(8, "0"),
  };
}

class SimulatedWorld {
  readonly timeline: Timeline;
  readonly verdict: Verdict;
  readonly faults: Faults;
  readonly checker: CommitChecker;
  private readonly rng: SeededRng;
  private readonly cloud: SimCloud;
  private readonly backend: SimBackend;
  private readonly accountEdits: AccountEdits;
  private readonly replicas: readonly Replica[];
  private readonly users: Users;
  private readonly operators: Operators;
  private readonly disturbances: Disturbances;
  private isSetUp = false;
  private isFinished = false;
  private isServed = false;

  constructor(private readonly options: SimulationOptions) {
    const rng = (this.rng = new SeededRng(options.seed).fork("simulation"));
    const start = rng.fork("start");
    const timeline = (this.timeline = new Timeline(
      Date.UTC(2026, start.below(12), 1 + start.below(28), start.below(24)),
    ));
    const verdict = (this.verdict = new Verdict(timeline));
    const faults = (this.faults = new Faults(rng.fork("faults"), options, () => timeline.nowMs));
    const checker = (this.checker = new CommitChecker(verdict, timeline));
    const { fleet } = options;
    const site = fleet === undefined ? makeSite(rng.fork("site")) : enlarge(makeSite(rng.fork("site")), fleet);
    const part = (name: string) => ({ timeline, rng: rng.fork(name), faults, verdict, checker });
    const guests = new Guests({ ...part("guests"), client: () => client, cloud: () => cloud });
    const keys = new SimKeys(() => timeline.nowMs);
    const [backend, versions] = [new SimBackend(), new SimVersions()];
    const cloud = new SimCloud({ ...part("cloud"), keys, watcher: checker.vms, onBorn: (vm) => guests.born(vm) });
    const database = new SimDatabase({ ...part("database"), watcher: checker });
    const epoch = () => database.disk.epoch;
    const engines = new SimEngines({ ...part("engines"), cloud, backend, versions, epoch });
    const probe = (address: string) => Promise.resolve(isListening(cloud, address));
    const tokens = new PlainTokens(options.areTokensVoid);
    const shared = { timeline, database, engines, versions, verdict, catalog: simCatalog, probe, tokens };
    const replicas = ["a", "b"].map((name) => new Replica(name, rng.fork(name), shared));
    const client = new Client({ ...part("client"), replicas });
    const workspaces = site.workspaces.map(({ name }) => name);
    const zones = site.zones.map(({ name }) => name);
    const arrivals = arrivalsOf(options, rng.fork("arrivals"));
    const rareWorkspaces = site.rareWorkspaces.map(({ name }) => name);
    const users = new Users({ ...part("users"), client, arrivals, workspaces, rareWorkspaces, zones, crowd: fleet });
    checker.world = {
      cloud,
      backend,
      versions,
      wellSinceMs: () => faults.disturbedAtMs,
      isEndAsked: (sessionId) => users.endsAsked.has(sessionId),
    };
    const operators = (this.operators = new Operators({ ...part("operators"), client, site }));
    const stackTroubles = new StackTroubles({ timeline, backend, cloud });
    const troubled = { replicas, database, cloud, engines, stackTroubles, versions, site };
    this.disturbances = new Disturbances({ ...part("disturbances"), ...troubled });
    this.accountEdits = new AccountEdits({
      ...{ timeline, faults, verdict, checker, cloud, keys },
      vmProviders: site.vmProviders.map(({ name }) => name),
      accountOf: (name) => operators.accountOf(name),
      edit: (name, account) => operators.editAccount(name, account),
    });
    [this.cloud, this.backend, this.replicas, this.users] = [cloud, backend, replicas, users];
  }

  async run(): Promise<void> {
    this.background(this.operators.declareAll().then(() => (this.isSetUp = true)));
    await this.stepUntil(() => this.isSetUp);
    this.background(this.users.arrive());
    this.background(this.operators.work());
    for (const stream of [...this.disturbances.begin(), ...this.accountEdits.begin()]) this.background(stream);
    const { events } = this.timeline;
    await this.stepUntil(() => this.timeline.events - events >= this.options.events);
    await this.finish();
  }

  /** Faults end, people leave, and what is left is looked at until it rests. */
  private async finish(): Promise<void> {
    const { timeline, verdict } = this;
    this.faults.end();
    this.disturbances.end();
    this.users.close();
    const finished = this.accountEdits.finish().then(() => this.operators.finish());
    this.background(finished.then(() => (this.isFinished = true)));
    let limitMs = timeline.nowMs + restLimitMs;
    for (;;) {
      const untilMs = timeline.nowMs + 60_000;
      await this.stepUntil(() => timeline.nowMs >= untilMs);
      if (verdict.violations.length > 0) return;
      if (this.users.visits === 0) this.background(this.users.releaseForgotten());
      this.background(this.operators.letGo());
      const open = this.isFinished && this.users.visits === 0 ? this.unrest() : "people are still there";
      if (open !== undefined) {
        if (timeline.nowMs > limitMs) return verdict.broken("everything comes to rest", open);
        continue;
      }
      if (this.isServed) return;
      this.isServed = true;
      await this.askForService();
      limitMs = timeline.nowMs + restLimitMs;
    }
  }

  /** Nothing goes wrong any more: whoever asks now and could be served is served. One after the other. */
  private async askForService(): Promise<void> {
    const { checker, timeline } = this;
    for (const workspace of [...checker.durable.workspaces.values()]) {
      const why = servedBy(workspace, checker.durable, timeline.nowMs);
      if (!why) continue;
      let isDone = false;
      const served = this.users.mustServe(workspace.name, serviceLimitMs, why);
      this.background(served.then(() => void (isDone = true)));
      await this.stepUntil(() => isDone);
    }
  }

  private unrest(): string | undefined {
    const { checker, cloud, backend, timeline } = this;
    return unrest({ checker, cloud, backend, leader: this.leader(), nowMs: timeline.nowMs });
  }

  private leader() {
    return this.replicas.find(({ leader }) => leader !== undefined)?.leader;
  }

  private async stepUntil(isDone: () => boolean): Promise<void> {
    const { timeline, verdict } = this;
    while (!isDone() && verdict.violations.length === 0) {
      if (!(await timeline.step())) return verdict.broken("everything goes on", "nothing happens any more");
      if (timeline.events % planCheckEvery === 0) this.checkPlanning();
      if (timeline.events % progressEvery === 0) this.options.onProgress?.(timeline.events);
    }
  }

  private checkPlanning(): void {
    const leader = this.leader();
    if (leader) checkPlanning(leader, this.rng, this.verdict, this.timeline.nowMs);
  }

  private background(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.verdict.broken("no unexpected error", String(error)));
  }
}

function arrivalsOf({ trace, fleet }: SimulationOptions, rng: SeededRng): Arrivals {
  return trace ? new TraceArrivals(trace, rng) : new GeneratedArrivals(rng, fleet);
}
