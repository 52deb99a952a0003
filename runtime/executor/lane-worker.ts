/** What a worker process does for one lane at a time: update, recover, remove. */
import { CloudError, HeadroomError, UnavailableError } from "../model/errors";
import type { CloudFailureClass } from "../model/errors";
import type { DesiredNode } from "../model/state";
import { EngineFailure } from "./engine-command";
import { laneMark, laneMarkOf } from "./engine-environment";
import { classifyFailure } from "./failure-class";
import { FileBackend } from "./file-backend";
import { openCrypter, type Installation } from "./installation";
import { LaneFolder } from "./lane-folder";
import type { NodeProgram } from "./node-program";
import type { PresentNode, UpdateEvent, UpdateRequest, UpdateResult } from "./node-updater";
import type { PassphraseCrypter } from "./passphrase";
import { processesWith } from "./processes";
import { PulumiStack } from "./pulumi-stack";
import { adoptMissing, quietenStack, type RecoveryContext, type RecoveryLimits } from "./recovery";
import { presentNodes } from "./stack-state";
import { UpdateEventTranslator } from "./update-events";

export interface LaneWorkerOptions {
  readonly installation: Installation;
  readonly program: NodeProgram;
  readonly limits: RecoveryLimits;
  /** Environment of this process; the engine inherits it. */
  readonly environment: NodeJS.ProcessEnv;
}

type OnEvent = (event: UpdateEvent) => void;

export class LaneWorker {
  private readonly backend: FileBackend | undefined;
  private crypter: Promise<PassphraseCrypter> | undefined;

  constructor(private readonly options: LaneWorkerOptions) {
    this.backend = FileBackend.of(options.installation.backendUrl);
  }

  /** Derives the key of the secrets, so that the first update need not wait for it. */
  async warmUp(): Promise<void> {
    this.crypter ??= openCrypter(this.options.installation);
    await this.crypter;
  }

  async update(request: UpdateRequest, onEvent: OnEvent, abort: AbortSignal): Promise<UpdateResult> {
    const context = this.open(request, onEvent, abort);
    try {
      await this.options.program.prepare(request.nodes);
    } catch (error) {
      return this.refuse(context, request, error, onEvent);
    }
    await context.folder.write(request.nodes, await this.openedCrypter());
    await context.stack.initialise();
    const doubtful = await this.runUp(context, request, onEvent);
    if (doubtful.kind === "ended") return this.conclude(context, request, doubtful.message);
    if (doubtful.kind === "unknown") return unknownResult(request, doubtful.message);
    // A plugin died while it created: what it left is adopted, and the rest is tried once more.
    await adoptMissing(context, doubtful.nodes);
    const second = await this.runUp(context, request, onEvent);
    if (second.kind === "unknown") return unknownResult(request, second.message);
    if (second.kind === "doubtful") return unknownResult(request, `the provider plugin died twice: ${second.message}`);
    return this.conclude(context, request, second.message);
  }

  async recover(
    request: UpdateRequest,
    enginePid: number | undefined,
    onEvent: OnEvent,
    abort: AbortSignal,
  ): Promise<UpdateResult> {
    const context = this.open(request, onEvent, abort);
    try {
      await this.options.program.prepare(request.nodes);
      await context.folder.write(request.nodes, await this.openedCrypter());
      await quietenStack(context, enginePid);
      await context.stack.initialise();
      const deployment = await adoptMissing(context, request.nodes);
      const { laneId, revision } = request;
      return { laneId, revision, outcome: "succeeded", present: presentNodes(deployment) };
    } catch (error) {
      return unknownResult(request, messageOf(error));
    }
  }

  /** Refuses a stack that still has something in it. */
  async removeStack(laneId: string, stack: string, abort: AbortSignal): Promise<void> {
    const request: UpdateRequest = { laneId, stack, revision: 0, nodes: [] };
    const context = this.open(request, () => undefined, abort);
    const { folder } = context;
    if (!folder.exists() && !this.backend?.hasStack(stack)) return;
    await folder.write([], await this.openedCrypter());
    await quietenStack(context, undefined);
    const deployment = await context.stack.readDeployment();
    const left = presentNodes(deployment)
      .map(({ nodeId }) => nodeId)
      .sort();
    if (left.length > 0 || (deployment?.pending_operations ?? []).length > 0) {
      throw new UnavailableError(`stack ${stack} is not empty: ${left.join(", ") || "it has pending operations"}`);
    }
    if (this.backend) await this.backend.removeStack(stack);
    else await context.stack.remove();
    await folder.remove();
  }

  private open(request: UpdateRequest, onEvent: OnEvent, abort: AbortSignal): RecoveryContext {
    const { installation, program, limits, environment } = this.options;
    const folder = new LaneFolder(installation, request.laneId, request.stack);
    const onStarted = (pid: number) => {
      onEvent({ kind: "started", enginePid: pid, engine: installation.engine.name });
      folder.recordEngine({ pid, revision: request.revision });
    };
    const stack = new PulumiStack({
      installation,
      backend: this.backend,
      folder,
      revision: request.revision,
      isOffline: !program.needsPlugins(request.nodes),
      environment,
      onStarted,
      abort,
    });
    const lanePids = () => processesWith(laneMark, laneMarkOf(installation, request.laneId));
    return { stack, folder, backend: this.backend, program, limits, lanePids };
  }

  private openedCrypter(): Promise<PassphraseCrypter> {
    this.crypter ??= openCrypter(this.options.installation);
    return this.crypter;
  }

  private async runUp(context: RecoveryContext, request: UpdateRequest, onEvent: OnEvent): Promise<UpRun> {
    const nodes = new Map(request.nodes.map((node) => [node.nodeId, node]));
    const translator = new UpdateEventTranslator((nodeId, message) => this.classify(nodes.get(nodeId), message));
    let failure: EngineFailure | undefined;
    try {
      await context.stack.up(
        () => this.options.program.declare({ withoutVm: new Set() }),
        (event) => translator.translate(event).forEach(onEvent),
      );
    } catch (error) {
      if (!(error instanceof EngineFailure)) return { kind: "unknown", message: messageOf(error) };
      failure = error;
    }
    translator.finish().forEach(onEvent);
    if (failure?.isLocked) return { kind: "unknown", message: failure.message };
    if (failure !== undefined && (await this.isInterrupted(context, failure))) {
      return { kind: "unknown", message: failure.message };
    }
    if (translator.doubtful.size === 0) return { kind: "ended", message: failure?.message };
    const doubtful = request.nodes.filter(({ nodeId }) => translator.doubtful.has(nodeId));
    return { kind: "doubtful", nodes: doubtful, message: [...translator.doubtful.values()].join("; ") };
  }

  /** True when the engine did not end by itself, so that creates may be on their way. */
  private async isInterrupted({ stack }: RecoveryContext, failure: EngineFailure): Promise<boolean> {
    if (failure.endedBy !== undefined) return true;
    const deployment = await stack.readDeployment();
    return (deployment?.pending_operations ?? []).length > 0;
  }

  private async conclude(
    context: RecoveryContext,
    request: UpdateRequest,
    message: string | undefined,
  ): Promise<UpdateResult> {
    const { laneId, revision } = request;
    const present = presentNodes(await context.stack.readDeployment());
    await this.backend?.prune(request.stack, this.options.installation.historyKept);
    if (message === undefined) return { laneId, revision, outcome: "succeeded", present };
    return { laneId, revision, outcome: "failed", message, present };
  }

  /** The program can't be run at all: nothing changed, and every node that is not there has failed. */
  private async refuse(
    context: RecoveryContext,
    request: UpdateRequest,
    error: unknown,
    onEvent: OnEvent,
  ): Promise<UpdateResult> {
    const message = messageOf(error);
    const failureClass = error instanceof CloudError ? error.failureClass : "CONFIG";
    const present: PresentNode[] = presentNodes(await context.stack.readDeployment());
    for (const { nodeId } of request.nodes) {
      if (present.some((node) => node.nodeId === nodeId)) continue;
      onEvent({ kind: "nodeFailed", nodeId, class: failureClass, message });
    }
    return { laneId: request.laneId, revision: request.revision, outcome: "failed", message, present };
  }

  private classify(node: DesiredNode | undefined, message: string): CloudFailureClass {
    const known = node === undefined ? undefined : this.options.program.classify(node, message);
    return known ?? classifyFailure(message);
  }
}

type UpRun =
  | { readonly kind: "ended"; readonly message: string | undefined }
  | { readonly kind: "doubtful"; readonly nodes: readonly DesiredNode[]; readonly message: string }
  /** Neither the events nor the state tell what happened: recovery has to find out. */
  | { readonly kind: "unknown"; readonly message: string };

function unknownResult({ laneId, revision }: UpdateRequest, message: string): UpdateResult {
  return { laneId, revision, outcome: "failed", message };
}

function messageOf(error: unknown): string {
  if (error instanceof HeadroomError || error instanceof EngineFailure) return error.message;
  return error instanceof Error ? error.message : String(error);
}
