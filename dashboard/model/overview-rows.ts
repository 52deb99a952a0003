/** Each autoscale config in one line: what is needed, what there is, what comes, how far it may grow, what it costs. */
import type { StatusView } from "../../runtime/api/contracts";
import type { PlanView } from "../../runtime/api/plan-contracts";
import type { HistoryView } from "./answers";
import { newestOf } from "./chart-data";

export interface ConfigRow {
  readonly autoscaleConfig: string;
  readonly pool: string;
  readonly zone: string;
  readonly running: number;
  /** On their way, or leaving, or in trouble. */
  readonly others: number;
  /** By the newest sample, which is at most a minute old; undefined = not known. */
  readonly needed: string | undefined;
  readonly free: string | undefined;
  readonly nodesMax: number | undefined;
  readonly costPerHour: number | undefined;
  readonly isOpen: boolean | undefined;
  readonly schedule: string | undefined;
  /** Why it has what it has. */
  readonly why: string | undefined;
}

export function configRows(
  status: StatusView,
  history: HistoryView | undefined,
  plan: PlanView | undefined,
): ConfigRow[] {
  return status.configs
    .map(({ autoscaleConfig, pool, zone, nodes, running, schedule }) => {
      const series = history?.series.find((each) => each.autoscaleConfig === autoscaleConfig);
      const sample = series ? newestOf(series) : {};
      const reasons = plan?.configs.find((each) => each.autoscaleConfig === autoscaleConfig)?.reasons ?? [];
      return {
        autoscaleConfig,
        pool,
        zone,
        running,
        others: nodes - running,
        needed: neededOf(sample),
        free: freeOf(sample),
        nodesMax: sample["nodesMax"],
        costPerHour: sample["costPerHour"],
        isOpen: schedule?.isOpen,
        schedule: schedule?.text,
        why: reasons[0]?.text,
      };
    })
    .sort(
      (a, b) => compare(a.zone, b.zone) || compare(a.pool, b.pool) || compare(a.autoscaleConfig, b.autoscaleConfig),
    );
}

type Sample = Readonly<Record<string, number>>;

/** What sessions hold or wait for, and what is to be kept free. */
function neededOf({ demandSessions, demandCores, standbyCores = 0, standbySessions = 0 }: Sample): string | undefined {
  if (demandSessions === undefined) return undefined;
  const sessions = count(demandSessions, "session");
  const cores = demandCores === undefined || demandCores === 0 ? "" : `, ${count(demandCores, "core")}`;
  const standby = [
    ...(standbyCores > 0 ? [count(standbyCores, "core")] : []),
    ...(standbySessions > 0 ? [count(standbySessions, "session")] : []),
  ];
  return `${sessions}${cores}${standby.length > 0 ? ` + ${standby.join(", ")} standby` : ""}`;
}

function freeOf({ sessionsFree, coresFree, sessionsTotal, coresTotal }: Sample): string | undefined {
  if (sessionsFree !== undefined && (sessionsTotal ?? 0) > 0)
    return `${sessionsFree} of ${count(sessionsTotal!, "session")}`;
  if (coresFree !== undefined && (coresTotal ?? 0) > 0) return `${round(coresFree)} of ${count(coresTotal!, "core")}`;
  return undefined;
}

function count(value: number, noun: string): string {
  return `${round(value)} ${round(value) === 1 ? noun : `${noun}s`}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
