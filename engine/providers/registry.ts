/**
 * The providers of one operation, by reference (URN and id), and the life of provider resources themselves.
 * The rules kept: a provider is started at most once per configuration; a provider that was only checked is configured
 * when its step runs; state that refers to a provider that is not registered yet brings it up from the old state.
 */
import { randomUUID } from "node:crypto";
import { CommandFailure, messageOf, NotSupported } from "../failure";
import type { ResourceState } from "../state/resource";
import { packageOf, providerReference, referenceId, referenceUrn, urnType } from "../state/urn";
import { equalValues, type PropertyMap, unknownMark } from "../state/values";
import { type CheckResult, type DiffResult, type Provider, withoutInternal } from "./provider";

type LoadPlugin = (packageName: string, version: string | undefined) => Promise<Provider>;

export class ProviderRegistry {
  private readonly configured = new Map<string, Provider>();
  /** Checked but not yet configured, by URN. */
  private readonly checked = new Map<string, Provider>();
  private readonly loading = new Map<string, Promise<void>>();
  /** New URN of a provider → the URN old states know it by. */
  private readonly renamed = new Map<string, string>();

  constructor(
    private readonly load: LoadPlugin,
    private readonly isPreview: boolean,
  ) {}

  get(reference: string): Provider | undefined {
    const found = this.configured.get(reference);
    if (found) return found;
    for (const [urn, oldUrn] of this.renamed) {
      if (referenceUrn(reference) === oldUrn)
        return this.configured.get(providerReference(urn, referenceId(reference)));
    }
    return undefined;
  }

  require(reference: string): Provider {
    const provider = this.get(reference);
    if (!provider) throw new CommandFailure(`unknown provider '${reference}'`);
    return provider;
  }

  rename(urn: string, oldUrn: string): void {
    this.renamed.set(urn, oldUrn);
  }

  isRenamed(urn: string, oldUrn: string): boolean {
    return this.renamed.get(urn) === oldUrn;
  }

  async check(urn: string, olds: PropertyMap, news: PropertyMap): Promise<CheckResult> {
    const provider = await this.loadFor(urn, news);
    const result = await provider.checkConfig(urn, withoutInternal(olds), withoutInternal(news));
    if (result.failures.length > 0) {
      await provider.close();
      return result;
    }
    this.checked.set(urn, provider);
    for (const key of ["version", "__internal"]) {
      if (news[key] !== undefined) result.inputs[key] = news[key];
    }
    return result;
  }

  async diff(state: ResourceState, urn: string, news: PropertyMap, ignoreChanges: string[]): Promise<DiffResult> {
    const provider = this.checked.get(urn) ?? this.require(providerReference(urn, state.id));
    const filtered = withoutInternal(news);
    const diff = await provider.diffConfig(urn, state, filtered, ignoreChanges);
    if (diff.replaceKeys.length > 0 && this.checked.get(urn) === provider) {
      // The replacement is checked again, by an instance of its own.
      this.checked.delete(urn);
      await provider.close();
    }
    if (diff.changes === "unknown") diff.changes = equalValues(state.outputs, filtered) ? "none" : "some";
    return diff;
  }

  /** Brings an unchanged provider up, reusing the instance that was checked. */
  async same(state: ResourceState): Promise<void> {
    const reference = providerReference(state.urn, state.id);
    if (this.configured.has(reference)) return;
    this.configure(state, state.id, await this.takeChecked(state.urn, state.inputs));
  }

  /** Configures a new provider; its id is made up here. */
  async create(state: ResourceState): Promise<string> {
    const id = this.isPreview ? unknownMark : randomUUID();
    this.configure(state, id, await this.takeChecked(state.urn, state.inputs));
    return id;
  }

  /** Ends a provider whose resource is deleted. */
  async delete(state: ResourceState): Promise<void> {
    const reference = providerReference(state.urn, state.id);
    const provider = this.configured.get(reference);
    this.configured.delete(reference);
    await provider?.close();
  }

  async update(state: ResourceState): Promise<void> {
    this.configure(state, state.id, await this.takeChecked(state.urn, state.inputs));
  }

  /** Loads the provider that an old resource refers to, when this operation has not brought it up. */
  async ensure(reference: string, olds: ReadonlyMap<string, ResourceState>, everyOld: ResourceState[]): Promise<void> {
    if (reference === "" || this.get(reference)) return;
    const running = this.loading.get(reference);
    if (running) return running;
    const urn = referenceUrn(reference);
    const isIt = (item: ResourceState | undefined): boolean => item?.urn === urn && item.id === referenceId(reference);
    const state = isIt(olds.get(urn)) ? olds.get(urn) : everyOld.find(isIt);
    if (!state) throw new CommandFailure(`could not find provider ${reference} in the state`);
    const loaded = this.loadFor(urn, state.inputs).then(
      (provider) => this.configure(state, state.id, provider),
      (error: unknown) => {
        const plugin = `load plugin for ${packageOf(urnType(urn))} provider '${urn}'`;
        throw new CommandFailure(`could not create provider ${reference}: ${plugin}: ${messageOf(error)}`);
      },
    );
    this.loading.set(reference, loaded);
    return loaded;
  }

  private configure(state: ResourceState, id: string, provider: Provider): void {
    provider.configure(state.urn, id, withoutInternal(state.inputs));
    this.configured.set(providerReference(state.urn, id), provider);
  }

  private async takeChecked(urn: string, inputs: PropertyMap): Promise<Provider> {
    const provider = this.checked.get(urn) ?? (await this.loadFor(urn, inputs));
    this.checked.delete(urn);
    return provider;
  }

  private loadFor(urn: string, inputs: PropertyMap): Promise<Provider> {
    const internal = (inputs.__internal ?? {}) as PropertyMap;
    if (internal.parameterization !== undefined) throw new NotSupported("parameterized providers");
    const version = typeof inputs.version === "string" ? inputs.version : undefined;
    return this.load(packageOf(urnType(urn)), version);
  }
}
