/** What is remembered of a simulated stack, its engine and its worker. */
import type { CloudFailureClass } from "../model/errors";
import type { DesiredNode } from "../model/state";
import type { PresentNode } from "../executor/node-updater";
import type { AskPermit } from "../store/permit";

export interface EngineRun {
  readonly pid: number;
  /** The worker whose program keeps it going, of an update that was opened ahead. */
  openedBy?: Worker;
  isDead: boolean;
  isOver: boolean;
  /** Kills it: its worker sees that at once. */
  die: () => void;
}

export interface Stack {
  readonly nodes: Map<string, PresentNode>;
  /** Holds the lock; a dead one holds it until recovery takes it away. */
  engine: EngineRun | undefined;
  /** An update began of which nobody was told the end: recovery comes before the next. */
  isInDoubt: boolean;
}

/** Who asks: its term's epoch, and whether it is still there to hear the answer. */
export interface Worker {
  readonly epoch: number;
  isAlive: boolean;
  /** Kills it; its service sees that. */
  onDeath: () => void;
  /** Called when it is gone or has done its job. */
  onGone: () => void;
  /** Its service may be held, or gone: then there is no answer. */
  readonly permit: AskPermit;
}

export interface Failure {
  readonly node: DesiredNode;
  readonly class: CloudFailureClass;
  readonly message: string;
  readonly isDoubtful: boolean;
}
