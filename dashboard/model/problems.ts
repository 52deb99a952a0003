/** What is wrong now, in sentences, the worst first. Each leads to where it is explained. */
import type { StatusView } from "../../runtime/api/contracts";
import { formatClock, formatCount } from "./clock-text";
import { linkTo } from "./place";

export interface Problem {
  /** `now`: somebody is hurt by it; `soon`: nobody yet. */
  readonly urgency: "now" | "soon";
  readonly text: string;
  readonly link: string;
}

/** @param timeZone in which the sentences' times are told */
export function problemsIn(status: StatusView, timeZone: string): Problem[] {
  const now = (text: string, link: string): Problem => ({ urgency: "now", text, link });
  const soon = (text: string, link: string): Problem => ({ urgency: "soon", text, link });
  const problems: Problem[] = [];
  const queued = status.sessions["queued"] ?? 0;
  if (queued > 0) problems.push(now(`${formatCount(queued, "session")} waiting for a node`, linkTo("queue")));
  for (const state of ["failed", "missing", "dead"]) {
    const count = status.nodes[state] ?? 0;
    if (count > 0)
      problems.push(now(`${formatCount(count, "node")} ${state}`, linkTo("nodes", undefined, { status: state })));
  }
  for (const { autoscaleConfig, failures } of status.configs) {
    for (const { circuit, consecutiveFailures, vmProvider, last, retryAtMs } of failures) {
      const next = retryAtMs > status.nowMs ? `; next try at ${formatClock(retryAtMs, status.nowMs, timeZone)}` : "";
      const text = `${formatCount(consecutiveFailures, "node")} of ${autoscaleConfig} failed in a row on ${vmProvider}: ${last.message}${next}`;
      problems.push((circuit === "open" ? now : soon)(text, linkTo("configs", autoscaleConfig)));
    }
  }
  for (const { vmProvider, troubles } of status.accounts) {
    for (const trouble of troubles) problems.push(soon(`${vmProvider}: ${trouble}`, linkTo("accounts")));
  }
  for (const text of status.unreadable) problems.push(soon(text, linkTo("decisions")));
  if (status.lanes.strangers > 0) {
    problems.push(
      soon(`${formatCount(status.lanes.strangers, "node")} in stacks of which no row tells`, linkTo("lanes")),
    );
  }
  if (status.orphans > 0) {
    problems.push(soon(`${formatCount(status.orphans, "VM")} that nothing here has`, linkTo("orphans")));
  }
  return problems.sort((a, b) => Number(a.urgency === "soon") - Number(b.urgency === "soon"));
}
