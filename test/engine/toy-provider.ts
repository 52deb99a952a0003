import { setTimeout as sleep } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as provider from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Json, JsonObject } from "./notation";
import type { ToyWorld } from "./toy-world";

/** Marks a secret (with `value`) on the wire and in states (with `ciphertext`). */
export const secretSignatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
/** Enough for the inputs of one megabyte that a scenario sends. */
const messageBytesMax = 64 * 1024 * 1024;

/** A world that nobody releases lets its slow calls end after so long. */
const holdMsMax = 120_000;

/** A toy provider that listens; `port` is on 127.0.0.1. */
export interface RunningToyProvider {
  readonly port: number;
  readonly close: () => void;
}

class Refusal extends Error {
  constructor(
    message: string,
    readonly initFailed?: { readonly id: string; readonly properties: JsonObject; readonly inputs: JsonObject },
  ) {
    super(message);
  }
}

/**
 * Serves the scripted provider of the recordings (package `toy`) from and into `world`.
 * Its resource `toy:index:Thing` does what its inputs say: `fail`, `delayMs`, `diffDelayMs`, `updateDelayMs`, `forceNew`,
 * `deleteFirst`, `withToken`, `size`.
 */
export async function serveToyProvider(world: ToyWorld): Promise<RunningToyProvider> {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": messageBytesMax,
    "grpc.max_send_message_length": messageBytesMax,
  });
  server.addService(ResourceProviderService, toyMethods(world));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: () => server.forceShutdown() };
}

function toyMethods(world: ToyWorld): grpc.UntypedServiceImplementation {
  return {
    handshake: unary(() => {
      world.beginCall({ call: "handshake" })({});
      return new provider.ProviderHandshakeResponse()
        .setAcceptSecrets(true)
        .setAcceptResources(true)
        .setAcceptOutputs(true);
    }),
    attach: unary(() => {
      world.beginCall({ call: "attach" })({});
      return new Empty();
    }),
    getPluginInfo: unary(() => {
      world.beginCall({ call: "getPluginInfo" })({});
      return new plugin.PluginInfo().setVersion("0.0.1");
    }),
    checkConfig: unary((request: provider.CheckRequest) => {
      const news = plain(request.getNews());
      world.beginCall({ call: "checkConfig", urn: request.getUrn(), olds: plain(request.getOlds()), news })({});
      return new provider.CheckResponse().setInputs(struct(news));
    }),
    diffConfig: unary((request: provider.DiffRequest) => diffConfig(world, request)),
    configure: unary((request: provider.ConfigureRequest) => {
      world.beginCall({
        call: "configure",
        urn: request.getUrn(),
        id: request.getId(),
        args: plain(request.getArgs()),
      })({});
      return new provider.ConfigureResponse()
        .setAcceptsecrets(true)
        .setAcceptresources(true)
        .setAcceptoutputs(true)
        .setSupportspreview(true);
    }),
    check: unary((request: provider.CheckRequest) => check(world, request)),
    diff: unary((request: provider.DiffRequest) => diff(world, request)),
    create: unary((request: provider.CreateRequest) => create(world, request)),
    read: unary((request: provider.ReadRequest) => read(world, request)),
    update: unary((request: provider.UpdateRequest) => update(world, request)),
    delete: unary((request: provider.DeleteRequest) => remove(world, request)),
    invoke: unary((request: provider.InvokeRequest) => lookUp(world, request)),
    cancel: unary(() => {
      world.beginCall({ call: "cancel" })({});
      return new Empty();
    }),
  };
}

function diffConfig(world: ToyWorld, request: provider.DiffRequest): provider.DiffResponse {
  const oldInputs = plain(request.getOldInputs());
  const news = plain(request.getNews());
  world.beginCall({
    call: "diffConfig",
    urn: request.getUrn(),
    olds: plain(request.getOlds()),
    news,
    oldInputs,
    ...listed("ignoreChanges", request.getIgnorechangesList()),
  })({});
  const changed = changedKeys(oldInputs, news);
  return diffResponse(
    changed,
    changed.filter((key) => key === "region"),
  );
}

function check(world: ToyWorld, request: provider.CheckRequest): provider.CheckResponse {
  const news = plain(request.getNews());
  world.beginCall({ call: "check", urn: request.getUrn(), olds: plain(request.getOlds()), news })({});
  const response = new provider.CheckResponse().setInputs(struct({ flavor: "plain", ...news }));
  if (news["size"] === "impossible") {
    response.addFailures(new provider.CheckFailure().setProperty("size").setReason("must be small or large"));
  }
  return response;
}

async function diff(world: ToyWorld, request: provider.DiffRequest): Promise<provider.DiffResponse> {
  const oldInputs = plain(request.getOldInputs());
  const news = plain(request.getNews());
  const changed = changedKeys(oldInputs, news);
  const replaces = changed.filter((key) => list(news["forceNew"]).includes(key));
  world.beginCall({
    call: "diff",
    urn: request.getUrn(),
    id: request.getId(),
    olds: plain(request.getOlds()),
    news,
    oldInputs,
    ...listed("ignoreChanges", request.getIgnorechangesList()),
    changed,
    replaces,
  })({});
  await beSlow(world, news["diffDelayMs"]);
  return diffResponse(changed, replaces).setDeletebeforereplace(news["deleteFirst"] === true);
}

async function create(world: ToyWorld, request: provider.CreateRequest): Promise<provider.CreateResponse> {
  const properties = plain(request.getProperties());
  const concurrent = world.calls().running.some((call) => call["call"] === "create");
  const end = world.beginCall({
    call: "create",
    urn: request.getUrn(),
    properties,
    ...timeout(request.getTimeout()),
    ...(request.getPreview() ? { preview: true } : {}),
    ...(concurrent ? { concurrent } : {}),
  });
  if (request.getPreview()) {
    end({});
    // What only a real thing has is left out; the engine makes it unknown.
    return new provider.CreateResponse().setProperties(struct(properties));
  }
  if (properties["fail"] === "create") return refuse(end, new Refusal("no capacity for this size"));
  const number = world.nextNumber();
  const id = `thing-${number}`;
  await beSlow(world, properties["delayMs"]);
  const outputs = outputsOf(properties, number);
  world.put({ id, inputs: properties, outputs });
  if (properties["fail"] === "init") {
    end({ returnedId: id });
    throw new Refusal("still booting", { id, properties: outputs, inputs: properties });
  }
  end({ returnedId: id });
  return new provider.CreateResponse().setId(id).setProperties(struct(outputs));
}

function read(world: ToyWorld, request: provider.ReadRequest): provider.ReadResponse {
  world.beginCall({
    call: "read",
    urn: request.getUrn(),
    id: request.getId(),
    properties: plain(request.getProperties()),
    inputs: plain(request.getInputs()),
    ...timeout(request.getTimeout()),
  })({});
  const thing = world.get(request.getId());
  if (thing === undefined) return new provider.ReadResponse();
  if (thing.inputs["fail"] === "read") throw new Refusal("read refused");
  return new provider.ReadResponse()
    .setId(thing.id)
    .setInputs(struct(thing.inputs))
    .setProperties(struct(thing.outputs));
}

async function update(world: ToyWorld, request: provider.UpdateRequest): Promise<provider.UpdateResponse> {
  const news = plain(request.getNews());
  const end = world.beginCall({
    call: "update",
    urn: request.getUrn(),
    id: request.getId(),
    olds: plain(request.getOlds()),
    news,
    oldInputs: plain(request.getOldInputs()),
    ...listed("ignoreChanges", request.getIgnorechangesList()),
    ...timeout(request.getTimeout()),
    ...(request.getPreview() ? { preview: true } : {}),
  });
  const outputs = outputsOf(news, numberOf(request.getId()));
  if (request.getPreview()) {
    end({});
    return new provider.UpdateResponse().setProperties(struct(outputs));
  }
  if (news["fail"] === "update") return refuse(end, new Refusal("update refused"));
  await beSlow(world, news["updateDelayMs"]);
  world.put({ id: request.getId(), inputs: news, outputs });
  end({});
  if (news["fail"] === "init") {
    throw new Refusal("still booting", { id: request.getId(), properties: outputs, inputs: news });
  }
  return new provider.UpdateResponse().setProperties(struct(outputs));
}

async function remove(world: ToyWorld, request: provider.DeleteRequest): Promise<Empty> {
  const properties = plain(request.getProperties());
  const end = world.beginCall({
    call: "delete",
    urn: request.getUrn(),
    id: request.getId(),
    oldInputs: plain(request.getOldInputs()),
    properties,
    ...timeout(request.getTimeout()),
  });
  // The thing itself decides, so that a scenario can repair it behind the engine's back; what is gone can't refuse.
  if (world.get(request.getId())?.inputs["fail"] === "delete") return refuse(end, new Refusal("delete refused"));
  await beSlow(world, properties["delayMs"]);
  world.remove(request.getId());
  end({});
  return new Empty();
}

function lookUp(world: ToyWorld, request: provider.InvokeRequest): provider.InvokeResponse {
  const args = plain(request.getArgs());
  world.beginCall({ call: "invoke", tok: request.getTok(), args })({});
  const response = new provider.InvokeResponse();
  if (args["key"] === "bad") {
    response.addFailures(new provider.CheckFailure().setProperty("key").setReason("unknown key"));
    return response;
  }
  return response.setReturn(struct({ value: `value of ${String(unwrap(args["key"]))}` }));
}

function refuse(end: (end: JsonObject) => void, refusal: Refusal): never {
  end({ error: refusal.message });
  throw refusal;
}

/** What a thing looks like from outside: its inputs, an address, and a secret token when asked for. */
function outputsOf(inputs: JsonObject, number: number): JsonObject {
  const token = { [secretSignatureKey]: secretSignature, value: `token-${number}` };
  return { ...inputs, address: `10.0.0.${number}`, ...(inputs["withToken"] === true ? { token } : {}) };
}

function diffResponse(changed: readonly string[], replaces: readonly string[]): provider.DiffResponse {
  const changes =
    changed.length > 0 ? provider.DiffResponse.DiffChanges.DIFF_SOME : provider.DiffResponse.DiffChanges.DIFF_NONE;
  return new provider.DiffResponse()
    .setChanges(changes)
    .setDiffsList([...changed])
    .setReplacesList([...replaces]);
}

function changedKeys(olds: JsonObject, news: JsonObject): string[] {
  const keys = new Set([...Object.keys(olds), ...Object.keys(news)]);
  return [...keys].filter((key) => sortedText(unwrap(olds[key])) !== sortedText(unwrap(news[key])));
}

/** The same value without its secret wrappers, at any depth. */
function unwrap(value: Json): Json {
  if (Array.isArray(value)) return value.map(unwrap);
  if (typeof value !== "object" || value === null) return value;
  const object = value as JsonObject;
  if (object[secretSignatureKey] === secretSignature) return unwrap(object["value"]);
  return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, unwrap(inner)]));
}

function sortedText(value: Json): string | undefined {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}

function numberOf(id: string): number {
  return Number(id.replace("thing-", ""));
}

/** Takes so many milliseconds, or in a held world as long as it is held. */
async function beSlow(world: ToyWorld, delayMs: Json): Promise<void> {
  if (typeof delayMs !== "number" || delayMs === 0) return;
  if (!world.isHeld()) return sleep(delayMs);
  const untilMs = Date.now() + holdMsMax;
  while (world.isHeld() && Date.now() < untilMs) await sleep(20);
}

function list(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function listed(name: string, values: readonly string[]): JsonObject {
  return values.length > 0 ? { [name]: [...values] } : {};
}

function timeout(seconds: number): JsonObject {
  return seconds > 0 ? { timeout: seconds } : {};
}

function plain(value: Struct | undefined): JsonObject {
  return (value?.toJavaScript() ?? {}) as JsonObject;
}

function struct(value: JsonObject): Struct {
  return Struct.fromJavaScript(value as { [key: string]: JavaScriptValue });
}

/** Wraps a method so that what it throws is answered the way Pulumi's own provider server does. */
function unary<Request, Response>(
  method: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => method(call.request))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(errorAnswer(error)),
      );
  };
}

function errorAnswer(error: unknown): Partial<grpc.StatusObject> {
  const message = error instanceof Error ? error.message : String(error);
  const metadata = new grpc.Metadata();
  if (error instanceof Refusal && error.initFailed !== undefined) {
    const { id, properties, inputs } = error.initFailed;
    const detail = new provider.ErrorResourceInitFailed()
      .setId(id)
      .setProperties(struct(properties))
      .setInputs(struct(inputs))
      .setReasonsList([message]);
    const packed = new Any();
    packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status().setCode(grpc.status.UNKNOWN).setMessage(message);
    status.addDetails(packed);
    // This header is where Go's gRPC looks for structured error details.
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  }
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}
