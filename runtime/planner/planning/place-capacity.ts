/**
 * What one pool has in one zone: every node that is or will be capacity as a bin with what is left of it, and the sums
 * over them. The phases of a plan take from bins and add bins; the sums follow, so that standby costs no search.
 */
import type { EpochMs } from "../../model/clock";
import type { AutoscaleConfig } from "../../model/config";
import type { Node, Shape } from "../../model/state";
import type { NodeUsage } from "../../model/usage";
import { fitsShape, freeShape, type Wish } from "../placement/room";

/** One node's capacity as the phases of a plan use it up. */
export interface Bin {
  /** `joinable`: a server outside its schedule, whose users' RemoteApps may join them. */
  readonly kind: "running" | "inFlight" | "draining" | "new" | "joinable";
  readonly createdAtMs: EpochMs;
  /** Undefined for a node that this plan creates. */
  readonly node?: Node;
  /** Undefined for a static member. */
  readonly autoscaleConfig?: string;
  readonly shape?: Shape;
  /** What its sessions take; undefined for a node that this plan creates. */
  readonly usage?: NodeUsage;
  /** Agents: what is left, never below 0. */
  free: Shape;
  /** Servers: sessions that still fit, each by a new user; undefined for agents. */
  sessionsLeft?: number;
  /** Servers: sessions that still fit of users who are there, and users that still fit. */
  joinsLeft: number;
  usersLeft: number;
  /** Users of the queued sessions that were promised this node, with true for a full desktop. */
  promisedTo?: Map<string, boolean>;
  /** Queued sessions that were promised this node. */
  promised: number;
  /** With aggressive scaling a node on its way serves one waiting session only. */
  readonly isExclusive: boolean;
  /** True when no session, not even a stopped one, is on the node. */
  readonly isIdle: boolean;
}

/** Capacity that nobody has asked for yet. Cores in thousandths, so that sums are exact in any order. */
export interface Spare {
  millicores: number;
  memoryBytes: number;
  gpus: number;
  /** Servers: sessions, each by a new user. */
  sessions: number;
}

/** What is counted beside the nodes that run: those on their way, static members. */
export interface Counted {
  readonly isComingCounted: boolean;
  readonly isStaticCounted: boolean;
}

export class Scope {
  /** Oldest first; those that the plan adds come last. */
  running: Bin[] = [];
  coming: Bin[] = [];
  /** Draining nodes that may come back, oldest first; shrinks. */
  recallable: Bin[] = [];
  /** True when the plan took from it or added to it. */
  isTouched = false;
  private spareOf = { running: noSpare(), coming: noSpare(), static: noSpare() };
  private readonly joinable: Bin[] = [];
  /** How it was before anything was taken or added. */
  private readonly untouched: Pick<Scope, "running" | "coming" | "recallable"> & { readonly spareOf: Scope["spareOf"] };
  /** Bins that were taken from, with what they had before. */
  private readonly taken = new Map<Bin, Takable>();
  /** Servers by the users on them; made when first asked for. */
  private byUser: Map<string, Bin[]> | undefined;
  /** Servers by the users that they were promised to or came back with. */
  private byNewUser = new Map<string, Bin[]>();

  constructor(
    readonly pool: string,
    readonly zone: string,
    bins: Bin[],
  ) {
    for (const bin of sortUnlessSorted(bins, byAge)) this.list(bin);
    const { running, coming, recallable, spareOf } = this;
    this.untouched = { running, coming, recallable, spareOf };
    this.restore();
  }

  /** As if nothing had been taken or added. */
  restore(): void {
    const { running, coming, recallable, spareOf } = this.untouched;
    for (const [bin, before] of this.taken) Object.assign(bin, before);
    this.taken.clear();
    [this.running, this.coming, this.recallable] = [running, coming, recallable];
    this.spareOf = { running: { ...spareOf.running }, coming: { ...spareOf.coming }, static: { ...spareOf.static } };
    this.byNewUser.clear();
    this.isTouched = false;
  }

  /** Restored, but with the nodes that the plan has brought back and created so far, each in its place by age. */
  restart(recalled: ReadonlySet<string>, created: readonly Bin[]): void {
    this.restore();
    for (const bin of this.untouched.recallable) if (recalled.has(bin.node!.nodeId)) this.recall(bin);
    for (const bin of created) this.add(bin);
    sortUnlessSorted(this.running, byAge);
    sortUnlessSorted(this.coming, byAge);
  }

  /** A node that the plan creates. */
  add(bin: Bin): void {
    this.isTouched = true;
    this.keepUntouched();
    this.list(bin);
  }

  /** Brings a draining node back. */
  recall(draining: Bin): Bin {
    this.keepUntouched();
    this.recallable.splice(this.recallable.indexOf(draining), 1);
    const bin: Bin = { ...draining, kind: "running" };
    this.add(bin);
    if (bin.sessionsLeft !== undefined) for (const user of bin.usage?.userIds ?? []) addUser(this.byNewUser, user, bin);
    return bin;
  }

  take(bin: Bin, wish: Wish): void {
    const { needs, userId } = wish;
    this.isTouched = true;
    if (!this.taken.has(bin)) this.taken.set(bin, takableOf(bin));
    const sum = this.sumFor(bin);
    if (sum) addTo(sum, bin, -1);
    bin.promised += 1;
    bin.free = freeShape(bin.free, needs);
    if (bin.sessionsLeft !== undefined) this.takeSession(bin, wish);
    if (sum) addTo(sum, bin, 1);
    if (bin.sessionsLeft !== undefined) addUser(this.byNewUser, userId, bin);
  }

  /** Servers with a session of the user, also a promised one. */
  binsOf(userId: string): readonly Bin[] {
    this.byUser ??= byUserOf([...this.untouched.running, ...this.untouched.coming, ...this.joinable]);
    const [known = [], added] = [this.byUser.get(userId), this.byNewUser.get(userId)];
    return added ? [...known, ...added] : known;
  }

  private takeSession(bin: Bin, { userId, isRemoteApp }: Wish): void {
    bin.joinsLeft -= 1;
    if (!isThere(bin, userId)) bin.usersLeft -= 1;
    bin.sessionsLeft = Math.max(0, Math.min(bin.joinsLeft, bin.usersLeft));
    bin.promisedTo ??= new Map();
    bin.promisedTo.set(userId, !isRemoteApp || bin.promisedTo.get(userId) === true);
  }

  /** True when its nodes count sessions, not cores. */
  get isOfServers(): boolean {
    const [first = this.coming[0] ?? this.joinable[0]] = this.running;
    return first?.sessionsLeft !== undefined;
  }

  /** What is left on running nodes, with or without static members, and on those that are on their way if asked for. */
  spare(counted: Counted): Spare {
    return {
      millicores: this.left("millicores", counted),
      memoryBytes: this.left("memoryBytes", counted),
      gpus: this.left("gpus", counted),
      sessions: this.left("sessions", counted),
    };
  }

  /** As {@link spare}, of one thing. */
  left(dimension: keyof Spare, { isComingCounted, isStaticCounted }: Counted): number {
    const { running, coming, static: fixed } = this.spareOf;
    return running[dimension] + (isComingCounted ? coming[dimension] : 0) + (isStaticCounted ? fixed[dimension] : 0);
  }

  /** Taking changes no list, so most places get along with those that were there. */
  private keepUntouched(): void {
    if (this.running !== this.untouched.running) return;
    [this.running, this.coming, this.recallable] = [[...this.running], [...this.coming], [...this.recallable]];
  }

  private list(bin: Bin): void {
    if (bin.kind === "draining") {
      this.recallable.push(bin);
      return;
    }
    const sum = this.sumFor(bin);
    if (!sum) {
      this.joinable.push(bin);
      return;
    }
    (bin.kind === "running" ? this.running : this.coming).push(bin);
    addTo(sum, bin, 1);
  }

  private sumFor(bin: Bin): Spare | undefined {
    if (bin.kind === "joinable") return undefined;
    if (bin.autoscaleConfig === undefined) return this.spareOf.static;
    return bin.kind === "running" ? this.spareOf.running : this.spareOf.coming;
  }
}

/** What changes when a session takes from a bin. */
type Takable = Pick<Bin, "free" | "sessionsLeft" | "joinsLeft" | "usersLeft" | "promisedTo" | "promised">;

function takableOf({ free, sessionsLeft, joinsLeft, usersLeft, promisedTo, promised }: Bin): Takable {
  return { free, sessionsLeft, joinsLeft, usersLeft, promisedTo, promised };
}

function noSpare(): Spare {
  return { millicores: 0, memoryBytes: 0, gpus: 0, sessions: 0 };
}

function addTo(sum: Spare, { free, sessionsLeft }: Bin, sign: 1 | -1): void {
  if (sessionsLeft !== undefined) {
    sum.sessions += sign * sessionsLeft;
    return;
  }
  sum.millicores += sign * Math.round(free.cores * 1000);
  sum.memoryBytes += sign * free.memoryBytes;
  sum.gpus += sign * free.gpus;
}

/** Rows come in the order in which they were stored, which is nearly always the order of age already. */
export function sortUnlessSorted<T>(items: T[], compare: (a: T, b: T) => number): T[] {
  for (let index = 1; index < items.length; index += 1) {
    if (compare(items[index - 1]!, items[index]!) > 0) return items.sort(compare);
  }
  return items;
}

/**
 * Oldest first, then by config and id. New nodes have no id yet, but those of one config and moment are alike, so that
 * they take the same places as bins now and as nodes in the next plan.
 */
function byAge(a: Bin, b: Bin): number {
  if (a.createdAtMs !== b.createdAtMs) return a.createdAtMs - b.createdAtMs;
  const [configOfA, configOfB] = [a.autoscaleConfig ?? "", b.autoscaleConfig ?? ""];
  if (configOfA !== configOfB) return configOfA < configOfB ? -1 : 1;
  const [idOfA, idOfB] = [a.node?.nodeId ?? "~", b.node?.nodeId ?? "~"];
  if (idOfA === idOfB) return 0;
  return idOfA < idOfB ? -1 : 1;
}

/** New sessions that one empty server takes, each by a new user. */
export function sessionsPerServer(config: Extract<AutoscaleConfig, { type: "server" }>): number {
  if (!config.reusable) return 1;
  return Math.min(config.maxSimultaneousSessionsPerServer, config.maxSimultaneousUsers);
}

/** Whether the bin could take these needs from a user that it does not know yet. */
export function hasSpace(bin: Bin, needs: Shape): boolean {
  if (bin.isExclusive && bin.promised > 0) return false;
  if (bin.sessionsLeft !== undefined) {
    return bin.sessionsLeft > 0 && (bin.shape === undefined || fitsShape(needs, bin.shape));
  }
  return bin.shape !== undefined && fitsShape(needs, bin.free);
}

/** Whether the bin could take this session of this user. */
export function hasSpaceFor(bin: Bin, wish: Wish): boolean {
  const { needs, userId, isRemoteApp } = wish;
  if (bin.sessionsLeft === undefined) return hasSpace(bin, needs);
  const hasDesktop = bin.usage?.desktopUserIds.has(userId) === true || bin.promisedTo?.get(userId) === true;
  if (!isRemoteApp && hasDesktop) return false;
  if (!isThere(bin, userId)) return bin.kind !== "joinable" && hasSpace(bin, needs);
  if (bin.kind === "joinable" && !isRemoteApp) return false;
  if (bin.isExclusive && bin.promised > 0) return false;
  return bin.joinsLeft > 0 && (bin.shape === undefined || fitsShape(needs, bin.shape));
}

function isThere({ usage, promisedTo }: Bin, userId: string): boolean {
  return usage?.userIds.has(userId) === true || promisedTo?.has(userId) === true;
}

function byUserOf(bins: readonly Bin[]): Map<string, Bin[]> {
  const byUser = new Map<string, Bin[]>();
  for (const bin of bins) {
    if (bin.sessionsLeft === undefined) continue;
    for (const user of bin.usage?.userIds ?? []) addUser(byUser, user, bin);
  }
  return byUser;
}

function addUser(bins: Map<string, Bin[]>, userId: string, bin: Bin): void {
  const known = bins.get(userId);
  if (!known) bins.set(userId, [bin]);
  else if (!known.includes(bin)) known.push(bin);
}
