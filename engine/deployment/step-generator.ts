/**
 * Turns the registration of a resource into steps, and what was not registered into deletions. One registration at a
 * time. The rules kept:
 *  - a resource is found again by its URN, else by an alias;
 *  - the provider decides what a difference means; the resource options may only widen or narrow it;
 *  - a replacement creates first unless provider or user ask for the other order, and then everything that the
 *    missing resource would force to be replaced is deleted first as well.
 */
import { CommandFailure, NotSupported, Reported } from "../failure";
import {
  type CheckFailure,
  type CheckResult,
  type DiffResult,
  type Provider,
  withoutInternal,
} from "../providers/provider";
import type { ResourceState } from "../state/resource";
import { createUrn, isProviderType, referenceUrn } from "../state/urn";
import { equalValues, plainText, type PropertyMap, unknown } from "../state/values";
import { deleteStep, makeStep, type RegistrationResult, type Step } from "../steps/step";
import type { DeploymentContext } from "./context";
import { forcedReplacements } from "./forced-replacement";
import { aliasUrns, type Goal, keepIgnored, matchesPath } from "./registration";
import { settledDiff } from "./settled-diff";

type Done = (result: RegistrationResult) => void;

export class StepGenerator {
  /** URNs registered or read so far. */
  readonly seen = new Set<string>();
  /** New URN → alias it was found under. */
  private readonly matched = new Map<string, string>();
  /** Old URNs taken over through an alias. */
  private readonly taken = new Set<string>();
  private readonly replaced = new Set<string>();
  /** States of the providers registered so far. */
  private readonly newProviders = new Map<string, ResourceState>();
  /** URN → the properties for which it has to be replaced with something it depends on. */
  private readonly forcedKeys = new Map<string, string[]>();
  /** Old states whose deletion has been planned already. */
  private readonly planned = new Set<ResourceState>();

  constructor(private readonly context: DeploymentContext) {}

  /** The steps for one registration. The one that makes or keeps the resource tells its result through `done`. */
  async generate(goal: Goal, done: Done): Promise<Step[]> {
    const { context } = this;
    const { stack, project } = context.options;
    const urn = createUrn({ ...goal, stack, project });
    if (goal.parent !== "" && !this.seen.has(goal.parent)) {
      throw new CommandFailure(`could not find parent resource ${goal.parent}`);
    }
    if (this.seen.has(urn)) {
      context.events.diagnostic("error", `Duplicate resource URN '${urn}'; try giving it a unique name`, { urn });
      throw new Reported();
    }
    this.seen.add(urn);
    const old = this.findOld(urn, goal);
    if (context.options.excludes.includes(urn)) return [this.keepExcluded(urn, old, done)];
    const next = this.newState(urn, goal, old);
    if (isProviderType(goal.type)) this.newProviders.set(urn, next);
    const provider = goal.custom && !isProviderType(goal.type) ? context.providers.require(goal.provider) : undefined;
    const isRecreated = context.deleting.has(urn);
    const isNew = !old || old.external || isRecreated;

    let inputs = goal.inputs;
    if (old) {
      const missing = (paths: string[]): void =>
        context.events.diagnostic(
          "warning",
          `cannot ignore changes to the following properties because one or more elements of the path are missing: ` +
            paths.map((path) => JSON.stringify(path)).join(", "),
          { urn },
        );
      inputs = keepIgnored({ before: old.inputs, after: inputs, paths: goal.ignoreChanges, missing });
    }
    const checked = await this.check({
      urn,
      goal,
      provider,
      olds: isNew ? undefined : old?.inputs,
      news: isNew ? goal.inputs : inputs,
    });
    next.inputs = checked.inputs;
    if (this.reportFailures(next, checked.failures)) throw new Reported();

    const parts = { old, new: next, done };
    if (old && isRecreated) {
      context.deleting.delete(urn);
      this.replaced.add(urn);
      const keys = this.forcedKeys.get(urn) ?? [];
      return [makeStep("replace", { old, new: next }), makeStep("create-replacement", { ...parts, keys })];
    }
    if (old?.external) {
      return [
        makeStep("create-replacement", { ...parts, deletesOldLater: true }),
        makeStep("replace", { old, new: next }),
      ];
    }
    if (!old) return [makeStep("create", parts)];
    return this.compare({ goal, old, next, provider, done });
  }

  private keepExcluded(urn: string, old: ResourceState | undefined, done: Done): Step {
    if (!old) throw new NotSupported(`the flag --exclude of a resource that is not there yet (${urn})`);
    const next = { ...old };
    if (isProviderType(old.type)) this.newProviders.set(urn, next);
    return makeStep("same", { old, new: next, done });
  }

  private findOld(urn: string, goal: Goal): ResourceState | undefined {
    const { olds, options, providers } = this.context;
    const direct = olds.get(urn);
    if (direct) return direct;
    const names = { stack: options.stack, project: options.project, matched: this.matched };
    for (const alias of aliasUrns(goal, names)) {
      const old = olds.get(alias);
      if (!old) continue;
      if (this.seen.has(alias) || this.taken.has(alias)) {
        this.context.events.diagnostic(
          "error",
          `Duplicate resource alias '${alias}' applied to resource with URN '${urn}' conflicting with another resource`,
          { urn },
        );
        throw new Reported();
      }
      this.taken.add(alias);
      this.matched.set(urn, alias);
      if (isProviderType(goal.type)) providers.rename(urn, alias);
      return old;
    }
    return undefined;
  }

  private newState(urn: string, goal: Goal, old: ResourceState | undefined): ResourceState {
    const alias = this.matched.get(urn);
    return {
      urn,
      type: goal.type,
      custom: goal.custom,
      id: "",
      inputs: goal.inputs,
      outputs: {},
      parent: goal.parent,
      protect: goal.protect,
      dependencies: goal.dependencies,
      initErrors: [],
      provider: goal.provider,
      propertyDependencies: goal.propertyDependencies,
      additionalSecretOutputs: goal.additionalSecretOutputs,
      aliases: alias === undefined ? [] : [alias],
      customTimeouts: goal.customTimeouts,
      importID: old?.importID,
      retainOnDelete: goal.retainOnDelete,
      deletedWith: goal.deletedWith,
      created: old?.created,
      modified: old?.modified,
      sourcePosition: goal.sourcePosition,
      stackTrace: goal.stackTrace,
      ignoreChanges: goal.ignoreChanges,
      replaceOnChanges: goal.replaceOnChanges,
      resourceHooks: goal.hooks,
    };
  }

  private async check(asked: {
    urn: string;
    goal: Goal;
    provider: Provider | undefined;
    olds: PropertyMap | undefined;
    news: PropertyMap;
  }): Promise<CheckResult> {
    const { urn, goal, provider, olds, news } = asked;
    if (isProviderType(goal.type)) return this.context.providers.check(urn, olds ?? {}, news);
    if (!provider) return { inputs: news, failures: [] };
    return provider.check(urn, olds, news, this.context.isPreview);
  }

  private reportFailures(state: ResourceState, failures: CheckFailure[]): boolean {
    const { urn, type } = state;
    const name = urn.split("::").slice(3).join("::");
    for (const { property, reason } of failures) {
      const value = state.inputs[property] ?? undefined;
      const where =
        property === ""
          ? ""
          : `: property ${property} value {${value === undefined || value === unknown ? "<nil>" : plainText(value)}}`;
      this.context.events.diagnostic("error", `${type} resource '${name}'${where} has a problem: ${reason}`, {
        urn,
      });
    }
    return failures.length > 0;
  }

  private async compare(pair: ComparedPair): Promise<Step[]> {
    const { goal, old, next, provider, done } = pair;
    const diff = this.widen(await this.diff(pair), goal, old);
    const about = { old, new: next, keys: diff.replaceKeys, diffs: diff.changedKeys, detailed: diff.detailed };
    const isReplace = diff.changes === "some" && diff.replaceKeys.length > 0;
    if (isReplace || old.pendingReplacement) {
      if (next.protect && old.protect) {
        const { urn } = next;
        this.context.events.diagnostic(
          "error",
          `unable to replace resource "${urn}"\nas it is currently marked for protection. To unprotect the resource, ` +
            `remove the \`protect\` flag from the resource in your Pulumi program and run \`pulumi up\``,
          { urn },
        );
        if (!this.context.isPreview) throw new Reported();
        this.context.fail();
      }
      this.replaced.add(next.urn);
      // Defaults that were carried over from the old resource must not be in the new one.
      const checked = await this.check({ urn: next.urn, goal, provider, olds: undefined, news: goal.inputs });
      if (this.reportFailures(next, checked.failures)) throw new Reported();
      next.inputs = checked.inputs;
      if (!(goal.deleteBeforeReplace ?? diff.deleteBeforeReplace)) {
        return [makeStep("create-replacement", { ...about, done, deletesOldLater: true }), makeStep("replace", about)];
      }
      const before = await this.deleteFirst(old);
      return [...before, makeStep("replace", about), makeStep("create-replacement", { ...about, done })];
    }
    // A resource whose initialisation failed is updated again even when nothing differs.
    if (diff.changes === "some" || old.initErrors.length > 0) return [makeStep("update", { ...about, done })];
    return [makeStep("same", { old, new: next, done })];
  }

  private async diff({ goal, old, next, provider }: ComparedPair): Promise<DiffResult> {
    const none: DiffResult = {
      changes: "none",
      replaceKeys: [],
      changedKeys: [],
      detailed: undefined,
      deleteBeforeReplace: false,
    };
    const replace = (key: string): DiffResult => ({ ...none, changes: "some", replaceKeys: [key] });
    if (next.deletedWith && this.replaced.has(next.deletedWith)) return replace("deletedWith");
    if (await this.providerChanged(old, next)) return replace("provider");
    if (isProviderType(next.type)) {
      return this.context.providers.diff(old, next.urn, next.inputs, goal.ignoreChanges);
    }
    if (!provider) return equalValues(old.inputs, next.inputs) ? none : { ...none, changes: "some" };
    return settledDiff(provider, {
      urn: next.urn,
      id: old.id,
      oldInputs: old.inputs,
      oldOutputs: old.outputs,
      newInputs: next.inputs,
      ignoreChanges: goal.ignoreChanges,
      preview: this.context.isPreview,
    });
  }

  /** Another provider means another resource, unless the new one says that it can go on. */
  private async providerChanged(old: ResourceState, next: ResourceState): Promise<boolean> {
    if (old.provider === next.provider) return false;
    if (old.provider === "" || next.provider === "") return true;
    const [oldUrn, newUrn] = [referenceUrn(old.provider), referenceUrn(next.provider)];
    const { providers, olds } = this.context;
    if (providers.isRenamed(newUrn, oldUrn)) return false;
    const [oldState, newState] = [olds.get(oldUrn), this.newProviders.get(newUrn)];
    if (!oldState || !newState) return true;
    const inputs = withoutInternal(newState.inputs);
    return (await providers.require(next.provider).diffConfig(newUrn, oldState, inputs, [])).replaceKeys.length > 0;
  }

  /** Applies `replaceOnChanges`. */
  private widen(diff: DiffResult, { replaceOnChanges }: Goal, old: ResourceState): DiffResult {
    if (replaceOnChanges.length === 0) return diff;
    const paths = diff.detailed ? Object.keys(diff.detailed) : diff.changedKeys;
    const changed = [...paths, ...(old.initErrors.length > 0 ? ["#initerror"] : [])];
    const forced = changed.filter((path) => replaceOnChanges.some((named) => matchesPath(path, named)));
    const keys = forced.map((path) => path.split(/[.[]/)[0] as string);
    if (forced.length === 0) return diff;
    return { ...diff, changes: "some", replaceKeys: [...new Set([...diff.replaceKeys, ...keys])] };
  }

  /** Deletions that have to come before a resource that cannot exist twice is created again. */
  private async deleteFirst(old: ResourceState): Promise<Step[]> {
    const { context } = this;
    const forced = await forcedReplacements(context, old, this.seen);
    for (const [item, keys] of forced) this.forcedKeys.set(item.urn, keys);
    const condemned = [...forced.keys(), ...this.goesWith(old.urn)];
    const steps: Step[] = [];
    for (const item of new Set(condemned.reverse())) {
      if (this.planned.has(item)) continue;
      if (item.protect && !item.delete) {
        const message = `unable to replace resource "${item.urn}" as part of replacing "${old.urn}" as it is currently marked for protection`;
        context.events.diagnostic("error", message, { urn: old.urn });
        throw new Reported();
      }
      steps.push(item.delete ? deleteStep(item, false) : deleteStep(item, true, true));
      context.deleting.add(item.urn);
      this.planned.add(item);
    }
    await context.ensureProvider(old.provider);
    if (!old.pendingReplacement) {
      steps.push(deleteStep(old, true, true));
      context.deleting.add(old.urn);
    }
    return steps;
  }

  private goesWith(urn: string): ResourceState[] {
    return this.context.base.filter((item) => item.deletedWith === urn && !this.seen.has(item.urn));
  }

  /** The steps for a resource that is only read. */
  generateRead(urn: string, next: ResourceState, done: Done): Step[] {
    this.seen.add(urn);
    const old = this.context.olds.get(urn);
    const parts = { old, new: next, done };
    if (old && !old.external) {
      this.replaced.add(urn);
      return [makeStep("read-replacement", parts), makeStep("replace", { old, new: next })];
    }
    return [makeStep("read", parts)];
  }

  /** Deletions of what the program no longer declares; `isAllowed` limits them to the targets. */
  async generateDeletes(isAllowed: (state: ResourceState) => boolean): Promise<Step[]> {
    const steps: Step[] = [];
    for (const state of this.context.base) {
      if (!isAllowed(state) || (state.delete && this.planned.has(state))) continue;
      const isGone = !this.seen.has(state.urn) && !this.taken.has(state.urn);
      if (!state.delete && !isGone) continue;
      if (state.pendingReplacement && !state.delete) steps.push(makeStep("remove-pending-replace", { old: state }));
      else steps.push(deleteStep(state, state.delete === true));
      this.context.deleting.add(state.urn);
      if (state.custom && !isProviderType(state.type)) await this.context.ensureProvider(state.provider);
    }
    return steps;
  }
}

interface ComparedPair {
  goal: Goal;
  old: ResourceState;
  next: ResourceState;
  provider: Provider | undefined;
  done: Done;
}
