/**
 * Brings a stack whose last update has no recorded end back to a known state. In this order, because each step rests on
 * the one before: no engine of ours works on it, nor a plugin that an engine left behind; nobody holds its lock; its
 * state is read; the clouds are asked for every VM that should exist and is not in it; what was found is adopted.
 * Nothing is created or destroyed here.
 */
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import type { DesiredNode } from "../model/state";
import { UnavailableError } from "../model/errors";
import { EngineFailure } from "./engine-command";
import type { FileBackend } from "./file-backend";
import { projectName } from "./installation";
import type { EngineRecord, LaneFolder } from "./lane-folder";
import { waitForEnd, type EngineWaitLimits, type Waited } from "./engine-wait";
import { judgeLock, type LockFacts } from "./lock-judgement";
import { askingPauses, chooseVms } from "./found-vms";
import { keptNode } from "./kept-nodes";
import type { DuplicateVm, LaneRequest, RecoverRequest } from "./node-updater";
import type { FoundNode, NodeProgram } from "./node-program-port";
import type { JobPermits, NodeStep } from "./permits";
import { parentOf, signal } from "./processes";
import type { PulumiStack } from "./pulumi-stack";
import {
  addFound,
  hasVm,
  isVm,
  nodeUrn,
  presentNodes,
  settlePending,
  untouchedUrns,
  vmUrn,
  withoutNodes,
  type Deployment,
} from "./stack-state";

export interface RecoveryLimits extends EngineWaitLimits {
  /** How long plugins of a dead engine may go on before they are killed. Default 30 s. */
  readonly orphanWaitMs: number;
  /** How long after the first answer the clouds are asked again for VMs they did not list. Default 3 s. */
  readonly settleMs: number;
  /** How long the service may take to say whether something may be done; then it may not. Default 20 s. */
  readonly permitWaitMs: number;
}
export const defaultRecoveryLimits: RecoveryLimits = {
  engineWaitMs: 900_000,
  idleWaitMs: 120_000,
  stoppedWaitMs: 60_000,
  orphanWaitMs: 30_000,
  settleMs: 3_000,
  permitWaitMs: 20_000,
};

export interface RecoveryContext {
  readonly stack: PulumiStack;
  readonly folder: LaneFolder;
  readonly backend: FileBackend | undefined;
  readonly program: NodeProgram;
  readonly permits: JobPermits;
  readonly accounts: LaneRequest["accounts"];
  /** Machines whose engines of this lane are dead for certain. */
  readonly fencedHosts: readonly string[];
  readonly limits: RecoveryLimits;
  /** Makes of a value what the state holds for a secret. */
  readonly seal: () => Promise<(value: unknown) => unknown>;
}

/** Waits until no process works on the stack and removes locks that dead processes of ours left. */
export async function awaitNoEngine(context: RecoveryContext, enginePid: number | undefined): Promise<void> {
  const { folder, backend, limits } = context;
  // An engine that belongs to another leader by now is not waited for, and not ended.
  await context.permits.toOperate();
  const locks = (await backend?.locks(folder.stack)) ?? [];
  const lockPids = locks.filter(({ host }) => host === hostname()).map(({ pid }) => pid);
  const known = [enginePid, folder.engineRecord()?.pid, ...lockPids].filter((pid) => pid !== undefined && pid > 0);
  const seen = [...known, ...folder.processes()].filter((pid) => pid !== undefined);
  const engines = new Set(seen.filter((pid) => folder.isEngine(pid)));
  for (const pid of engines) letGo(pid, folder.engineRecord());
  for (const pid of engines) await waitForEnd(aboutEngine(context, pid), limits);
  await waitForEnd({ living: () => folder.processes() }, { ...limits, engineWaitMs: limits.orphanWaitMs });
  for (const lock of (await backend?.locks(folder.stack)) ?? []) {
    const verdict = judgeLock(lock, lockFacts(context, lock.pid));
    if (verdict !== "stale") {
      const why = verdict === "held" ? "which is our engine and does not end" : "which is not ours to break";
      throw new UnavailableError(`stack ${folder.stack} is locked by ${lock.owner}, ${why}`);
    }
    await context.permits.toOperate();
    await backend?.removeLock(lock);
  }
}

function lockFacts({ folder, backend, fencedHosts }: RecoveryContext, pid: number): LockFacts {
  const record = folder.engineRecord();
  const engine = record && { pid: record.pid, host: record.host, isAlive: folder.isEngine(record.pid) };
  const isBackendOurs = backend !== undefined && folder.isInDataFolder(backend.folder);
  return { host: hostname(), engine, holder: folder.holderOf(pid), fencedHosts, isBackendOurs };
}

/** An engine can't end while its plugin stands still, nor while the worker does that runs its program. */
function aboutEngine({ folder, backend }: RecoveryContext, pid: number): Waited {
  return {
    living: () => (folder.isEngine(pid) ? [pid] : []),
    needed: () => [...new Set([pid, ...folder.processes(), ...workerOf(pid, folder.engineRecord())])],
    isBusy: async () => {
      // Elsewhere it would take an engine to ask.
      if (backend === undefined) return true;
      // A damaged state tells nothing of what is on its way.
      const isUnknown = { pending_operations: [{}] };
      const deployment = await backend.readDeployment(folder.stack).catch(() => isUnknown);
      return (deployment?.pending_operations ?? []).length > 0;
    },
  };
}

/** The worker that started the engine, while it lives. */
function workerOf(engine: number, record: EngineRecord | undefined): number[] {
  const worker = record?.pid === engine ? record.worker : undefined;
  // Its number may be another process's by now, but no other process is this engine's parent.
  return worker !== undefined && worker !== process.pid && parentOf(engine) === worker ? [worker] : [];
}

/**
 * An update that was opened ahead waits for as long as its program does. The worker that runs the program serves somebody
 * who does not lead any more, or hangs: without it the engine finishes what it has begun and ends.
 */
function letGo(engine: number, record: EngineRecord | undefined): void {
  if (record?.isOpenedAhead !== true) return;
  for (const worker of workerOf(engine, record)) signal(worker, "SIGKILL");
}

/** Sets a damaged state file aside; answers what people should know of it. */
export async function mendState({ backend, folder, permits }: RecoveryContext): Promise<string | undefined> {
  // Noted before: a crash in between must not leave an older state that nobody compares with the clouds.
  const mended = await backend?.mend(folder.stack, Date.now(), async (hasBackup) => {
    await permits.toOperate();
    if (hasBackup) await folder.noteUnverified();
  });
  return mended?.message;
}

/** An older state that took the place of a damaged one may hold VMs that are gone: the clouds are asked for each. */
export async function verifyState(
  context: RecoveryContext,
  nodes: readonly DesiredNode[],
  deployment: Deployment | undefined,
): Promise<Verified> {
  const { stack, folder } = context;
  if (!folder.isUnverified()) return { deployment, asked: [] };
  const vms = (deployment?.resources ?? []).filter(isVm).map(({ urn }) => urn);
  if (vms.length > 0) {
    // The clouds are asked with the credentials that stand in the state, which may be as old as the state is.
    await declareWithoutVms(context, nodes, nodes);
    await stack.refresh(vms);
  }
  const verified = await stack.readDeployment();
  await folder.noteVerified();
  return { deployment: verified, asked: presentNodes(deployment).map(({ nodeId }) => nodeId) };
}

interface Verified {
  readonly deployment: Deployment | undefined;
  /** Ids of the nodes for whose VMs the clouds were asked. */
  readonly asked: readonly string[];
}

/** Takes nodes out of the state. No cloud is asked: nobody may get into their account any more. */
export async function dropNodes({ stack }: RecoveryContext, nodeIds: readonly string[]): Promise<void> {
  if (nodeIds.length === 0) return;
  const before = await stack.readDeployment();
  const after = before && withoutNodes(before, new Set(nodeIds));
  if (after && after !== before) await stack.writeDeployment(after);
}

/**
 * Adopts every VM of `sought` that exists but is not in the state, and clears pending operations. The stack must be
 * quiet, and its configuration that of `nodes`. Answers the state afterwards.
 */
export async function adoptMissing(
  context: RecoveryContext,
  { nodes, sought = nodes, known = {} }: Search,
): Promise<Verified & { readonly duplicates: readonly DuplicateVm[] }> {
  const { stack, folder, program, backend } = context;
  const before = await stack.readDeployment();
  const urnOf = (node: DesiredNode) =>
    vmUrn({ stack: folder.stack, project: projectName, nodeId: node.nodeId, vmType: program.vmTypeOf(node) });
  const lacking = nodes.filter((node) => !hasVm(before, urnOf(node)));
  const missing = lacking.filter((node) => sought.includes(node));
  const { vms, duplicates } = chooseVms(await findAll(context, missing, known), known);
  const adoptions = missing.flatMap((node) => {
    const id = vms.get(node.nodeId);
    return id === undefined ? [] : [{ node, urn: urnOf(node), id }];
  });

  if (adoptions.length > 0) await declareWithoutVms(context, nodes, lacking);
  const renewed = adoptions.length > 0 ? await stack.readDeployment() : before;
  const settled = settlePending(renewed ?? {}, adoptions);
  const hasPending = (renewed?.pending_operations ?? []).length > 0;
  // Elsewhere only an import tells whether a lock is left.
  if (hasPending || (before !== undefined && backend === undefined)) await stack.writeDeployment(settled.deployment);
  const unrecorded = adoptions.filter(({ urn }) => !settled.adopted.includes(urn));
  if (unrecorded.length > 0) await adoptUnrecorded(context, unrecorded);
  if (adoptions.length > 0) await stack.refresh(adoptions.map(({ urn }) => urn));
  const deployment = adoptions.length > 0 || hasPending ? await stack.readDeployment() : before;
  return { deployment, duplicates, asked: missing.map(({ nodeId }) => nodeId) };
}

interface Search {
  /** All of the lane's configuration. */
  readonly nodes: readonly DesiredNode[];
  /** Those to look for. Default all. */
  readonly sought?: readonly DesiredNode[];
  readonly known?: RecoverRequest["known"];
}

/** An empty answer is asked for again: a cloud may list a VM some time after it accepted its create. */
async function findAll(
  { stack, program, limits }: RecoveryContext,
  nodes: readonly DesiredNode[],
  known: RecoverRequest["known"],
): Promise<FoundNode[]> {
  const found: FoundNode[] = [];
  const pausesOf = ({ nodeId }: DesiredNode) => askingPauses(known[nodeId]?.isYoung ?? true);
  for (const [turn, factor] of askingPauses(true).entries()) {
    const open = nodes.filter(
      (node) => turn < pausesOf(node).length && !found.some(({ nodeId }) => nodeId === node.nodeId),
    );
    if (open.length === 0) break;
    if (factor > 0) await pause(factor * limits.settleMs);
    await stack.preview(async () => {
      found.push(...(await program.findVms(open)));
    });
  }
  return found;
}

/**
 * Declares everything but the VMs that are missing: no pending operation may tell the parents and Pulumi providers of
 * those that were found, and whatever is asked with a provider of the state needs the credentials of now there.
 */
async function declareWithoutVms(
  { stack, folder, program, accounts, permits }: RecoveryContext,
  nodes: readonly DesiredNode[],
  missing: readonly DesiredNode[],
): Promise<void> {
  const permit = (step: NodeStep) => permits.forStep(step);
  const withoutVm = new Set(missing.map(({ nodeId }) => nodeId));
  // What the program does not declare whole must stay: VMs of unknown nodes, and what belonged to a missing VM.
  const whole = new Set(nodes.map(({ nodeId }) => nodeId).filter((nodeId) => !withoutVm.has(nodeId)));
  const declared = new Set(nodes.map((node) => program.pulumiProviderNameOf(node, accounts)));
  const components = new Set([...withoutVm].map((nodeId) => nodeUrn(folder.stack, projectName, nodeId)));
  const before = await stack.readDeployment();
  const keptOf = (node: DesiredNode) => keptNode(node, program, before);
  const untouched = untouchedUrns(before, whole, declared);
  const exclude = untouched.filter((urn) => !components.has(urn));
  await stack.up({ program: () => program.declare({ withoutVm, permit, keptOf }), exclude });
}

/** Adds VMs that no pending operation tells of. */
async function adoptUnrecorded(
  { stack, folder, program, accounts, permits, seal }: RecoveryContext,
  vms: readonly { readonly node: DesiredNode; readonly urn: string; readonly id: string }[],
): Promise<void> {
  const inputs = new Map<string, Record<string, unknown>>();
  const sealing = await seal();
  const permit = (step: NodeStep) => permits.forStep(step);
  await stack.preview(() =>
    program.declare({
      withoutVm: new Set(),
      permit,
      onVmInput({ nodeId, name, value, isSecret }) {
        inputs.set(nodeId, { ...inputs.get(nodeId), [name]: isSecret ? sealing(value) : value });
      },
    }),
  );
  const deployment = (await stack.readDeployment()) ?? {};
  await stack.writeDeployment(
    addFound(
      deployment,
      vms.map(({ node, urn, id }) => ({
        urn,
        id,
        inputs: inputs.get(node.nodeId) ?? {},
        type: program.vmTypeOf(node),
        parent: nodeUrn(folder.stack, projectName, node.nodeId),
        providerName: program.pulumiProviderNameOf(node, accounts),
      })),
    ),
  );
}

/**
 * Where locks can't be listed, the engine's refusal names their owners: when all of them are dead engines of ours, their
 * locks are removed and the work is done once more. Everywhere else a lock is a failure like any other.
 */
export async function withoutDeadLocks<Result>(context: RecoveryContext, work: () => Promise<Result>): Promise<Result> {
  const { stack, backend } = context;
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof EngineFailure && error.isLocked) || backend !== undefined) throw error;
    const owners = [...error.output.matchAll(/created by \S+@(\S+) \(pid (\d+)\)/g)];
    const verdicts = owners.map(([, host, pid]) =>
      judgeLock({ host, pid: Number(pid) }, lockFacts(context, Number(pid))),
    );
    if (owners.length === 0 || verdicts.some((verdict) => verdict !== "stale")) {
      throw new UnavailableError(`the stack is locked by others: ${error.message}`, { cause: error });
    }
    await stack.cancel();
    return work();
  }
}
