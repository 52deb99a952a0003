/** Bars of parts that add up, e.g. hours of VMs by use: how wide each part is drawn. */
import { formatNumber } from "./clock-text";

export type StackLook = "good" | "coming" | "trouble" | "quiet" | "leaving";

export interface StackPart {
  readonly label: string;
  /** Each has a pattern of its own beside its colour. */
  readonly look: StackLook;
}

export interface StackedBar {
  readonly name: string;
  /** One for each part, none of them negative. */
  readonly values: readonly number[];
  /** What else is to be known of it. */
  readonly note?: string;
}

export interface DrawnPart {
  readonly part: StackPart;
  readonly value: number;
  /** Percent of the width of the whole. */
  readonly fromPercent: number;
  readonly widthPercent: number;
}

/** The longest bar fills the width; parts of nothing are left out. */
export function layOut(bars: readonly StackedBar[], parts: readonly StackPart[]): DrawnPart[][] {
  const most = Math.max(0, ...bars.map(({ values }) => sumOf(values)));
  return bars.map(({ values }) => {
    let before = 0;
    return parts.flatMap((part, index) => {
      const value = values[index] ?? 0;
      if (value <= 0) return [];
      const drawn = { part, value, fromPercent: (100 * before) / most, widthPercent: (100 * value) / most };
      before += value;
      return [drawn];
    });
  });
}

export function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** In a sentence, for whoever does not see it. */
export function describeBar({ values, note }: StackedBar, parts: readonly StackPart[], unit: string): string {
  const told = parts.map(({ label }, index) => `${label} ${formatNumber(values[index])}`);
  return `${formatNumber(sumOf(values))} ${unit}: ${told.join(", ")}${note === undefined ? "" : `; ${note}`}`;
}
