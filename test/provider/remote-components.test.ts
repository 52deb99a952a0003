/** Components of the plugin, as an engine asks for them on behalf of programs in any language. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ConstructRequest, type ConstructResponse } from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import {
  type RegisterResourceRequest,
  RegisterResourceResponse,
  SupportsFeatureResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { type Json, ProviderClient, secret, unknownText, urnOf } from "./provider-client";

const executable = join(__dirname, "..", "..", "..", "provider", "bin", "pulumi-resource-headroom");

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly inputs: Json;
  readonly dependencies: readonly string[];
}

/** What a plugin's components reach of an engine: its log, and the monitor that takes their resources. */
class EngineDouble {
  readonly registered: Registered[] = [];
  readonly warnings: string[] = [];
  private readonly server = new grpc.Server();

  async listen(): Promise<string> {
    const done =
      <Request>(answer: (request: Request) => unknown): grpc.handleUnaryCall<Request, unknown> =>
      (call, callback) =>
        callback(null, answer(call.request));
    this.server.addService(EngineService, {
      log: done((request: { getMessage(): string }) => (this.warnings.push(request.getMessage()), new Empty())),
    } as unknown as grpc.UntypedServiceImplementation);
    this.server.addService(ResourceMonitorService, {
      supportsFeature: done((request: { getId(): string }) =>
        new SupportsFeatureResponse().setHassupport(["secrets", "resourceReferences"].includes(request.getId())),
      ),
      registerResource: done((request: RegisterResourceRequest) => this.register(request)),
      registerResourceOutputs: done(() => new Empty()),
      signalAndWaitForShutdown: done(() => new Empty()),
    } as unknown as grpc.UntypedServiceImplementation);
    return new Promise((resolve, reject) => {
      this.server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
      );
    });
  }

  close(): void {
    this.server.forceShutdown();
  }

  private register(request: RegisterResourceRequest): RegisterResourceResponse {
    const [type, name] = [request.getType(), request.getName()];
    const inputs = (request.getObject()?.toJavaScript() ?? {}) as Json;
    this.registered.push({
      type,
      name,
      inputs,
      parent: request.getParent(),
      dependencies: request.getDependenciesList(),
    });
    const outputs = { ...inputs, address: "127.0.0.9", folder: "/nowhere", pid: 1 } as Record<string, JavaScriptValue>;
    return new RegisterResourceResponse()
      .setUrn(urnOf(type, name))
      .setId(request.getCustom() ? `${name}-id` : "")
      .setObject(Struct.fromJavaScript(outputs));
  }
}

describe("components for other languages", () => {
  const type = "headroom:index:LocalNode";
  let engine: EngineDouble;
  let address: string;
  let plugin: ChildProcess;
  let client: ProviderClient;
  before(async () => {
    engine = new EngineDouble();
    address = await engine.listen();
    plugin = spawn(executable, [address], { stdio: ["ignore", "pipe", "inherit"] });
    const [port] = (await once(plugin.stdout!, "data")) as [Buffer];
    client = new ProviderClient(Number(String(port).split("\n")[0]));
  });
  after(() => {
    client.close();
    plugin.kill("SIGKILL");
    engine.close();
  });
  beforeEach(() => {
    engine.registered.length = 0;
    engine.warnings.length = 0;
  });

  function construct(inputs: Json, more: { type?: string; isPreview?: boolean } = {}): Promise<ConstructResponse> {
    const request = new ConstructRequest()
      .setProject("lab")
      .setStack("dev")
      .setMonitorendpoint(address)
      .setType(more.type ?? type)
      .setName("builder")
      .setDryrun(more.isPreview ?? false)
      .setInputs(Struct.fromJavaScript(inputs as Record<string, JavaScriptValue>));
    const dependencies = new ConstructRequest.PropertyDependencies().setUrnsList([urnOf("headroom:index:Zone", "lab")]);
    request.getInputdependenciesMap().set("startupScript", dependencies);
    return client.call((done) => client.raw.construct(request, done));
  }

  it("are nodes with what belongs to them, secrets kept and what they rest on told", async () => {
    const startupScript = secret("#!/bin/sh\necho of-a-secret\n");
    const response = await construct({ settings: { cores: 3, memory: "1GiB", root: "/srv/vms" }, startupScript });

    assert.equal(response.getUrn(), urnOf(type, "builder"));
    assert.equal((response.getState()?.toJavaScript() as Json)["address"], "127.0.0.9");
    const [component, vm] = engine.registered;
    assert.deepEqual([component!.type, vm!.type], [type, "headroom:local:Vm"]);
    assert.equal(vm!.parent, urnOf(type, "builder"));
    assert.equal(vm!.inputs["cores"], 3);
    assert.deepEqual(vm!.inputs["startupScript"], startupScript);
    assert.deepEqual(vm!.dependencies, [urnOf("headroom:index:Zone", "lab")]);
  });

  const wrong: readonly [string, Json, RegExp][] = [
    ["a setting out of range", { settings: { cores: -1 } }, /settings\.cores: got -1/],
    ["an unknown setting", { settings: { coers: 1 } }, /settings\.coers: unknown field.*cores/],
    ["an unknown argument", { settings: {}, setings: {} }, /setings: unknown field/],
    ["a name that no VM may have", { nodeName: "N_1" }, /nodeName: got "N_1"/],
    ["an unknown DNS service", { dns: { kind: "venus", baseDomainName: "example.org" } }, /dns\.kind: got "venus"/],
  ];
  for (const [what, inputs, message] of wrong) {
    it(`are refused for ${what}, and no VM is declared`, async () => {
      await assert.rejects(construct(inputs), message);
      await assert.rejects(construct({ ...inputs, startupScript: secret("echo\n") }), message);

      assert.deepEqual(
        engine.registered.filter(({ type: declared }) => declared !== type),
        [],
      );
    });
  }

  it("say in a preview that they wait for what is yet to be made", async () => {
    const response = await construct({ startupScript: unknownText }, { isPreview: true });

    assert.equal((response.getState()?.toJavaScript() as Json)["address"], unknownText);
    assert.deepEqual(
      engine.registered.map(({ type: declared }) => declared),
      [type],
    );
    assert.match(engine.warnings.join("\n"), /VM "builder".*yet to be made/);
  });

  it("are named when they do not exist", async () => {
    await assert.rejects(construct({}, { type: "headroom:index:MoonNode" }), /no component "headroom:index:MoonNode"/);
  });
});
