/** The rules that every VM must keep, checked when its cloud is asked for it, when it is made and when it is destroyed. */
import type { EpochMs } from "../model/clock";
import type { Node } from "../model/state";
import type { Snapshot } from "../model/snapshot";
import type { Create, SimCloud, Vm } from "./cloud";
import type { Timeline } from "./timeline";
import type { Verdict } from "./violation";

/** After trouble of the runtime it needs so long to lead again and to recover its lanes. */
const calmMs = 300_000;
/** So long a lane may be recovered, a circuit be open, a back-off last. */
const ownCalmMs = 1_500_000;
/** Two updates in a row, and the slots of a busy moment. */
const delayMaxMs = 60_000;

export interface VmRulesParts {
  readonly verdict: Verdict;
  readonly timeline: Timeline;
  readonly durable: Snapshot;
  readonly cloud: () => SimCloud;
  /** Since when neither the runtime nor its store has been disturbed. */
  readonly wellSinceMs: () => EpochMs;
}

export class VmRules {
  /** Of every node ever seen, by true time. */
  private readonly bornAtMs = new Map<string, EpochMs>();
  /** Since when nobody wants a VM for the node any more, or has one. */
  private readonly unwantedSinceMs = new Map<string, EpochMs>();
  /** Whose each account is, as its first VM showed. */
  private readonly tenants = new Map<string, string>();

  constructor(private readonly parts: VmRulesParts) {}

  get nodesSeen(): number {
    return this.bornAtMs.size;
  }

  wasBorn(nodeId: string): boolean {
    return this.bornAtMs.has(nodeId);
  }

  /** Its row changed or went. Static members have no VMs. */
  rowChanged(nodeId: string, node: Node | undefined): void {
    const { nowMs } = this.parts.timeline;
    const isOurs = node === undefined ? this.bornAtMs.has(nodeId) : node.autoscaleConfig !== undefined;
    if (!isOurs) return;
    if (!this.bornAtMs.has(nodeId)) this.bornAtMs.set(nodeId, nowMs);
    if (node !== undefined && isWanted(node)) this.unwantedSinceMs.delete(nodeId);
    else if (!this.unwantedSinceMs.has(nodeId)) this.unwantedSinceMs.set(nodeId, nowMs);
    if (node?.status === "dead" && node.reason.code === "vmGone") this.checkLost(node);
  }

  /** Right before its cloud is asked, the store was asked: what came in between is nobody's fault. */
  asked({ spec: { nodeId }, permittedAtMs }: Create): void {
    const { verdict, durable } = this.parts;
    const sinceMs = this.unwantedSinceMs.get(nodeId);
    const node = durable.nodes.get(nodeId);
    const isWanted = this.bornAtMs.has(nodeId) && (sinceMs === undefined || sinceMs >= permittedAtMs);
    verdict.check(
      isWanted,
      "no VM is made that is not wanted when it is asked for",
      () => `a VM for ${nodeId} is asked for, which is ${node?.status ?? "gone"} at ${node?.address ?? "no address"}`,
    );
  }

  /** A VM is about to exist. */
  creating({ spec, tenant }: Create, vms: ReadonlyMap<string, Vm>): void {
    const { verdict, durable } = this.parts;
    const { nodeId, vmProvider, account = "" } = spec;
    const node = durable.nodes.get(nodeId);
    const isSecond = vms.has(nodeId) || node?.address !== undefined;
    verdict.check(!isSecond, "no VM is made twice for one node", () => `a second VM for ${nodeId}`);
    verdict.check(node !== undefined, "no VM without a row", () => `a VM for ${nodeId}, which has no row`);
    const isSame = node === undefined || JSON.stringify(node.spec) === JSON.stringify(spec);
    verdict.check(isSame, "a node is frozen at birth", () => `${nodeId} is made other than it was born`);
    const known = this.tenants.get(account) ?? tenant;
    this.tenants.set(account, known);
    verdict.check(
      known === tenant,
      "a node stays in its account",
      () => `${nodeId} of ${account} is made at ${tenant}`,
    );
    const count = 1 + [...vms.values()].filter((vm) => vm.spec.vmProvider === vmProvider).length;
    const rows = [...durable.nodes.values()].filter((other) => other.vmProvider === vmProvider).length;
    verdict.check(
      count <= rows,
      "max instances is never exceeded",
      () => `VMs of ${vmProvider}: ${count}, rows: ${rows}`,
    );
    if (node) this.checkDelay(node);
  }

  /** A VM is about to be gone. */
  deleting({ spec: { nodeId } }: Vm): void {
    const { verdict, durable } = this.parts;
    const status = durable.nodes.get(nodeId)?.status ?? "destroying";
    const pinned = durable.sessionsOf(nodeId).size;
    verdict.check(pinned === 0, "a busy node stays", () => `sessions on ${nodeId}, which is destroyed: ${pinned}`);
    const isMeant = status === "destroying";
    verdict.check(isMeant, "removing one node touches no other", () => `${nodeId} is destroyed while ${status}`);
  }

  /** What is well is not held up by what is not: its own cloud, the runtime and the store have been well for long. */
  private checkDelay({ nodeId, vmProvider = "" }: Node): void {
    const { timeline, cloud, wellSinceMs, verdict } = this.parts;
    const bornAtMs = this.bornAtMs.get(nodeId) ?? timeline.nowMs;
    const isWell = wellSinceMs() < bornAtMs - calmMs && cloud().isWellSince(vmProvider, bornAtMs - ownCalmMs);
    const waitedMs = timeline.nowMs - bornAtMs;
    verdict.check(
      !isWell || waitedMs <= delayMaxMs,
      "a healthy config is not delayed by a sick one",
      () => `the cloud is asked for ${nodeId} on ${vmProvider} after ${waitedMs} ms`,
    );
  }

  /** The runtime says that neither its stack nor its cloud has the VM. */
  private checkLost({ nodeId }: Node): void {
    const exists = this.parts.cloud().vms.has(nodeId);
    this.parts.verdict.check(
      !exists,
      "a VM whose node was lost from the state is adopted",
      () => `${nodeId} is given up although its VM exists`,
    );
  }
}

function isWanted({ status }: Node): boolean {
  return status === "requested" || status === "provisioning";
}
