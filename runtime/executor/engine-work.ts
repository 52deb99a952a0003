/** What a worker gives an engine to do, and what it hears of it. */
import type { DesiredNode } from "../model/state";
import type { NodeStep } from "./permits";
import type { NodeFailure } from "./update-events";

/** What one run of the engine is about. */
export interface EngineWork {
  nodeOf(nodeId: string): DesiredNode | undefined;
  readonly program: (permit: (step: NodeStep) => Promise<void>) => Promise<void>;
  /** URNs that stay as they are. */
  readonly exclude?: readonly string[];
  /** Called after each of the engine's events. */
  onProgress(isSettled: (nodeId: string) => boolean): void;
}

export interface UnderstoodRequest<Request> {
  readonly request: Request;
  /** What is wrong with the nodes that it lacks; undefined when it lacks none. */
  readonly fault: string | undefined;
}

export type UpRun =
  | {
      readonly kind: "ended";
      /** Undefined when it succeeded. */
      readonly message: string | undefined;
      readonly doubtful: readonly NodeFailure[];
      /** Nodes whose create has failed for certain. */
      readonly refused: ReadonlySet<string>;
    }
  /** Neither the events nor the state tell what happened: recovery has to find out. */
  | { readonly kind: "unknown"; readonly message: string };
