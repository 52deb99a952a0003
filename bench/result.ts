/** What a benchmark says: figures, some of them held against a target. */

export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The figure should be at most (or at least) this. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface BenchContext {
  readonly engine: "embedded" | "official";
  /** A quick run that shows that the benchmark works; its figures say little. */
  readonly isSmoke: boolean;
  readonly log: (line: string) => void;
}

export interface Bench {
  readonly name: string;
  readonly about: string;
  run(context: BenchContext): Promise<Figure[]>;
}

export function isMet({ value, atMost, atLeast }: Figure): boolean | undefined {
  if (atMost !== undefined) return value <= atMost;
  if (atLeast !== undefined) return value >= atLeast;
  return undefined;
}

export function formatFigure(figure: Figure): string {
  const met = isMet(figure);
  const target = figure.atMost !== undefined ? `at most ${figure.atMost}` : `at least ${figure.atLeast}`;
  const verdict = met === undefined ? "" : `   ${target}: ${met ? "met" : "NOT MET"}`;
  return `  ${figure.what.padEnd(64)} ${round(figure.value).toString().padStart(9)} ${figure.unit}${verdict}`;
}

export function round(value: number): number {
  if (Math.abs(value) >= 100) return Math.round(value);
  return Number(value.toPrecision(3));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The nearest rank: `share` (0 to 1) of the values are at or below it. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
