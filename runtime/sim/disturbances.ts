/** Faults that come by themselves: crashes, pauses, wrong clocks, lost leases, a database or a cloud that goes away. */
import type { SimCloud } from "./cloud";
import type { CommitChecker } from "./commit-checker";
import type { SimDatabase } from "./database";
import type { SimEngines } from "./engine";
import type { Faults, FaultKind } from "./faults";
import type { Replica } from "./replica";
import type { SeededRng } from "./rng";
import type { SimProcess } from "./sim-process";
import type { Site } from "./site";
import { stackTroubleKinds, type StackTroubleKind, type StackTroubles } from "./stack-troubles";
import type { Timeline } from "./timeline";
import type { SimVersions } from "./versions";

export interface DisturbanceParts {
  readonly timeline: Timeline;
  readonly rng: SeededRng;
  readonly faults: Faults;
  readonly replicas: readonly Replica[];
  readonly database: SimDatabase;
  readonly cloud: SimCloud;
  readonly engines: SimEngines;
  readonly stackTroubles: StackTroubles;
  readonly versions: SimVersions;
  readonly checker: CommitChecker;
  readonly site: Site;
}

/** Mean virtual time between two of a kind. */
const everyMs: Partial<Record<FaultKind, number>> = {
  crash: 150_000,
  pause: 200_000,
  clockJump: 400_000,
  leaseLost: 250_000,
  storeOutage: 500_000,
  capacityGone: 200_000,
  deletesHang: 600_000,
  stateLost: 300_000,
  stateStale: 300_000,
  stateDamaged: 300_000,
  foreignLock: 300_000,
  definitionUnreadable: 500_000,
  nodeUnreadable: 500_000,
  hostFrozen: 400_000,
};
/** Definitions or nodes that another version wrote, at most. */
const hiddenMax = 3;

export class Disturbances {
  private isOver = false;

  constructor(private readonly parts: DisturbanceParts) {}

  /** One stream of each kind. */
  begin(): Promise<void>[] {
    return (Object.keys(everyMs) as FaultKind[]).map((kind) => this.repeat(kind, everyMs[kind]!));
  }

  /** Everything that is still wrong becomes right, and a new term begins, which has to find out what became wrong. */
  end(): void {
    this.isOver = true;
    this.parts.stackTroubles.end();
    this.upgrade();
    for (const { process } of this.parts.replicas) process.resume();
    for (const { name } of this.parts.site.vmProviders) {
      this.parts.cloud.limit(name, undefined);
      this.parts.cloud.hangDeletes(name, false);
    }
  }

  private async repeat(kind: FaultKind, meanMs: number): Promise<void> {
    const { timeline, faults } = this.parts;
    const chance = faults.stream(kind);
    while (!this.isOver) {
      await timeline.sleep(chance.exponentialMs(meanMs), "disturbance");
      if (!this.isOver && faults.strikes(kind, 1)) this.strike(kind, faults.detail(kind));
    }
  }

  private strike(kind: FaultKind, chance: SeededRng): void {
    const { timeline, replicas, database, cloud, site } = this.parts;
    const replica = chance.pick(replicas);
    const { process } = replica;
    if (kind === "crash" && process.isAlive) replica.crash(chance.between(500, 20_000));
    else if (kind === "pause") {
      process.pause();
      timeline.after(chance.between(1_000, 60_000), "resume", () => process.resume());
    } else if (kind === "clockJump") {
      const ms = chance.pick([-3_600_000, -60_000, -2_000, 2_000, 60_000, 600_000, 7_200_000]);
      process.jumpClock(ms);
      timeline.after(chance.between(10_000, 900_000), "clock set right", () => process.jumpClock(-ms));
    } else if (kind === "leaseLost") database.dropHolder();
    else if (kind === "storeOutage") database.goDown(chance.between(500, 30_000));
    else if (kind === "hostFrozen") this.freezeHost(process, chance);
    else if (kind === "definitionUnreadable")
      this.downgrade({ definitions: this.someOf("definitions", chance) }, chance);
    else if (kind === "nodeUnreadable") this.downgrade({ nodes: this.someOf("nodes", chance) }, chance);
    else if (isStackTrouble(kind)) this.parts.stackTroubles.strike(kind, chance);
    else if (kind === "deletesHang") {
      const { name } = chance.pick(site.vmProviders);
      cloud.hangDeletes(name, true);
      timeline.after(chance.between(60_000, 1_200_000), "deletes go on", () => cloud.hangDeletes(name, false));
    } else if (kind === "capacityGone") {
      const { name } = chance.pick(site.vmProviders);
      cloud.limit(name, chance.between(0, 3));
      timeline.after(chance.between(30_000, 600_000), "capacity is back", () => cloud.limit(name, undefined));
    }
  }

  /** The service with the engines and workers that happen to be at work; each goes on in its own time. */
  private freezeHost(process: SimProcess, chance: SeededRng): void {
    const { engines, timeline, faults } = this.parts;
    process.pause();
    engines.holdAll(chance, 0.7);
    timeline.after(chance.between(2_000, 120_000), "resume", () => {
      faults.disturb();
      process.resume();
    });
  }

  /** Another version takes over, which can't read what this one wrote, and later goes again. */
  private downgrade(hidden: Parameters<SimVersions["hide"]>[0], chance: SeededRng): void {
    const { versions, database, timeline } = this.parts;
    versions.hide(hidden);
    database.dropHolder();
    timeline.after(chance.between(20_000, 900_000), "upgrade", () => this.upgrade());
  }

  private upgrade(): void {
    const { versions, database, faults } = this.parts;
    versions.showAll();
    faults.disturb();
    database.dropHolder();
  }

  private someOf(table: "definitions" | "nodes", chance: SeededRng): string[] {
    const ids = [...this.parts.checker.durable[table].keys()];
    return chance.shuffle(ids).slice(0, chance.between(1, hiddenMax));
  }
}

function isStackTrouble(kind: FaultKind): kind is StackTroubleKind {
  return stackTroubleKinds.some((known) => known === kind);
}
