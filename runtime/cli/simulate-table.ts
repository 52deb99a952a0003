/** A simulated run as people read it. */
import { formatAmount } from "../model/node-cost";
import { formatDuration } from "../model/units";
import type { RunCost, SimulationResult, VariantResult, WorstMoment } from "../simulate/result";
import { formatTable } from "./output";

export function formatSimulation({ options, variants, suggestion }: SimulationResult): string {
  const [first] = variants;
  const head = ["VARIANT", "SESSIONS", "WAITED", "P50", "P95", "LONGEST", "REFUSED", "VM-HOURS"];
  const uses = ["IN USE", "STANDBY", "BOOTING", "EXCESS", "LEAVING", "PEAK", "COST"];
  const best = variants[suggestion?.variant ?? 0]!;
  return [
    `${options.demand}, ${options.definitions}; ${showTime(options.fromMs)} to ${showTime(options.toMs)}; boots ${options.boot}`,
    "",
    formatTable([...head, ...uses], variants.map(rowOf)),
    ...(suggestion
      ? [
          "",
          `${suggestion.isKept ? "cheapest that keeps" : "nothing that was tried keeps"} ${suggestion.keep}: ${best.name}`,
        ]
      : []),
    ...(suggestion?.lines ?? []).map((line) => `  ${line}`),
    ...momentsOf(suggestion ? best : first!),
    ...refusalsOf(suggestion ? best : first!),
  ].join("\n");
}

function rowOf({ name, waits, vmHours, peakNodes, cost }: VariantResult): string[] {
  const hours = (value: number): string => value.toFixed(1);
  const { session, standby, booting, excess, leaving, total } = vmHours;
  return [
    name,
    String(waits.sessions),
    `${(100 * waits.shareWaited).toFixed(1)} %`,
    seconds(waits.p50Seconds),
    seconds(waits.p95Seconds),
    seconds(waits.longestSeconds),
    String(waits.refused + waits.unfinished),
    ...[total, session, standby, booting, excess, leaving].map(hours),
    String(peakNodes),
    costText(cost),
  ];
}

function costText({ amounts, unpricedHours, unpriced }: RunCost): string {
  const known = Object.entries(amounts).map(([currency, amount]) => formatAmount(amount, currency));
  const unknown = unpricedHours > 0 ? [`${unpricedHours.toFixed(1)} h of ${unpriced.join(", ")} without a price`] : [];
  return [...known, ...unknown].join(" + ") || "none";
}

function momentsOf({ name, worstMoments }: VariantResult): string[] {
  if (worstMoments.length === 0) return ["", `nobody waited (${name})`];
  const row = ({ fromMs, toMs, sessions, longestSeconds, reason }: WorstMoment): string[] => {
    return [showTime(fromMs), seconds((toMs - fromMs) / 1000), String(sessions), seconds(longestSeconds), reason];
  };
  return [
    "",
    `worst moments (${name}):`,
    formatTable(["FROM", "FOR", "WAITED", "LONGEST", "WHY"], worstMoments.map(row)),
  ];
}

function refusalsOf({ name, refusals }: VariantResult): string[] {
  if (refusals.length === 0) return [];
  const rows = refusals.map(({ code, sessions, text }) => [code, String(sessions), text]);
  return ["", `not served (${name}):`, formatTable(["CODE", "SESSIONS", "THE FIRST ONE'S REASON"], rows)];
}

function seconds(value: number): string {
  return value === 0 ? "0s" : formatDuration(Math.max(1, Math.round(value)));
}

function showTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
