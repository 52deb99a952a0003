/** What is remembered of a simulated stack, its engine and its worker. */
import type { CloudFailureClass } from "../model/errors";
import type { DesiredNode } from "../model/state";
import type { PresentNode } from "../executor/node-updater";
import type { AskPermit } from "../store/permit";
import { Freezable } from "./freezing";

export class EngineRun extends Freezable {
  /** The worker whose program keeps it going, of an update that was opened ahead. */
  openedBy?: Worker;
  isDead = false;
  isOver = false;
  /** Kills it: its worker sees that at once. */
  die: () => void = () => undefined;

  constructor(readonly pid: number) {
    super();
  }
}

/** What a stack holds of one node. */
export interface StateEntry extends PresentNode {
  /** Of its account: whose keys its engine uses. */
  readonly accountId: string;
}

export interface Stack {
  readonly name: string;
  /** Its state, as it stands in the file. */
  nodes: Map<string, StateEntry>;
  /** What the file held before its last changes, oldest first. */
  readonly older: ReadonlyMap<string, StateEntry>[];
  /** By account id: the keys of its Pulumi providers, as the last program declared them. */
  readonly keys: Map<string, string>;
  /** Nobody can read the file. */
  isDamaged: boolean;
  /** An older state took the place of a damaged one. */
  isUnverified: boolean;
  /** Somebody else holds its lock. */
  isLockedByOthers: boolean;
  /** Holds the lock; a dead one holds it until recovery takes it away. */
  engine: EngineRun | undefined;
  /** An update began of which nobody was told the end: recovery comes before the next. */
  isInDoubt: boolean;
}

/** Who asks: its term's epoch, and whether it is still there to hear the answer. */
export class Worker extends Freezable {
  isAlive = true;
  /** Kills it; its service sees that. */
  onDeath: () => void = () => undefined;
  /** Called when it is gone or has done its job. */
  onGone: () => void = () => undefined;

  /** `permit`: its service may be held, or gone: then there is no answer. */
  constructor(
    readonly epoch: number,
    readonly permit: AskPermit,
  ) {
    super();
  }
}

/** A create or a delete that came to nothing. */
export interface Failure {
  readonly node: DesiredNode;
  readonly class: CloudFailureClass;
  readonly message: string;
  readonly isDoubtful: boolean;
}

/** How an engine ended. */
export interface EngineEnd {
  readonly failures: readonly Failure[];
  readonly failedDeletes: readonly string[];
  readonly notPermitted: readonly string[];
}
