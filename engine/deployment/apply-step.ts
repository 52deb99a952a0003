/**
 * What each step does when it runs. The rules kept:
 *  - previews change nothing: providers are told that it is one, deletes are not sent at all;
 *  - a resource that exists but failed to initialise is kept, with its reasons, so that the next update continues it;
 *  - protected resources are not deleted, retained and external ones are only forgotten.
 */
import { CommandFailure } from "../failure";
import { type DetailedDiff, type DiffKind, type DiffResult, withoutInternal } from "../providers/provider";
import { ProviderError } from "../providers/rpc";
import type { ResourceState } from "../state/resource";
import { isProviderType } from "../state/urn";
import { equalValues, Secret } from "../state/values";
import type { Step } from "../steps/step";
import type { DeploymentContext } from "./context";
import { settledDiff } from "./settled-diff";

/** What became of a step: `partial` means it happened, but the resource is not healthy. */
export interface StepOutcome {
  status: "ok" | "partial" | "unknown";
  error?: Error;
}

/** Refusal to delete a protected resource; the operation goes on past it and fails at its end. */
export class ProtectedError extends Error {
  constructor(urn: string) {
    super(
      `resource "${urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, either remove the ` +
        `\`protect\` flag from the resource in your Pulumi program and run \`pulumi up\`, or use the command:\n` +
        `\`pulumi state unprotect '${urn}'\``,
    );
  }
}

export async function applyStep(step: Step, context: DeploymentContext): Promise<StepOutcome> {
  try {
    const outcome = await run(step, context);
    if (step.new && step.op !== "replace") markSecretOutputs(step.new);
    return outcome;
  } catch (error) {
    const isOpen = error instanceof ProviderError && error.isFateUnknown;
    return { status: isOpen ? "unknown" : "ok", error: error as Error };
  }
}

async function run(step: Step, context: DeploymentContext): Promise<StepOutcome> {
  const ok: StepOutcome = { status: "ok" };
  await context.hooks.runBefore(step, context.isPreview);
  switch (step.op) {
    case "same": {
      const { old, new: next } = both(step);
      next.id = old.id;
      next.outputs = old.outputs;
      // A provider that the update excludes (its step reports to nobody) is not used, so it is not started.
      if (isProviderType(next.type) && step.done) await context.providers.same({ ...next, inputs: old.inputs });
      return ok;
    }
    case "create":
    case "create-replacement":
      return create(step, context);
    case "update":
      return update(step, context);
    case "delete":
    case "delete-replaced":
    case "discard":
    case "discard-replaced":
      await remove(step, context);
      return ok;
    case "read":
    case "read-replacement":
      return read(step, context);
    case "refresh":
      return refresh(step, context);
    case "replace":
    case "remove-pending-replace":
      return ok;
  }
}

function both(step: Step): { old: ResourceState; new: ResourceState } {
  if (!step.old || !step.new) throw new Error(`step ${step.op} needs an old and a new state`);
  return { old: step.old, new: step.new };
}

async function create(step: Step, { providers, isPreview }: DeploymentContext): Promise<StepOutcome> {
  const state = step.new as ResourceState;
  let outcome: StepOutcome = { status: "ok" };
  if (isProviderType(state.type)) {
    state.id = await providers.create(state);
    state.outputs = withoutInternal(state.inputs);
  } else if (state.custom) {
    try {
      const made = await providers.require(state.provider).create(state, isPreview);
      state.id = made.id;
      state.outputs = made.outputs;
    } catch (error) {
      outcome = keepUnhealthy(state, error);
    }
  }
  state.created = state.modified = new Date().toISOString();
  if (step.deletesOldLater && step.old) step.old.delete = true;
  return outcome;
}

async function update(step: Step, { providers, isPreview }: DeploymentContext): Promise<StepOutcome> {
  const { old, new: next } = both(step);
  next.id = old.id;
  next.created = old.created;
  next.modified = old.modified;
  if (!next.custom) return { status: "ok" };
  let outcome: StepOutcome = { status: "ok" };
  if (isProviderType(next.type)) {
    await providers.update(next);
    next.outputs = withoutInternal(next.inputs);
  } else {
    try {
      next.outputs = await providers.require(next.provider).update({ before: old, after: next, preview: isPreview });
    } catch (error) {
      outcome = keepUnhealthy(next, error);
      // The resource is not what the new inputs ask for, so the old ones stay and the next update tries again.
      next.inputs = old.inputs;
      next.id = old.id;
    }
  }
  next.modified = new Date().toISOString();
  return outcome;
}

/** Takes over what a provider says about a resource that exists but is not healthy; any other error goes on. */
function keepUnhealthy(state: ResourceState, error: unknown): StepOutcome {
  if (!(error instanceof ProviderError) || !error.init) throw error;
  state.id = error.init.id;
  state.outputs = error.init.outputs;
  state.initErrors = error.init.reasons;
  return { status: "partial", error };
}

async function remove(step: Step, { providers, isPreview, deleting }: DeploymentContext): Promise<void> {
  const old = step.old as ResourceState;
  const isReplacement = step.op === "delete-replaced" || step.op === "discard-replaced";
  if (old.protect && !isReplacement) throw new ProtectedError(old.urn);
  const goesWithAnother = old.deletedWith ? deleting.has(old.deletedWith) : false;
  const isOurs = !old.external && !old.retainOnDelete && !goesWithAnother;
  const isProvider = isProviderType(old.type);
  if (!isPreview && isOurs && old.custom) {
    await (isProvider ? providers.delete(old) : providers.require(old.provider).delete(old));
  }
  if (step.staysPending) old.pendingReplacement = true;
}

async function read(step: Step, { providers }: DeploymentContext): Promise<StepOutcome> {
  const state = step.new as ResourceState;
  const { urn, id, inputs } = state;
  let outcome: StepOutcome = { status: "ok" };
  try {
    const timeout = state.customTimeouts.read ?? 0;
    const found = await providers.require(state.provider).read({ urn, id, inputs, outputs: inputs, timeout });
    if (found.id === "") throw new CommandFailure(`resource '${id}' does not exist`);
    state.id = found.id;
    state.outputs = found.outputs;
  } catch (error) {
    outcome = keepUnhealthy(state, error);
  }
  if (step.op === "read-replacement" && step.old) step.old.delete = true;
  state.created = step.old?.created;
  state.modified = step.old?.modified;
  if (step.old && !equalValues(step.old.outputs, state.outputs)) state.modified = new Date().toISOString();
  return outcome;
}

/** Looks at the real resource; `step.new` is what the state should say, undefined when it is gone. */
async function refresh(step: Step, context: DeploymentContext): Promise<StepOutcome> {
  const old = step.old as ResourceState;
  step.refreshed = "same";
  step.new = old;
  if (!old.custom || isProviderType(old.type) || old.pendingReplacement) return { status: "ok" };
  const provider = context.providers.require(old.provider);
  const { urn, id, inputs, outputs } = old;
  let found;
  let initErrors: string[] = [];
  try {
    found = await provider.read({ urn, id, inputs, outputs, timeout: old.customTimeouts.read ?? 0 });
  } catch (error) {
    if (!(error instanceof ProviderError) || !error.init) throw error;
    found = error.init;
    initErrors = error.init.reasons;
    const list = initErrors.map((reason) => `\n* ${reason}`).join("");
    context.events.diagnostic("warning", `Refreshed resource is in an unhealthy state:${list}`, { urn });
  }
  if (found.id === "") {
    step.new = undefined;
    step.refreshed = "delete";
    return { status: "ok" };
  }
  const next = { ...old, id: found.id, inputs: found.inputs ?? inputs, outputs: found.outputs, initErrors };
  step.new = next;
  const isEqual = equalValues(next.inputs, old.inputs) && equalValues(next.outputs, old.outputs);
  if (!isEqual) next.modified = new Date().toISOString();
  if (old.external) {
    step.refreshed = equalValues(old.outputs, next.outputs) ? "same" : "update";
    return { status: "ok" };
  }
  // The provider is asked what an update of an unchanged program would do to the real resource. A refresh reports the
  // opposite: how the real resource differs from the state.
  const asked = { urn, id: next.id, oldInputs: next.inputs, oldOutputs: next.outputs, newInputs: inputs };
  const diff = await settledDiff(provider, {
    ...asked,
    ignoreChanges: old.ignoreChanges,
    preview: context.isPreview,
  });
  step.diffs = diff.changedKeys;
  step.detailed = invert(diff);
  step.refreshed = diff.changes === "none" ? "same" : "update";
  return { status: "ok" };
}

function invert({ detailed }: DiffResult): DetailedDiff | undefined {
  if (!detailed) return undefined;
  const turned: Record<DiffKind, DiffKind> = {
    add: "delete",
    "add-replace": "delete-replace",
    delete: "add",
    "delete-replace": "add-replace",
    update: "update",
    "update-replace": "update-replace",
  };
  const entries = Object.entries(detailed);
  return Object.fromEntries(entries.map(([path, item]) => [path, { ...item, diffKind: turned[item.diffKind] }]));
}

/** Outputs the user named as secret, and outputs whose input of the same name is secret, become secret. */
function markSecretOutputs(state: ResourceState): void {
  const outputs = { ...state.outputs };
  for (const [key, value] of Object.entries(outputs)) {
    const isNamed = state.additionalSecretOutputs.includes(key);
    if (!(value instanceof Secret) && (isNamed || state.inputs[key] instanceof Secret))
      outputs[key] = new Secret(value);
  }
  state.outputs = outputs;
}
