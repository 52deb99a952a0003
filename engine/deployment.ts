/**
 * One operation on one stack: update, preview, refresh or destroy. The states it goes through, in this order:
 *   refreshing (when asked) → registering (the program runs) → deleting → finishing → closed.
 * The rules kept:
 *  - deletions begin only after the program has ended well and every other step is over;
 *  - a failure, a cancellation or the death of the program stops what has not begun and waits for what has;
 *  - stack outputs of a failed operation only add to the old ones.
 */
import type { Events } from "./events";
import { CommandFailure, exitCodes, messageOf, Reported } from "./failure";
import { deletionGroups, dependenciesOf, dependentsOf } from "./graph";
import { Executor } from "./executor";
import type { HookRegistry } from "./hooks";
import type { DiffRequest, DiffResult, Provider } from "./provider";
import type { ProviderRegistry } from "./provider-registry";
import { refreshState } from "./refresh";
import type { Goal } from "./registration";
import type { Snapshot } from "./snapshot";
import type { Deployment as StoredDeployment, ResourceState } from "./state";
import { settleDiff } from "./settled-diff";
import { StepGenerator } from "./step-generator";
import { makeStep, type RegistrationResult, type Step, stepState } from "./steps";
import { qualifiedType, rootStackType } from "./urn";
import { equalValues, type PropertyMap } from "./values";

export interface DeploymentOptions {
  kind: "update" | "refresh" | "destroy";
  isPreview: boolean;
  project: string;
  stack: string;
  /** Chains of steps that may run side by side. */
  parallel: number;
  continueOnError: boolean;
  /** Look at the real resources before anything else. */
  refreshFirst: boolean;
  /** URNs the operation is limited to (refresh, destroy); empty means all. */
  targets: string[];
  targetDependents: boolean;
  /** URNs to replace even when nothing differs. */
  replaceTargets: string[];
  /** URNs that an update leaves as they are, declared or not. */
  excludes: string[];
  excludeProtected: boolean;
}

/** How the program ended: it said it is done, or an error; `died` when its process is gone. */
export interface ProgramEnd {
  error?: string;
  /** The error has been shown to the user already. */
  bail?: boolean;
  died?: boolean;
}

export interface DeploymentParts {
  options: DeploymentOptions;
  state: StoredDeployment;
  /** Absent in previews, which write nothing. */
  snapshot: Snapshot | undefined;
  providers: ProviderRegistry;
  hooks: HookRegistry;
  events: Events;
  /** Lets the program end and tells how it did; after the last step, before the operation is called a success. */
  closeProgram: () => Promise<ProgramEnd>;
}

export class Deployment {
  readonly options: DeploymentOptions;
  readonly events: Events;
  readonly providers: ProviderRegistry;
  readonly hooks: HookRegistry;
  readonly snapshot: Snapshot | undefined;
  /** Old states by URN, those waiting for deletion left out. */
  olds = new Map<string, ResourceState>();
  /** States this operation produced, by URN. */
  readonly news = new Map<string, ResourceState>();
  /** True while a refresh runs, in which one failure does not stop the others. */
  ignoresFailures = false;
  readonly executor = new Executor(this);
  private readonly generator = new StepGenerator(this);
  private generating: Promise<unknown> = Promise.resolve();
  private stopReason: "failed" | "canceled" | undefined;
  private hasFailed = false;
  private isDeleting = false;
  private isReported = false;
  private stackOutputs: { urn: string; outputs: PropertyMap } | undefined;
  private announceStop: () => void = () => undefined;
  /** Resolves when nothing new may begin. */
  readonly stopped = new Promise<void>((resolve) => (this.announceStop = resolve));

  constructor(private readonly parts: DeploymentParts) {
    this.options = parts.options;
    this.events = parts.events;
    this.providers = parts.providers;
    this.hooks = parts.hooks;
    this.snapshot = parts.snapshot;
    this.indexOlds();
  }

  get base(): ResourceState[] {
    return this.parts.state.resources;
  }
  get isPreview(): boolean {
    return this.options.isPreview;
  }
  get isStopping(): boolean {
    return this.stopReason !== undefined;
  }

  readonly isBeingDeleted = (urn: string): boolean => this.generator.deleting.has(urn);

  /** Nothing new begins after this; the first reason counts. */
  stop(reason: "failed" | "canceled"): void {
    this.stopReason ??= reason;
    this.announceStop();
  }

  /** Makes the operation fail at its end without stopping it. */
  fail(): void {
    this.hasFailed = true;
  }

  async diff(provider: Provider, request: DiffRequest): Promise<DiffResult> {
    return settleDiff(await provider.diff(request), request.oldInputs, request.newInputs);
  }

  ensureProvider(reference: string): Promise<void> {
    return this.providers.ensure(reference, this.olds, this.base);
  }

  /** Takes over what a refresh found. */
  rebase(resources: ResourceState[]): void {
    this.parts.state.resources = resources;
    this.snapshot?.rebase(resources);
    this.indexOlds();
  }

  private indexOlds(): void {
    this.olds = new Map(this.base.filter((state) => !state.delete).map((state) => [state.urn, state]));
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
      if (this.isStopping) return;
      try {
        await work();
      } catch (error) {
        this.failNow(error);
      }
    });
    this.generating = result;
    return result;
  }

  /** Reports an error and stops; what it explains needs no "update failed" after it. */
  failNow(error: unknown): void {
    if (!(error instanceof Reported)) this.events.diagnostic("error", messageOf(error));
    this.hasFailed = true;
    this.isReported = true;
    this.stop("failed");
  }
  registerOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    if (qualifiedType(urn) === rootStackType) {
      this.stackOutputs = { urn, outputs };
      return Promise.resolve();
    }
    return this.enqueue(() => this.storeOutputs(urn, outputs));
  }

  private async storeOutputs(urn: string, outputs: PropertyMap): Promise<void> {
    const step = this.executor.registered.get(urn);
    if (!step?.new) throw new CommandFailure(`cannot complete a resource '${urn}' whose registration isn't pending`);
    this.executor.registered.delete(urn);
    step.new.outputs = outputs;
    this.snapshot?.touch(step.new);
    this.events.outputs(step);
    const isUnchanged = step.old !== undefined && equalValues(step.old.outputs, outputs);
    if (!isUnchanged) await this.snapshot?.save();
  }

  /** Runs the whole operation; `program` starts the program and resolves when it says it has registered everything. */
  async run(program: (() => Promise<ProgramEnd>) | undefined): Promise<void> {
    let end: ProgramEnd = {};
    try {
      await this.prepare();
    } catch (error) {
      this.hasFailed = true;
      await this.finish();
      throw error;
    }
    try {
      if (program && !this.isStopping) {
        end = (await Promise.race([program(), this.stopped])) ?? {};
        if (end.error !== undefined) {
          if (!end.bail) this.events.diagnostic("error", end.error);
          this.isReported = this.hasFailed = true;
          this.stop("failed");
        }
      }
      await this.generating;
      await this.executor.idle();
      if (!this.isStopping && this.options.kind !== "refresh") {
        this.isDeleting = true;
        await this.deleteRest();
      }
    } catch (error) {
      this.failNow(error);
    }
    await this.executor.idle();
    await this.finish();
    const late = await this.parts.closeProgram();
    const isCutShort = this.isDeleting && this.stopReason === "canceled" && !this.hasFailed && !this.executor.hasFailed;
    // What has been deleted is deleted; official Pulumi calls a destroy that was cut short a success as well.
    if (isCutShort && this.options.kind === "destroy") return;
    if (isCutShort) {
      // The program had ended well before; there is no update left to be called canceled.
      this.events.diagnostic("error", "context canceled");
      this.isReported = true;
    }
    if (late.error !== undefined && !this.isStopping && !this.hasFailed && !this.executor.hasFailed) {
      if (!late.bail) this.events.diagnostic("error", late.error);
      this.isReported = this.hasFailed = true;
    }
    if (this.hasFailed || this.stopReason || this.executor.hasFailed) {
      if (!this.isReported) this.reportEnd();
      throw new Reported(end.died ? exitCodes.internal : exitCodes.error);
    }
  }

  private reportEnd(): void {
    const isCanceled = this.stopReason === "canceled" && !this.executor.hasFailed && !this.hasFailed;
    this.events.diagnostic("error", `${this.isPreview ? "preview" : "update"} ${isCanceled ? "canceled" : "failed"}`);
  }

  private async prepare(): Promise<void> {
    const { kind, refreshFirst, isPreview } = this.options;
    const { pendingOperations } = this.parts.state;
    this.checkReplaceTargets();
    if (kind === "refresh" || refreshFirst) await refreshState(this);
    else if (pendingOperations.length > 0 && !isPreview) this.warnOfPending();
  }

  private checkReplaceTargets(): void {
    for (const urn of this.options.replaceTargets) {
      if (!this.olds.has(urn)) throw new CommandFailure(`Target '${urn}' could not be found in the stack.`);
    }
  }

  private warnOfPending(): void {
    const { pendingOperations } = this.parts.state;
    const list = pendingOperations.map(({ resource, type }) => `  * ${resource.urn}, interrupted while ${type}\n`);
    this.events.diagnostic(
      "warning",
      `Attempting to deploy or update resources with ${pendingOperations.length} pending operations from previous ` +
        `deployment.\n${list.join("")}These resources are in an unknown state because the engine was interrupted while ` +
        `waiting for changes to these resources to complete. Confirm with the provider whether the operations listed ` +
        `completed. \`pulumi refresh\` clears pending operations other than creates; pending creates stay until they are ` +
        `cleared with \`pulumi refresh --clear-pending-creates\` or settled with \`pulumi stack export\` and \`import\`.`,
    );
  }

  private async deleteRest(): Promise<void> {
    const isAllowed = this.deletionFilter();
    await this.keepOthers(isAllowed);
    const steps = await this.generator.generateDeletes(isAllowed);
    const byState = new Map(steps.map((step) => [stepState(step), step]));
    for (const group of deletionGroups(this.base, new Set(byState.keys()))) {
      if (this.isStopping) return;
      const blocked = new Set<string>();
      for (const step of this.executor.failed) {
        for (const urn of dependenciesOf(this.base, stepState(step))) blocked.add(urn);
      }
      const free = group.filter((state) => !blocked.has(state.urn));
      await this.executor.runAll(free.map((state) => byState.get(state) as Step));
    }
  }

  /** What may not be deleted and is not declared is told like all that stays. */
  private async keepOthers(mayGo: (state: ResourceState) => boolean): Promise<void> {
    const kept = this.base.filter((state) => !mayGo(state) && !state.delete && !this.generator.seen.has(state.urn));
    // One after the other: in the new state, too, each comes after what it depends on.
    for (const state of kept) await this.executor.runAll([makeStep("same", { old: state, new: { ...state } })]);
  }

  /** Which resources may be deleted: all, or the targets with (when asked) everything that depends on them. */
  private deletionFilter(): (state: ResourceState) => boolean {
    const { targets, targetDependents, excludes, excludeProtected } = this.options;
    if (excludes.length > 0) return (state) => !excludes.includes(state.urn);
    if (excludeProtected) {
      const kept = new Set<string>();
      for (const state of this.base.filter(({ protect }) => protect)) {
        kept.add(state.urn);
        for (const urn of dependenciesOf(this.base, state)) kept.add(urn);
      }
      return (state) => !kept.has(state.urn);
    }
    if (targets.length === 0) return () => true;
    const roots = this.base.filter((state) => targets.includes(state.urn));
    const dependents = dependentsOf({ resources: this.base, roots, includeChildren: true });
    if (!targetDependents) {
      const untargeted = dependents.filter(({ urn }) => !targets.includes(urn));
      for (const { urn } of untargeted) {
        this.events.diagnostic(
          "error",
          `Resource '${urn}' will be destroyed but was not specified in --target list.\nEither include resource in ` +
            `--target list or pass --target-dependents to proceed.`,
          { urn },
        );
      }
      if (untargeted.length > 0) throw new Reported();
    }
    const allowed = new Set([...roots, ...dependents]);
    return (state) => allowed.has(state);
  }

  private async finish(): Promise<void> {
    if (this.stackOutputs) {
      const { urn, outputs } = this.stackOutputs;
      const isFailed = this.hasFailed || this.stopReason === "failed" || this.executor.hasFailed;
      const old = isFailed ? (this.olds.get(urn)?.outputs ?? {}) : {};
      if (this.executor.registered.has(urn)) await this.storeOutputs(urn, { ...old, ...outputs });
    }
    await this.snapshot?.close();
  }
}
