/**
 * The two services a program talks to while it runs: ResourceMonitor (register, read, invoke) and Engine (log, root).
 * The rules kept: what this engine does not do is refused with the name of the option, and fails the operation; calls
 * that are still open when the operation ends are answered, so that no program waits for ever.
 */
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engine from "@pulumi/pulumi/proto/engine_pb";
import { CheckFailure as CheckFailureMessage } from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import * as resource from "@pulumi/pulumi/proto/resource_pb";
import type { Message } from "google-protobuf";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { DeploymentContext } from "../deployment/context";
import type { Deployment, ProgramEnd } from "../deployment/deployment";
import type { HookRegistry } from "../deployment/hooks";
import type { Goal } from "../deployment/registration";
import { messageOf, NotSupported } from "../failure";
import type { Provider } from "../providers/provider";
import { channelOptions } from "../providers/rpc";
import type { PlainConfig, Project } from "../stack/project";
import { decodeResource } from "../state/stored-state";
import { createUrn, isProviderType, packageOf, urnType } from "../state/urn";
import { fromStruct, type PropertyMap, toStruct } from "../state/values";
import type { Severity } from "../steps/display";
import { ProviderChoice } from "./provider-choice";
import { refuseUnsupported, sourcePosition, stackTrace, toGoal } from "./requests";

/** What programs may rely on; anything else they do without or refuse themselves. */
const features = new Set([
  "secrets",
  "resourceReferences",
  "outputValues",
  "aliasSpecs",
  "deletedWith",
  "sendsOldInputs",
  "resourceHooks",
]);
const severities: Severity[] = ["debug", "info", "warning", "error"];

export interface MonitorParts {
  hooks: HookRegistry;
  deployment: Deployment;
  project: Project;
  config: PlainConfig;
}

type Handler<Q, R> = (request: Q) => Promise<R> | R;

export class Monitor {
  private readonly server = new grpc.Server(channelOptions);
  private port = 0;
  private rootUrn = "";
  /** Goals by URN, for what children inherit. */
  private readonly goals = new Map<string, Goal>();
  private readonly choice: ProviderChoice;
  private readonly packages = new Map<string, { name: string; version: string }>();
  private shutDown: () => void = () => undefined;
  private readonly isShutDown = new Promise<void>((resolve) => (this.shutDown = resolve));
  private signal: () => void = () => undefined;
  /** Resolves when the program says that it has registered everything. */
  readonly signalled = new Promise<ProgramEnd>((resolve) => (this.signal = () => resolve({})));

  constructor(private readonly parts: MonitorParts) {
    this.choice = new ProviderChoice(parts.deployment, parts.config);
    this.server.addService(ResourceMonitorService, {
      supportsFeature: unary((request: resource.SupportsFeatureRequest) =>
        new resource.SupportsFeatureResponse().setHassupport(features.has(request.getId())),
      ),
      registerPackage: this.guarded((request: resource.RegisterPackageRequest) => this.registerPackage(request)),
      registerResource: this.guarded((request: resource.RegisterResourceRequest) => this.registerResource(request)),
      registerResourceOutputs: this.guarded((request: resource.RegisterResourceOutputsRequest) =>
        this.registerOutputs(request),
      ),
      readResource: this.guarded((request: resource.ReadResourceRequest) => this.readResource(request)),
      invoke: this.guarded((request: resource.ResourceInvokeRequest) => this.invoke(request), true),
      call: this.refusing("methods of remote components (Call)"),
      registerStackTransform: this.refusing("transforms"),
      registerStackInvokeTransform: this.refusing("invoke transforms"),
      registerResourceHook: this.guarded((request: resource.RegisterResourceHookRequest) => {
        parts.hooks.register(request);
        return new Empty();
      }),
      registerErrorHook: this.refusing("error hooks"),
      signalAndWaitForShutdown: unary(async () => {
        this.signal();
        await this.isShutDown;
        return new Empty();
      }),
    } as grpc.UntypedServiceImplementation);
    this.server.addService(EngineService, {
      log: unary((request: engine.LogRequest) => this.log(request)),
      getRootResource: unary(() => new engine.GetRootResourceResponse().setUrn(this.rootUrn)),
      setRootResource: unary((request: engine.SetRootResourceRequest) => {
        this.rootUrn = request.getUrn();
        return new engine.SetRootResourceResponse();
      }),
      startDebugging: unary(() => new Empty()),
      requirePulumiVersion: unary(() => new engine.RequirePulumiVersionResponse()),
    } as grpc.UntypedServiceImplementation);
  }

  /** Where programs and plugins reach it, once it listens. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async listen(): Promise<void> {
    const { server } = this;
    this.port = await promisify<string, grpc.ServerCredentials, number>(server.bindAsync).call(
      server,
      "127.0.0.1:0",
      grpc.ServerCredentials.createInsecure(),
    );
  }

  /** Answers every open call; the program may end now. */
  release(): void {
    this.shutDown();
  }

  close(): void {
    this.server.forceShutdown();
  }

  private get context(): DeploymentContext {
    return this.parts.deployment.context;
  }

  /**
   * A handler that is given up when the operation ends, and whose errors fail the operation: programs swallow some of
   * them, and a program that ends early must not be taken for one that wants its resources deleted.
   */
  private guarded<Q, R extends Message>(handler: Handler<Q, R>, isInvoke = false): grpc.handleUnaryCall<Q, R> {
    return unary(async (request: Q) => {
      const closed = this.isShutDown.then(() => {
        throw Object.assign(new Error("resource monitor shut down"), { code: grpc.status.UNAVAILABLE });
      });
      const answer = (async () => handler(request))();
      answer.catch((error: unknown) => {
        if (error instanceof NotSupported || !isInvoke) this.context.failNow(error);
      });
      return Promise.race([answer, closed]);
    });
  }

  private refusing(what: string): grpc.handleUnaryCall<unknown, Empty> {
    return this.guarded(() => {
      throw new NotSupported(what);
    });
  }

  private log(request: engine.LogRequest): Empty {
    const severity = severities[request.getSeverity()] ?? "info";
    this.context.events.diagnostic(severity, request.getMessage(), {
      urn: request.getUrn(),
      ephemeral: request.getEphemeral(),
    });
    return new Empty();
  }

  private registerPackage(request: resource.RegisterPackageRequest): resource.RegisterPackageResponse {
    if (request.getParameterization()) throw new NotSupported(`parameterized packages (${request.getName()})`);
    const ref = `${request.getName()}@${request.getVersion()}`;
    this.packages.set(ref, { name: request.getName(), version: request.getVersion() });
    return new resource.RegisterPackageResponse().setRef(ref);
  }

  private async registerResource(
    request: resource.RegisterResourceRequest,
  ): Promise<resource.RegisterResourceResponse> {
    refuseUnsupported(request);
    const { project, deployment } = this.parts;
    const goal = toGoal(request, project);
    const parent = this.goals.get(goal.parent);
    if (parent) {
      goal.deletedWith ||= parent.deletedWith;
      goal.protect ??= parent.protect;
      goal.retainOnDelete ??= parent.retainOnDelete;
    }
    const version = this.packages.get(request.getPackageref())?.version ?? request.getVersion();
    const providers = new Map(request.getProvidersMap().entries() as IterableIterator<[string, string]>);
    if (goal.custom && !isProviderType(goal.type)) {
      const inherited =
        parent && packageOf(urnType(parent.provider.split("::").slice(0, -1).join("::"))) === packageOf(goal.type);
      const named = request.getProvider() || (inherited ? parent.provider : "");
      goal.provider = await this.choice.find({
        packageName: packageOf(goal.type),
        version,
        named,
        own: providers,
        parent: goal.parent,
      });
    } else if (isProviderType(goal.type)) {
      if (version !== "") Object.assign(goal.inputs, { __internal: {}, version });
    }
    const { result, state } = await deployment.register(goal);
    const { urn } = state;
    this.goals.set(urn, goal);
    if (!goal.custom) this.choice.give(urn, providers);
    // Outputs of an unchanged component are those of last time and may name resources that do not exist yet.
    const outputs = goal.custom ? state.outputs : {};
    const wire = { secrets: request.getAcceptsecrets(), resources: request.getAcceptresources(), unknowns: true };
    return new resource.RegisterResourceResponse()
      .setUrn(urn)
      .setId(state.id)
      .setObject(toStruct(outputs, wire))
      .setResult(
        { success: resource.Result.SUCCESS, failed: resource.Result.FAIL, skipped: resource.Result.FAIL }[result],
      );
  }

  private async registerOutputs(request: resource.RegisterResourceOutputsRequest): Promise<Empty> {
    await this.parts.deployment.registerOutputs(request.getUrn(), fromStruct(request.getOutputs()));
    return new Empty();
  }

  private async readResource(request: resource.ReadResourceRequest): Promise<resource.ReadResourceResponse> {
    const { deployment, project } = this.parts;
    const type = request.getType();
    const parent = request.getParent();
    const version = this.packages.get(request.getPackageref())?.version ?? request.getVersion();
    const named = request.getProvider();
    const provider = await this.choice.find({ packageName: packageOf(type), version, named, parent });
    const { options } = deployment.context;
    const urn = createUrn({ stack: options.stack, project: options.project, parent, type, name: request.getName() });
    const { state } = await deployment.read(urn, {
      ...decodeResource({ urn, type, custom: true }, (text) => text),
      id: request.getId(),
      inputs: fromStruct(request.getProperties()),
      parent,
      provider,
      external: true,
      dependencies: request.getDependenciesList(),
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      sourcePosition: sourcePosition(request.getSourceposition(), project),
      stackTrace: stackTrace(request.getStacktrace(), project),
    });
    const wire = { secrets: request.getAcceptsecrets(), resources: request.getAcceptresources(), unknowns: true };
    return new resource.ReadResourceResponse().setUrn(urn).setProperties(toStruct(state.outputs, wire));
  }

  private async invoke(request: resource.ResourceInvokeRequest): Promise<resource.ResourceInvokeResponse> {
    const token = request.getTok();
    const version = this.packages.get(request.getPackageref())?.version ?? request.getVersion();
    const reference = await this.choice.find({
      packageName: packageOf(token),
      version,
      named: request.getProvider(),
      parent: request.getParent(),
    });
    const provider: Provider = this.context.providers.require(reference);
    const args = fromStruct(request.getArgs());
    let answer: { result: PropertyMap; failures: { property: string; reason: string }[] };
    try {
      answer = await provider.invoke(token, args, this.context.isPreview);
    } catch (error) {
      throw new Error(`invocation of ${token} returned an error: ${messageOf(error)}`, { cause: error });
    }
    const failures = answer.failures.map(({ property, reason }) =>
      new CheckFailureMessage().setProperty(property).setReason(reason),
    );
    return new resource.ResourceInvokeResponse()
      .setReturn(toStruct(answer.result, { secrets: true, resources: request.getAcceptresources(), unknowns: true }))
      .setFailuresList(failures);
  }
}

/** A grpc-js handler from a function; errors carry their message, and their code when they have one. */
function unary<Q, R>(handler: Handler<Q, R>): grpc.handleUnaryCall<Q, R> {
  return (call, callback) => {
    void (async () => handler(call.request))().then(
      (answer) => callback(null, answer),
      (error: unknown) => {
        const code = (error as { code?: unknown }).code;
        callback({ code: typeof code === "number" ? code : grpc.status.UNKNOWN, details: messageOf(error) });
      },
    );
  };
}
