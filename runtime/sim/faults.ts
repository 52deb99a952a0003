/**
 * Everything that goes wrong, by kind. Each kind draws from a stream of its own, so that switching one off leaves the
 * others where they were; each fault that strikes has an id (`crash#3`), so that a run can be repeated with few of them.
 */
import type { SeededRng } from "./rng";

/** What may go wrong, and what people may do meanwhile. */
export const faultKinds = [
  "crash",
  "pause",
  "clockJump",
  "leaseLost",
  "storeOutage",
  "writeFails",
  "writeAnswerLost",
  "commitSlow",
  "workerDies",
  "engineDies",
  "createRefused",
  "capacityGone",
  "createAnswerLost",
  "createSlow",
  "deleteFails",
  "lookupFails",
  "lookupLate",
  "bootSlow",
  "neverChecksIn",
  "reportsFailure",
  "fallsSilent",
  "goesAway",
  "vmVanishes",
  "interrupted",
  "lateCall",
  "requestLost",
  "answerLost",
  "edit",
  "toggle",
  "deleteConfig",
  "deleteNode",
  "providerEdit",
  "zoneEdit",
  "poolEdit",
  "wrongReport",
  "neverStarts",
  "deletesHang",
  "keyRotated",
  "keyExpires",
  "accountMoved",
  "stateLost",
  "stateStale",
  "stateDamaged",
  "foreignLock",
  "definitionUnreadable",
  "nodeUnreadable",
  "engineFrozen",
  "workerFrozen",
  "hostFrozen",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Those that hold up the whole runtime. */
const disturbing: ReadonlySet<FaultKind> = new Set([
  "crash",
  "pause",
  "clockJump",
  "leaseLost",
  "storeOutage",
  "writeFails",
  "writeAnswerLost",
  "commitSlow",
  "definitionUnreadable",
  "nodeUnreadable",
  "hostFrozen",
]);

export interface FaultChoice {
  /** Kinds that never strike. */
  readonly without?: ReadonlySet<FaultKind>;
  /** When given, only these strike. */
  readonly only?: ReadonlySet<string>;
}

export class Faults {
  /** Ids of those that struck, in order. */
  readonly struck: string[] = [];
  private readonly streams = new Map<FaultKind, SeededRng>();
  private readonly details = new Map<FaultKind, SeededRng>();
  private readonly counts = new Map<FaultKind, number>();
  /** Not every run has every fault: what hides behind a frequent one shows in a run without it. */
  private readonly enabled: ReadonlySet<FaultKind>;
  private isOver = false;
  /** When the runtime or its store was last disturbed. */
  disturbedAtMs = -Infinity;

  constructor(
    private readonly rng: SeededRng,
    private readonly choice: FaultChoice,
    private readonly nowMs: () => number,
  ) {
    const mood = rng.fork("mood");
    const share = mood.pick([0, 0.3, 0.6, 1, 1]);
    this.enabled = new Set(faultKinds.filter(() => mood.chance(share)));
    for (const kind of faultKinds) this.streams.set(kind, rng.fork(kind));
  }

  /** Whether this fault strikes now; `share` of the occasions, 0 to 1. */
  strikes(kind: FaultKind, share: number): boolean {
    const wanted = this.stream(kind).chance(share);
    if (!wanted || this.isOver || !this.isPossible(kind)) return false;
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    const id = `${kind}#${count}`;
    if (this.choice.only && !this.choice.only.has(id)) return false;
    this.struck.push(id);
    if (disturbing.has(kind)) this.disturb();
    this.details.set(kind, this.rng.fork(id));
    return true;
  }

  /** The runtime or its store is disturbed now. */
  disturb(): void {
    this.disturbedAtMs = this.nowMs();
  }

  isPossible(kind: FaultKind): boolean {
    return this.enabled.has(kind) && !this.choice.without?.has(kind);
  }

  /** Chance for the times at which a kind gets its occasions. */
  stream(kind: FaultKind): SeededRng {
    return this.streams.get(kind)!;
  }

  /** Chance for the details of the last one that struck: the same whichever others struck before. */
  detail(kind: FaultKind): SeededRng {
    return this.details.get(kind) ?? this.stream(kind);
  }

  /** From now on nothing goes wrong any more. */
  end(): void {
    this.isOver = true;
  }
}
