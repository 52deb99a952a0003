/**
 * Asks connection ports whether somebody listens. A server that need not check in is ready with its first answer; a
 * server that sends no heartbeats shows by its answers that it lives, like a static member that names its port.
 */
import type { Clock, EpochMs } from "../model/clock";
import type { Node } from "../model/state";
import { tellNode } from "../deciding/node-events";
import { outlivesNotice } from "../planner/lifecycle/node-status";
import type { QueueContext } from "../planner/placement/place-queue";
import type { Ledger } from "../store/store";
import type { Probe } from "./tcp-probe";

export interface ProbesOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly probe: Probe;
  readonly begin: () => QueueContext;
  /** Something changed that planning should see. */
  readonly wake: () => void;
  /** Calls `run` once after `delayMs`, unless the reconciler stops before. */
  readonly after: (delayMs: number, run: () => void) => void;
  /** True once this process decides nothing more. */
  readonly isStopped: () => boolean;
  readonly log?: { error(fields: object, message: string): void };
}

/** A user may be waiting for a server that starts. */
const startingEveryMs = 1_000;
/** Ready servers are asked this many times within their missing time-out, so that one lost packet is no silence. */
const asksPerTimeout = 4;
const readyEveryMaxMs = 60_000;
/** Probes under way at the same time. */
const probesMax = 64;

export class Probes {
  private readonly underWay = new Set<string>();
  private readonly askedAtMs = new Map<string, number>();
  /** When the last probe that nobody answered began, by node. */
  private readonly unansweredMs = new Map<string, EpochMs>();
  /** Ids of the nodes that are given up unless they answer now. */
  private readonly lastChances = new Set<string>();
  /** Ids of the nodes whose turn it is, the one that waited longest last. */
  private waiting: string[] = [];
  private isDue = false;

  constructor(private readonly options: ProbesOptions) {}

  /**
   * True for a node that is not probed, or that left a probe unanswered which began at that time or later. One that was not
   * asked since then is asked first with the next {@link look}, which leads to a pass if nobody answers.
   */
  isSilentSince(node: Node, sinceMs: EpochMs): boolean {
    if (intervalOf(node) === undefined || node.address === undefined) return true;
    const askedAtMs = this.unansweredMs.get(node.nodeId) ?? -Infinity;
    if (askedAtMs >= sinceMs && askedAtMs <= this.options.clock.now()) return true;
    this.lastChances.add(node.nodeId);
    return false;
  }

  /** Finds out who is to be asked; called with every pass, and every second while a server starts. */
  look(): void {
    const { ledger, after } = this.options;
    let isAnyStarting = false;
    for (const nodeId of this.askedAtMs.keys()) if (!ledger.state.nodes.has(nodeId)) this.forget(nodeId);
    this.waiting = [];
    for (const node of ledger.state.nodes.values()) {
      const everyMs = intervalOf(node);
      if (everyMs === undefined || node.address === undefined) continue;
      isAnyStarting ||= node.status === "starting";
      if (this.isItsTurn(node.nodeId, everyMs)) this.waiting.push(node.nodeId);
    }
    this.waiting.sort((a, b) => compare(this.lastAskedMs(b), this.lastAskedMs(a)));
    this.startNext();
    if (!isAnyStarting || this.isDue) return;
    this.isDue = true;
    after(startingEveryMs, () => {
      this.isDue = false;
      this.look();
    });
  }

  private isItsTurn(nodeId: string, everyMs: number): boolean {
    return !this.underWay.has(nodeId) && this.options.clock.now() - this.lastAskedMs(nodeId) >= everyMs;
  }

  private forget(nodeId: string): void {
    this.askedAtMs.delete(nodeId);
    this.unansweredMs.delete(nodeId);
    this.lastChances.delete(nodeId);
  }

  /** A time in the future is of before the clock was set back, and says nothing. */
  private lastAskedMs(nodeId: string): EpochMs {
    if (this.lastChances.has(nodeId)) return -Infinity;
    const askedAtMs = this.askedAtMs.get(nodeId) ?? -Infinity;
    return askedAtMs > this.options.clock.now() ? -Infinity : askedAtMs;
  }

  /** Asks as many as may be asked at a time; the next one follows when one of them has ended. */
  private startNext(): void {
    while (this.underWay.size < probesMax && !this.options.isStopped()) {
      const nodeId = this.waiting.pop();
      if (nodeId === undefined) return;
      const node = this.options.ledger.state.nodes.get(nodeId);
      if (node?.address !== undefined && intervalOf(node) !== undefined) this.start(node, node.address);
    }
  }

  private start(node: Node, address: string): void {
    const { clock, log } = this.options;
    this.underWay.add(node.nodeId);
    this.askedAtMs.set(node.nodeId, clock.now());
    this.ask(node, address)
      .catch((error: unknown) => log?.error({ err: error, nodeId: node.nodeId }, "a probe failed"))
      .finally(() => {
        this.underWay.delete(node.nodeId);
        this.startNext();
      });
  }

  private async ask(asked: Node, address: string): Promise<void> {
    const { nodeId, connectionPort = 3389 } = asked;
    const beganMs = this.options.clock.now();
    const isAnswered = await this.options.probe(address, connectionPort, { mayBeNear: this.mayBeNear(asked) });
    if (this.options.isStopped()) return;
    const isLastChance = this.lastChances.delete(nodeId);
    if (!isAnswered) {
      this.unansweredMs.set(nodeId, beganMs);
      if (isLastChance) this.options.wake();
      return;
    }
    this.unansweredMs.delete(nodeId);
    const context = this.options.begin();
    const node = context.draft.node(nodeId);
    if (node?.address !== address || intervalOf(node) === undefined) return;
    const mustWake = this.noteAnswer(node, `port ${connectionPort} of ${address} answers`, context);
    if (context.draft.changes.length === 0) return;
    await this.options.ledger.commit(context.draft.changes);
    if (mustWake) this.options.wake();
  }

  /** Where a VM is its cloud has told; where a static member is, only whoever declared it, and its zone says how near. */
  private mayBeNear({ vmProvider, zone }: Node): boolean {
    return vmProvider !== undefined || (this.options.ledger.state.zones.get(zone)?.local ?? false);
  }

  /** True when the reconciler is to be woken. */
  private noteAnswer(before: Node, text: string, context: QueueContext): boolean {
    const node: Node = { ...before, lastProbeMs: context.nowMs };
    const numbers = { connectionPort: node.connectionPort ?? 3389 };
    if (node.status === "starting") {
      return tellNode(context, node, { kind: "ready", reason: { code: "probed", text, numbers } });
    }
    if (node.status === "missing") {
      const reason = { code: "back", text: `${text} again`, numbers };
      return tellNode(context, node, { kind: "heardAgain", reason });
    }
    if (outlivesNotice(before, before.lastProbeMs, context.nowMs)) context.draft.putNode(node);
    else this.options.ledger.state.noteSignOfLife(node);
    return false;
  }
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** How often the node is to be asked; undefined = never. */
function intervalOf(node: Node): number | undefined {
  if (node.connectionPort === undefined) return undefined;
  if (node.status === "starting") return node.readyWhen === "probe" ? startingEveryMs : undefined;
  const isThere = node.status === "running" || node.status === "missing" || node.status === "draining";
  if (!isThere || node.lastHeartbeatMs !== undefined) return undefined;
  return Math.min(readyEveryMaxMs, (node.missingTimeoutSeconds * 1000) / asksPerTimeout);
}
