/**
 * Who may use the executor's slots next. Deterministic: the same asks and ends in the same order give the same grants.
 *
 * Lane: not here ──acquire──▶ waits ──its turn──▶ holds a slot ──leave──▶ not here
 *
 * Rules, with N slots:
 *  - No slot stays free while a lane waits that may have it.
 *  - Creates that a session waits for come first, then other creates, then deletes, then removals of empty lanes; a
 *    recovery comes when the update behind it would. Whoever has waited for {@link patienceMs} counts among the first.
 *  - Among equals the account that holds fewest slots comes first, then its config that holds fewest, then the oldest.
 *    So an account has all slots while nobody else needs one, and its share as soon as somebody does.
 *  - Whatever may hang without anybody waiting for it (deletes, removals, recoveries) holds at most half of the slots
 *    for one config, three quarters for one account, and all but one together. So creates always find one.
 *  - A config whose updates came to nothing {@link setbacksToTrouble} times in a row has a quarter of the slots, until
 *    one gets through.
 *  - Beyond N there are a few in reserve: for the create of a config that holds nothing, the last of them for an account
 *    that holds nothing. So others start when one account's creates hang in all N.
 */
import type { Clock, EpochMs } from "../model/clock";

export type SlotKind = "create" | "recover" | "delete" | "remove";

/** What a lane wants a slot for. */
export interface SlotNeed {
  readonly kind: SlotKind;
  /** Whose cloud it talks to. */
  readonly account: string;
  readonly config: string;
  /** Sessions wait for what it makes. */
  readonly isAwaited: boolean;
}

export interface SlotSchedulerOptions {
  /** As many as there are now; 0 = nobody gets one. {@link SlotScheduler.slotsChanged} is called when there are others. */
  readonly slots: number;
  readonly clock: Clock;
  /** The lane that waited holds a slot now. */
  readonly onGranted: (laneId: string) => void;
}

/** What a lane waits for, for people. */
export interface SlotWait {
  /** From 1: how many come before it, itself included, as things are now. */
  readonly position: number;
  readonly waiting: number;
  readonly inUse: number;
  readonly slots: number;
  /** Of the lane's own account. */
  readonly inUseByAccount: number;
}

export interface SlotUse {
  readonly slots: number;
  /** More than `slots` when the reserve is in use. */
  readonly inUse: number;
  readonly waiting: number;
}

/** After this long a lane is not put behind those that are more urgent any more. */
const patienceMs = 300_000;
const setbacksToTrouble = 3;

interface Ask {
  readonly laneId: string;
  readonly need: SlotNeed;
  readonly askedAtMs: EpochMs;
  /** Breaks ties. */
  readonly order: number;
}

/** Slots beyond the ordinary ones, see above: a quarter of them, at least 2. */
export function reserveOf(slots: number): number {
  return Math.max(2, Math.floor(slots / 4));
}

export class SlotScheduler {
  private readonly asks = new Map<string, Ask>();
  private readonly grants = new Map<string, Ask>();
  /** Of configs on accounts: ends in a row that came to nothing. */
  private readonly setbacks = new Map<string, number>();
  private asked = 0;
  private isGranting = false;

  constructor(private readonly options: SlotSchedulerOptions) {}

  /** True when the lane holds a slot for this now. Else it waits for one, with this need instead of what it asked before. */
  acquire(laneId: string, need: SlotNeed): boolean {
    const held = this.grants.get(laneId);
    if (held?.need.kind === need.kind) return true;
    this.grants.delete(laneId);
    const before = this.asks.get(laneId) ?? held;
    this.asked += 1;
    const { askedAtMs, order } = before ?? { askedAtMs: this.options.clock.now(), order: this.asked };
    this.asks.set(laneId, { laneId, need, askedAtMs, order });
    this.grant(laneId);
    return this.grants.has(laneId);
  }

  /** Gives back the slot or the place in the queue. `hasFailed`: what it was used for came to nothing; default unknown. */
  leave(laneId: string, hasFailed?: boolean): void {
    const held = this.grants.get(laneId);
    if (held && hasFailed !== undefined) this.note(held.need, hasFailed);
    this.asks.delete(laneId);
    if (this.grants.delete(laneId)) this.grant();
  }

  /** There are more or fewer than before. Who holds one keeps it. */
  slotsChanged(): void {
    this.grant();
  }

  /** Lanes that wait for a slot. */
  get waiting(): number {
    return this.asks.size;
  }

  get use(): SlotUse {
    return { slots: this.options.slots, inUse: this.grants.size, waiting: this.asks.size };
  }

  /** Undefined for a lane that does not wait. */
  waitOf(laneId: string): SlotWait | undefined {
    const ask = this.asks.get(laneId);
    if (!ask) return undefined;
    const asks = [...this.asks.values()];
    const position = 1 + asks.filter((other) => other !== ask && this.isBefore(other, ask)).length;
    const held = this.held();
    const inUseByAccount = held.filter(({ account }) => account === ask.need.account).length;
    return { position, waiting: asks.length, inUse: held.length, slots: this.options.slots, inUseByAccount };
  }

  /** Grants all that can be granted. `asking` sees it for itself. */
  private grant(asking?: string): void {
    // What is called from here may ask and leave; the loop sees that.
    if (this.isGranting) return;
    this.isGranting = true;
    try {
      for (let next = this.next(); next; next = this.next()) {
        this.asks.delete(next.laneId);
        this.grants.set(next.laneId, next);
        if (next.laneId !== asking) this.options.onGranted(next.laneId);
      }
    } finally {
      this.isGranting = false;
    }
  }

  private next(): Ask | undefined {
    let best: Ask | undefined;
    for (const ask of this.asks.values()) {
      if (best && !this.isBefore(ask, best)) continue;
      if (this.isAdmissible(ask.need)) best = ask;
    }
    return best;
  }

  private isAdmissible(need: SlotNeed): boolean {
    const { slots } = this.options;
    if (slots === 0) return false;
    const held = this.held();
    const ofAccount = held.filter(({ account }) => account === need.account);
    const ofConfig = ofAccount.filter(({ config }) => config === need.config);
    const isTroubled = this.isTroubled(need);
    const isFirst = need.kind === "create" && !isTroubled && ofConfig.length === 0;
    if (held.length >= slots) {
      const left = slots + reserveOf(slots) - held.length;
      return isFirst && left >= (ofAccount.length === 0 ? 1 : 2);
    }
    if (!this.isDoubtful(need)) return true;
    const isWithin = (needs: readonly SlotNeed[], limit: number): boolean =>
      needs.filter((other) => this.isDoubtful(other)).length < Math.max(1, Math.floor(limit));
    return (
      isWithin(ofConfig, isTroubled ? slots / 4 : slots / 2) &&
      isWithin(ofAccount, (slots * 3) / 4) &&
      isWithin(held, slots - 1)
    );
  }

  /** May hang for long without being missed, or is likely to. */
  private isDoubtful(need: SlotNeed): boolean {
    return need.kind !== "create" || this.isTroubled(need);
  }

  private isTroubled(need: SlotNeed): boolean {
    return (this.setbacks.get(tenantOf(need)) ?? 0) >= setbacksToTrouble;
  }

  private isBefore(a: Ask, b: Ask): boolean {
    const rank = this.rankOf(a) - this.rankOf(b);
    if (rank !== 0) return rank < 0;
    const held = this.held();
    const ofAccount = (need: SlotNeed) => held.filter(({ account }) => account === need.account);
    const ofConfig = (need: SlotNeed) => ofAccount(need).filter(({ config }) => config === need.config);
    const byAccount = ofAccount(a.need).length - ofAccount(b.need).length;
    if (byAccount !== 0) return byAccount < 0;
    const byConfig = ofConfig(a.need).length - ofConfig(b.need).length;
    return byConfig !== 0 ? byConfig < 0 : a.order < b.order;
  }

  private rankOf({ need, askedAtMs }: Ask): number {
    if (this.options.clock.now() - askedAtMs >= patienceMs || need.isAwaited) return 0;
    return urgencyOf(need);
  }

  private note(need: SlotNeed, hasFailed: boolean): void {
    const tenant = tenantOf(need);
    if (hasFailed) this.setbacks.set(tenant, (this.setbacks.get(tenant) ?? 0) + 1);
    else this.setbacks.delete(tenant);
  }

  private held(): SlotNeed[] {
    return [...this.grants.values()].map(({ need }) => need);
  }
}

/** Of an updater, whose slots may come and go. */
export function slotsOf(
  updater: { readonly slots: number },
  options: Omit<SlotSchedulerOptions, "slots">,
): SlotScheduler {
  return new SlotScheduler({
    get slots() {
      return updater.slots;
    },
    ...options,
  });
}

/** The order of what waits, without regard to how long it has: lower numbers come first. */
export function urgencyOf({ kind, isAwaited }: SlotNeed): number {
  if (isAwaited) return 0;
  return kind === "remove" ? 3 : kind === "delete" ? 2 : 1;
}

/** A config on one account: what fails on one may work on another. */
function tenantOf({ account, config }: SlotNeed): string {
  return JSON.stringify([account, config]);
}
