/** What a worker process does for one lane at a time: update, recover, remove. */
import { hostname } from "node:os";
import type { AccountAnswer, AskRequest } from "../model/account-questions";
import { messageOf } from "../model/errors";
import type { DesiredNode } from "../model/state";
import type { AskPermit } from "../store/permit";
import { askAccount, type AskerOptions } from "./account-asker";
import { hasUnknownOwner, withOwners } from "./account-owners";
import { runEngine } from "./engine-run";
import { refuseUpdate, unknownResult } from "./engine-work";
import { dropGone } from "./gone-vms";
import type { EngineWork, UnderstoodRequest, UpRun } from "./engine-work";
import { FileBackend } from "./file-backend";
import { openCrypter, type Installation } from "./installation";
import { understandNodes } from "./kept-nodes";
import { LaneFolder } from "./lane-folder";
import { removeLane } from "./lane-removal";
import { NodeIntake } from "./node-intake";
import type { LaneContent, NodeProgram } from "./node-program-port";
import type {
  LaneRequest,
  OpenedUpdate,
  OpenRequest,
  RecoverRequest,
  UpdateEvent,
  UpdateRequest,
  UpdateResult,
} from "./node-updater";
import { whileLed } from "./open-watch";
import type { PassphraseCrypter } from "./passphrase";
import { JobPermits } from "./permits";
import { PulumiStack } from "./pulumi-stack";
import {
  adoptMissing,
  dropNodes,
  mendState,
  awaitNoEngine,
  verifyState,
  withoutDeadLocks,
  type RecoveryContext,
  type RecoveryLimits,
} from "./recovery";
import { renameProviders } from "./provider-renames";
import { judgeAbsence, lackedNodes, presentNodes, sealedSecret, untouchedUrns, type Deployment } from "./stack-state";

export interface LaneWorkerOptions {
  readonly installation: Installation;
  readonly program: NodeProgram;
  readonly limits: RecoveryLimits;
  /** Environment of this process; the engine inherits it. */
  readonly environment: NodeJS.ProcessEnv;
  /** Asked before anything is changed. */
  readonly permit: AskPermit;
}

type LaneName = Pick<LaneRequest, "laneId" | "stack" | "epoch">;
type OnEvent = (event: UpdateEvent) => void;
type Opening = UnderstoodRequest<OpenRequest> & { readonly context: RecoveryContext };

export class LaneWorker {
  private readonly backend: FileBackend | undefined;
  private crypter: Promise<PassphraseCrypter> | undefined;

  constructor(private readonly options: LaneWorkerOptions) {
    this.backend = FileBackend.of(options.installation.backendUrl);
  }

  /** What the first update would have to wait for: the key of the secrets is derived. */
  async warmUp(): Promise<void> {
    await this.openedCrypter();
  }

  async update(given: UpdateRequest, onEvent: OnEvent, abort: AbortSignal): Promise<UpdateResult> {
    const asked = await this.held(given, abort);
    const context = this.contextOf(asked, onEvent, abort);
    let understood: UnderstoodRequest<UpdateRequest>;
    try {
      understood = await this.understand(context, asked, onEvent);
    } catch (error) {
      return refuseUpdate(context, asked, error, onEvent);
    }
    const { request, fault } = understood;
    await context.folder.write(request, await this.openedCrypter());
    const first = await this.upWithin(context, request, this.declaring(request.nodes), onEvent);
    const again = await this.withoutGone(context, request, first, onEvent);
    const result = await this.endUpdate(context, request, again, onEvent);
    return fault === undefined ? result : { ...result, outcome: "failed", message: result.message ?? fault };
  }

  /** Holds each account to the one that the VMs in the state are in. A state that can't be read tells nothing here. */
  private async held<Request extends LaneRequest>(request: Request, abort: AbortSignal): Promise<Request> {
    if (!hasUnknownOwner(request)) return request;
    const context = this.contextOf(request, () => undefined, abort);
    // Reading some backends takes an engine, which needs the lane's folder.
    if (this.backend === undefined) await context.folder.write(request, await this.openedCrypter());
    const deployment = await context.stack.readDeployment().catch(() => undefined);
    return { ...request, accounts: withOwners(request, deployment, this.options.program) };
  }

  /** The request without the nodes that can't be made, whose failure is told, and with those kept that can't be read. */
  private async understand<Request extends LaneRequest>(
    context: RecoveryContext,
    request: Request,
    onEvent: OnEvent,
  ): Promise<UnderstoodRequest<Request>> {
    const { nodes, refused } = await understandNodes(request, this.options.program, async () => {
      // Reading some backends takes an engine, which needs the lane's folder.
      await context.folder.write(request, await this.openedCrypter());
      return context.stack.readDeployment();
    });
    for (const failed of refused) onEvent({ kind: "nodeFailed", class: "CONFIG", ...failed });
    const fault = refused.length === 0 ? undefined : refused.map(({ message }) => message).join("; ");
    return { request: { ...request, nodes }, fault };
  }

  /** A delete that failed because its VM is not there any more is done once the state does not name that. */
  private async withoutGone(
    context: RecoveryContext,
    request: UpdateRequest,
    first: UpRun,
    onEvent: OnEvent,
  ): Promise<UpRun> {
    if (first.kind === "unknown" || first.message === undefined || first.doubtful.length > 0) return first;
    const after = await dropGone(context, first.gone);
    if (after === undefined) return first;
    const work = { ...this.declaring(request.nodes), exclude: this.excluded(after, request) };
    const second = await runEngine(context, work, after, onEvent);
    if (second.kind === "unknown") return second;
    return { ...second, refused: new Set([...first.refused, ...second.refused]) };
  }

  /** It begins at once; its result is there when it has ended. */
  openUpdate(given: OpenRequest, onEvent: OnEvent, abort: AbortSignal): OpenedUpdate {
    const begun = this.beginOpened(given, onEvent, abort);
    const intake = new NodeIntake({
      prepare: async (node) => this.options.program.prepare({ ...(await begun).request, nodes: [node] }),
      write: async (nodes) => {
        const { context, request } = await begun;
        await context.folder.write({ ...request, nodes }, await this.openedCrypter());
      },
      onEvent,
    });
    const unread = this.contextOf(given, onEvent, abort);
    return {
      give: (nodes) => intake.give(nodes),
      close: () => intake.close(),
      result: this.runOpened(begun, { context: unread, request: given, fault: undefined }, { intake, onEvent }),
    };
  }

  /** Reads its lane's nodes as every update does, and gets ready for the likely one. */
  private async beginOpened(given: OpenRequest, onEvent: OnEvent, abort: AbortSignal): Promise<Opening> {
    const asked = await this.held(given, abort);
    const context = this.contextOf(asked, onEvent, abort);
    await this.options.program.prepare({ ...asked, nodes: [asked.likely] });
    return { context, ...(await this.understand(context, asked, onEvent)) };
  }

  private async runOpened(
    begun: Promise<Opening>,
    unread: Opening,
    { intake, onEvent }: { readonly intake: NodeIntake; readonly onEvent: OnEvent },
  ): Promise<UpdateResult> {
    const { feed } = intake;
    const finish = async (
      { request, fault }: Opening,
      resultOf: (whole: UpdateRequest) => Promise<UpdateResult>,
    ): Promise<UpdateResult> => {
      feed.breakOff(new Error("the engine of the update has ended"));
      const taken = await intake.taken();
      const creates = feed.taken.map(({ nodeId }) => nodeId);
      const result = await resultOf({ ...request, nodes: [...feed.taken, ...request.nodes], creates, deletes: [] });
      const failed = fault === undefined ? {} : { outcome: "failed" as const, message: result.message ?? fault };
      return { ...result, ...failed, taken };
    };
    try {
      await intake.begin(begun.then(({ request }) => request.nodes));
    } catch (error) {
      return finish(unread, (whole) => refuseUpdate(unread.context, whole, error, onEvent));
    }
    const opening = await begun;
    const { context, request } = opening;
    const run: EngineWork = {
      nodeOf: (nodeId) => feed.nodes.find((node) => node.nodeId === nodeId),
      program: (permit, keptOf) =>
        this.options.program.declareAsGiven({
          permit,
          keptOf,
          likely: [request.likely],
          batches: feed.batches(),
          onReady: () => onEvent({ kind: "ready" }),
          onRefused: (refused) => intake.settle((nodeId) => nodeId === refused),
        }),
      onProgress: (isSettled) => intake.settle(isSettled),
    };
    const updated = this.upWithin(context, { ...request, creates: [], deletes: [] }, run, onEvent);
    const first = await whileLed(context.permits, () => intake.close(), updated);
    return finish(opening, (whole) => this.endUpdate(context, whole, first, onEvent));
  }

  /**
   * Runs the engine, unless the state shows that it would make a VM anew or forget one: what was to be there already and
   * is not is looked for in the cloud first. What is in the state and is not spoken of is left out of the update.
   */
  private async upWithin(
    context: RecoveryContext,
    request: UpdateRequest,
    work: EngineWork,
    onEvent: OnEvent,
  ): Promise<UpRun> {
    await context.stack.initialise();
    let before: Deployment | undefined;
    try {
      await renameProviders(context.stack, this.options.program.providerRenames(request));
      before = await context.stack.readDeployment();
    } catch (error) {
      return { kind: "unknown", message: messageOf(error) };
    }
    const lost = lackedNodes(before, request);
    if (lost.length > 0) {
      return { kind: "unknown", message: `the state of stack ${request.stack} lacks ${lost.join(", ")}` };
    }
    if ((before?.pending_operations ?? []).length > 0) {
      return { kind: "unknown", message: `the state of stack ${request.stack} has operations of unknown end` };
    }
    return runEngine(context, { ...work, exclude: this.excluded(before, request) }, before, onEvent);
  }

  private excluded(before: Deployment | undefined, { nodes, deletes, accounts }: UpdateRequest): string[] {
    const touched = new Set([...nodes.map(({ nodeId }) => nodeId), ...deletes]);
    const declared = new Set(nodes.map((node) => this.options.program.pulumiProviderNameOf(node, accounts)));
    return untouchedUrns(before, touched, declared);
  }

  private async endUpdate(
    context: RecoveryContext,
    request: UpdateRequest,
    first: UpRun,
    onEvent: OnEvent,
  ): Promise<UpdateResult> {
    if (first.kind === "unknown") return unknownResult(request, first.message);
    if (first.doubtful.length === 0) return this.conclude(context, request, first.message);
    return this.resolveDoubts(context, request, first, onEvent);
  }

  /** Failed creates whose VMs may exist all the same: what is found is adopted, what is not has failed. */
  private async resolveDoubts(
    context: RecoveryContext,
    request: UpdateRequest,
    first: Extract<UpRun, { kind: "ended" }>,
    onEvent: OnEvent,
  ): Promise<UpdateResult> {
    const doubtful = new Set(first.doubtful.map(({ nodeId }) => nodeId));
    const nodes = request.nodes.filter(({ nodeId }) => doubtful.has(nodeId));
    const { deployment: adopted } = await adoptMissing(context, { nodes: request.nodes, sought: nodes });
    const found = new Set(presentNodes(adopted).map(({ nodeId }) => nodeId));
    first.doubtful.filter(({ nodeId }) => !found.has(nodeId)).forEach(onEvent);
    if (nodes.every(({ nodeId }) => !found.has(nodeId))) return this.conclude(context, request, first.message);
    // Once more, for what follows an adopted VM: its address, its DNS record. What was refused is not asked for again.
    const rest = request.nodes.filter(
      ({ nodeId }) => !first.refused.has(nodeId) && (!doubtful.has(nodeId) || found.has(nodeId)),
    );
    await context.folder.write({ ...request, nodes: rest }, await this.openedCrypter());
    const work = { ...this.declaring(rest), exclude: this.excluded(adopted, { ...request, nodes: rest }) };
    const second = await runEngine(context, work, adopted, onEvent);
    if (second.kind === "unknown") return unknownResult(request, second.message);
    second.doubtful.forEach(onEvent);
    const isWhole = rest.length === request.nodes.length && second.doubtful.length === 0;
    return this.conclude(context, request, isWhole ? second.message : (second.message ?? first.message));
  }

  async recover(
    given: RecoverRequest,
    enginePid: number | undefined,
    onEvent: OnEvent,
    abort: AbortSignal,
  ): Promise<UpdateResult> {
    const asked = await this.held(given, abort);
    const context = { ...this.contextOf(asked, onEvent, abort), fencedHosts: asked.fencedHosts ?? [] };
    try {
      await context.folder.write(asked, await this.openedCrypter());
      await awaitNoEngine(context, enginePid);
      const mended = await mendState(context);
      return await withoutDeadLocks(context, () => this.recoverQuiet(context, asked, { mended, onEvent }));
    } catch (error) {
      return unknownResult(asked, messageOf(error));
    }
  }

  /** No engine works on the stack, and its state can be read. */
  private async recoverQuiet(
    context: RecoveryContext,
    asked: RecoverRequest,
    { mended, onEvent }: { readonly mended: string | undefined; readonly onEvent: OnEvent },
  ): Promise<UpdateResult> {
    await context.stack.initialise();
    await dropNodes(context, asked.forget ?? []);
    const { request, fault } = await this.understand(context, asked, onEvent);
    const mayExist = ({ nodeId }: DesiredNode) => asked.known[nodeId]?.isUnasked !== true;
    // Its VM can't be looked for, so nothing can be said of the lane.
    if (asked.nodes.some((node) => mayExist(node) && !request.nodes.some(({ nodeId }) => nodeId === node.nodeId))) {
      return unknownResult(asked, fault ?? "a node can't be read");
    }
    await context.folder.write(request, await this.openedCrypter());
    await renameProviders(context.stack, this.options.program.providerRenames(request));
    const adopted = await adoptMissing(context, request);
    const verified = await verifyState(context, request.nodes, adopted.deployment);
    const { laneId, revision } = request;
    const present = presentNodes(verified.deployment);
    const { absent, unasked } = judgeAbsence(request.nodes, present, [...adopted.asked, ...verified.asked]);
    if (unasked.length > 0) {
      return unknownResult(asked, `the state of stack ${request.stack} lost ${unasked.join(", ")} meanwhile`);
    }
    const message = mended === undefined ? {} : { message: mended };
    return { laneId, revision, outcome: "succeeded", ...message, present, absent, duplicates: adopted.duplicates };
  }

  /** Asks a cloud about an account; takes no lane. */
  async ask(request: AskRequest, run: Pick<AskerOptions, "onStarted" | "abort">): Promise<AccountAnswer> {
    return askAccount(request, { ...this.options, ...run, crypter: await this.openedCrypter() });
  }

  /** Refuses a stack that still has something in it. */
  async removeStack({ laneId, stack, epoch }: LaneName, abort: AbortSignal): Promise<void> {
    const request: LaneRequest = { laneId, stack, revision: 0, epoch, nodes: [], accounts: {} };
    const context = this.contextOf(request, () => undefined, abort);
    await removeLane(context, request, await this.openedCrypter());
  }

  private contextOf(request: LaneRequest | OpenRequest, onEvent: OnEvent, abort: AbortSignal): RecoveryContext {
    const { installation, program, limits, environment } = this.options;
    const folder = new LaneFolder(installation, request.laneId, request.stack);
    const needed = "likely" in request ? withLikely(request) : request;
    const onStarted = (pid: number) => {
      onEvent({ kind: "started", enginePid: pid, engine: installation.engine.name });
      const isOpenedAhead = "likely" in request;
      folder.recordEngine({ pid, host: hostname(), revision: request.revision, worker: process.pid, isOpenedAhead });
    };
    const permits = new JobPermits(this.options.permit, request.epoch);
    const stack = new PulumiStack({
      installation,
      backend: this.backend,
      folder,
      revision: request.revision,
      isOffline: !program.needsPlugins(needed),
      environment,
      onStarted,
      permit: () => permits.toOperate(),
      abort,
    });
    const seal = async () => {
      const crypter = await this.openedCrypter();
      return (value: unknown) => sealedSecret(crypter.encrypt(JSON.stringify(value)));
    };
    const { accounts } = request;
    return { stack, folder, backend: this.backend, program, permits, accounts, fencedHosts: [], limits, seal };
  }

  private openedCrypter(): Promise<PassphraseCrypter> {
    this.crypter ??= openCrypter(this.options.installation);
    return this.crypter;
  }

  private declaring(nodes: readonly DesiredNode[]): EngineWork {
    return {
      nodeOf: (nodeId) => nodes.find((node) => node.nodeId === nodeId),
      program: (permit, keptOf, onVmGone) =>
        this.options.program.declare({ withoutVm: new Set(), order: nodes, permit, keptOf, onVmGone }),
      onProgress: () => undefined,
    };
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
    const { refused } = context.permits;
    const notPermitted = refused.size > 0 ? { notPermitted: [...refused] } : {};
    return { laneId, revision, outcome: "failed", message, present, ...notPermitted };
  }
}

/** What an opened update must be ready for. */
function withLikely(request: OpenRequest): LaneContent {
  return { ...request, nodes: [...request.nodes, request.likely] };
}
