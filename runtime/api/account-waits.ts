/**
 * Services in VMs that wait for a change of their accounts. One timer looks at all of them; while nobody waits there is none.
 */
import type { Clock, EpochMs } from "../model/clock";
import { UnavailableError } from "../model/errors";
import { formatCount } from "../model/units";

/** Longest wait: below the 30 s after which proxies give up on a silent answer. */
export const accountWaitMsMax = 25_000;
/** Changes are noticed within this. */
const lookEveryMs = 200;
/** Each is one open request of a VM. */
const waitsMax = 5_000;

interface Wait {
  readonly endsAtMs: EpochMs;
  readonly isOver: () => boolean;
  readonly resolve: () => void;
}

export class AccountWaits {
  private readonly waits = new Set<Wait>();
  private isLooking = false;

  constructor(private readonly limitMs = accountWaitMsMax) {}

  /** Resolves when `isOver` answers true, after 25 s at the latest. */
  until(isOver: () => boolean, clock: Clock): Promise<void> {
    if (this.waits.size >= waitsMax) {
      throw new UnavailableError(
        `${formatCount(waitsMax, "node")} wait for their accounts, which is the limit; ask again later`,
      );
    }
    return new Promise((resolve) => {
      this.waits.add({ endsAtMs: clock.now() + this.limitMs, isOver, resolve });
      this.schedule(clock);
    });
  }

  private schedule(clock: Clock): void {
    if (this.isLooking || this.waits.size === 0) return;
    this.isLooking = true;
    clock.after(lookEveryMs, () => {
      this.isLooking = false;
      this.look(clock.now());
      this.schedule(clock);
    });
  }

  private look(nowMs: EpochMs): void {
    for (const wait of this.waits) {
      if (nowMs < wait.endsAtMs && !wait.isOver()) continue;
      this.waits.delete(wait);
      wait.resolve();
    }
  }
}
