/**
 * One configured instance of a provider: the typed form of the ResourceProvider protocol.
 * The rules kept: secrets, resource references and unknowns cross only as far as the provider said it understands
 * them, and secretness it cannot keep is restored from the inputs.
 */
import { randomBytes } from "node:crypto";
import type { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { ResourceState } from "../state/resource";
import { packageOf, urnName, urnType } from "../state/urn";
import {
  contains,
  copySecretness,
  fromStruct,
  isSecret,
  isUnknown,
  plainText,
  type PropertyMap,
  Secret,
  toStruct,
  type WireOptions,
} from "../state/values";
import type { Abilities, Greeting } from "./handshake";
import { call, isUnimplemented, ProviderError, providerError } from "./rpc";

export interface CheckFailure {
  property: string;
  reason: string;
}
export interface CheckResult {
  inputs: PropertyMap;
  failures: CheckFailure[];
}

export type DiffKind = "add" | "add-replace" | "delete" | "delete-replace" | "update" | "update-replace";
export type DetailedDiff = Record<string, { diffKind: DiffKind; inputDiff: boolean }>;
export interface DiffResult {
  changes: "unknown" | "none" | "some";
  replaceKeys: string[];
  changedKeys: string[];
  detailed: DetailedDiff | undefined;
  deleteBeforeReplace: boolean;
}

export interface ReadResult {
  id: string;
  outputs: PropertyMap;
  inputs: PropertyMap | undefined;
}

/** Everything the engine asks of a provider. */
export interface Provider {
  checkConfig(urn: string, olds: PropertyMap, news: PropertyMap): Promise<CheckResult>;
  diffConfig(urn: string, state: ResourceState, news: PropertyMap, ignoreChanges: string[]): Promise<DiffResult>;
  /** Begins to configure; calls that need the configuration wait for it, and fail when it fails. */
  configure(urn: string, id: string, inputs: PropertyMap): void;
  check(urn: string, olds: PropertyMap | undefined, news: PropertyMap, preview: boolean): Promise<CheckResult>;
  diff(request: DiffRequest): Promise<DiffResult>;
  create(state: ResourceState, preview: boolean): Promise<ReadResult>;
  update(request: UpdateRequest): Promise<PropertyMap>;
  read(request: ReadRequest): Promise<ReadResult>;
  delete(state: ResourceState): Promise<void>;
  invoke(
    token: string,
    args: PropertyMap,
    preview: boolean,
  ): Promise<{ result: PropertyMap; failures: CheckFailure[] }>;
  /** Asks the provider to stop what it is doing. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

export interface DiffRequest {
  urn: string;
  id: string;
  oldInputs: PropertyMap;
  oldOutputs: PropertyMap;
  newInputs: PropertyMap;
  ignoreChanges: string[];
  preview: boolean;
}
export interface UpdateRequest {
  before: ResourceState;
  after: ResourceState;
  preview: boolean;
}
export interface ReadRequest {
  urn: string;
  id: string;
  inputs: PropertyMap | undefined;
  outputs: PropertyMap;
  timeout: number;
}

/** A plugin that was reached: its client, what it said of itself, and what ends it. */
export interface Connection {
  client: ResourceProviderClient;
  greeting: Greeting;
  close(): Promise<void>;
}

const diffKinds: DiffKind[] = ["add", "add-replace", "delete", "delete-replace", "update", "update-replace"];

export class RemoteProvider implements Provider {
  private abilities: Abilities | undefined;
  private configured: Promise<{ isKnown: boolean }> | undefined;
  private closed: Promise<void> | undefined;
  private readonly client: ResourceProviderClient;

  constructor(private readonly connection: Connection) {
    this.client = connection.client;
    this.abilities = connection.greeting.abilities;
  }

  /** Empty when the plugin reports none. */
  get version(): string {
    return this.connection.greeting.version;
  }

  async checkConfig(urn: string, olds: PropertyMap, news: PropertyMap): Promise<CheckResult> {
    const request = new messages.CheckRequest().setUrn(urn).setName(urnName(urn)).setType(urnType(urn));
    request.setOlds(toStruct(olds, configWire)).setNews(toStruct(news, configWire));
    try {
      const answer = await call(this.client, this.client.checkConfig, request);
      const inputs = fromStruct(answer.getInputs());
      copySecretness(inputs, news);
      return { inputs, failures: failuresOf(answer) };
    } catch (error) {
      if (isUnimplemented(error)) return { inputs: news, failures: [] };
      throw providerError(error);
    }
  }

  async diffConfig(urn: string, state: ResourceState, news: PropertyMap, ignoreChanges: string[]): Promise<DiffResult> {
    const request = new messages.DiffRequest().setUrn(urn).setName(urnName(urn)).setType(urnType(urn));
    request
      .setOldInputs(toStruct(withoutInternal(state.inputs), configWire))
      .setOlds(toStruct(state.outputs, configWire));
    request.setNews(toStruct(news, configWire)).setIgnorechangesList(ignoreChanges);
    try {
      return diffOf(await call(this.client, this.client.diffConfig, request));
    } catch (error) {
      if (!isUnimplemented(error)) throw providerError(error);
      return { changes: "unknown", replaceKeys: [], changedKeys: [], detailed: undefined, deleteBeforeReplace: false };
    }
  }

  configure(urn: string, id: string, inputs: PropertyMap): void {
    const known = Object.entries(inputs).filter(([key]) => key !== "version");
    if (known.some(([, value]) => contains(value, isUnknown))) {
      this.abilities ??= { secrets: false, resources: false, preview: false };
      this.configured = Promise.resolve({ isKnown: false });
      return;
    }
    const request = new messages.ConfigureRequest().setUrn(urn).setName(urnName(urn)).setType(urnType(urn)).setId(id);
    request.setArgs(toStruct(inputs, { secrets: true, resources: true, unknowns: true }));
    request.setAcceptsecrets(true).setAcceptresources(true).setSendsOldInputs(true).setSendsOldInputsToDelete(true);
    const variables = request.getVariablesMap();
    for (const [key, value] of known) variables.set(`${packageOf(urnType(urn))}:config:${key}`, plainText(value));
    this.configured = this.sendConfiguration(request);
    this.configured.catch(() => undefined);
  }

  private async sendConfiguration(request: messages.ConfigureRequest): Promise<{ isKnown: boolean }> {
    try {
      const answer = await call(this.client, this.client.configure, request);
      this.abilities ??= {
        secrets: answer.getAcceptsecrets(),
        resources: answer.getAcceptresources(),
        preview: answer.getSupportspreview(),
      };
      return { isKnown: true };
    } catch (error) {
      throw providerError(error);
    }
  }

  /** Waits for the configuration; `isKnown` is false when it holds unknowns, so that the provider must not be asked. */
  private async ready(unknowns: boolean): Promise<{ isKnown: boolean; wire: WireOptions; preview: boolean }> {
    if (!this.configured) throw new ProviderError("provider was used before it was configured", false);
    const { isKnown } = await this.configured;
    const abilities = this.abilities ?? { secrets: false, resources: false, preview: false };
    return { isKnown, wire: { ...abilities, unknowns }, preview: abilities.preview };
  }

  async check(urn: string, olds: PropertyMap | undefined, news: PropertyMap, preview: boolean): Promise<CheckResult> {
    const { isKnown, wire } = await this.ready(preview);
    if (!isKnown) return { inputs: news, failures: [] };
    const request = new messages.CheckRequest().setUrn(urn).setName(urnName(urn)).setType(urnType(urn));
    request
      .setOlds(toStruct(olds ?? {}, wire))
      .setNews(toStruct(news, wire))
      .setRandomseed(randomBytes(32));
    const answer = await this.ask(this.client.check, request);
    const inputs = fromStruct(answer.getInputs());
    if (!wire.secrets) copySecretness(inputs, news);
    return { inputs, failures: failuresOf(answer) };
  }

  async diff(asked: DiffRequest): Promise<DiffResult> {
    const { isKnown, wire } = await this.ready(asked.preview);
    // Official Pulumi warns here and assumes an update; only previews can get here.
    if (!isKnown)
      return { changes: "some", replaceKeys: [], changedKeys: [], detailed: undefined, deleteBeforeReplace: false };
    const { urn } = asked;
    const request = new messages.DiffRequest().setId(asked.id).setUrn(urn).setName(urnName(urn)).setType(urnType(urn));
    request.setOldInputs(toStruct(asked.oldInputs, wire)).setOlds(toStruct(asked.oldOutputs, wire));
    request.setNews(toStruct(asked.newInputs, wire)).setIgnorechangesList(asked.ignoreChanges);
    return diffOf(await this.ask(this.client.diff, request));
  }

  async create(state: ResourceState, preview: boolean): Promise<ReadResult> {
    const ready = await this.ready(preview);
    if (preview && !ready.isKnown) return { id: "", outputs: {}, inputs: undefined };
    if (preview && !ready.preview) return { id: "", outputs: state.inputs, inputs: undefined };
    const { urn, type } = state;
    const request = new messages.CreateRequest().setUrn(urn).setName(urnName(urn)).setType(type).setPreview(preview);
    request.setProperties(toStruct(state.inputs, ready.wire)).setTimeout(state.customTimeouts.create ?? 0);
    const answer = await this.ask(this.client.create, request).catch((error: ProviderError) => {
      // A create that failed left nothing behind, unless the provider says so.
      throw new ProviderError(error.message, false, error.init);
    });
    const outputs = fromStruct(answer.getProperties());
    if (!ready.wire.secrets) copySecretness(outputs, state.inputs);
    if (answer.getId() === "" && !preview) throw new ProviderError("provider did not return an ID from Create", true);
    return { id: answer.getId(), outputs, inputs: undefined };
  }

  async update({ before, after, preview }: UpdateRequest): Promise<PropertyMap> {
    const ready = await this.ready(preview);
    if (preview && !ready.isKnown) return {};
    if (preview && !ready.preview) return after.inputs;
    const { urn, type } = after;
    const request = new messages.UpdateRequest().setId(before.id).setUrn(urn).setName(urnName(urn)).setType(type);
    request.setOldInputs(toStruct(before.inputs, ready.wire)).setOlds(toStruct(before.outputs, ready.wire));
    request.setNews(toStruct(after.inputs, ready.wire)).setTimeout(after.customTimeouts.update ?? 0);
    request.setIgnorechangesList(after.ignoreChanges).setPreview(preview);
    const outputs = fromStruct((await this.ask(this.client.update, request)).getProperties());
    if (!ready.wire.secrets) copySecretness(outputs, after.inputs);
    return outputs;
  }

  async read({ urn, id, inputs, outputs, timeout }: ReadRequest): Promise<ReadResult> {
    const { isKnown, wire } = await this.ready(false);
    if (!isKnown) return { id, outputs: {}, inputs: {} };
    const request = new messages.ReadRequest().setId(id).setUrn(urn).setName(urnName(urn)).setType(urnType(urn));
    request.setProperties(toStruct(outputs, wire)).setTimeout(timeout);
    if (inputs) request.setInputs(toStruct(inputs, wire));
    const answer = await this.ask(this.client.read, request);
    const found = answer.getInputs();
    const result = {
      id: answer.getId(),
      outputs: fromStruct(answer.getProperties()),
      inputs: found && fromStruct(found),
    };
    if (!wire.secrets) {
      copySecretness(result.outputs, outputs);
      if (result.inputs) copySecretness(result.inputs, inputs ?? {});
    }
    return result;
  }

  async delete(state: ResourceState): Promise<void> {
    const { wire } = await this.ready(false);
    const { urn, type } = state;
    const request = new messages.DeleteRequest().setId(state.id).setUrn(urn).setName(urnName(urn)).setType(type);
    request.setProperties(toStruct(state.outputs, wire)).setOldInputs(toStruct(state.inputs, wire));
    await this.ask(this.client.delete, request.setTimeout(state.customTimeouts.delete ?? 0));
  }

  async invoke(
    token: string,
    args: PropertyMap,
    preview: boolean,
  ): Promise<{ result: PropertyMap; failures: CheckFailure[] }> {
    const { isKnown, wire } = await this.ready(false);
    if (!isKnown) return { result: {}, failures: [] };
    const request = new messages.InvokeRequest().setTok(token).setArgs(toStruct(args, wire)).setPreview(preview);
    const answer = await this.ask(this.client.invoke, request);
    const result = fromStruct(answer.getReturn());
    if (!wire.secrets && contains(args, isSecret)) {
      for (const [key, value] of Object.entries(result)) if (!isSecret(value)) result[key] = new Secret(value);
    }
    return { result, failures: failuresOf(answer) };
  }

  async cancel(): Promise<void> {
    // A provider that does not know Cancel, or is gone, has nothing to stop.
    await call(this.client, this.client.cancel, new Empty()).catch(() => undefined);
  }

  /** Asks the provider to stop and ends the connection; once. */
  close(): Promise<void> {
    this.closed ??= this.cancel().then(() => this.connection.close());
    return this.closed;
  }

  private async ask<Q, R>(method: Parameters<typeof call<Q, R>>[1], request: Q): Promise<R> {
    try {
      return await call(this.client, method, request);
    } catch (error) {
      throw providerError(error);
    }
  }
}

const configWire: WireOptions = { secrets: false, resources: false, unknowns: true };

/** Inputs of a Pulumi provider without what the engine keeps there for itself: what the provider sees, and its outputs. */
export function withoutInternal(inputs: PropertyMap): PropertyMap {
  const rest = { ...inputs };
  delete rest.__internal;
  return rest;
}

function failuresOf(answer: { getFailuresList(): messages.CheckFailure[] }): CheckFailure[] {
  return answer.getFailuresList().map((item) => ({ property: item.getProperty(), reason: item.getReason() }));
}

function diffOf(answer: messages.DiffResponse): DiffResult {
  const detailed: DetailedDiff = {};
  answer.getDetaileddiffMap().forEach((item, path) => {
    detailed[path] = { diffKind: diffKinds[item.getKind()] ?? "update", inputDiff: item.getInputdiff() };
  });
  return {
    changes: (["unknown", "none", "some"] as const)[answer.getChanges()] ?? "unknown",
    replaceKeys: answer.getReplacesList(),
    changedKeys: answer.getDiffsList(),
    detailed: answer.getHasdetaileddiff() ? detailed : undefined,
    deleteBeforeReplace: answer.getDeletebeforereplace(),
  };
}
