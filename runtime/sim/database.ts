/**
 * The durable store of all replicas: one disk, a lease, and connections that are slow, break, and lose answers. Rows and
 * fencing are those of {@link MemoryStore}, which one conformance suite holds to PostgreSQL's behaviour.
 */
import type { EpochMs } from "../model/clock";
import { UnavailableError } from "../model/errors";
import type { Change } from "../model/changes";
import { MemoryDisk, MemoryStore } from "../store/memory";
import { refused, type Permit, type PermitRequest } from "../store/permit";
import type { Faults } from "./faults";
import type { SeededRng } from "./rng";
import type { SimProcess } from "./sim-process";
import type { Timeline } from "./timeline";

const leaseMs = 10_000;
const renewEveryMs = 3_000;
const lookEveryMs = 1_000;
const answerMs = 1;

interface Holder {
  readonly process: SimProcess;
  expiresAtMs: EpochMs;
  readonly lose: (error: Error) => void;
}

/** Told of every write that the disk took, before anybody else is. */
export interface WriteWatcher {
  written(changes: readonly Change[], epoch: number): void;
}

export class SimDatabase {
  readonly disk = new MemoryDisk();
  private holder: Holder | undefined;
  private downUntilMs = 0;

  constructor(
    private readonly parts: {
      readonly timeline: Timeline;
      readonly rng: SeededRng;
      readonly faults: Faults;
      readonly watcher: WriteWatcher;
    },
  ) {}

  get isDown(): boolean {
    return this.parts.timeline.nowMs < this.downUntilMs;
  }

  /** The server goes away for a while: every connection breaks, nothing is written. */
  goDown(ms: number): void {
    this.downUntilMs = this.parts.timeline.nowMs + ms;
    this.dropHolder();
  }

  /** The lease's connection breaks: its holder hears of it, and the lease is free at once. */
  dropHolder(): void {
    const { holder } = this;
    this.holder = undefined;
    holder?.process.receive(5, "connection lost", () => holder.lose(new UnavailableError("the connection is lost")));
  }

  /** Waits for the lease, takes it with a new epoch, and keeps it renewed. `onLost` is called at most once. */
  async open(process: SimProcess, onLost: (error: Error) => void): Promise<MemoryStore> {
    while (!this.isFree(process)) await process.sleep(lookEveryMs);
    let isLost = false;
    const lose = (error: Error): void => {
      if (isLost) return;
      isLost = true;
      cancelDeadline();
      onLost(error);
    };
    const holder: Holder = { process, expiresAtMs: this.parts.timeline.nowMs + leaseMs, lose };
    this.holder = holder;
    process.onKilled.push(() => this.release(holder));
    let cancelDeadline: () => void = () => undefined;
    const startDeadline = (): void => {
      cancelDeadline();
      cancelDeadline = process.after(leaseMs, () => lose(new UnavailableError("the lease was not renewed")));
    };
    const renew = (): void => {
      if (isLost || store.hasEnded) return cancelDeadline();
      const isOurs = this.holder === holder && !this.isDown;
      if (isOurs) holder.expiresAtMs = this.parts.timeline.nowMs + leaseMs;
      process.receive(2, "lease", () => (isOurs ? startDeadline() : lose(new UnavailableError("taken over"))));
      process.after(renewEveryMs, renew);
    };
    const isCurrent = (): boolean =>
      this.holder === holder && holder.expiresAtMs > this.parts.timeline.nowMs && !this.isDown;
    const store = this.openStore(process, { isCurrent, onClose: () => this.release(holder) });
    startDeadline();
    process.after(renewEveryMs, renew);
    return store;
  }

  private isFree(process: SimProcess): boolean {
    const { nowMs } = this.parts.timeline;
    if (this.isDown || process.isPaused) return false;
    if (this.holder && this.holder.expiresAtMs >= nowMs) return false;
    this.dropHolder();
    return true;
  }

  private release(holder: Holder): void {
    if (this.holder === holder) this.holder = undefined;
  }

  private openStore(process: SimProcess, lease: SimLease): SimStore {
    const { timeline, faults, watcher } = this.parts;
    const store: SimStore = new SimStore(
      {
        disk: this.disk,
        beforeWrite: async () => {
          await timeline.sleep(this.commitMs(), "store write");
          if (this.isDown) throw new UnavailableError("the server is away");
          if (faults.strikes("writeFails", 0.001)) throw new UnavailableError("the connection broke");
        },
        afterWrite: (changes) => {
          watcher.written(changes, store.epoch);
          if (faults.strikes("writeAnswerLost", 0.001)) throw new UnavailableError("the answer was lost");
        },
      },
      process,
      lease,
    );
    return store;
  }

  private commitMs(): number {
    const { rng, faults } = this.parts;
    if (faults.strikes("commitSlow", 0.01)) return faults.detail("commitSlow").between(200, 8_000);
    return rng.between(1, 8);
  }
}

interface SimLease {
  /** By the true time, whatever its holder believes. */
  readonly isCurrent: () => boolean;
  readonly onClose: () => void;
}

/** Every answer, good or bad, has to reach its process; the lease's connection ends with the store. */
class SimStore extends MemoryStore {
  hasEnded = false;

  constructor(
    options: ConstructorParameters<typeof MemoryStore>[0],
    private readonly process: SimProcess,
    private readonly lease: SimLease,
  ) {
    super(options);
  }

  override write(changes: readonly Change[]): Promise<void> {
    return new Promise((resolve, reject) => {
      super.write(changes).then(
        () => this.process.receive(answerMs, "store answer", resolve),
        (error: Error) => this.process.receive(answerMs, "store failure", () => reject(error)),
      );
    });
  }

  override async permit(request: PermitRequest): Promise<Permit> {
    return this.lease.isCurrent() ? super.permit(request) : refused("the lease has run out");
  }

  override async close(): Promise<void> {
    this.hasEnded = true;
    await super.close();
    this.lease.onClose();
  }
}
