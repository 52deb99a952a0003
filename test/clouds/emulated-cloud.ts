/**
 * A cloud behind the provider protocol: the real SDK and the real engine talk to it over gRPC, as to a provider
 * plugin (attached by PULUMI_DEBUG_PROVIDERS), and only what is behind is ours. It refuses what the SDK does not
 * declare, keeps what was made, and causes trouble on demand.
 */
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as provider from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { errorAnswer, withMarks } from "../../provider/grpc/error-answer";
import { receive, send } from "../../provider/grpc/structs";
import { InitError, unknownValue, type Properties } from "../../provider/resource-kernel";
import { findTypeProblems, type SdkObject } from "./sdk-types";

/**
 * How one resource type behaves. Throwing refuses the request with that text; each is told the configuration of the
 * connection, by which a cloud knows who asks.
 */
export interface EmulatedResource {
  readonly inputs: SdkObject;
  readonly outputs: SdkObject;
  /** Inputs whose change makes a new one. */
  readonly replacing: readonly string[];
  create(inputs: Properties, asker: Properties): { readonly id: string; readonly outputs: Properties };
  read(id: string, asker: Properties): Properties | undefined;
  update(id: string, inputs: Properties, asker: Properties): Properties;
  delete(id: string, asker: Properties): void;
}

export interface EmulatedFunction {
  readonly inputs: SdkObject;
  call(args: Properties, asker: Properties): Properties;
}

/** A step on a node's VM that waits for the test. */
export interface HeldStep {
  /** Resolves when the engine has asked for it. */
  readonly asked: Promise<void>;
  /** It is answered from now on. */
  release(): void;
}

/** Trouble on demand; each is asked with the inputs of the create. */
export interface CloudTrouble {
  /** How long each create takes. */
  latencyMs?: number;
  /** The text of a refusal. */
  refuse?: (inputs: Properties) => string | undefined;
  /** The cloud does it, but the answer never arrives. */
  losesAnswer?: (inputs: Properties) => boolean;
  /** Called with the id of each resource that the engine is about to read. */
  onRead?: (id: string) => void;
  /** The text of what is wrong with each configuration of a Pulumi provider: as its error, or as that of one field. */
  configuration?: { readonly reason: string; readonly field?: string };
}

export interface JournalEntry {
  readonly what: "create" | "update" | "delete";
  readonly type: string;
  readonly id: string;
  readonly inputs?: Properties;
}

export interface EmulatedCloudParts {
  /** As in type tokens, e.g. `aws`. */
  readonly packageName: string;
  readonly version: string;
  readonly resources: ReadonlyMap<string, EmulatedResource>;
  readonly functions: ReadonlyMap<string, EmulatedFunction>;
  /** The node whose VM has these inputs or outputs; undefined = it is no VM, or nobody's. */
  nodeIdOf(properties: Properties): string | undefined;
  /** Throws the refusal of a connection with this configuration. Default: everybody may connect. */
  readonly admit?: (configuration: Properties) => void;
}

const messageBytesMax = 64 * 1024 * 1024;

export class EmulatedCloud {
  readonly journal: JournalEntry[] = [];
  /** Configuration of each provider resource that connected. */
  readonly configurations: Properties[] = [];
  trouble: CloudTrouble = {};
  private readonly refused = new Map<string, string>();
  private readonly lost = new Set<string>();
  private readonly held = new Map<string, { ask(): void; readonly released: Promise<void> }>();
  private readonly askers = new Map<string, Properties>();
  private readonly server = new grpc.Server({ "grpc.max_receive_message_length": messageBytesMax });
  private port = 0;

  constructor(private readonly parts: EmulatedCloudParts) {}

  async listen(): Promise<void> {
    this.server.addService(ResourceProviderService, this.methods());
    this.port = await new Promise((resolve, reject) => {
      this.server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  }

  /** For the environment of the engine. */
  get debugProvider(): string {
    return `${this.parts.packageName}:${this.port}`;
  }

  close(): void {
    this.server.forceShutdown();
  }

  /** Every create of this node's VM is refused with this text. */
  refuseNode(nodeId: string, text: string): void {
    this.refused.set(nodeId, text);
  }

  /** The next create of this node's VM happens, but its answer is lost. */
  loseAnswerOf(nodeId: string): void {
    this.lost.add(nodeId);
  }

  /** Hangs: the answer of a create, whose VM is there already; or the whole of a delete. */
  hold(step: "create" | "delete", nodeId: string): HeldStep {
    const [asked, ask] = openPromise();
    const [released, release] = openPromise();
    this.held.set(`${step} ${nodeId}`, { ask, released });
    return { asked, release };
  }

  private methods(): grpc.UntypedServiceImplementation {
    return {
      handshake: unary(() => new provider.ProviderHandshakeResponse().setAcceptSecrets(true)),
      attach: unary(() => new Empty()),
      getPluginInfo: unary(() => new PluginInfo().setVersion(this.parts.version)),
      getSchema: unary(() => new provider.GetSchemaResponse().setSchema("{}")),
      checkConfig: unary((request: provider.CheckRequest) => this.checkConfig(request)),
      diffConfig: unary((request: provider.DiffRequest) => this.diffOf(request, [])),
      configure: unary((request: provider.ConfigureRequest, peer) => this.configure(request, peer)),
      check: unary((request: provider.CheckRequest) => this.check(request)),
      diff: unary((request: provider.DiffRequest) => this.diffOf(request, this.resourceOf(request.getUrn()).replacing)),
      create: unary((request: provider.CreateRequest, peer) => this.create(request, this.askerOf(peer))),
      read: unary((request: provider.ReadRequest, peer) => this.read(request, this.askerOf(peer))),
      update: unary((request: provider.UpdateRequest, peer) => this.update(request, this.askerOf(peer))),
      delete: unary((request: provider.DeleteRequest, peer) => this.delete(request, this.askerOf(peer))),
      invoke: unary((request: provider.InvokeRequest, peer) => this.invoke(request, this.askerOf(peer))),
      cancel: unary(() => new Empty()),
    };
  }

  private checkConfig(request: provider.CheckRequest): provider.CheckResponse {
    const { configuration: trouble } = this.trouble;
    const response = new provider.CheckResponse().setInputs(request.getNews());
    if (trouble === undefined) return response;
    if (trouble.field === undefined) throw new Error(trouble.reason);
    const failure = new provider.CheckFailure().setProperty(trouble.field).setReason(trouble.reason);
    return response.setFailuresList([failure]);
  }

  /** A connection is one Pulumi provider: the engine opens one for each. */
  private configure(request: provider.ConfigureRequest, peer: string): provider.ConfigureResponse {
    const configuration = receive(request.getArgs()).properties;
    this.configurations.push(configuration);
    this.parts.admit?.(configuration);
    this.askers.set(peer, configuration);
    return new provider.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
  }

  private askerOf(peer: string): Properties {
    const configuration = this.askers.get(peer);
    if (!configuration) throw new Error("the connection was not configured");
    return configuration;
  }

  private check(request: provider.CheckRequest): provider.CheckResponse {
    const { properties } = receive(request.getNews());
    const response = new provider.CheckResponse().setInputs(request.getNews());
    for (const problem of findTypeProblems(this.resourceOf(request.getUrn()).inputs, withoutUnknowns(properties))) {
      response.addFailures(new provider.CheckFailure().setReason(problem));
    }
    return response;
  }

  private diffOf(request: provider.DiffRequest, replacing: readonly string[]): provider.DiffResponse {
    const olds = receive(request.getOldInputs()).properties;
    const news = receive(request.getNews()).properties;
    const names = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter((name) => !name.startsWith("__"));
    const changed = names.filter((name) => !isDeepStrictEqual(olds[name], news[name]));
    const { DIFF_NONE, DIFF_SOME } = provider.DiffResponse.DiffChanges;
    return new provider.DiffResponse()
      .setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE)
      .setDiffsList(changed)
      .setReplacesList(changed.filter((name) => replacing.includes(name)));
  }

  /** Outputs leave without secret marks: whatever must stay secret, the program itself has to say so. */
  private async create(request: provider.CreateRequest, asker: Properties): Promise<provider.CreateResponse> {
    const type = typeOfUrn(request.getUrn());
    const resource = this.resourceOf(request.getUrn());
    const inputs = receive(request.getProperties()).properties;
    if (request.getPreview()) return new provider.CreateResponse().setProperties(send(inputs));
    await delay(this.trouble.latencyMs ?? 0);
    const nodeId = this.parts.nodeIdOf(inputs) ?? "";
    const refusal = this.refused.get(nodeId) ?? this.trouble.refuse?.(inputs);
    if (refusal !== undefined) throw new Error(refusal);
    // An `InitError` says that something was made all the same, and is in the state from then on.
    const { id, outputs } = await withMarks({}, async () => resource.create(inputs, asker));
    this.journal.push({ what: "create", type, id, inputs });
    await this.waitWhileHeld("create", nodeId);
    if (this.lost.delete(nodeId) || this.trouble.losesAnswer?.(inputs)) {
      throw new Error("read tcp 10.0.0.1:443: connection reset by peer");
    }
    return new provider.CreateResponse().setId(id).setProperties(send(declared(resource, outputs)));
  }

  private read(request: provider.ReadRequest, asker: Properties): provider.ReadResponse {
    const resource = this.resourceOf(request.getUrn());
    this.trouble.onRead?.(request.getId());
    const outputs = resource.read(request.getId(), asker);
    if (outputs === undefined) return new provider.ReadResponse();
    return new provider.ReadResponse()
      .setId(request.getId())
      .setInputs(request.getInputs())
      .setProperties(send(declared(resource, outputs)));
  }

  private update(request: provider.UpdateRequest, asker: Properties): provider.UpdateResponse {
    const resource = this.resourceOf(request.getUrn());
    const inputs = receive(request.getNews()).properties;
    if (request.getPreview()) return new provider.UpdateResponse().setProperties(send(inputs));
    const outputs = resource.update(request.getId(), inputs, asker);
    this.journal.push({ what: "update", type: typeOfUrn(request.getUrn()), id: request.getId(), inputs });
    return new provider.UpdateResponse().setProperties(send(declared(resource, outputs)));
  }

  private async delete(request: provider.DeleteRequest, asker: Properties): Promise<Empty> {
    await this.waitWhileHeld("delete", this.parts.nodeIdOf(receive(request.getProperties()).properties) ?? "");
    this.resourceOf(request.getUrn()).delete(request.getId(), asker);
    this.journal.push({ what: "delete", type: typeOfUrn(request.getUrn()), id: request.getId() });
    return new Empty();
  }

  private async waitWhileHeld(step: "create" | "delete", nodeId: string): Promise<void> {
    const held = this.held.get(`${step} ${nodeId}`);
    held?.ask();
    await held?.released;
  }

  private invoke(request: provider.InvokeRequest, asker: Properties): provider.InvokeResponse {
    const known = this.parts.functions.get(request.getTok());
    if (!known) throw new Error(`the emulated cloud has no function ${request.getTok()}`);
    const args = receive(request.getArgs()).properties;
    const problems = findTypeProblems(known.inputs, args);
    if (problems.length > 0) throw new Error(problems.join("; "));
    return new provider.InvokeResponse().setReturn(send(known.call(args, asker)));
  }

  private resourceOf(urn: string): EmulatedResource {
    const known = this.parts.resources.get(typeOfUrn(urn));
    if (!known) throw new Error(`the emulated cloud has no resource ${typeOfUrn(urn)}`);
    return known;
  }
}

/** Fails when the emulation itself answers with something that the SDK does not declare. */
function declared(resource: EmulatedResource, outputs: Properties): Properties {
  const unknown = Object.keys(outputs).filter((name) => !resource.outputs.fields.has(name));
  if (unknown.length > 0) throw new Error(`the emulated cloud answers with ${unknown.join(", ")}, which the SDK lacks`);
  return outputs;
}

function openPromise(): [Promise<void>, () => void] {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((resolved) => (resolve = resolved));
  return [promise, resolve];
}

function withoutUnknowns(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties).filter(([name, value]) => !name.startsWith("__") && !hasUnknown(value)),
  );
}

function hasUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}

function typeOfUrn(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

function unary<Request, Response>(
  method: (request: Request, peer: string) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then((request) => method(request, call.getPeer()))
      .then(
        (response) => callback(null, response),
        // As others' plugins have it: their texts come as they are.
        (error: Error) =>
          callback(
            error.cause instanceof InitError
              ? errorAnswer(error)
              : { code: grpc.status.UNKNOWN, details: error.message },
          ),
      );
  };
}
