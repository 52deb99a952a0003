/**
 * One lane whose update was opened ahead.
 *
 * waits ⇄ makes what its lane was given → closed → over. It gives what is requested in its lane at once, and closes when
 * all of that is settled, when its lane has something to delete, when nobody thinks any more that it will be needed, or
 * when an operator wants the stack.
 */
import { messageOf } from "../model/errors";
import type { DesiredNode, Lane, Node } from "../model/state";
import { laneNodesMax } from "../planner/lifecycle/lanes";
import type { Change } from "../model/changes";
import type { Ledger } from "../store/store";
import { needNewerAccounts } from "./lane-accounts";
import { atRest, nodesOf } from "./lane-changes";
import type { NodeUpdater, OpenedUpdate, OpenRequest, UpdateEvent, UpdateRequest, UpdateResult } from "./node-updater";

export interface OpenedLaneParts {
  readonly ledger: Ledger;
  readonly updater: NodeUpdater;
  readonly onEvent: (event: UpdateEvent) => void;
  /** False when it should end as soon as nothing of it is on its way. */
  readonly isWanted: () => boolean;
  /** True when it must end, whatever else it could do. */
  readonly mustEnd: () => boolean;
  readonly now: () => number;
}

/** How it ended, and what it had been asked for. */
export interface OpenedEnd {
  readonly request: UpdateRequest;
  readonly result: UpdateResult;
  readonly creates: number;
}

export class OpenedLane {
  private readonly given: DesiredNode[] = [];
  private revision: number;
  private settled = 0;
  private isReady = false;
  private isClosed = false;
  private isOver = false;
  private looking: Promise<void> | undefined;
  private looksAgain = false;
  private readonly update: OpenedUpdate;

  constructor(
    private readonly request: OpenRequest,
    private readonly parts: OpenedLaneParts,
  ) {
    this.revision = request.revision;
    this.update = parts.updater.open(request, (event) => {
      parts.onEvent(event);
      if (event.kind === "settled") this.settled = event.given;
      else if (event.kind === "ready") this.isReady = true;
      else return;
      this.look();
    });
  }

  /** The result of its update; a rejection when its worker died. */
  async end(): Promise<OpenedEnd> {
    const result = await this.update.result.catch((error: unknown): UpdateResult => {
      const message = messageOf(error);
      return { laneId: this.request.laneId, revision: this.revision, outcome: "failed", message };
    });
    this.isOver = true;
    await this.looking;
    const taken = new Set(result.taken);
    const made = this.given.filter(({ nodeId }) => taken.has(nodeId));
    return {
      request: {
        ...this.request,
        revision: this.revision,
        nodes: [...made, ...this.request.nodes],
        creates: made.map(({ nodeId }) => nodeId),
        deletes: [],
      },
      result,
      creates: made.length,
    };
  }

  /** Something may have changed in its lane. */
  look(): void {
    if (this.isClosed || this.isOver) return;
    if (this.looking) {
      this.looksAgain = true;
      return;
    }
    this.looking = this.lookNow()
      // The store is lost: this term ends, and recovery finds out what became of the update.
      .catch(() => this.close())
      .finally(() => {
        this.looking = undefined;
        if (!this.looksAgain) return;
        this.looksAgain = false;
        this.look();
      });
  }

  private async lookNow(): Promise<void> {
    const { ledger, isWanted, mustEnd, now } = this.parts;
    const lane = ledger.state.lanes.get(this.request.laneId);
    if (lane === undefined) return this.close();
    const nodes = nodesOf(ledger.state, lane.laneId);
    const hasDeletes = nodes.some(({ status }) => status === "destroying");
    const isKeptClosed = (lane.keptClosedUntilMs ?? 0) > now();
    if (mustEnd() || hasDeletes || isKeptClosed) return this.closeLane(lane);
    const fresh = nodes.filter((node) => node.status === "requested" && !this.has(node));
    // Its Pulumi providers have the credentials with which it was opened; the lane's next update has those of now.
    const needed = [this.request.likely, ...fresh.flatMap(({ spec }) => (spec === undefined ? [] : [spec]))];
    if (needNewerAccounts(ledger.state, this.request, needed)) return this.closeLane(lane);
    if (fresh.length > 0) return this.give(lane, nodes, fresh);
    // Until then another lane makes a node sooner.
    if (this.isReady && !lane.takesNodes && nodes.length < laneNodesMax) {
      await ledger.commit([{ kind: "put", table: "lane", row: { ...lane, takesNodes: true } }]);
    }
    const isDone = this.given.length > 0 && this.settled >= this.given.length;
    if (isDone || (this.given.length === 0 && !isWanted())) await this.closeLane(lane);
  }

  private async give(lane: Lane, all: readonly Node[], fresh: readonly Node[]): Promise<void> {
    const { ledger, now } = this.parts;
    const specs = fresh.flatMap(({ spec }) => (spec === undefined ? [] : [spec]));
    this.given.push(...specs);
    this.revision = lane.desiredRevision;
    await ledger.commit([
      ...(all.length < laneNodesMax ? [] : [{ kind: "put", table: "lane", row: takingNoNodes(lane) } as const]),
      ...fresh.map((node): Change => ({
        kind: "put",
        table: "node",
        row: { ...node, status: "provisioning", statusSinceMs: now() },
      })),
    ]);
    if (!this.isClosed) this.update.give(specs);
  }

  /** New nodes go elsewhere from now on. */
  private async closeLane(lane: Lane): Promise<void> {
    const recorded = this.parts.ledger.commit([{ kind: "put", table: "lane", row: takingNoNodes(lane) }]);
    this.close();
    await recorded;
  }

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.update.close();
  }

  private has({ nodeId }: Node): boolean {
    return [...this.given, ...this.request.nodes].some((node) => node.nodeId === nodeId);
  }
}

/** New nodes of its config go elsewhere. */
export function takingNoNodes({ takesNodes: _, ...row }: Lane): Lane {
  return row;
}

/** Recorded before it is opened, so that a crash during it is seen afterwards. */
export function openedRow(lane: Lane, nowMs: number): Lane {
  return { ...atRest(lane), openRevision: lane.desiredRevision, openSinceMs: nowMs };
}
