/**
 * Runs steps: chains one step after the other, chains side by side up to `--parallel`. The rules kept:
 *  - every step is announced, recorded as pending (a component is not), applied, recorded and reported, in this order;
 *  - after a failure nothing new is started unless the user asked to continue; what runs is always finished and recorded;
 *  - a step that depends on a failed one is skipped, and the program is told.
 */
import { messageOf } from "../failure";
import { dependencyUrns } from "../state/graph";
import type { OperationType, ResourceState } from "../state/resource";
import { isDefaultProvider } from "../state/urn";
import { actionOf, type Step, stepState } from "../steps/step";
import { applyStep, ProtectedError, type StepOutcome } from "./apply-step";
import type { DeploymentContext } from "./context";
import type { EndedStep } from "./snapshot";

export class Executor {
  /** Steps that failed while the operation went on. */
  readonly failed: Step[] = [];
  /** URN → the step that registered it, waiting for its outputs. */
  readonly registered = new Map<string, Step>();
  private readonly skipped = new Set<string>();
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly chains = new Set<Promise<void>>();

  constructor(private readonly context: DeploymentContext) {}

  /** Starts the steps of a registration, those left out that depend on a step that failed. */
  runRegistration(steps: Step[]): Promise<void> {
    return this.run(this.withoutSkipped(steps));
  }

  /** Starts a chain; resolves when its last step has ended. Never rejects: failures are reported and remembered. */
  private run(steps: Step[]): Promise<void> {
    const chain = this.runChain(steps).finally(() => this.chains.delete(chain));
    this.chains.add(chain);
    return chain;
  }

  async runAll(steps: Step[]): Promise<void> {
    await Promise.all(steps.map((step) => this.run([step])));
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.chains.size > 0) await Promise.all(this.chains);
  }

  private withoutSkipped(steps: Step[]): Step[] {
    for (const step of this.failed) this.skipped.add(stepState(step).urn);
    return steps.filter((step) => {
      const state = stepState(step);
      const urns = [...dependencyUrns(state), state.parent];
      if (!urns.some((urn) => this.skipped.has(urn))) return true;
      this.skipped.add(state.urn);
      step.done?.({ result: "skipped", state });
      return false;
    });
  }

  private async runChain(steps: Step[]): Promise<void> {
    while (this.running >= this.context.options.parallel) await new Promise<void>((go) => this.waiting.push(go));
    this.running++;
    try {
      for (const step of steps) {
        if (this.context.isStopping || !(await this.runStep(step))) break;
      }
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }

  /** False when the step failed. */
  private async runStep(step: Step): Promise<boolean> {
    const { context } = this;
    try {
      context.events.before(step);
      await this.begin(step);
      const outcome = await applyStep(step, context);
      if (!outcome.error && step.logical && step.new) this.registered.set(step.new.urn, step);
      if (step.new && step.op !== "replace" && step.op !== "refresh") context.news.set(step.new.urn, step.new);
      this.report(step, outcome);
      await this.end(step, !outcome.error || outcome.status === "partial");
      if (outcome.error) this.remember(step, outcome.error);
      else step.done?.({ result: "success", state: stepState(step) });
      return !outcome.error;
    } catch (error) {
      // Not the step but its record failed: the state on the disk still has it as pending.
      context.events.diagnostic("error", `recording ${step.op} failed: ${messageOf(error)}`, {
        urn: stepState(step).urn,
      });
      this.remember(step, error as Error);
      return false;
    }
  }

  private async begin(step: Step): Promise<void> {
    const pending = pendingOperation(step);
    if (pending && this.context.snapshot) await this.context.snapshot.begin(pending.resource, pending.type);
  }

  private async end(step: Step, isDone: boolean): Promise<void> {
    const { snapshot } = this.context;
    if (!snapshot || step.op === "replace" || step.op === "refresh") return;
    const ended: EndedStep = { pending: pendingOperation(step)?.resource };
    if (isDone) {
      const action = actionOf(step);
      if (action === "delete") ended.remove = step.old?.pendingReplacement ? undefined : step.old;
      else if (action === "create") ended.remove = step.old?.pendingReplacement ? step.old : undefined;
      else ended.remove = step.old;
      ended.add = step.new;
      // Deleting and replacing mark the old object, which may stay in the state.
      if (step.old) snapshot.touch(step.old);
    }
    await snapshot.end(ended);
  }

  private report(step: Step, { status, error }: StepOutcome): void {
    const { events, isPreview } = this.context;
    if (!error) return events.after(step);
    const { urn } = stepState(step);
    const where = isDefaultProvider(urn) ? {} : { urn };
    if (isPreview) return events.diagnostic("error", `Preview failed: ${error.message}`, where);
    events.diagnostic("error", error.message, where);
    events.failed(step, status);
  }

  private remember(step: Step, error: Error): void {
    const { context } = this;
    context.fail();
    // Every resource is looked at, whatever became of the others.
    if (step.op === "refresh") return;
    if (context.options.continueOnError || error instanceof ProtectedError) {
      this.failed.push(step);
      step.done?.({ result: "failed", state: stepState(step) });
    } else context.stop("failed");
  }
}

const operationTypes = { create: "creating", update: "updating", delete: "deleting", read: "reading" } as const;

/** A component exists in the state only: there is nothing that an interruption could leave half-made. */
function pendingOperation(step: Step): { resource: ResourceState; type: OperationType } | undefined {
  const action = actionOf(step);
  const resource = action === "delete" ? step.old : step.new;
  return action && resource?.custom ? { resource, type: operationTypes[action] } : undefined;
}
