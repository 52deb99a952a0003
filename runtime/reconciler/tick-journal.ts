/**
 * The journal's line about a whole pass: what it changes, who waits and what holds it back, with the numbers. A pass
 * that changes nothing and is held back by the same things as the one before says nothing, so that an idle or a stuck
 * fleet does not fill the journal.
 */
import type { Journal } from "../model/journal";
import type { NodeChange, Plan } from "../model/plan";
import type { Reason } from "../model/reason";
import type { Decision } from "../model/state";
import { formatCount } from "../model/units";
import type { Snapshot } from "../model/snapshot";

export class TickJournal {
  private lastHeldBack = "";

  constructor(private readonly journal: Journal) {}

  /** The entry for this pass, undefined when there is nothing new to tell. */
  entryFor(plan: Plan, snapshot: Snapshot): Decision | undefined {
    const heldBack = heldBackBy(plan);
    const isSame = heldBack.key === this.lastHeldBack;
    this.lastHeldBack = heldBack.key;
    if (plan.changes.length === 0 && isSame) return undefined;
    return this.journal.entry("runtime", "planner", "tick", summaryOf(plan, heldBack.reasons, snapshot));
  }
}

const changeWords: Readonly<Record<NodeChange["kind"], string>> = {
  create: "create",
  drain: "drain",
  undrain: "take back",
  destroy: "destroy",
};

function summaryOf(plan: Plan, heldBack: readonly Reason[], snapshot: Snapshot): Reason {
  const counts = countChanges(plan.changes);
  const parts = Object.entries(changeWords)
    .filter(([kind]) => counts[kind as NodeChange["kind"]] > 0)
    .map(([kind, word]) => `${word} ${formatCount(counts[kind as NodeChange["kind"]], "node")}`);
  const waiting = plan.waiting.length;
  const promised = plan.waiting.filter(
    ({ nodeId, reason }) => nodeId !== undefined || reason.code === "newNode",
  ).length;
  const active = plan.configs.filter(({ isActive }) => isActive).length;
  const text = [
    parts.length === 0 ? "no change" : parts.join(", "),
    waiting === 0
      ? "nobody waits"
      : `${formatCount(waiting, "session")} in the queue, ${promised} with a node promised`,
    ...heldBack.map((reason) => reason.text),
  ].join("; ");
  const numbers = {
    ...counts,
    waiting,
    promised,
    nodes: snapshot.nodes.size,
    sessions: snapshot.sessions.size,
    configs: plan.configs.length,
    configsActive: active,
    heldBack: heldBack.map(({ code }) => code).join(","),
  };
  return { code: "tick", text, numbers };
}

function countChanges(changes: readonly NodeChange[]): Record<NodeChange["kind"], number> {
  const counts = { create: 0, drain: 0, undrain: 0, destroy: 0 };
  for (const { kind } of changes) counts[kind] += 1;
  return counts;
}

/** Different reasons told in one line; more only make it unreadable, and each config and session has its own entries. */
const reasonsTold = 3;

/** Why sessions wait without a node, each reason once; the key changes when what holds back does, not with its numbers. */
function heldBackBy({ waiting, configs }: Plan): { readonly key: string; readonly reasons: readonly Reason[] } {
  const byKey = new Map<string, Reason>();
  for (const { nodeId, reason } of waiting) {
    if (nodeId !== undefined || reason.code === "newNode") continue;
    const key = `${reason.code} ${String(reason.numbers["autoscaleConfig"] ?? "")}`;
    if (!byKey.has(key)) byKey.set(key, reason);
  }
  const states = configs.map(({ autoscaleConfig, reasons }) => `${autoscaleConfig}=${reasons[0]?.code ?? ""}`);
  const key = [...[...byKey.keys()].sort(), ...states].join(" ");
  return { key, reasons: [...byKey.values()].slice(0, reasonsTold) };
}
