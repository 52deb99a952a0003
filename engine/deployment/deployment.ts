/**
 * One operation on one stack: update, preview, refresh or destroy. The states it goes through, in this order:
 *   refreshing (when asked) → registering (the program runs) → deleting → finishing → closed.
 * The rules kept:
 *  - deletions begin only after the program has ended well and every other step is over;
 *  - a failure, a cancellation or the death of the program stops what has not begun and waits for what has;
 *  - stack outputs of a failed operation only add to the old ones.
 */
import { CommandFailure, exitCodes, Reported } from "../failure";
import { deletionGroups, dependenciesOf } from "../state/graph";
import type { ResourceState } from "../state/resource";
import { qualifiedType, rootStackType } from "../state/urn";
import { equalValues, type PropertyMap } from "../state/values";
import { makeStep, type RegistrationResult, type Step, stepState } from "../steps/step";
import type { DeploymentContext } from "./context";
import { deletionFilter } from "./deletion-filter";
import { Executor } from "./executor";
import { refreshState } from "./refresh";
import type { Goal } from "./registration";
import { StepGenerator } from "./step-generator";

/** How the program ended: it said it is done, or an error; `died` when its process is gone. */
export interface ProgramEnd {
  error?: string;
  /** The error has been shown to the user already. */
  bail?: boolean;
  died?: boolean;
}

export class Deployment {
  private readonly executor: Executor;
  private readonly generator: StepGenerator;
  private generating: Promise<unknown> = Promise.resolve();
  private isDeleting = false;
  private stackOutputs: { urn: string; outputs: PropertyMap } | undefined;

  constructor(
    readonly context: DeploymentContext,
    /** Lets the program end and tells how it did; after the last step, before the operation is called a success. */
    private readonly closeProgram: () => Promise<ProgramEnd>,
  ) {
    this.executor = new Executor(context);
    this.generator = new StepGenerator(context);
  }

  /** Registers a resource; resolves when its steps are over. Never resolves when the operation stops before. */
  async register(goal: Goal): Promise<RegistrationResult> {
    return new Promise((resolve) => {
      void this.enqueue(async () => this.start(await this.generator.generate(goal, resolve)));
    });
  }

  read(urn: string, state: ResourceState): Promise<RegistrationResult> {
    return new Promise((resolve) => {
      void this.enqueue(() => this.start(this.generator.generateRead(urn, state, resolve)));
    });
  }

  private start(steps: Step[]): void {
    void this.executor.runRegistration(steps);
  }

  /** Generation looks at what other registrations decided, so it is done one after the other. */
  private enqueue(work: () => void | Promise<void>): Promise<void> {
    const result = this.generating.then(async () => {
      if (this.context.isStopping) return;
      try {
        await work();
      } catch (error) {
        this.context.failNow(error);
      }
    });
    this.generating = result;
    return result;
  }

  registerOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    if (qualifiedType(urn) === rootStackType) {
      this.stackOutputs = { urn, outputs };
      return Promise.resolve();
    }
    return this.enqueue(() => this.storeOutputs(urn, outputs));
  }

  private async storeOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    const { snapshot, events } = this.context;
    const step = this.executor.registered.get(urn);
    if (!step?.new) throw new CommandFailure(`cannot complete a resource '${urn}' whose registration isn't pending`);
    this.executor.registered.delete(urn);
    step.new.outputs = outputs;
    snapshot?.touch(step.new);
    events.outputs(step);
    const isUnchanged = step.old !== undefined && equalValues(step.old.outputs, outputs);
    if (!isUnchanged) await snapshot?.save();
  }

  /** Runs the whole operation; `program` starts the program and resolves when it says it has registered everything. */
  async run(program: (() => Promise<ProgramEnd>) | undefined): Promise<void> {
    const { context } = this;
    try {
      await this.prepare();
    } catch (error) {
      context.fail();
      await this.finish();
      throw error;
    }
    let end: ProgramEnd = {};
    try {
      if (program && !context.isStopping) {
        end = (await Promise.race([program(), context.stopped])) ?? {};
        if (end.error !== undefined) {
          this.reportProgram(end);
          context.stop("failed");
        }
      }
      await this.generating;
      await this.executor.idle();
      if (!context.isStopping && context.options.kind !== "refresh") {
        this.isDeleting = true;
        await this.deleteRest();
      }
    } catch (error) {
      context.failNow(error);
    }
    await this.executor.idle();
    await this.finish();
    this.conclude(end, await this.closeProgram());
  }

  /** Fails when the operation was no success; the user has read why. */
  private conclude(end: ProgramEnd, late: ProgramEnd): void {
    const { context } = this;
    const { options, events } = context;
    if (this.isDeleting && context.stopReason === "canceled" && !context.hasFailed) {
      // What has been deleted is deleted; official Pulumi calls a destroy that was cut short a success as well.
      if (options.kind === "destroy") return;
      // The program had ended well before; there is no update left to be called canceled.
      events.diagnostic("error", "context canceled");
      context.failReported();
    }
    if (late.error !== undefined && !context.isStopping && !context.hasFailed) this.reportProgram(late);
    if (!context.hasFailed && !context.isStopping) return;
    if (!context.isReported) {
      const word = context.stopReason === "canceled" && !context.hasFailed ? "canceled" : "failed";
      events.diagnostic("error", `${context.isPreview ? "preview" : "update"} ${word}`);
    }
    throw new Reported(end.died ? exitCodes.internal : exitCodes.error);
  }

  private reportProgram({ error = "", bail }: ProgramEnd): void {
    if (!bail) this.context.events.diagnostic("error", error);
    this.context.failReported();
  }

  private async prepare(): Promise<void> {
    const { options, pendingOperations, isPreview } = this.context;
    if (options.kind === "refresh" || options.refreshFirst) await refreshState(this.context, this.executor);
    else if (pendingOperations.length > 0 && !isPreview) this.warnOfPending();
  }

  private warnOfPending(): void {
    const { pendingOperations, events } = this.context;
    const list = pendingOperations.map(({ resource, type }) => `  * ${resource.urn}, interrupted while ${type}\n`);
    events.diagnostic(
      "warning",
      `Attempting to deploy or update resources with ${pendingOperations.length} pending operations from previous ` +
        `deployment.\n${list.join("")}These resources are in an unknown state because the engine was interrupted while ` +
        `waiting for changes to these resources to complete. Confirm with the provider whether the operations listed ` +
        `completed. \`pulumi refresh\` clears pending operations other than creates; pending creates stay until they are ` +
        `cleared with \`pulumi refresh --clear-pending-creates\` or settled with \`pulumi stack export\` and \`import\`.`,
    );
  }

  private async deleteRest(): Promise<void> {
    const { context, executor } = this;
    const mayGo = deletionFilter(context);
    await this.keepOthers(mayGo);
    const steps = await this.generator.generateDeletes(mayGo);
    const byState = new Map(steps.map((step) => [stepState(step), step]));
    for (const group of deletionGroups(context.base, new Set(byState.keys()))) {
      if (context.isStopping) return;
      const blocked = new Set<string>();
      for (const step of executor.failed) {
        for (const urn of dependenciesOf(context.base, stepState(step))) blocked.add(urn);
      }
      const free = group.filter((state) => !blocked.has(state.urn));
      await executor.runAll(free.map((state) => byState.get(state) as Step));
    }
  }

  /** Resources that the program left out but that may not be deleted are reported as unchanged. */
  private async keepOthers(mayGo: (state: ResourceState) => boolean): Promise<void> {
    const { base } = this.context;
    const kept = base.filter((state) => !mayGo(state) && !state.delete && !this.generator.seen.has(state.urn));
    // One after the other: in the new state, too, each comes after what it depends on.
    for (const state of kept) await this.executor.runAll([makeStep("same", { old: state, new: { ...state } })]);
  }

  private async finish(): Promise<void> {
    const { context, executor, stackOutputs } = this;
    if (stackOutputs && executor.registered.has(stackOutputs.urn)) {
      const { urn, outputs } = stackOutputs;
      const isFailed = context.hasFailed || context.stopReason === "failed";
      const old = isFailed ? (context.olds.get(urn)?.outputs ?? {}) : {};
      await this.storeOutputs(urn, { ...old, ...outputs });
    }
    await context.snapshot?.close();
  }
}
