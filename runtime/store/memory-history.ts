/** The past for tests and simulation: behaves as `postgres-history.ts` does. */
import type { EpochMs } from "../model/clock";
import { UnavailableError } from "../model/errors";
import type { Decision } from "../model/state";
import {
  countedEntriesMax,
  placementOf,
  searchedEntriesMax,
  type DecisionCounting,
  type DecisionCounts,
  type DecisionFilters,
  type DecisionSearch,
  type FoundDecisions,
  type FoundPlacements,
  type HistoryStore,
} from "./history-store";
import type { SampleRow } from "./sample-rows";

/** What the past is read from; see `MemoryDisk`. */
export interface MemoryPast {
  /** In the order of their ids. */
  readonly decisions: readonly Decision[];
  /** By minute. */
  readonly samples: Map<EpochMs, SampleRow>;
  readonly epoch: number;
}

export class MemoryHistory implements HistoryStore {
  constructor(
    private readonly past: MemoryPast,
    private readonly epoch: number,
  ) {}

  async searchDecisions({ order, from, limit, ...filters }: DecisionSearch): Promise<FoundDecisions> {
    const isBehind = ({ decisionId }: Decision): boolean =>
      from === undefined || (order === "newest" ? decisionId < from : decisionId > from);
    const ordered = this.past.decisions.filter(isBehind);
    if (order === "newest") ordered.reverse();
    const scanned = ordered.slice(0, searchedEntriesMax);
    const decisions = scanned.filter((decision) => isMatch(decision, filters)).slice(0, limit);
    const edge = scanned.length === searchedEntriesMax ? scanned.at(-1)!.decisionId : undefined;
    return { decisions, next: decisions.length === limit ? decisions.at(-1)!.decisionId : edge };
  }

  async countDecisions({ fromMs, toMs, stepMs, ...filters }: DecisionCounting): Promise<DecisionCounts> {
    const within = this.past.decisions.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
    const scanned = within.slice(-countedEntriesMax);
    const counts = new Map<string, { step: number; event: string; count: number }>();
    for (const decision of scanned.filter((each) => isMatch(each, filters))) {
      const step = Math.floor((decision.atMs - fromMs) / stepMs);
      const key = `${step} ${decision.event}`;
      counts.set(key, { step, event: decision.event, count: (counts.get(key)?.count ?? 0) + 1 });
    }
    const sorted = [...counts.values()].sort((a, b) => a.step - b.step || (a.event < b.event ? -1 : 1));
    return { counts: sorted, countedFromMs: scanned.length === countedEntriesMax ? scanned[0]!.atMs : undefined };
  }

  async placements({ fromMs, toMs }: { fromMs: EpochMs; toMs: EpochMs }): Promise<FoundPlacements> {
    const within = this.past.decisions.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
    const scanned = within.slice(-countedEntriesMax).reverse();
    const placed = scanned.filter(({ subject, event }) => subject === "session" && event === "placed");
    const placements = placed.map(({ atMs, subjectId, reason: { numbers } }) =>
      placementOf(atMs, subjectId, numbers["autoscaleConfig"], numbers["waitedMs"]),
    );
    return { placements, fromMs: scanned.length === countedEntriesMax ? scanned.at(-1)!.atMs : undefined };
  }

  async addSample(row: SampleRow): Promise<void> {
    if (this.past.epoch !== this.epoch) {
      throw new UnavailableError("another runtime has taken over; this one may no longer write");
    }
    if (!this.past.samples.has(row.atMs)) this.past.samples.set(row.atMs, structuredClone(row));
  }

  async samples({ fromMs, toMs, limit }: { fromMs: EpochMs; toMs: EpochMs; limit: number }): Promise<SampleRow[]> {
    const within = [...this.past.samples.values()].filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
    return within.sort((a, b) => a.atMs - b.atMs).slice(0, limit);
  }

  async firstSampleMs(): Promise<EpochMs | undefined> {
    const [first] = [...this.past.samples.keys()].sort((a, b) => a - b);
    return first;
  }

  async dropSamples(beforeMs: EpochMs): Promise<number> {
    const old = [...this.past.samples.keys()].filter((atMs) => atMs < beforeMs);
    for (const atMs of old) this.past.samples.delete(atMs);
    return old.length;
  }
}

function isMatch(decision: Decision, filters: DecisionFilters): boolean {
  const { subject, event, code, config, configNodes = [], node, session, lane, text } = filters;
  const { subjectId, reason } = decision;
  const is = (wanted: string | undefined, has: string): boolean => wanted === undefined || wanted === has;
  const mentions = (kind: Decision["subject"], name: string, wanted: string | undefined): boolean =>
    wanted === undefined || (decision.subject === kind && subjectId === wanted) || reason.numbers[name] === wanted;
  const isOfConfig = decision.subject === "node" && configNodes.includes(subjectId);
  const searched = text?.toLowerCase() ?? "";
  return (
    is(subject, decision.subject) &&
    is(event, decision.event) &&
    is(code, reason.code) &&
    (isOfConfig || mentions("config", "autoscaleConfig", config)) &&
    mentions("node", "nodeId", node) &&
    mentions("session", "sessionId", session) &&
    mentions("lane", "laneId", lane) &&
    (reason.text.toLowerCase().includes(searched) || subjectId.toLowerCase().includes(searched))
  );
}
