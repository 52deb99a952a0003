/** What VMs do once they exist: boot, check in, send heartbeats, and everything of that badly. */
import type { Shape } from "../model/shapes";
import { isInFlight } from "../planner/lifecycle/node-status";
import type { Client } from "./client";
import type { SimCloud, Vm } from "./cloud";
import type { CommitChecker } from "./commit-checker";
import type { Faults } from "./faults";
import type { SeededRng } from "./rng";
import type { Timeline } from "./timeline";
import type { Verdict } from "./violation";
import { shapeOfVm } from "./vm-shape";

/** The script of every config here: both tokens, so that a guest knows what it may do. */
export const guestScript = "{checkin_jwt} {manager_token}";

/** Pause between two signs of life. */
const signMs = 20_000;

export interface GuestParts {
  readonly timeline: Timeline;
  readonly rng: SeededRng;
  readonly faults: Faults;
  readonly verdict: Verdict;
  readonly checker: CommitChecker;
  readonly client: () => Client;
  readonly cloud: () => SimCloud;
}

export class Guests {
  constructor(private readonly parts: GuestParts) {}

  /** Runs by itself until the VM is gone. */
  born(vm: Vm): void {
    this.live(vm).catch((error: unknown) => this.parts.verdict.broken("no unexpected error", String(error)));
  }

  private async live(vm: Vm): Promise<void> {
    const { timeline, rng, faults } = this.parts;
    await timeline.sleep(rng.between(3_000, 25_000), "guest");
    if (faults.strikes("bootSlow", 0.05))
      await timeline.sleep(faults.detail("bootSlow").between(20_000, 200_000), "guest");
    if (vm.isGone) return;
    if (faults.strikes("neverChecksIn", 0.04)) return;
    vm.isListening = true;
    const [checkin = "", agent = ""] = vm.spec.startupScript.split(" ");
    if (this.wantsCheckin(vm)) {
      const isFailed = faults.strikes("reportsFailure", 0.04);
      await this.checkIn(vm, checkin, isFailed ? "failed" : "running");
      if (isFailed) return;
    }
    await this.serve(vm, agent);
    if (faults.strikes("lateCall", 0.3)) await this.callLate(vm, checkin, agent);
  }

  private async checkIn(vm: Vm, token: string, status: "running" | "failed"): Promise<void> {
    const { timeline, rng } = this.parts;
    const client = this.parts.client();
    const report = (state: "starting" | "running" | "failed", progressPercent: number) =>
      client.call(
        "check-in",
        (leader) => leader.broker.serverStatus(token, { status: state, progressPercent, message: state }),
        () => this.checkKnown(vm, state),
      );
    await report("starting", rng.between(0, 99));
    for (let tries = 0; tries < 40 && !vm.isGone; tries += 1) {
      const answer = await report(status, 100);
      if (answer.kind !== "unknown") return;
      await timeline.sleep(rng.between(1_000, 10_000), "guest");
    }
  }

  /** Acknowledged and lost would be a node that waits for ever. */
  private checkKnown({ spec: { nodeId } }: Vm, state: string): void {
    const node = this.parts.checker.durable.nodes.get(nodeId);
    if (!node || state !== "running") return;
    const isKept = node.runningSinceMs !== undefined || !isInFlight(node);
    this.parts.verdict.check(
      isKept,
      "no check-in is lost",
      () => `node ${nodeId} is ${node.status} after its check-in`,
    );
  }

  /** Until the VM is gone: heartbeats of an agent, an open port of a server, and what can happen to either. */
  private async serve(vm: Vm, token: string): Promise<void> {
    const { timeline, rng, faults, client } = this.parts;
    const { nodeId } = vm.spec;
    const hasAgent = this.sendsHeartbeats(vm);
    const truth = shapeOfVm(vm.spec.settings);
    let wrong = faults.strikes("wrongReport", 0.08) ? this.wrongReport(truth) : undefined;
    while (!vm.isGone) {
      if (faults.strikes("vmVanishes", 0.002)) return this.parts.cloud().vanish(nodeId);
      if (faults.strikes("interrupted", 0.003)) this.announceEnd(vm, token);
      if (faults.strikes("fallsSilent", 0.002)) return this.fallSilent(vm);
      if (faults.strikes("goesAway", 0.004)) {
        this.fallSilent(vm);
        await timeline.sleep(faults.detail("goesAway").between(60_000, 400_000), "guest");
        [vm.silentSinceMs, vm.isListening] = [undefined, true];
      }
      if (hasAgent) {
        const beat = wrong ?? truth;
        const answer = await client().call("heartbeat", (leader) => leader.broker.heartbeat(token, nodeId, beat));
        if (faults.detail("wrongReport").chance(0.3)) wrong = undefined;
        if (answer.kind === "refused") return;
      }
      await timeline.sleep(signMs + rng.between(-2_000, 2_000), "guest");
    }
  }

  /** A driver that is not loaded yet, a counter that is off, a guest that boasts. */
  private wrongReport(truth: Shape): Shape {
    return this.parts.faults.detail("wrongReport").pick([
      { ...truth, gpus: 0 },
      { ...truth, cores: truth.cores / 2 },
      { ...truth, memoryBytes: Math.floor(truth.memoryBytes / 4) },
      { cores: 10_000, memoryBytes: 2 ** 50, gpus: 1_000 },
    ]);
  }

  private fallSilent(vm: Vm): void {
    vm.silentSinceMs = this.parts.timeline.nowMs - signMs;
    vm.isListening = false;
  }

  /** As a spot instance hears of it; mostly the cloud keeps its word. */
  private announceEnd(vm: Vm, token: string): void {
    const { timeline, faults, client, cloud, verdict } = this.parts;
    const { nodeId } = vm.spec;
    const noticeMs = faults.detail("interrupted").pick([30_000, 120_000]);
    const notice = { deadlineMs: timeline.nowMs + noticeMs };
    const isTrue = faults.detail("interrupted").chance(0.8);
    client()
      .call("interruption", ({ broker }) => broker.interruption(token, nodeId, notice))
      .catch((error: unknown) => verdict.broken("no unexpected error", String(error)));
    if (isTrue) timeline.after(noticeMs, "VM taken back", () => cloud().vanish(nodeId));
  }

  /** A message of a VM that is gone must not bring its node back. */
  private async callLate(vm: Vm, checkin: string, agent: string): Promise<void> {
    const { timeline, faults, verdict, checker } = this.parts;
    while (!vm.isGone) await timeline.sleep(60_000, "guest");
    await timeline.sleep(faults.detail("lateCall").between(0, 120_000), "guest");
    const { nodeId } = vm.spec;
    const calls = [
      await this.parts.client().call("late call", ({ broker }) => broker.serverStatus(checkin, { status: "running" })),
      await this.parts.client().call("late call", ({ broker }) => broker.heartbeat(agent, nodeId, {})),
    ];
    const status = checker.durable.nodes.get(nodeId)?.status;
    const isWelcome = calls.some(({ kind }) => kind === "ok") && status === undefined;
    verdict.check(!isWelcome, "the gone stay gone", () => `node ${nodeId} called after its destruction and was heard`);
  }

  private wantsCheckin(vm: Vm): boolean {
    return this.parts.checker.durable.nodes.get(vm.spec.nodeId)?.readyWhen === "checkin";
  }

  /** Servers have no agent. */
  private sendsHeartbeats(vm: Vm): boolean {
    return this.parts.checker.durable.nodes.get(vm.spec.nodeId)?.readyWhen === "heartbeat";
  }
}

/** What the reconciler's TCP probe sees. */
export function isListening(cloud: SimCloud, address: string): boolean {
  for (const vm of cloud.vms.values()) if (vm.address === address) return vm.isListening;
  return false;
}
