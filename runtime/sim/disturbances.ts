/** Faults that come by themselves: crashes, pauses, wrong clocks, lost leases, a database or a cloud that goes away. */
import type { SimCloud } from "./cloud";
import type { SimDatabase } from "./database";
import type { Faults, FaultKind } from "./faults";
import type { Replica } from "./replica";
import type { SeededRng } from "./rng";
import type { Site } from "./site";
import type { Timeline } from "./timeline";

export interface DisturbanceParts {
  readonly timeline: Timeline;
  readonly rng: SeededRng;
  readonly faults: Faults;
  readonly replicas: readonly Replica[];
  readonly database: SimDatabase;
  readonly cloud: SimCloud;
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
};

export class Disturbances {
  private isOver = false;

  constructor(private readonly parts: DisturbanceParts) {}

  /** One stream of each kind. */
  begin(): Promise<void>[] {
    return (Object.keys(everyMs) as FaultKind[]).map((kind) => this.repeat(kind, everyMs[kind]!));
  }

  /** Everything that is still wrong becomes right. */
  end(): void {
    this.isOver = true;
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
}
