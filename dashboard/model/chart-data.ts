/** What a chart of the history shows: which values, as lines or areas, in which unit. */
import type { HistoryView } from "./answers";

export const chartUnits = ["nodes", "cores", "sessions"] as const;
export type ChartUnit = (typeof chartUnits)[number];

export interface ChartLine {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Name of a colour of the style sheet. */
  readonly colour: "ready" | "coming" | "trouble" | "quiet";
  readonly isDashed: boolean;
  readonly isArea: boolean;
}

export interface ChartData {
  /** Seconds, as uPlot wants them. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
}

interface LinePlan extends Omit<ChartLine, "values"> {
  /** Values of the history that are added up. */
  readonly of: readonly string[];
}

const plans: Readonly<Record<ChartUnit, readonly LinePlan[]>> = {
  nodes: [
    { label: "ready", of: ["nodesReady"], colour: "ready", isDashed: false, isArea: true },
    { label: "ready + starting", of: ["nodesReady", "nodesComing"], colour: "coming", isDashed: false, isArea: false },
    { label: "at most", of: ["nodesMax"], colour: "quiet", isDashed: true, isArea: false },
    { label: "in trouble", of: ["nodesTroubled"], colour: "trouble", isDashed: false, isArea: false },
  ],
  cores: [
    { label: "ready", of: ["coresTotal"], colour: "ready", isDashed: false, isArea: true },
    { label: "demand", of: ["demandCores"], colour: "coming", isDashed: false, isArea: false },
    { label: "demand + standby", of: ["demandCores", "standbyCores"], colour: "quiet", isDashed: true, isArea: false },
  ],
  sessions: [
    { label: "demand", of: ["demandSessions"], colour: "coming", isDashed: false, isArea: true },
    { label: "waiting", of: ["waiting"], colour: "trouble", isDashed: false, isArea: false },
    { label: "free on servers", of: ["sessionsFree"], colour: "ready", isDashed: false, isArea: false },
    { label: "standby on servers", of: ["standbySessions"], colour: "quiet", isDashed: true, isArea: false },
  ],
};

/** Lines of which nothing is known are left out. Where nobody led nothing is known: a gap, never a guess. */
export function chartOf(history: HistoryView, unit: ChartUnit): ChartData {
  const values = history.series[0]?.values ?? {};
  const lines = plans[unit].flatMap(({ of, ...plan }) => {
    const columns = of.map((name) => values[name]);
    if (columns.some((column) => column === undefined || column.every((value) => value === null))) return [];
    return [{ ...plan, values: addUp(columns as readonly (readonly (number | null)[])[]) }];
  });
  return { times: history.timesMs.map((ms) => ms / 1000), lines };
}

function addUp(columns: readonly (readonly (number | null)[])[]): (number | null)[] {
  return columns[0]!.map((_, index) => {
    let sum = 0;
    for (const column of columns) {
      const value = column[index];
      if (value === null || value === undefined) return null;
      sum += value;
    }
    return sum;
  });
}

/** The newest value that is known of each name; a name of which nothing is known is absent. */
export function newestOf({ values }: HistoryView["series"][number]): Readonly<Record<string, number>> {
  const newest: Record<string, number> = {};
  for (const [name, column] of Object.entries(values)) {
    const value = column.findLast((each) => each !== null);
    if (value !== undefined && value !== null) newest[name] = value;
  }
  return newest;
}

/** In a sentence, for whoever does not see the chart. */
export function describeChart({ lines }: ChartData): string {
  const parts = lines.map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    const last = known.at(-1);
    return last === undefined
      ? `${label}: not known`
      : `${label}: ${round(last)} now, at most ${round(Math.max(...known))}`;
  });
  return parts.length === 0 ? "nothing is known of this time" : parts.join("; ");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
