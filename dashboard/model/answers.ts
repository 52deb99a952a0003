/** What the API answers, by the words in which the dashboard speaks of it. */
import type { ChangedKind } from "../../runtime/api/fleet-event-contracts";
import type { HistoryView } from "../../runtime/api/history-contracts";
import type { OccurrencesView } from "../../runtime/api/schedule-contracts";

/** What a part of a page depends on. */
export type Topic = ChangedKind;

export type HistorySeries = HistoryView["series"][number];
export type ScheduleOccurrences = OccurrencesView["schedules"][number];
export type Occurrence = ScheduleOccurrences["occurrences"][number];

export type { FleetEvent } from "../../runtime/api/fleet-event-contracts";
export type { CostView, HistoryView, WaitsView } from "../../runtime/api/history-contracts";
export type { NodeListView } from "../../runtime/api/node-list-contracts";
export type { OccurrencesView } from "../../runtime/api/schedule-contracts";
