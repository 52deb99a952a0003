/** A step: one thing that an operation does to one resource, with what is decided about it before it runs. */
import type { DetailedDiff } from "../providers/provider";
import type { ResourceState } from "../state/resource";

export type StepOp =
  | "same"
  | "create"
  | "update"
  | "delete"
  | "replace"
  | "create-replacement"
  | "delete-replaced"
  | "read"
  | "read-replacement"
  | "discard"
  | "discard-replaced"
  | "refresh"
  | "remove-pending-replace";

/** What is done to a resource itself, in the cloud and in the state; a discarded one is deleted from the state only. */
export type Action = "create" | "update" | "delete" | "read";
const actions: Partial<Record<StepOp, Action>> = {
  create: "create",
  "create-replacement": "create",
  update: "update",
  delete: "delete",
  "delete-replaced": "delete",
  discard: "delete",
  "discard-replaced": "delete",
  read: "read",
  "read-replacement": "read",
};

/** Undefined for steps that only note something. */
export function actionOf({ op }: Step): Action | undefined {
  return actions[op];
}

export type RegistrationResult = { result: "success" | "failed" | "skipped"; state: ResourceState };

export interface Step {
  op: StepOp;
  old?: ResourceState;
  new?: ResourceState;
  /** Told about the outcome, so that the program can go on. */
  done?: (result: RegistrationResult) => void;
  /** Properties that force a replacement. */
  keys: string[];
  /** Properties that differ. */
  diffs: string[];
  detailed?: DetailedDiff;
  /** Counts as an operation of its own in the summary; the parts of a replacement do not. */
  logical: boolean;
  /** Create of a replacement: the old one is deleted at the end. */
  deletesOldLater?: boolean;
  /** Delete of a replacement: the old one stays in the state until the new one exists. */
  staysPending?: boolean;
  /** Set by a refresh: what became of the resource. */
  refreshed?: "same" | "update" | "delete";
}

export function makeStep(op: StepOp, parts: Partial<Step>): Step {
  const logical = ![
    "create-replacement",
    "delete-replaced",
    "discard-replaced",
    "read-replacement",
    "refresh",
    "remove-pending-replace",
  ].includes(op);
  return { op, keys: [], diffs: [], logical, ...parts };
}

/** The state a step is about: the new one where there is one. */
export function stepState(step: Step): ResourceState {
  const state = step.op === "refresh" ? step.old : (step.new ?? step.old);
  if (!state) throw new Error(`step ${step.op} has no resource`);
  return state;
}

export function deleteStep(old: ResourceState, replaces: boolean, staysPending = false): Step {
  const op = old.external ? (replaces ? "discard-replaced" : "discard") : replaces ? "delete-replaced" : "delete";
  return makeStep(op, { old, staysPending });
}
