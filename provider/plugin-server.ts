/**
 * The gRPC server through which an engine reaches resource kernels. Ours and not the stock one of `@pulumi/pulumi`,
 * because that one drops the provider's configuration, has no preview flag and costs a second to import.
 *
 * An engine opens one connection for each provider resource, configures it, and never says later which one it means:
 * so everything that belongs to a provider resource is kept under the peer of its connection ({@link Connection}).
 */
import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as provider from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Problem } from "../runtime/model/errors";
import { withoutUserInfo } from "../runtime/model/shown-value";
import { visible } from "../runtime/model/visible-text";
import { EngineLog } from "./grpc/engine-log";
import { errorAnswer, withMarks } from "./grpc/error-answer";
import { detailedDiff } from "./grpc/property-diff";
import { receive, type Received, send } from "./grpc/structs";
import type { RuntimeConnection } from "./kernel/connection";
import { marksOfPaths, mergeMarks, type SecretMarks } from "./kernel/property-values";
import { type KernelContext, type Properties, type ResourceKernel, unknownValue } from "./resource-kernel";

/** Enough for a startup script of a megabyte with all its copies; the default of 4 MiB is not. */
const messageBytesMax = 64 * 1024 * 1024;

/** The kernels of one connection, each loaded when first needed: that of a type token, undefined = there is none. */
export type KernelSet = (type: string) => Promise<ResourceKernel | undefined>;

export interface PluginServerOptions {
  readonly version: string;
  /** Called once for each connection, so that kernels may keep what they know of one update. */
  readonly kernels: () => KernelSet;
  /** The package's schema as JSON text. */
  readonly schema: () => Promise<string>;
  /** What holds where the provider resource says nothing, e.g. from the environment. */
  readonly defaults: RuntimeConnection;
  /** The engine's address when it is known before the first call. */
  readonly engineAddress?: string;
  /** Makes a component of the package. Default: there are none. */
  readonly construct?: (
    request: provider.ConstructRequest,
    engineAddress: string,
  ) => Promise<provider.ConstructResponse>;
  /** The engine has said on some connection that the update is over or cancelled. */
  readonly onCancel?: () => void;
}

/** What belongs to one provider resource of one update. */
interface Connection {
  readonly kernels: KernelSet;
  readonly cancelled: AbortController;
  configuration: RuntimeConnection;
  /** False during a preview in which the endpoint itself is yet to be created: then nothing can be checked. */
  isConfigured: boolean;
  log: EngineLog | undefined;
  engineAddress: string | undefined;
}

type Call<Request> = grpc.ServerUnaryCall<Request, unknown>;

export class PluginServer {
  private readonly server = new grpc.Server({
    "grpc.max_receive_message_length": messageBytesMax,
    "grpc.max_send_message_length": messageBytesMax,
  });
  private readonly connections = new Map<string, Connection>();
  private readonly idleListeners: (() => void)[] = [];
  private callsRunning = 0;
  private isCalled = false;

  constructor(private readonly options: PluginServerOptions) {
    this.server.addService(ResourceProviderService, this.methods());
  }

  /** Starts to listen on loopback and tells the port. */
  async listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
  }

  get hasBeenCalled(): boolean {
    return this.isCalled;
  }

  /** Resolves when no call is running. */
  async idle(): Promise<void> {
    if (this.callsRunning > 0) await new Promise<void>((resolve) => this.idleListeners.push(resolve));
  }

  close(): void {
    for (const connection of this.connections.values()) connection.log?.close();
    this.connections.clear();
    this.server.forceShutdown();
  }

  private methods(): grpc.UntypedServiceImplementation {
    return {
      handshake: this.unary((call: Call<provider.ProviderHandshakeRequest>) => this.handshake(call)),
      attach: this.unary((call: Call<{ getAddress(): string }>) => this.attach(call)),
      getPluginInfo: this.unary(() => new PluginInfo().setVersion(this.options.version)),
      getSchema: this.unary(async () => new provider.GetSchemaResponse().setSchema(await this.options.schema())),
      checkConfig: this.unary((call: Call<provider.CheckRequest>) => checkConfig(call.request)),
      diffConfig: this.unary((call: Call<provider.DiffRequest>) => diffConfig(call.request)),
      configure: this.unary((call: Call<provider.ConfigureRequest>) => this.configure(call)),
      check: this.unary((call: Call<provider.CheckRequest>) => this.check(call)),
      diff: this.unary((call: Call<provider.DiffRequest>) => this.diff(call)),
      create: this.unary((call: Call<provider.CreateRequest>) => this.create(call)),
      read: this.unary((call: Call<provider.ReadRequest>) => this.read(call)),
      update: this.unary((call: Call<provider.UpdateRequest>) => this.update(call)),
      delete: this.unary((call: Call<provider.DeleteRequest>) => this.delete(call)),
      cancel: this.unary((call: Call<Empty>) => this.cancel(call)),
      invoke: refuse("functions"),
      call: refuse("methods"),
      construct: this.componentsOr(refuse("components")),
      parameterize: refuse("parameters"),
      getMapping: refuse("mappings"),
      getMappings: refuse("mappings"),
    };
  }

  private handshake(call: Call<provider.ProviderHandshakeRequest>): provider.ProviderHandshakeResponse {
    // Every connection begins with this call. Ports come again, so what an ended update left under this peer goes.
    for (const [peer, { cancelled }] of this.connections) {
      if (cancelled.signal.aborted) this.connections.delete(peer);
    }
    this.connectLog(call, call.request.getEngineAddress());
    return new provider.ProviderHandshakeResponse().setAcceptSecrets(true);
  }

  private attach(call: Call<{ getAddress(): string }>): Empty {
    this.connectLog(call, call.request.getAddress());
    return new Empty();
  }

  private connectLog(call: Call<unknown>, address: string): void {
    const connection = this.connection(call);
    if (address === "") return;
    connection.engineAddress ??= address;
    connection.log ??= new EngineLog(address);
  }

  private configure(call: Call<provider.ConfigureRequest>): provider.ConfigureResponse {
    const given = receive(call.request.getArgs()).properties;
    const { defaults } = this.options;
    const connection = this.connection(call);
    connection.isConfigured = given["endpoint"] !== unknownValue;
    connection.configuration = {
      ...defaults,
      endpoint: textOf(given["endpoint"]) ?? defaults.endpoint,
      apiKey: textOf(given["apiKey"]) ?? defaults.apiKey,
      tlsCa: textOf(given["tlsCa"]) ?? defaults.tlsCa,
      directory: textOf(given["directory"]),
    };
    return new provider.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
  }

  private async check(call: Call<provider.CheckRequest>): Promise<provider.CheckResponse> {
    const { request } = call;
    const kernel = await this.kernelOf(call, request.getUrn());
    const news = receive(request.getNews());
    const olds = request.hasOlds() ? receive(request.getOlds()).properties : undefined;
    if (!this.connection(call).isConfigured) {
      return new provider.CheckResponse().setInputs(send(news.properties, marksFor(kernel, news)));
    }
    const context = this.contextOf(call, { urn: request.getUrn() });
    const { inputs, problems } = await kernel.check(news.properties, olds, context);
    const response = new provider.CheckResponse().setInputs(send(inputs, marksFor(kernel, news)));
    for (const problem of problems) response.addFailures(failureOf(problem));
    return response;
  }

  private async diff(call: Call<provider.DiffRequest>): Promise<provider.DiffResponse> {
    const { request } = call;
    const kernel = await this.kernelOf(call, request.getUrn());
    const olds = receive(request.hasOldInputs() ? request.getOldInputs() : request.getOlds()).properties;
    const news = receive(request.getNews()).properties;
    return diffResponse(await kernel.diff(request.getId(), olds, news), olds, news);
  }

  private async create(call: Call<provider.CreateRequest>): Promise<provider.CreateResponse> {
    const { request } = call;
    const kernel = await this.kernelOf(call, request.getUrn());
    const inputs = receive(request.getProperties());
    const marks = marksFor(kernel, inputs);
    const isPreview = request.getPreview();
    const context = this.contextOf(call, { urn: request.getUrn(), seconds: request.getTimeout(), isPreview });
    const { id, outputs } = await withMarks(marks, () => kernel.create(inputs.properties, context));
    return new provider.CreateResponse().setId(isPreview ? "" : id).setProperties(send(outputs, marks));
  }

  private async read(call: Call<provider.ReadRequest>): Promise<provider.ReadResponse> {
    const { request } = call;
    const kernel = await this.kernelOf(call, request.getUrn());
    const [state, inputs] = [receive(request.getProperties()), receive(request.getInputs())];
    const context = this.contextOf(call, { urn: request.getUrn(), seconds: request.getTimeout() });
    const olds = { ...state.properties, ...inputs.properties };
    const found = await kernel.read(request.getId(), olds, context);
    if (found === undefined) return new provider.ReadResponse();
    const marks = mergeMarks(marksFor(kernel, state), inputs.secrets);
    return new provider.ReadResponse()
      .setId(found.id)
      .setInputs(send(found.inputs, marks))
      .setProperties(send(found.outputs, marks));
  }

  private async update(call: Call<provider.UpdateRequest>): Promise<provider.UpdateResponse> {
    const { request } = call;
    const kernel = await this.kernelOf(call, request.getUrn());
    const news = receive(request.getNews());
    const marks = marksFor(kernel, news);
    const olds = receive(request.getOlds()).properties;
    const isPreview = request.getPreview();
    const context = this.contextOf(call, { urn: request.getUrn(), seconds: request.getTimeout(), isPreview });
    const { outputs } = await withMarks(marks, () => kernel.update(request.getId(), olds, news.properties, context));
    return new provider.UpdateResponse().setProperties(send(outputs, marks));
  }

  private async delete(call: Call<provider.DeleteRequest>): Promise<Empty> {
    const { request } = call;
    const kernel = await this.kernelOf(call, request.getUrn());
    const olds = receive(request.getProperties()).properties;
    await kernel.delete(
      request.getId(),
      olds,
      this.contextOf(call, { urn: request.getUrn(), seconds: request.getTimeout() }),
    );
    return new Empty();
  }

  private componentsOr(
    refusal: grpc.handleUnaryCall<unknown, unknown>,
  ): grpc.handleUnaryCall<provider.ConstructRequest, unknown> {
    const { construct } = this.options;
    if (construct === undefined) return refusal;
    return this.unary((call: Call<provider.ConstructRequest>) => {
      const { engineAddress } = this.connection(call);
      if (engineAddress === undefined) throw new Error("the engine has not said where it is to be reached");
      return construct(call.request, engineAddress);
    });
  }

  private cancel(call: Call<Empty>): Empty {
    this.connection(call).cancelled.abort();
    this.options.onCancel?.();
    return new Empty();
  }

  private connection(call: Call<unknown>): Connection {
    const known = this.connections.get(call.getPeer());
    if (known !== undefined) return known;
    const { engineAddress } = this.options;
    const connection: Connection = {
      kernels: this.options.kernels(),
      cancelled: new AbortController(),
      configuration: this.options.defaults,
      isConfigured: true,
      log: engineAddress === undefined ? undefined : new EngineLog(engineAddress),
      engineAddress,
    };
    this.connections.set(call.getPeer(), connection);
    return connection;
  }

  private async kernelOf(call: Call<unknown>, urn: string): Promise<ResourceKernel> {
    const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
    const kernel = await this.connection(call).kernels(type);
    if (kernel !== undefined) return kernel;
    throw new Error(
      `the headroom plugin has no resource "${type}"; pulumi package get-schema headroom tells what it has`,
    );
  }

  private contextOf(
    call: Call<unknown>,
    { urn, seconds = 0, isPreview = false }: { urn: string; seconds?: number; isPreview?: boolean },
  ): KernelContext {
    const { configuration, cancelled, log } = this.connection(call);
    return {
      ...configuration,
      owner: urn,
      isPreview,
      signal: cancelled.signal,
      ...(seconds > 0 ? { timeoutSeconds: seconds } : {}),
      log: (message) => log?.write(urn, message),
      warn: (message) => log?.warn(urn, message),
    };
  }

  /** Counts the call as running, and answers what it throws as the engine expects errors. */
  private unary<Request, Response>(
    method: (call: Call<Request>) => Response | Promise<Response>,
  ): grpc.handleUnaryCall<Request, Response> {
    return (call, callback) => {
      this.isCalled = true;
      this.callsRunning += 1;
      Promise.resolve(call as Call<Request>)
        .then(method)
        .then(
          (response) => callback(null, response),
          (error: unknown) => callback(errorAnswer(error)),
        )
        .finally(() => this.endCall());
    };
  }

  private endCall(): void {
    this.callsRunning -= 1;
    if (this.callsRunning > 0) return;
    for (const resolve of this.idleListeners.splice(0)) resolve();
  }
}

/** The names that a provider resource of this package may set. */
const configurationKeys: ReadonlySet<string> = new Set([
  "endpoint",
  "apiKey",
  "tlsCa",
  "directory",
  "version",
  "pluginDownloadURL",
]);

function checkConfig(request: provider.CheckRequest): provider.CheckResponse {
  const news = receive(request.getNews());
  const response = new provider.CheckResponse().setInputs(
    send(news.properties, mergeMarks(news.secrets, marksOfPaths(["apiKey", "directory"]))),
  );
  for (const key of Object.keys(news.properties)) {
    if (!configurationKeys.has(key)) response.addFailures(failureOf({ path: key, message: "unknown field" }));
  }
  const endpoint = news.properties["endpoint"];
  if (endpoint !== undefined && endpoint !== unknownValue && !/^https?:\/\/[^/\s]+/.test(String(endpoint))) {
    const message = `got ${typeof endpoint === "string" ? JSON.stringify(withoutUserInfo(endpoint)) : "something else"}; use the address of the runtime such as "http://127.0.0.1:8700"`;
    response.addFailures(failureOf({ path: "endpoint", message }));
  }
  const tlsCa = news.properties["tlsCa"];
  if (tlsCa !== undefined && tlsCa !== unknownValue && !String(tlsCa).includes("-----BEGIN CERTIFICATE-----")) {
    const message = "holds no certificate; give the text of certificates in PEM, not the name of a file";
    response.addFailures(failureOf({ path: "tlsCa", message }));
  }
  return response;
}

/** A new endpoint, key or certificate never replaces a definition: the runtime may have moved. */
function diffConfig(request: provider.DiffRequest): provider.DiffResponse {
  const olds = receive(request.hasOldInputs() ? request.getOldInputs() : request.getOlds()).properties;
  const news = receive(request.getNews()).properties;
  const told = (given: Properties): string =>
    JSON.stringify([given["endpoint"], given["apiKey"], given["tlsCa"], given["directory"]]);
  const changes = told(olds) !== told(news);
  return diffResponse({ changes, replaces: [] }, olds, news);
}

function diffResponse(
  found: { changes: boolean; replaces: string[]; deleteBeforeReplace?: boolean },
  olds: Properties,
  news: Properties,
): provider.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = provider.DiffResponse.DiffChanges;
  const response = new provider.DiffResponse().setChanges(found.changes ? DIFF_SOME : DIFF_NONE);
  if (!found.changes) return response;
  response.setReplacesList(found.replaces).setDeletebeforereplace(found.deleteBeforeReplace ?? false);
  const details = detailedDiff(olds, news, found.replaces);
  response.setHasdetaileddiff(details.length > 0);
  for (const { path, kind } of details) {
    response.getDetaileddiffMap().set(path, new provider.PropertyDiff().setKind(kind).setInputdiff(true));
  }
  return response.setDiffsList([...new Set(details.map(({ path }) => path.split(/[.[]/, 1)[0]!))]);
}

function marksFor(kernel: ResourceKernel, received: Received): SecretMarks {
  return mergeMarks(received.secrets, marksOfPaths(kernel.secretInputs));
}

function failureOf(problem: Problem): provider.CheckFailure {
  return new provider.CheckFailure().setProperty(visible(problem.path)).setReason(visible(problem.message));
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function refuse(what: string): grpc.handleUnaryCall<unknown, unknown> {
  return (_call, callback) =>
    callback({ code: grpc.status.UNIMPLEMENTED, details: `the headroom plugin has no ${what}` });
}
