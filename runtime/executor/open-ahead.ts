/** Keeps updates open ahead where growth is likely, see `likely-growth.ts`; each is driven by an {@link OpenedLane}. */
import type { Clock, EpochMs, Rng } from "../model/clock";
import type { Journal } from "../model/journal";
import type { Reason } from "../model/reason";
import type { DesiredNode, Lane, LikelyNode } from "../model/state";
import type { Change } from "../model/changes";
import type { Snapshot } from "../model/snapshot";
import type { Ledger } from "../store/store";
import { withAccounts } from "./lane-accounts";
import { likelyGrowth } from "./likely-growth";
import type { NodeUpdater, UpdateEvent, UpdateRequest } from "./node-updater";
import { OpenedLane, openedRow, takingNoNodes, type OpenedEnd } from "./opened-lane";

/** Nodes that will be asked for soon, at most one of each config; also of configs that made none lately. */
export type ComingDemand = (state: Snapshot, nowMs: EpochMs) => readonly LikelyNode[];

export interface OpenAheadOptions {
  readonly ledger: Ledger;
  readonly updater: NodeUpdater;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly journal: Journal;
  readonly comingDemand: ComingDemand;
  /** This lane should be opened. */
  readonly wakeLane: (laneId: string) => void;
}

/** What changed elsewhere is noticed after this at the latest: so soon does an update end that is not wanted any more. */
const lookMs = 5_000;
/** After an update that could not be opened its config is left alone for this long, then for twice as long each time. */
const retryMs = 60_000;
const retryMsMax = 15 * 60_000;

export class OpenAhead {
  private readonly opened = new Map<string, OpenedLane>();
  private wanted = new Map<string, DesiredNode>();
  private readonly setbacks = new Map<string, { readonly failures: number; readonly retryAtMs: number }>();
  private cancelTimer = (): void => undefined;
  private isStopped = false;

  constructor(private readonly options: OpenAheadOptions) {}

  /** What an earlier term left open is recovered; nobody gives it nodes. */
  async start(): Promise<void> {
    const { ledger } = this.options;
    const changes = [...ledger.state.lanes.values()].flatMap((lane): Change[] =>
      lane.takesNodes ? [{ kind: "put", table: "lane", row: takingNoNodes(lane) }] : [],
    );
    if (changes.length > 0) await ledger.commit(changes);
    if (this.options.updater.openedMax > 0) this.lookLater();
  }

  /** Each ends as soon as nothing of it is on its way. */
  stop(): void {
    this.isStopped = true;
    this.cancelTimer();
    for (const opened of this.opened.values()) opened.look();
  }

  isWanted(laneId: string): boolean {
    return !this.isStopped && this.wanted.has(laneId);
  }

  /** Something may have changed in this lane. */
  look(laneId: string): void {
    this.opened.get(laneId)?.look();
  }

  /** Something may have changed anywhere. */
  lookAround(): void {
    const { ledger, updater, clock, rng, wakeLane, comingDemand } = this.options;
    if (this.isStopped || updater.openedMax === 0) return;
    const nowMs = clock.now();
    const opened = new Set(this.opened.keys());
    const coming = comingDemand(ledger.state, nowMs);
    const growth = likelyGrowth(ledger.state, { nowMs, openedMax: updater.openedMax, opened, coming }).filter(
      ({ autoscaleConfig }) => (this.setbacks.get(autoscaleConfig)?.retryAtMs ?? 0) <= nowMs,
    );
    this.wanted = new Map(growth.flatMap(({ laneId, likely }) => (laneId === undefined ? [] : [[laneId, likely]])));
    for (const { laneId, autoscaleConfig, likely } of growth) {
      if (laneId !== undefined) continue;
      const lane = newLane(autoscaleConfig, rng);
      this.wanted.set(lane.laneId, likely);
      // A store that is lost ends the term; then nothing is opened either.
      ledger.commit([{ kind: "put", table: "lane", row: lane }]).then(
        () => wakeLane(lane.laneId),
        () => undefined,
      );
    }
    for (const opened of this.opened.values()) opened.look();
    for (const laneId of this.wanted.keys()) if (!this.opened.has(laneId)) wakeLane(laneId);
  }

  /** Opens an update of a lane at rest, gives it what comes, and resolves when it has ended. */
  async run(lane: Lane, request: UpdateRequest, onEvent: (event: UpdateEvent) => void): Promise<OpenedEnd | undefined> {
    const { ledger, updater, clock, journal } = this.options;
    const { laneId, autoscaleConfig } = lane;
    const likely = this.wanted.get(laneId);
    if (likely === undefined) return undefined;
    const reason: Reason = {
      code: "openedAhead",
      text: `opened ahead: "${autoscaleConfig}" is likely to need a node soon`,
      numbers: { revision: request.revision, nodes: request.nodes.length },
    };
    await ledger.commit([
      { kind: "put", table: "lane", row: openedRow(lane, clock.now()) },
      { kind: "decision", decision: journal.entry("lane", laneId, "opened", reason) },
    ]);
    const opened = new OpenedLane(
      { ...request, likely, accounts: withAccounts(ledger.state, [], [...request.nodes, likely]).accounts },
      {
        ledger,
        updater,
        onEvent,
        isWanted: () => this.isWanted(laneId),
        mustEnd: () => this.isStopped,
        now: () => clock.now(),
      },
    );
    this.opened.set(laneId, opened);
    try {
      opened.look();
      const end = await opened.end();
      this.note(autoscaleConfig, end);
      return end;
    } finally {
      this.opened.delete(laneId);
    }
  }

  private note(autoscaleConfig: string, { result, creates }: OpenedEnd): void {
    if (result.outcome === "succeeded" || creates > 0) {
      this.setbacks.delete(autoscaleConfig);
      return;
    }
    const failures = (this.setbacks.get(autoscaleConfig)?.failures ?? 0) + 1;
    const delayMs = Math.min(retryMsMax, retryMs * 2 ** (failures - 1));
    this.setbacks.set(autoscaleConfig, { failures, retryAtMs: this.options.clock.now() + delayMs });
    this.wanted = new Map([...this.wanted].filter(([, likely]) => likely.autoscaleConfig !== autoscaleConfig));
  }

  private lookLater(): void {
    this.cancelTimer = this.options.clock.after(lookMs, () => {
      this.lookAround();
      if (!this.isStopped) this.lookLater();
    });
  }
}

function newLane(autoscaleConfig: string, rng: Rng): Lane {
  const laneId = `${autoscaleConfig}-${rng.id(6)}`;
  return { laneId, autoscaleConfig, stack: laneId, desiredRevision: 0, appliedRevision: 0 };
}
