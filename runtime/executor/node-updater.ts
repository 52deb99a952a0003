/** What a lane asks of a worker process, and what it hears back. Plain data: it crosses a process boundary. */
import type { AccountAnswer, AskRequest } from "../model/account-questions";
import type { AccountSpec } from "../model/accounts";
import type { EpochMs } from "../model/clock";
import type { CloudFailureClass } from "../model/errors";
import type { DesiredNode, Power } from "../model/state";

/** What every job on one lane's stack says. */
export interface LaneRequest {
  readonly laneId: string;
  readonly stack: string;
  readonly revision: number;
  /** Of the term that asks: in no other is anything done for it. */
  readonly epoch: number;
  /** What comes first is declared first, and so made first. */
  readonly nodes: readonly DesiredNode[];
  /** By account id: how to get into the accounts of all nodes here, as it is when the request is built. Secret. */
  readonly accounts: Readonly<Record<string, AccountSpec>>;
  /** Nodes of the lane that leave: their accounts are needed to delete them. Default none. */
  readonly leaving?: readonly DesiredNode[];
  /** Those of `nodes` that exist and whose VMs get the power that is declared; of all others it stays as it is. Default none. */
  readonly powers?: readonly string[];
  /** Where several wait for a worker, lower numbers come first: 0 = people wait for it. Default 0. */
  readonly urgency?: number | undefined;
}

/**
 * One update of one lane's stack: afterwards `nodes` exist in it. It makes nothing but `creates` and deletes nothing but
 * `deletes`: a stack that lacks one of the others, or one that is to be deleted, is not updated before a recovery has
 * looked for its VM, and what else is in the stack stays as it is.
 */
export interface UpdateRequest extends LaneRequest {
  /** Those of `nodes` that may be made. */
  readonly creates: readonly string[];
  /** Nodes that are to go; none of them is in `nodes`. */
  readonly deletes: readonly string[];
}

/** A recovery looks for the VM of each of `nodes`. */
export interface RecoverRequest extends LaneRequest {
  /** By node id, what its row tells of its VM. A node that is missing here is taken for a young one. */
  readonly known: Readonly<Record<string, KnownVm>>;
  /** Nodes that are taken out of the stack first, without asking a cloud. Default none. */
  readonly forget?: readonly string[];
  /** Machines on which an engine of this lane ran that is dead for certain: what it has locked is free. Default none. */
  readonly fencedHosts?: readonly string[];
}

export interface KnownVm {
  /** The cloud's id of it. */
  readonly vmId?: string | undefined;
  readonly address?: string | undefined;
  /** Made not long ago: a cloud may not list it yet, so that it is asked again and again before it counts as gone. */
  readonly isYoung: boolean;
  /** No cloud has ever been asked for it. Default false: it may exist. */
  readonly isUnasked?: boolean;
}

/** An update that begins before it is known which nodes it will make. Its `nodes` are those that are in the stack. */
export interface OpenRequest extends LaneRequest {
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

/** One resource of a node, made by the engine; times are those of the worker's machine. */
export interface EngineStep {
  /** Its type, e.g. `aws:ec2/instance:Instance`. */
  readonly type: string;
  readonly startedAtMs: EpochMs;
  readonly endedAtMs: EpochMs;
}

/** In the order in which the engine reported them. */
export type UpdateEvent =
  /** The engine process runs; its pid outlives the worker. */
  | {
      readonly kind: "started";
      readonly enginePid: number;
      readonly engine: string;
      /** The worker of another machine that started it; absent = one of the service's own. */
      readonly worker?: string;
    }
  /** Only of an update that was opened: all is ready for a node. */
  | { readonly kind: "ready" }
  /** Only of an update that was opened: of the first `given` nodes that it was given none is on its way any more. */
  | { readonly kind: "settled"; readonly given: number }
  | { readonly kind: "nodeCreating"; readonly nodeId: string }
  /** The VM exists and its address is known. */
  | {
      readonly kind: "nodeCreated";
      readonly nodeId: string;
      readonly address: string;
      readonly vmId?: string;
      readonly dnsName?: string;
      /** What the engine made for it, in the order in which that ended; absent = not known. */
      readonly steps?: readonly EngineStep[];
    }
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
  /** Nodes for which the cloud itself, fully asked, said that there is no VM. Only a recovery asks. */
  readonly absent?: readonly string[];
  /** VMs that carry the id of a node which has another one. They are left alone. */
  readonly duplicates?: readonly DuplicateVm[];
}

export interface DuplicateVm {
  readonly nodeId: string;
  readonly vmId: string;
}

export interface PresentNode {
  readonly nodeId: string;
  /** Undefined when the VM has no address in the state, e.g. its creation was interrupted. */
  readonly address?: string;
  /** The cloud's id of its VM. */
  readonly vmId?: string;
  readonly dnsName?: string;
  /** What its last update declared of its VM's power, once that was so. Absent = on. */
  readonly power?: Power;
  /** True when its VM is not in the state, only something that belonged to it, such as its DNS record. */
  readonly isRemnant?: boolean;
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
   * Brings a stack back to a known state: waits for an engine that still runs, removes our own stale lock, asks the cloud
   * by node id for every VM that the state lacks and adopts what is there. A result with `present` has each of the
   * request's nodes in `present` or in `absent`.
   */
  recover(request: RecoverRequest, enginePid: number | undefined): Promise<UpdateResult>;
  /**
   * Whether an engine that an earlier update of this lane started still works on its stack. Asked before a recovery, so
   * that waiting for it takes neither a slot nor a worker.
   */
  isEngineRunning(laneId: string, stack: string, enginePid: number | undefined): boolean;
  /** Removes an empty stack with its files. */
  removeStack(laneId: string, stack: string, epoch: number): Promise<void>;
  /**
   * Asks a cloud about an account. Changes nothing and takes no slot; one question at a time is asked, others wait. Never
   * fails: what can't be asked, or takes longer than 2 minutes, is an answer too.
   */
  ask(request: AskRequest): Promise<AccountAnswer>;
  /**
   * How many updates may run at the same time, a few in reserve not counted; see {@link SlotScheduler}, which sees to it.
   * May change; 0 = none now.
   */
  readonly slots: number;
  stop(): Promise<void>;
}
