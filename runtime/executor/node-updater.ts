/** What a lane asks of a worker process, and what it hears back. Plain data: it crosses a process boundary. */
import type { AccountSpec } from "../model/accounts";
import type { CloudFailureClass } from "../model/errors";
import type { DesiredNode } from "../model/state";

/** One update of one lane's stack: afterwards exactly `nodes` exist in it. */
export interface UpdateRequest {
  readonly laneId: string;
  readonly stack: string;
  readonly revision: number;
  /** Of the term that asks: in no other is anything done for it. */
  readonly epoch: number;
  /** The whole desired set of the lane. What comes first is declared first, and so made first. */
  readonly nodes: readonly DesiredNode[];
  /** By account id: how to get into the accounts of all nodes here, as it is when the request is built. Secret. */
  readonly accounts: Readonly<Record<string, AccountSpec>>;
  /** Nodes of the lane that leave: their accounts are needed to delete them. Default none. */
  readonly leaving?: readonly DesiredNode[];
}

/** An update that begins before it is known which nodes it will make. Its `nodes` are those that are in the stack. */
export interface OpenRequest extends UpdateRequest {
  /** What the next node will look like: only its accounts and its settings count, it is never declared. */
  readonly likely: DesiredNode;
}

/**
 * The stack's lock is taken, the program runs and waits. Nodes are made as they are given; what is in the stack stays.
 * Nothing is ever deleted by it.
 */
export interface OpenedUpdate {
  /** More nodes, to be made at once. Not after {@link close}. */
  give(nodes: readonly DesiredNode[]): void;
  /** Nothing more will be given: it ends as soon as what was given is made, at once when nothing was. */
  close(): void;
  /** As that of an update. */
  readonly result: Promise<UpdateResult>;
}

/** In the order in which the engine reported them. */
export type UpdateEvent =
  /** The engine process runs; its pid outlives the worker. */
  | { readonly kind: "started"; readonly enginePid: number; readonly engine: string }
  /** Only of an update that was opened: all is ready for a node. */
  | { readonly kind: "ready" }
  /** Only of an update that was opened: of the first `given` nodes that it was given none is on its way any more. */
  | { readonly kind: "settled"; readonly given: number }
  | { readonly kind: "nodeCreating"; readonly nodeId: string }
  /** The VM exists and its address is known. */
  | { readonly kind: "nodeCreated"; readonly nodeId: string; readonly address: string; readonly dnsName?: string }
  | {
      readonly kind: "nodeFailed";
      readonly nodeId: string;
      readonly class: CloudFailureClass;
      readonly message: string;
    }
  /** Everything that belonged to the node is gone. */
  | { readonly kind: "nodeDeleted"; readonly nodeId: string };

/** How an update ended. `present` is the stack's own state afterwards, never a guess; undefined = it could not be read. */
export interface UpdateResult {
  readonly laneId: string;
  readonly revision: number;
  readonly outcome: "succeeded" | "failed";
  readonly message?: string;
  /** Only of an update that was opened: the nodes that it took of those that it was given. No cloud was asked for others. */
  readonly taken?: readonly string[];
  readonly present?: readonly PresentNode[];
  /** Nodes of which something was not made or destroyed because the store did not permit it; no cloud refused them. */
  readonly notPermitted?: readonly string[];
}

export interface PresentNode {
  readonly nodeId: string;
  /** Undefined when the VM has no address in the state, e.g. its creation was interrupted. */
  readonly address?: string;
  readonly dnsName?: string;
}

export interface NodeUpdater {
  /** Runs one update to its end. Rejects only when the worker died; then {@link recover} tells what is there. */
  update(request: UpdateRequest, onEvent: (event: UpdateEvent) => void): Promise<UpdateResult>;
  /**
   * Begins an update ahead of the nodes that it will make. It ends only when it is closed, or when something breaks.
   * Events come after it has returned.
   */
  open(request: OpenRequest, onEvent: (event: UpdateEvent) => void): OpenedUpdate;
  /** How many updates may be open ahead at the same time; they take no slots. 0 = none. */
  readonly openedMax: number;
  /**
   * Brings a stack whose last update has no recorded end back to a known state: waits for an engine that still runs,
   * removes our own stale lock, finds the VMs of pending creates by node id and adopts or forgets them.
   */
  recover(request: UpdateRequest, enginePid: number | undefined): Promise<UpdateResult>;
  /**
   * Whether an engine that an earlier update of this lane started still works on its stack. Asked before a recovery, so
   * that waiting for it takes neither a slot nor a worker.
   */
  isEngineRunning(laneId: string, stack: string, enginePid: number | undefined): boolean;
  /** Removes an empty stack with its files. */
  removeStack(laneId: string, stack: string, epoch: number): Promise<void>;
  /** How many updates may run at the same time, a few in reserve not counted; see {@link SlotScheduler}, which sees to it. */
  readonly slots: number;
  stop(): Promise<void>;
}
