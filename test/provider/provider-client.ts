/** A gRPC client that speaks to a provider as an engine does, with plain JSON properties. */
import * as grpc from "@grpc/grpc-js";
import { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as provider from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";

export type Json = Record<string, unknown>;

export const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
export const secret = (value: unknown): Json => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

export function urnOf(type: string, name: string): string {
  return `urn:pulumi:dev::lab::${type}::${name}`;
}

export class ProviderClient {
  readonly raw: ResourceProviderClient;

  constructor(port: number) {
    // A channel of its own for each client: engines open one connection per provider resource.
    const options = { "grpc.use_local_subchannel_pool": 1 };
    this.raw = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options);
  }

  close(): void {
    this.raw.close();
  }

  handshake(): Promise<provider.ProviderHandshakeResponse> {
    const request = new provider.ProviderHandshakeRequest().setEngineAddress("");
    return this.call((done) => this.raw.handshake(request, done));
  }
  attach(): Promise<Empty> {
    return this.call((done) => this.raw.attach(new PluginAttach(), done));
  }
  async schema(): Promise<Json> {
    const answer = await this.call<provider.GetSchemaResponse>((done) =>
      this.raw.getSchema(new provider.GetSchemaRequest(), done),
    );
    return JSON.parse(answer.getSchema()) as Json;
  }
  async checkConfig(news: Json): Promise<{ inputs: Json; failures: string[] }> {
    const request = new provider.CheckRequest().setUrn("urn:p").setNews(struct(news));
    return checked(await this.call<provider.CheckResponse>((done) => this.raw.checkConfig(request, done)));
  }
  configure(args: Json): Promise<provider.ConfigureResponse> {
    return this.call((done) => this.raw.configure(new provider.ConfigureRequest().setArgs(struct(args)), done));
  }
  async check(urn: string, news: Json, olds?: Json): Promise<{ inputs: Json; failures: string[] }> {
    const request = new provider.CheckRequest().setUrn(urn).setNews(struct(news));
    if (olds) request.setOlds(struct(olds));
    return checked(await this.call<provider.CheckResponse>((done) => this.raw.check(request, done)));
  }
  async diff(urn: string, id: string, olds: Json, news: Json): Promise<provider.DiffResponse.AsObject> {
    const request = new provider.DiffRequest().setUrn(urn).setId(id).setOldInputs(struct(olds)).setNews(struct(news));
    return (await this.call<provider.DiffResponse>((done) => this.raw.diff(request, done))).toObject();
  }
  async create(urn: string, inputs: Json, preview = false): Promise<{ id: string; outputs: Json }> {
    const request = new provider.CreateRequest().setUrn(urn).setProperties(struct(inputs)).setPreview(preview);
    const answer = await this.call<provider.CreateResponse>((done) => this.raw.create(request, done));
    return { id: answer.getId(), outputs: plain(answer.getProperties()) };
  }
  async read(urn: string, id: string, state: Json): Promise<{ id: string; inputs: Json; outputs: Json }> {
    const request = new provider.ReadRequest()
      .setUrn(urn)
      .setId(id)
      .setProperties(struct(state))
      .setInputs(struct(state));
    const answer = await this.call<provider.ReadResponse>((done) => this.raw.read(request, done));
    return { id: answer.getId(), inputs: plain(answer.getInputs()), outputs: plain(answer.getProperties()) };
  }
  async update(urn: string, id: string, olds: Json, news: Json): Promise<Json> {
    const request = new provider.UpdateRequest().setUrn(urn).setId(id).setOlds(struct(olds)).setNews(struct(news));
    return plain((await this.call<provider.UpdateResponse>((done) => this.raw.update(request, done))).getProperties());
  }
  delete(urn: string, id: string, state: Json, timeoutSeconds = 0): Promise<Empty> {
    const request = new provider.DeleteRequest()
      .setUrn(urn)
      .setId(id)
      .setProperties(struct(state))
      .setTimeout(timeoutSeconds);
    return this.call((done) => this.raw.delete(request, done));
  }
  cancel(): Promise<Empty> {
    return this.call((done) => this.raw.cancel(new Empty(), done));
  }

  call<Answer>(run: (done: (error: grpc.ServiceError | null, answer: Answer) => void) => unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      run((error, answer) => (error ? reject(error) : resolve(answer)));
    });
  }
}

/** What an error says was created all the same; undefined when it says nothing of that. */
export function initFailureOf(error: unknown): { id: string; outputs: Json; reasons: string[] } | undefined {
  const [packed] = (error as grpc.ServiceError).metadata.get("grpc-status-details-bin");
  if (packed === undefined) return undefined;
  const [detail] = Status.deserializeBinary(new Uint8Array(packed as Buffer)).getDetailsList();
  const failed = provider.ErrorResourceInitFailed.deserializeBinary(detail!.getValue_asU8());
  return { id: failed.getId(), outputs: plain(failed.getProperties()), reasons: failed.getReasonsList() };
}

function checked(answer: provider.CheckResponse): { inputs: Json; failures: string[] } {
  const failures = answer.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
  return { inputs: plain(answer.getInputs()), failures };
}

function struct(value: Json): Struct {
  return Struct.fromJavaScript(value as Record<string, JavaScriptValue>);
}

function plain(value: Struct | undefined): Json {
  return (value?.toJavaScript() ?? {}) as Json;
}
