/** What the API answers, as far as the dashboard reads it. */

export type Topic = "node" | "session" | "lane" | "decision" | "definition" | "orphan";

export interface ChangeEvent {
  readonly changed?: Readonly<Partial<Record<Topic, readonly string[]>>>;
  readonly many?: readonly Topic[];
}

export interface HistoryView {
  readonly nowMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepSeconds: number;
  readonly timesMs: readonly number[];
  readonly minutes: readonly number[];
  readonly series: readonly HistorySeries[];
}

export interface HistorySeries {
  readonly autoscaleConfig?: string;
  readonly pool?: string;
  readonly zone?: string;
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
}

export interface NodeListView {
  readonly nowMs: number;
  readonly total: number;
  readonly next?: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly places: readonly { readonly autoscaleConfig?: string; readonly pool: string; readonly zone: string }[];
  readonly statuses: readonly string[];
  readonly nodes: {
    readonly nodeId: readonly string[];
    readonly place: readonly number[];
    readonly status: readonly number[];
    readonly ageSeconds: readonly number[];
    readonly statusSeconds: readonly number[];
    readonly sessions: readonly number[];
    readonly loadPercent: readonly (number | null)[];
  };
}

export interface OccurrencesView {
  readonly nowMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly schedules: readonly ScheduleOccurrences[];
}

export interface ScheduleOccurrences {
  readonly schedule: string;
  readonly autoscaleConfig: string;
  readonly timezone: string;
  readonly isOpen: boolean;
  readonly nextChange?: { readonly atMs: number; readonly local: string; readonly opens: boolean };
  readonly overrides?: Readonly<Record<string, number>>;
  readonly occurrences: readonly Occurrence[];
}

export interface Occurrence {
  readonly date: string;
  readonly state: "planned" | "excepted";
  readonly opensAtMs: number;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly leadSeconds: number;
}
