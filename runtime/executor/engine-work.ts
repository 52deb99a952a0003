/** What a worker gives an engine to do, and what it hears of it. */
import { CloudError, messageOf } from "../model/errors";
import type { DesiredNode } from "../model/state";
import { EngineFailure } from "./engine-command";
import type { KeptOf } from "./node-program-port";
import type { LaneRequest, UpdateEvent, UpdateRequest, UpdateResult } from "./node-updater";
import type { NodeStep } from "./permits";
import type { RecoveryContext } from "./recovery";
import { presentNodes } from "./stack-state";
import type { NodeFailure } from "./update-events";

/** What one run of the engine is about. */
export interface EngineWork {
  nodeOf(nodeId: string): DesiredNode | undefined;
  readonly program: (
    permit: (step: NodeStep) => Promise<void>,
    keptOf: KeptOf,
    onVmGone: (nodeId: string) => void,
  ) => Promise<void>;
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
      /** Nodes whose VMs were to go and are not there any more. */
      readonly gone: ReadonlySet<string>;
    }
  /** Neither the events nor the state tell what happened: recovery has to find out. */
  | { readonly kind: "unknown"; readonly message: string };

/** The end of something of which only recovery can tell how it ended. */
export function unknownResult({ laneId, revision }: LaneRequest, message: string): UpdateResult {
  return { laneId, revision, outcome: "failed", message };
}

/** True when the engine did not end by itself, so that creates may be on their way. */
export async function isInterrupted({ stack }: RecoveryContext, failure: EngineFailure): Promise<boolean> {
  if (failure.endedBy !== undefined) return true;
  const deployment = await stack.readDeployment();
  return (deployment?.pending_operations ?? []).length > 0;
}

/** The program can't be run at all: nothing changed, and every node that is not there has failed. */
export async function refuseUpdate(
  { stack }: RecoveryContext,
  { laneId, revision, nodes }: UpdateRequest,
  error: unknown,
  onEvent: (event: UpdateEvent) => void,
): Promise<UpdateResult> {
  const message = messageOf(error);
  const failureClass = error instanceof CloudError ? error.failureClass : "CONFIG";
  const present = presentNodes(await stack.readDeployment());
  for (const { nodeId } of nodes) {
    if (present.some((node) => node.nodeId === nodeId)) continue;
    onEvent({ kind: "nodeFailed", nodeId, class: failureClass, message });
  }
  return { laneId, revision, outcome: "failed", message, present };
}
