/**
 * Idle nodes that nobody needs. They go draining when the excess has lasted for `downscaleBackoff` without a break, as
 * many as it had at its least; a later plan, which sees whether they are needed again, destroys them.
 */
import type { Reason } from "../../model/reason";
import type { ConfigState, Node } from "../../model/state";
import { formatCount, formatDuration } from "../../model/units";
import { isGrowing, nodesLive, type ConfigView } from "./config-view";
import { inLeavingOrder, removableIn, type Removable } from "./leaving-order";
import type { PlanDraft } from "./plan-draft";
import type { PlannedPlace } from "./planned-place";
import { floorOf } from "./standby";
import { StandbyGuard } from "./standby-guard";
import { backoffSecondsOf } from "./wait-standby";

/** Nodes that nobody needs now, by config; the caller drains them once that has lasted long enough. */
export function findExcess(draft: PlanDraft): Map<ConfigView, Node[]> {
  const excess = new Map<ConfigView, Node[]>();
  const add = (view: ConfigView, node: Node) => {
    const nodes = excess.get(view);
    if (nodes) nodes.push(node);
    else excess.set(view, [node]);
  };
  const places = new Set<PlannedPlace>();
  for (const view of draft.fleet.configs) {
    if (view.mode === "inactive") for (const node of view.nodes.idle()) add(view, node);
    if (view.mode === "open") places.add(draft.placeOf(view));
  }
  for (const place of places) {
    for (const { view, node } of excessIn(draft, place)) add(view, node);
  }
  return excess;
}

/** In the order in which they leave, as long as every config of the place keeps its floor and its standby. */
function excessIn({ fleet }: PlanDraft, place: PlannedPlace): Removable[] {
  const removable = removableIn(place, fleet);
  if (removable.length === 0) return [];
  const leaving = inLeavingOrder(removable, fleet);
  const guard = new StandbyGuard(fleet.openIn(place.pool, place.zone), { place, leaving, snapshot: fleet.snapshot });
  const removed = new Map<ConfigView, number>();
  const found: Removable[] = [];
  for (const candidate of leaving) {
    const { view, capacity } = candidate;
    const gone = removed.get(view) ?? 0;
    const isAboveFloor = nodesLive(view) - gone > floorOf(view);
    if (view.added.hasDeficit || !isAboveFloor || !guard.allows(capacity)) continue;
    guard.remove(capacity);
    removed.set(view, gone + 1);
    found.push(candidate);
  }
  return found;
}

/** Since when there is an excess without a break, and the fewest nodes that it had since then. */
export type LastingExcess = Required<Pick<ConfigState, "excessSinceMs" | "excessNodes">>;

/**
 * Drains as many nodes as have been in excess for long enough: those that were needed meanwhile are watched anew.
 * Answers what excess is left after this plan; undefined = none.
 */
export function drainExcess(draft: PlanDraft, view: ConfigView, excess: readonly Node[]): LastingExcess | undefined {
  if (view.mode !== "open" && view.mode !== "inactive") return undefined;
  if (excess.length === 0 || view.added.hasDeficit) return undefined;
  const { nowMs } = draft.fleet;
  const { excessSinceMs = nowMs, excessNodes = excess.length } = isGrowing(view) ? {} : view.state;
  const backoffMs = backoffSecondsOf(view.config, view.wait) * 1000;
  const count = backoffMs === 0 ? excess.length : Math.min(excessNodes, excess.length);
  const lasted = formatDuration(Math.floor((nowMs - excessSinceMs) / 1000));
  const why = view.mode === "inactive" ? "idle and outside the schedule" : "idle and not needed";
  const numbers = { excessNodes: count, excessSinceMs, downscaleBackoffSeconds: backoffMs / 1000 };
  if (nowMs - excessSinceMs < backoffMs) {
    const text = `${formatCount(count, "node")} ${why} for ${lasted}; ${count === 1 ? "it leaves" : "they leave"} after ${formatDuration(backoffMs / 1000)}`;
    view.added.reasons.push({ code: "backoffDown", text, numbers });
    return { excessSinceMs, excessNodes: count };
  }
  const code = view.mode === "inactive" ? "schedule" : "excess";
  for (const node of excess.slice(0, count)) drain(draft, node, { code, text: `${why} for ${lasted}`, numbers });
  return count === excess.length ? undefined : { excessSinceMs: nowMs, excessNodes: excess.length - count };
}

function drain(draft: PlanDraft, node: Node, reason: Reason): void {
  if (draft.isRecalled(node)) draft.takeBackRecall(node, reason);
  else draft.drain(node, reason);
}
