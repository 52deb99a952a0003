/** A run for people. */
import type { BadInputReport, Finding } from "./run";

export function show(report: BadInputReport, tookMs: number): string {
  const statuses = Object.entries(report.statuses).map(([status, count]) => `${status}: ${count}`);
  return [
    `seed ${report.seed}: ${report.inputs} inputs in ${Math.round(tookMs / 1000)} s, slowest ${Math.round(report.slowestMs)} ms`,
    `answers ${statuses.join(", ")}`,
    `${report.findings.length} findings`,
    ...report.findings.map(describe),
  ].join("\n");
}

export function describe({ what, request, answer }: Finding): string {
  const { method, path, headers, body } = request;
  const shown = { method, path: path.slice(0, 300), headers, body: body?.toString("latin1").slice(0, 2000) };
  return `- ${what}\n  ${JSON.stringify(shown)}\n  ${answer ? `${answer.status} ${answer.body.slice(0, 600)}` : "no answer"}`;
}
