/** Reads the text format of Prometheus. */

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricsText {
  readonly types: ReadonlyMap<string, string>;
  readonly series: readonly Series[];
  /** Sum of the series of this name that have these labels. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

/** Throws at a line that is none. */
export function readMetrics(text: string): MetricsText {
  const types = new Map<string, string>();
  const series: Series[] = [];
  for (const line of text.split("\n")) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type) types.set(type[1]!, type[2]!);
    if (line === "" || line.startsWith("#")) continue;
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    // An average of nothing is no number.
    const value = /^nan$/i.test(found?.[3] ?? "") ? NaN : Number(found?.[3] ?? Infinity);
    if (!found || value === Infinity) throw new Error(`no line of metrics: ${line}`);
    series.push({ name: found[1]!, labels: readLabels(found[2] ?? ""), value });
  }
  const sum = (name: string, labels: Readonly<Record<string, string>> = {}): number =>
    series
      .filter(
        (each) => each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value),
      )
      .reduce((total, { value }) => total + value, 0);
  return { types, series, sum };
}

/** Of a series: the metric that it belongs to. */
export function metricOf({ name }: Series, types: ReadonlyMap<string, string>): string {
  if (types.has(name)) return name;
  const base = name.replace(/_(bucket|sum|count)$/, "");
  if (types.get(base) !== "histogram" && types.get(base) !== "summary") throw new Error(`${name} has no TYPE line`);
  return base;
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, key, value] of text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)",?/g)) labels[key!] = value!;
  return labels;
}
