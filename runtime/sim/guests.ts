/** What VMs do once they exist: boot, check in, send heartbeats, and everything of that badly. */
import type { Client } from "./client";
import type { SimCloud, Vm } from "./cloud";
import type { CommitChecker } from "./commit-checker";
import type { Faults } from "./faults";
import type { SeededRng } from "./rng";
import type { Timeline } from "./timeline";
import type { Verdict } from "./violation";

/** The script of every config here: both tokens, so that a guest knows what it may do. */
export const guestScript = "{checkin_jwt} {manager_token}";

const heartbeatMs = 20_000;

export interface GuestParts {
  readonly timeline: Timeline;
  readonly rng: SeededRng;
  readonly faults: Faults;
  readonly verdict: Verdict;
  readonly checker: CommitChecker;
  readonly client: () => Client;
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
    if (this.sendsHeartbeats(vm)) await this.beat(vm, agent);
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
    const isKept = node.runningSinceMs !== undefined || !isComing(node.status);
    this.parts.verdict.check(
      isKept,
      "no check-in is lost",
      () => `node ${nodeId} is ${node.status} after its check-in`,
    );
  }

  private async beat(vm: Vm, token: string): Promise<void> {
    const { timeline, rng, faults } = this.parts;
    const { nodeId } = vm.spec;
    while (!vm.isGone) {
      if (faults.strikes("fallsSilent", 0.002)) {
        vm.silentSinceMs = timeline.nowMs - heartbeatMs;
        return;
      }
      if (faults.strikes("goesAway", 0.004)) {
        vm.silentSinceMs = timeline.nowMs - heartbeatMs;
        await timeline.sleep(faults.detail("goesAway").between(60_000, 400_000), "guest");
        vm.silentSinceMs = undefined;
        continue;
      }
      const beat = { cores: 4, memoryBytes: 8 * 2 ** 30, gpus: 0 };
      const answer = await this.parts
        .client()
        .call("heartbeat", (leader) => leader.broker.heartbeat(token, nodeId, beat));
      if (answer.kind === "refused") return;
      await timeline.sleep(heartbeatMs + rng.between(-2_000, 2_000), "guest");
    }
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

  /** Servers have no agent; those that are probed say nothing at all. */
  private sendsHeartbeats(vm: Vm): boolean {
    return this.parts.checker.durable.nodes.get(vm.spec.nodeId)?.readyWhen === "heartbeat";
  }
}

/** What the reconciler's TCP probe sees. */
export function isListening(cloud: SimCloud, address: string): boolean {
  for (const vm of cloud.vms.values()) if (vm.address === address) return vm.isListening;
  return false;
}

function isComing(status: string): boolean {
  return status === "requested" || status === "provisioning" || status === "starting";
}
