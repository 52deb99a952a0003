/** Where a decision begins: a draft on the state as it is now, the time, and what is needed to judge them. */
import type { Clock, Rng } from "../model/clock";
import type { CloudCatalog } from "../model/config";
import { Journal } from "../model/journal";
import { Draft } from "../model/draft";
import type { QueueContext } from "../planner/placement/place-queue";
import { WindowCache } from "../planner/config/windows";
import type { Snapshot } from "../model/snapshot";

export interface DecisionsOptions {
  readonly ledger: { readonly state: Snapshot };
  readonly clock: Clock;
  readonly rng: Rng;
  readonly catalog: CloudCatalog;
}

/** Each part that decides has one of its own. */
export class Decisions {
  readonly journal: Journal;
  /** Remembers which schedules are open. */
  readonly windows = new WindowCache();

  constructor(private readonly options: DecisionsOptions) {
    this.journal = new Journal(options.clock, options.rng);
  }

  /** Whoever begins a decision commits its draft, in the same turn: later the state is another one. */
  begin(): QueueContext {
    const { ledger, clock, catalog } = this.options;
    const { windows, journal } = this;
    return { draft: new Draft(ledger.state), windows, catalog, journal, nowMs: clock.now() };
  }
}
