/** The instruments of one table, each known by its name and taking just the labels that the table gives it. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { LabelsOf, MetricSpec, NamesOf } from "./table";

/** One value of a gauge. */
export type Sample<Table> = {
  [Name in NamesOf<Table, "gauge">]: readonly [name: Name, labels: LabelsOf<Table, Name>, value: number];
}[NamesOf<Table, "gauge">];

/** One event: a counter rises, or a histogram takes a value. */
export type Count<Table> =
  | {
      [Name in NamesOf<Table, "counter">]: readonly [
        kind: "add",
        name: Name,
        labels: LabelsOf<Table, Name>,
        by: number,
      ];
    }[NamesOf<Table, "counter">]
  | {
      [Name in NamesOf<Table, "histogram">]: readonly [
        kind: "observe",
        name: Name,
        labels: LabelsOf<Table, Name>,
        value: number,
      ];
    }[NamesOf<Table, "histogram">];

export class Instruments<Table extends Readonly<Record<string, MetricSpec>>> {
  readonly registry = new Registry();
  private readonly counters = new Map<string, Counter>();
  private readonly gauges = new Map<string, Gauge>();
  private readonly histograms = new Map<string, Histogram>();
  /** Labels that a histogram tells of, as one text: to begin one anew would make it forget. */
  private readonly told = new Set<string>();

  constructor(private readonly table: Table) {
    for (const [name, { type, labels, help, buckets }] of Object.entries(table)) {
      const common = { name, help, labelNames: [...labels], registers: [this.registry] };
      if (type === "counter") this.counters.set(name, new Counter(common));
      else if (type === "gauge") this.gauges.set(name, new Gauge(common));
      else this.histograms.set(name, new Histogram({ ...common, buckets: [...(buckets ?? [])] }));
    }
  }

  count([kind, name, labels, value]: Count<Table>): void {
    if (kind === "add") return this.counters.get(name)!.inc(labels, value);
    this.told.add(this.keyOf(name, labels));
    this.histograms.get(name)!.observe(labels, value);
  }

  /** The gauges say this and nothing else from now on. */
  setGauges(samples: Iterable<Sample<Table>>): void {
    for (const gauge of this.gauges.values()) gauge.reset();
    for (const [name, labels, value] of samples) this.gauges.get(name)!.set(labels, value);
  }

  /** A counter, or a histogram, tells of these labels before anything has happened. */
  expect<Name extends NamesOf<Table, "counter" | "histogram">>(name: Name, labels: LabelsOf<Table, Name>): void {
    const counter = this.counters.get(name);
    if (counter) return counter.inc(labels, 0);
    const key = this.keyOf(name, labels);
    if (this.told.has(key)) return;
    this.told.add(key);
    this.histograms.get(name)!.zero(labels);
  }

  /** Counters and histograms forget what has a label that is not good any more. */
  async forget(isGood: (label: string, value: string) => boolean): Promise<void> {
    for (const [name, metric] of [...this.counters, ...this.histograms]) {
      for (const { labels } of (await metric.get()).values) {
        const own = Object.fromEntries(this.table[name]!.labels.map((label) => [label, String(labels[label])]));
        if (Object.entries(own).every(([label, value]) => isGood(label, value))) continue;
        metric.remove(own);
        this.told.delete(this.keyOf(name, own));
      }
    }
  }

  private keyOf(name: string, labels: Readonly<Record<string, string>>): string {
    return [name, ...this.table[name]!.labels.map((label) => labels[label])].join("\0");
  }
}
