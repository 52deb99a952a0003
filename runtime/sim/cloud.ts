/** VMs of all VM provider configs: made slowly, refused, made although the caller hears an error, listed late. */
import type { EpochMs } from "../model/clock";
import type { CloudFailureClass } from "../model/errors";
import { CloudError } from "../model/errors";
import type { DesiredNode } from "../model/state";
import type { Faults } from "./faults";
import type { SimKeys } from "./keys";
import type { SeededRng } from "./rng";
import type { Timeline } from "./timeline";

export interface Vm {
  readonly spec: DesiredNode;
  /** Whose account it is in: keys of others don't see it. */
  readonly tenant: string;
  readonly address: string;
  readonly madeAtMs: number;
  isGone: boolean;
  /** Something answers on its port. */
  isListening: boolean;
  /** Since when its guest has not called; undefined while it does as it should. */
  silentSinceMs?: number | undefined;
}

/** The VM may or may not exist: the cloud did not answer. */
export class LostAnswer extends Error {}

/** A VM is about to exist: who asked for it, with whose key, and when the store permitted it. */
export interface Create {
  readonly spec: DesiredNode;
  readonly tenant: string;
  readonly permittedAtMs: EpochMs;
}

export interface CloudWatcher {
  /** The cloud is asked for a VM. */
  asked(create: Create): void;
  creating(create: Create, vms: ReadonlyMap<string, Vm>): void;
  deleting(vm: Vm): void;
}

/** A node, and the key with which its cloud is asked about it. */
export interface Keyed {
  readonly nodeId: string;
  readonly key: string | undefined;
}

/** A delete that hangs is given up by the plugin after this. */
const deleteLimitMs = 600_000;
const deleteLookMs = 5_000;

const refusals: readonly CloudFailureClass[] = ["CAPACITY", "CAPACITY", "QUOTA", "TRANSIENT", "TRANSIENT", "CONFIG"];

export class SimCloud {
  /** By node id: what exists. */
  readonly vms = new Map<string, Vm>();
  /** Creates under way by node id; the VM may come into being until they end. */
  readonly creating = new Set<string>();
  private readonly limits = new Map<string, number>();
  /** VM provider configs whose deletes don't come to an end. */
  private readonly hanging = new Set<string>();
  /** Number of lasting troubles by VM provider config. */
  private readonly ills = new Map<string, number>();
  /** When something last went wrong with a VM provider config, or with an update of its nodes. */
  private readonly troubledAtMs = new Map<string, number>();
  private addresses = 0;

  constructor(
    private readonly parts: {
      readonly timeline: Timeline;
      readonly rng: SeededRng;
      readonly faults: Faults;
      readonly keys: SimKeys;
      readonly watcher: CloudWatcher;
      readonly onBorn: (vm: Vm) => void;
    },
  ) {}

  /** From now on this VM provider has room for so many VMs only; undefined = no limit of its own. */
  limit(vmProvider: string, vmsMax: number | undefined): void {
    this.trouble(vmProvider);
    if (vmsMax === undefined) this.limits.delete(vmProvider);
    else this.limits.set(vmProvider, vmsMax);
  }

  trouble(vmProvider: string): void {
    this.troubledAtMs.set(vmProvider, this.parts.timeline.nowMs);
  }

  /** True when nothing has gone wrong with this VM provider config since then. */
  isWellSince(vmProvider: string, sinceMs: number): boolean {
    const isIll = this.hanging.has(vmProvider) || this.limits.has(vmProvider) || (this.ills.get(vmProvider) ?? 0) > 0;
    return !isIll && (this.troubledAtMs.get(vmProvider) ?? -Infinity) < sinceMs;
  }

  /** Something is wrong with these from now on, until the function that it answers is called. */
  sicken(vmProviders: Iterable<string>): () => void {
    const names = [...new Set(vmProviders)];
    const change = (by: number): void => {
      for (const name of names) {
        this.trouble(name);
        this.ills.set(name, (this.ills.get(name) ?? 0) + by);
      }
    };
    change(1);
    return () => change(-1);
  }

  /** While deletes hang, none of this VM provider config is carried out; each fails after a long time. */
  hangDeletes(vmProvider: string, hangs: boolean): void {
    this.trouble(vmProvider);
    if (hangs) this.hanging.add(vmProvider);
    else this.hanging.delete(vmProvider);
  }

  /** Goes on to its end whatever happens to the caller. */
  async create(spec: DesiredNode, key: string | undefined, permittedAtMs: EpochMs): Promise<Vm> {
    const { timeline, rng, faults, watcher } = this.parts;
    const create = { spec, tenant: this.enter(key), permittedAtMs };
    watcher.asked(create);
    this.creating.add(spec.nodeId);
    try {
      const isSlow = faults.strikes("createSlow", 0.03);
      if (isSlow) this.trouble(spec.vmProvider);
      await timeline.sleep(rng.between(200, 1_500), "cloud");
      const refusal = this.refusal(spec.vmProvider);
      if (refusal) this.trouble(spec.vmProvider);
      if (refusal) throw refusal;
      const vm = this.make(create);
      await timeline.sleep(
        isSlow ? faults.detail("createSlow").between(30_000, 240_000) : rng.between(500, 9_000),
        "cloud",
      );
      if (!faults.strikes("createAnswerLost", 0.03)) return vm;
      this.trouble(spec.vmProvider);
      throw new LostAnswer("the request timed out");
    } finally {
      this.creating.delete(spec.nodeId);
    }
  }

  /** To keys of another account the VM is not there, as one that is gone. */
  async destroy({ nodeId, key }: Keyed): Promise<void> {
    const { timeline, rng, faults } = this.parts;
    await timeline.sleep(rng.between(200, 4_000), "cloud");
    const tenant = this.enter(key);
    const vm = this.vms.get(nodeId);
    if (vm?.tenant !== tenant) return;
    for (let waitedMs = 0; this.hanging.has(vm.spec.vmProvider); waitedMs += deleteLookMs) {
      if (waitedMs >= deleteLimitMs)
        throw new CloudError("TRANSIENT", "timeout while waiting for the VM to be deleted");
      await timeline.sleep(deleteLookMs, "cloud");
    }
    if (!this.vms.has(nodeId)) return;
    if (faults.strikes("deleteFails", 0.05)) {
      this.trouble(vm.spec.vmProvider);
      throw new CloudError("TRANSIENT", "the delete was refused for now");
    }
    this.parts.watcher.deleting(vm);
    vm.isGone = true;
    this.vms.delete(nodeId);
    if (faults.strikes("deleteFails", 0.02)) throw new LostAnswer("the request timed out");
  }

  /** Gone without anybody having asked for it: a host that broke, a spot instance taken back. */
  vanish(nodeId: string): void {
    const vm = this.vms.get(nodeId);
    if (!vm) return;
    [vm.isGone, vm.silentSinceMs] = [true, this.parts.timeline.nowMs];
    this.vms.delete(nodeId);
  }

  /** Those of these nodes that are listed in the account of their key; throws when a listing fails. */
  async find(sought: readonly Keyed[]): Promise<Vm[]> {
    return (await this.read(sought)).filter((vm) => this.isListed(vm));
  }

  /** All that is listed in the account of the key; throws when the listing fails. */
  async list(key: string | undefined): Promise<Vm[]> {
    const { timeline, rng, faults } = this.parts;
    await timeline.sleep(rng.between(50, 400), "cloud");
    if (faults.strikes("lookupFails", 0.15)) throw new LostAnswer("the listing failed");
    const tenant = this.enter(key);
    const vms = [...this.vms.values()].filter((vm) => vm.tenant === tenant);
    return vms.filter((vm) => this.isListed(vm));
  }

  /** As {@link find}, but each VM is asked for by its own id, so that none is told late. */
  async read(sought: readonly Keyed[]): Promise<Vm[]> {
    const { timeline, rng, faults } = this.parts;
    await timeline.sleep(rng.between(50, 400), "cloud");
    if (faults.strikes("lookupFails", 0.15)) throw new LostAnswer("the listing failed");
    return sought.flatMap(({ nodeId, key }) => {
      const tenant = this.enter(key);
      const vm = this.vms.get(nodeId);
      return vm?.tenant === tenant ? [vm] : [];
    });
  }

  /** Young ones come late. */
  private isListed({ madeAtMs }: Vm): boolean {
    const { timeline, faults } = this.parts;
    return timeline.nowMs - madeAtMs > 2_500 || !faults.strikes("lookupLate", 0.5);
  }

  private enter(key: string | undefined): string {
    const tenant = this.parts.keys.tenantOf(key);
    if (tenant === undefined) throw new CloudError("CONFIG", `AccessDenied: key "${key ?? ""}" leads nowhere`);
    return tenant;
  }

  private refusal(vmProvider: string): CloudError | undefined {
    const { faults } = this.parts;
    const limit = this.limits.get(vmProvider);
    const count = [...this.vms.values()].filter((vm) => vm.spec.vmProvider === vmProvider).length;
    if (limit !== undefined && count >= limit) return new CloudError("CAPACITY", "no capacity in this zone");
    if (!faults.strikes("createRefused", 0.08)) return undefined;
    const failureClass = faults.detail("createRefused").pick(refusals);
    return new CloudError(failureClass, `refused: ${failureClass}`);
  }

  private make(create: Create): Vm {
    const { spec, tenant } = create;
    this.parts.watcher.creating(create, this.vms);
    this.addresses += 1;
    const address = `10.${(this.addresses >> 16) & 255}.${(this.addresses >> 8) & 255}.${this.addresses & 255}`;
    const vm: Vm = { spec, tenant, address, madeAtMs: this.parts.timeline.nowMs, isGone: false, isListening: false };
    this.vms.set(spec.nodeId, vm);
    this.parts.onBorn(vm);
    return vm;
  }
}
