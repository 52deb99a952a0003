/**
 * Keeps the state file in step with what happens. The rules kept:
 *  - before a provider is asked to change anything, the file on the disk names the pending operation;
 *  - a step that asked a provider for something has ended only when a file that contains its result is on the disk; a new
 *    component and what is as before are in the next file;
 *  - steps that begin or end while a write is under way share the next write.
 * A snapshot is the resources this operation has produced, in order, then those of the base state it has not touched.
 */
import { type Crypter, KeyNeeded } from "../stack/secrets";
import type { OperationType, PendingOperation, ResourceState, StackState } from "../state/resource";
import { encodeDeployment, encodeResource } from "../state/stored-state";
import { referenceId, referenceUrn } from "../state/urn";
import { equalValues } from "../state/values";

export interface SnapshotOptions {
  base: StackState;
  /** Encrypts secrets; its salt goes into the state. */
  crypter: Crypter;
  /** Stores the text of a deployment with these resources. */
  write: (deploymentJson: string, resources: readonly ResourceState[]) => Promise<void>;
}

export class Snapshot {
  private readonly produced: ResourceState[] = [];
  private readonly done = new Set<ResourceState>();
  private pending: PendingOperation[];
  /** JSON text of resources that have not changed since they were last written. */
  private readonly texts = new Map<ResourceState, string>();
  private running: Promise<void> = Promise.resolve();
  private queued: Promise<void> | undefined;
  private hasUnwrittenChanges = true;
  private isFrozen = false;

  constructor(private readonly options: SnapshotOptions) {
    // Creates that were interrupted stay until somebody says what became of them; other operations are settled by
    // the next look at the resource.
    this.pending = options.base.pendingOperations.filter(({ type }) => type === "creating");
  }

  get base(): StackState {
    return this.options.base;
  }

  /** Records that an operation is about to begin. */
  begin(resource: ResourceState, type: OperationType): Promise<void> {
    this.pending.push({ resource, type });
    return this.save();
  }

  /** Records the end of a step: the pending operation is over, `remove` is replaced by `add`. */
  async end({ pending, remove, add }: EndedStep): Promise<void> {
    if (pending) this.pending = this.pending.filter(({ resource }) => resource !== pending);
    if (remove) this.done.add(remove);
    if (add) this.produced.push(add);
    // A new component is in the same file as the first thing that is made below it, or in the last one.
    const isNewComponent = add !== undefined && !add.custom && remove === undefined;
    const isAsBefore = !pending && remove && add && isUnchanged(remove, add);
    if (isNewComponent || isAsBefore) this.hasUnwrittenChanges = true;
    else await this.save();
  }

  /** Says that a resource object was changed after it had been recorded. */
  touch(resource: ResourceState): void {
    this.texts.delete(resource);
    this.hasUnwrittenChanges = true;
  }

  /** Replaces the base after a refresh; nothing is written before the next change or the end. */
  rebase(resources: ResourceState[]): void {
    this.options.base.resources = resources;
    this.texts.clear();
    this.hasUnwrittenChanges = true;
  }

  /** Forgets interrupted creates. */
  clearPending(): void {
    this.pending = [];
    this.hasUnwrittenChanges = true;
  }

  /** Leaves the file as it is: what ends after this is not recorded, its pending operation stays. */
  freeze(): void {
    this.isFrozen = true;
  }

  async close(): Promise<void> {
    if (this.hasUnwrittenChanges) await this.save();
    else await this.running;
  }

  /** Resolves when a write that began after this call is on the disk. */
  save(): Promise<void> {
    this.queued ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.queued = undefined;
        this.running = this.writeNow();
        return this.running;
      });
    return this.queued;
  }

  private async writeNow(): Promise<void> {
    if (this.isFrozen) return;
    this.hasUnwrittenChanges = false;
    const { base, crypter } = this.options;
    const resources = [...this.produced, ...base.resources].filter((resource) => !this.done.has(resource));
    const renamed = renamedUrns(resources);
    try {
      await this.options.write(this.deploymentText(resources, renamed), resources);
    } catch (error) {
      if (!(error instanceof KeyNeeded)) throw error;
      await crypter.unlock();
      await this.options.write(this.deploymentText(resources, renamed), resources);
    }
  }

  private deploymentText(resources: ResourceState[], renamed: Map<string, string>): string {
    const salt = this.options.crypter.salt;
    const form = { encrypt: (text: string) => this.options.crypter.encrypt(text), salt };
    const frame = encodeDeployment({ resources: [], pendingOperations: this.pending, salt }, form);
    const texts = resources.map((resource) => {
      let text = this.texts.get(resource);
      if (text === undefined || renamed.size > 0) {
        text = JSON.stringify(encodeResource(withNewReferences(resource, renamed), form));
        this.texts.set(resource, text);
      }
      return text;
    });
    const { manifest, secrets_providers, pending_operations, metadata } = frame;
    const head = JSON.stringify({ manifest, secrets_providers }).slice(0, -1);
    const list = texts.length > 0 ? `,"resources":[${texts.join(",")}]` : "";
    return `${head}${list},${JSON.stringify({ pending_operations, metadata }).slice(1)}`;
  }
}

export interface EndedStep {
  pending?: ResourceState;
  remove?: ResourceState;
  add?: ResourceState;
}

/** Nothing worth a write differs: source positions and times may. */
function isUnchanged(before: ResourceState, after: ResourceState): boolean {
  const shape = (state: ResourceState): string =>
    JSON.stringify([
      state.urn,
      state.type,
      state.custom,
      state.customTimeouts,
      !!state.retainOnDelete,
      state.provider,
      state.parent,
      state.deletedWith ?? "",
      !!state.protect,
      [...state.dependencies].sort(),
      state.id,
      state.resourceHooks,
    ]);
  return (
    shape(before) === shape(after) &&
    equalValues(before.inputs, after.inputs) &&
    equalValues(before.outputs, after.outputs)
  );
}

/** Old URN → new URN of resources that were found under an alias. */
function renamedUrns(resources: ResourceState[]): Map<string, string> {
  return new Map(resources.flatMap((resource) => resource.aliases.map((alias) => [alias, resource.urn] as const)));
}

/** A resource whose references to renamed resources follow the new names. */
function withNewReferences(state: ResourceState, renamed: Map<string, string>): ResourceState {
  if (renamed.size === 0) return state;
  const follow = (urn: string): string => renamed.get(urn) ?? urn;
  const provider = state.provider && `${follow(referenceUrn(state.provider))}::${referenceId(state.provider)}`;
  return {
    ...state,
    aliases: [],
    provider,
    parent: state.parent && follow(state.parent),
    deletedWith: state.deletedWith && follow(state.deletedWith),
    dependencies: state.dependencies.map(follow),
    propertyDependencies: Object.fromEntries(
      Object.entries(state.propertyDependencies).map(([key, urns]) => [key, urns.map(follow)]),
    ),
  };
}
