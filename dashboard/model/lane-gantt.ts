/** The updates of lanes as bars over time: when each began and ended, and how. */
import type { DecisionView } from "../../runtime/api/contracts";
import type { LaneView } from "../../runtime/api/lane-contracts";

export interface GanttBar {
  readonly revision: number | undefined;
  readonly fromMs: number;
  /** Undefined = it runs. */
  readonly toMs: number | undefined;
  /** `waits` = it was opened ahead, and waits for nodes. */
  readonly outcome: "succeeded" | "failed" | "runs" | "waits";
  readonly text: string;
}

export interface GanttRow {
  readonly laneId: string;
  readonly bars: readonly GanttBar[];
}

export interface DrawnBar extends GanttBar {
  /** Percent of the width. */
  readonly left: number;
  readonly width: number;
}

/** The code of the journal's entries that tell of an update's end; see `lane-changes.ts`. */
export const updateEndedCode = "updateEnded";

/**
 * Lanes that did something in the time, the newest at work first. Of an entry without a beginning (a recovery of a lane
 * that was not open) only the end is known: it is drawn as a moment.
 */
export function ganttRows(
  ended: readonly DecisionView[],
  lanes: readonly Pick<LaneView, "laneId" | "openRevision" | "openSinceMs" | "takesNodes">[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): GanttRow[] {
  const rows = new Map<string, GanttBar[]>();
  const add = (laneId: string, bar: GanttBar): void => {
    if ((bar.toMs ?? toMs) < fromMs || bar.fromMs > toMs) return;
    rows.set(laneId, [...(rows.get(laneId) ?? []), bar]);
  };
  for (const decision of ended) if (decision.reason.code === updateEndedCode) add(decision.subjectId, barOf(decision));
  for (const { laneId, openRevision, openSinceMs, takesNodes } of lanes) {
    if (openRevision === undefined || openSinceMs === undefined) continue;
    const [outcome, does] = takesNodes ? (["waits", "waits for nodes"] as const) : (["runs", "runs"] as const);
    const text = `update of revision ${openRevision} ${does}`;
    add(laneId, { revision: openRevision, fromMs: openSinceMs, toMs: undefined, outcome, text });
  }
  const newest = (bars: readonly GanttBar[]): number => Math.max(...bars.map((bar) => bar.toMs ?? Infinity));
  return [...rows]
    .map(([laneId, bars]) => ({ laneId, bars: bars.toSorted((a, b) => a.fromMs - b.fromMs) }))
    .sort((a, b) => compare(newest(b.bars), newest(a.bars)) || (a.laneId < b.laneId ? -1 : 1));
}

function barOf({ atMs, reason: { text, numbers } }: DecisionView): GanttBar {
  const { revision, startedAtMs, outcome } = numbers;
  return {
    revision: typeof revision === "number" ? revision : undefined,
    fromMs: typeof startedAtMs === "number" ? Math.min(startedAtMs, atMs) : atMs,
    toMs: atMs,
    outcome: outcome === "failed" ? "failed" : "succeeded",
    text,
  };
}

/** Infinity minus itself is no number. */
function compare(a: number, b: number): number {
  return a < b ? -1 : Number(a > b);
}

/** What of a bar lies in the time, never too narrow to be seen or hit. */
export function place(bar: GanttBar, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): DrawnBar {
  const percent = (atMs: number): number => (100 * (Math.min(toMs, Math.max(fromMs, atMs)) - fromMs)) / (toMs - fromMs);
  const width = Math.max(widthMin, percent(bar.toMs ?? toMs) - percent(bar.fromMs));
  return { ...bar, left: Math.min(percent(bar.fromMs), 100 - width), width };
}

const widthMin = 0.8;
