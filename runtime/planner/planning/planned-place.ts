/**
 * One place in a plan. The nodes are those of its {@link PlaceCapacity}, and those that the plan creates or brings back.
 * What a round gives to sessions lies on top and is forgotten when the next round starts.
 */
import type { Shape } from "../../model/shapes";
import type { NodeUsage } from "../../model/usage";
import { isServer } from "../lifecycle/node-status";
import { hasRoom, hasRoomForNewUser, withSession, type SessionNeeds } from "../placement/room";
import { sortUnlessSorted } from "./nearly-sorted";
import { addTotals, byAge, freeTotalsOf, type FreeTotals, type NodeCapacity } from "./node-capacity";
import { addServer, totalsFor, type PlaceCapacity, type TotalsOf } from "./place-capacity";

/** What is counted beside the config's own running nodes. */
export interface Counted {
  readonly isComingCounted: boolean;
  readonly isStaticCounted: boolean;
}

interface Promised {
  /** What is taken of the node, promised sessions included. */
  readonly usage: NodeUsage;
  readonly sessions: number;
}

export class PlannedPlace {
  /** Each oldest first; those that this round adds come last. */
  running: readonly NodeCapacity[];
  coming: readonly NodeCapacity[];
  /** Draining nodes that may still come back. */
  recallable: readonly NodeCapacity[];
  /** True when this round took from it or added to it, or began with nodes that an earlier round had added. */
  isTouched = false;
  private totals: TotalsOf;
  private readonly promised = new Map<NodeCapacity, Promised>();
  /** Servers by the users that this round promised them to, or that came back with them. */
  private readonly newServersOf = new Map<string, NodeCapacity[]>();
  private readonly created: NodeCapacity[] = [];
  /** Nodes that the plan brought back, by what they were while they drained. */
  private readonly recalled = new Map<NodeCapacity, NodeCapacity>();

  constructor(private readonly before: PlaceCapacity) {
    ({ running: this.running, coming: this.coming, recallable: this.recallable, totals: this.totals } = before);
  }

  get pool(): string {
    return this.before.pool;
  }

  get zone(): string {
    return this.before.zone;
  }

  get isOfServers(): boolean {
    const first = this.running[0] ?? this.coming[0];
    return first ? isServer(first.limits) : this.before.isOfServers;
  }

  /** Forgets what was given to sessions. Nodes that the plan has created or brought back stand in their place by age. */
  startRound(): void {
    this.promised.clear();
    this.newServersOf.clear();
    ({ running: this.running, coming: this.coming, recallable: this.recallable, totals: this.totals } = this.before);
    this.isTouched = this.created.length + this.recalled.size > 0;
    if (!this.isTouched) return;
    this.totals = copyOf(this.totals);
    const running = [...this.running, ...this.recalled.values()];
    this.running = sortUnlessSorted(running, byAge);
    this.coming = sortUnlessSorted([...this.coming, ...this.created], byAge);
    this.recallable = this.recallable.filter((node) => !this.recalled.has(node));
    for (const node of [...this.recalled.values(), ...this.created]) this.count(node);
  }

  /** Adds a node that the plan creates. */
  create(node: NodeCapacity): void {
    this.touch();
    this.created.push(node);
    this.coming = [...this.coming, node];
    this.count(node);
  }

  /** Brings a draining node back. */
  recall(draining: NodeCapacity): NodeCapacity {
    this.touch();
    const node: NodeCapacity = { ...draining, kind: "running" };
    this.recalled.set(draining, node);
    this.recallable = this.recallable.filter((other) => other !== draining);
    this.running = [...this.running, node];
    this.count(node);
    return node;
  }

  /** Gives room to a session, also where it does not fit yet and room is kept for it. */
  take(node: NodeCapacity, session: SessionNeeds): void {
    this.touch();
    const before = this.usageOf(node);
    const after = withSession(node.limits, before, session);
    this.promised.set(node, { usage: after, sessions: this.promisedTo(node) + 1 });
    const sum = totalsFor(node, this.totals);
    if (sum) {
      addTotals(sum, freeTotalsOf(node.limits, before), -1);
      addTotals(sum, freeTotalsOf(node.limits, after), 1);
    }
    if (isServer(node.limits)) addServer(this.newServersOf, session.userId, node);
  }

  hasRoom(node: NodeCapacity, session: SessionNeeds): boolean {
    if (node.isExclusive && this.promisedTo(node) > 0) return false;
    const usage = this.usageOf(node);
    const mayJoin = session.isRemoteApp && usage.userIds.has(session.userId);
    if (node.kind === "joinable" && !mayJoin) return false;
    return hasRoom(node.limits, usage, session);
  }

  /** As {@link hasRoom}, for any session with these needs of a user who has none on the node. */
  hasRoomForNewUser(node: NodeCapacity, needs: Shape): boolean {
    if (!mayHaveRoom(node, needs) || (node.isExclusive && this.promisedTo(node) > 0)) return false;
    return hasRoomForNewUser(node.limits, this.usageOf(node), needs);
  }

  /** What is taken of a node, with what this round has promised. */
  usageOf(node: NodeCapacity): NodeUsage {
    return this.promised.get(node)?.usage ?? node.usage;
  }

  /** Sessions that this round has promised the node to. */
  promisedTo(node: NodeCapacity): number {
    return this.promised.get(node)?.sessions ?? 0;
  }

  /** Servers with a session of the user, also a promised one. */
  serversOf(userId: string): readonly NodeCapacity[] {
    const [known, added] = [this.before.serversOf(userId), this.newServersOf.get(userId)];
    return added ? [...known, ...added] : known;
  }

  /** What is left of everything. */
  left(counted: Counted): FreeTotals {
    return {
      millicores: this.leftOf("millicores", counted),
      memoryBytes: this.leftOf("memoryBytes", counted),
      gpus: this.leftOf("gpus", counted),
      sessions: this.leftOf("sessions", counted),
    };
  }

  leftOf(dimension: keyof FreeTotals, { isComingCounted, isStaticCounted }: Counted): number {
    const { running, coming, static: fixed } = this.totals;
    return running[dimension] + (isComingCounted ? coming[dimension] : 0) + (isStaticCounted ? fixed[dimension] : 0);
  }

  /** Most places of a plan are only looked at, and need no sums of their own. */
  private touch(): void {
    if (this.totals === this.before.totals) this.totals = copyOf(this.totals);
    this.isTouched = true;
  }

  private count(node: NodeCapacity): void {
    const sum = totalsFor(node, this.totals);
    if (sum) addTotals(sum, node.free, 1);
    if (node.kind !== "running" || !isServer(node.limits)) return;
    for (const user of node.usage.userIds) addServer(this.newServersOf, user, node);
  }
}

/** A quick no: what was too little before the plan only gets less, and most nodes of a big place are full. */
function mayHaveRoom({ free }: NodeCapacity, needs: Shape): boolean {
  if (free.sessions > 0) return true;
  return needs.memoryBytes <= free.memoryBytes && Math.round(needs.cores * 1000) <= free.millicores;
}

function copyOf({ running, coming, static: fixed }: TotalsOf): TotalsOf {
  return { running: { ...running }, coming: { ...coming }, static: { ...fixed } };
}
