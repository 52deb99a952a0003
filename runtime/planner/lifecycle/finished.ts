/** Which nodes leave whatever the demand is: by their status, and by what their config may do. */
import type { EpochMs } from "../../model/clock";
import type { Node, NodeStatus } from "../../model/state";
import type { NodeUsage } from "../../model/usage";
import type { ConfigMode } from "../config/mode";
import { isUsedUp } from "./node-status";

/** What becomes of a node: it drains or is destroyed, at once or when the condition holds; until then it stays. */
type Rule =
  | "stays"
  | "drains"
  | "drainsWhenUsedUp"
  | "goes"
  | "goesWhenEmpty"
  | "goesWhenDrained"
  | "goesWhenDrainedUnlessHeld"
  | "goesWhenDrainedIfOrdered"
  | "goesWhenEmptyIfTakenBack";

const inFlight = { open: "stays", inactive: "stays", leaving: "goes", frozen: "stays" } as const;

const rules: Readonly<Record<NodeStatus, Readonly<Record<ConfigMode, Rule>>>> = {
  requested: inFlight,
  provisioning: inFlight,
  starting: inFlight,
  running: { open: "drainsWhenUsedUp", inactive: "drainsWhenUsedUp", leaving: "drains", frozen: "stays" },
  missing: { open: "stays", inactive: "stays", leaving: "drains", frozen: "stays" },
  draining: {
    open: "goesWhenDrainedUnlessHeld",
    inactive: "goesWhenDrainedUnlessHeld",
    leaving: "goesWhenDrained",
    frozen: "goesWhenDrainedIfOrdered",
  },
  failed: { open: "goesWhenEmpty", inactive: "goesWhenEmpty", leaving: "goesWhenEmpty", frozen: "stays" },
  dead: {
    open: "goesWhenEmpty",
    inactive: "goesWhenEmpty",
    leaving: "goesWhenEmpty",
    frozen: "goesWhenEmptyIfTakenBack",
  },
  destroying: { open: "stays", inactive: "stays", leaving: "stays", frozen: "stays" },
};

export interface Fate {
  readonly kind: "drain" | "destroy";
  /** `config`: the config is being emptied; `served`: a non-reusable server is used up; `node`: what the node itself says. */
  readonly because: "config" | "served" | "node";
}

/** Undefined for a node that stays. */
export function fateOf(node: Node, mode: ConfigMode, usage: NodeUsage, nowMs: EpochMs): Fate | undefined {
  const rule = rules[node.status][mode];
  const isEmpty = usage.pinned === 0;
  // A node goes in a later pass than the one that drained it: by then it is known whether it is needed after all.
  const isDrained = isEmpty && nowMs > node.statusSinceMs;
  switch (rule) {
    case "stays":
      return undefined;
    case "drains":
      return { kind: "drain", because: "config" };
    case "drainsWhenUsedUp":
      return isUsedUp(node, usage) ? { kind: "drain", because: "served" } : undefined;
    case "goes":
      return { kind: "destroy", because: "config" };
    case "goesWhenEmpty":
      return destroyIf(isEmpty);
    case "goesWhenDrained":
      return destroyIf(isDrained);
    case "goesWhenDrainedUnlessHeld":
      return destroyIf(isDrained && node.reason.code !== "held");
    case "goesWhenDrainedIfOrdered":
      return destroyIf(isDrained && isOrdered(node));
    case "goesWhenEmptyIfTakenBack":
      return destroyIf(isEmpty && node.interruption !== undefined);
    default: {
      const never: never = rule;
      throw new Error(`unknown rule ${String(never)}`);
    }
  }
}

function destroyIf(condition: boolean): Fate | undefined {
  return condition ? { kind: "destroy", because: "node" } : undefined;
}

/** By a person or by the cloud: a disabled config's node goes then too. */
function isOrdered({ reason }: Node): boolean {
  return reason.code === "manual" || reason.code === "interrupted";
}
