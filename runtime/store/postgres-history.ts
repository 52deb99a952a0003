/** The past in PostgreSQL: searches of the journal, and the table of samples. */
import { UnavailableError } from "../model/errors";
import type { EpochMs } from "../model/clock";
import type { Decision } from "../model/state";
import type { Fence } from "./postgres-batch";
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
import { encodeJson, encodeText } from "./postgres-text";
import type { SampleDoc, SampleRow } from "./sample-rows";

/** Runs one statement on a connection for readers, and fails as the store does. `limitMs`: it is given up after this. */
export type ReadRows = <Row extends object>(text: string, values: unknown[], limitMs?: number) => Promise<Row[]>;

/** A sample that takes longer to write is given up: the next one is due soon. */
const addSampleMs = 20_000;

export class PostgresHistory implements HistoryStore {
  /** @param fence The lease that samples are written under. */
  constructor(
    private readonly read: ReadRows,
    private readonly fence: () => Fence,
  ) {}

  async searchDecisions({ order, from, limit, ...filters }: DecisionSearch): Promise<FoundDecisions> {
    const isNewest = order === "newest";
    const direction = isNewest ? "desc" : "asc";
    const { condition, values } = conditionOf(filters, 4);
    const [found] = await this.read<{ scanned: number; edge: string | null; docs: Decision[] }>(
      `with scanned as (
         select id, subject, subject_id, doc from headroom.decision
         where $1::text is null or id ${isNewest ? "<" : ">"} $1 order by id ${direction} limit $2
       ), found as (select id, doc from scanned where ${condition} order by id ${direction} limit $3)
       select (select count(*)::int from scanned) as scanned,
         (select ${isNewest ? "min" : "max"}(id) from scanned) as edge,
         (select coalesce(jsonb_agg(doc order by id ${direction}), '[]'::jsonb) from found) as docs`,
      [from === undefined ? null : encodeText(from), searchedEntriesMax, limit, ...values],
    );
    const { scanned, edge, docs } = found!;
    const next = docs.length === limit ? docs.at(-1)!.decisionId : scanned === searchedEntriesMax ? edge : undefined;
    return { decisions: docs, next: next ?? undefined };
  }

  async countDecisions({ fromMs, toMs, stepMs, ...filters }: DecisionCounting): Promise<DecisionCounts> {
    const { condition, values } = conditionOf(filters, 5);
    type Row = { step: number | null; event: string | null; count: number; scanned: number; edge: number | null };
    const rows = await this.read<Row>(
      `with scanned as (
         select at, subject, subject_id, doc from headroom.decision
         where at >= $1 and at < $2 order by at desc limit $4
       ), edge as (select count(*)::int as scanned, min(at) as edge from scanned),
       counted as (
         select ((at - $1) / $3)::int as step, doc ->> 'event' as event, count(*)::int as count
         from scanned where ${condition} group by 1, 2
       )
       select step, event, coalesce(count, 0) as count, scanned, edge from edge left join counted on true order by step, event`,
      [fromMs, toMs, stepMs, countedEntriesMax, ...values],
    );
    const [first] = rows;
    const isCut = first !== undefined && first.scanned === countedEntriesMax;
    const counts = rows.flatMap(({ step, event, count }) =>
      step === null || event === null ? [] : [{ step, event, count }],
    );
    return { counts, countedFromMs: isCut ? (first.edge ?? undefined) : undefined };
  }

  async placements({ fromMs, toMs }: { fromMs: EpochMs; toMs: EpochMs }): Promise<FoundPlacements> {
    type Row = { at: number | null; told: [string, unknown, unknown] | null; scanned: number; edge: number };
    const rows = await this.read<Row>(
      `with scanned as (
         select at, id, subject, doc from headroom.decision where at >= $1 and at < $2 order by at desc limit $3
       ), edge as (select count(*)::int as scanned, min(at) as edge from scanned),
       placed as (
         select id, at, jsonb_build_array(doc -> 'subjectId', doc -> 'reason' -> 'numbers' -> 'autoscaleConfig',
           doc -> 'reason' -> 'numbers' -> 'waitedMs') as told
         from scanned where subject = 'session' and doc ->> 'event' = 'placed'
       )
       select at, told, scanned, edge from edge left join placed on true order by id desc`,
      [fromMs, toMs, countedEntriesMax],
    );
    const placements = rows.flatMap(({ at, told }) => (at === null || told === null ? [] : [placementOf(at, ...told)]));
    const [first] = rows;
    return { placements, fromMs: first?.scanned === countedEntriesMax ? first.edge : undefined };
  }

  async addSample({ atMs, isWhole, doc }: SampleRow): Promise<void> {
    const { leaseName, epoch } = this.fence();
    const [answer] = await this.read<{ allowed: number }>(
      `with fence as (select from headroom.lease where name = $1 and epoch = $2 for share), put as (
         insert into headroom.sample (at, is_whole, doc) select $3, $4, $5::jsonb where exists (select from fence)
         on conflict (at) do nothing
       ) select count(*)::int as allowed from fence`,
      [leaseName, epoch, atMs, isWhole, encodeJson(doc)],
      addSampleMs,
    );
    if (answer?.allowed === 1) return;
    throw new UnavailableError("another runtime has taken over; this one may no longer write");
  }

  async samples({ fromMs, toMs, limit }: { fromMs: EpochMs; toMs: EpochMs; limit: number }): Promise<SampleRow[]> {
    const rows = await this.read<{ at: number; is_whole: boolean; doc: SampleDoc }>(
      "select at, is_whole, doc from headroom.sample where at >= $1 and at < $2 order by at limit $3",
      [fromMs, toMs, limit],
    );
    return rows.map(({ at, is_whole, doc }) => ({ atMs: at, isWhole: is_whole, doc }));
  }

  async firstSampleMs(): Promise<EpochMs | undefined> {
    const [first] = await this.read<{ at: number | null }>("select min(at) as at from headroom.sample", []);
    return first?.at ?? undefined;
  }

  async dropSamples(beforeMs: EpochMs): Promise<number> {
    const [gone] = await this.read<{ count: number }>(
      "with gone as (delete from headroom.sample where at < $1 returning 1) select count(*)::int as count from gone",
      [Math.trunc(beforeMs)],
    );
    return gone?.count ?? 0;
  }
}

/** What an entry must be about, or name among its numbers. */
const mentions = {
  node: "nodeId",
  session: "sessionId",
  lane: "laneId",
} as const satisfies Partial<Record<keyof DecisionFilters, string>>;

/** @param first Number of the first parameter that the condition may use. */
function conditionOf(filters: DecisionFilters, first: number): { condition: string; values: unknown[] } {
  const { subject, event, code, config, configNodes = [], text } = filters;
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${first - 1 + values.push(value)}`;
  const parts = ["true"];
  if (subject !== undefined) parts.push(`subject = ${parameter(subject)}`);
  if (event !== undefined) parts.push(`doc ->> 'event' = ${parameter(encodeText(event))}`);
  if (code !== undefined) parts.push(`doc -> 'reason' ->> 'code' = ${parameter(encodeText(code))}`);
  if (config !== undefined) {
    const name = parameter(encodeText(config));
    const nodes = parameter(configNodes.map(encodeText));
    parts.push(`(subject = 'config' and subject_id = ${name} or doc -> 'reason' -> 'numbers' ->> 'autoscaleConfig' = ${name}
      or subject = 'node' and subject_id = any (${nodes}::text[]))`);
  }
  for (const [kind, number] of Object.entries(mentions)) {
    const id = filters[kind as keyof typeof mentions];
    if (id === undefined) continue;
    const name = parameter(encodeText(id));
    parts.push(
      `(subject = '${kind}' and subject_id = ${name} or doc -> 'reason' -> 'numbers' ->> '${number}' = ${name})`,
    );
  }
  if (text !== undefined) {
    const searched = parameter(encodeText(text.toLowerCase()));
    parts.push(
      `(strpos(lower(doc -> 'reason' ->> 'text'), ${searched}) > 0 or strpos(lower(subject_id), ${searched}) > 0)`,
    );
  }
  return { condition: parts.join(" and "), values };
}
