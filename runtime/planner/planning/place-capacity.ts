/**
 * What one pool has in one zone before a plan changes it: every node that is or will be capacity, and the sums over them.
 * Never changes, so that the next plan can use it again where nothing has happened.
 */
import { isServer } from "../lifecycle/node-status";
import { sortUnlessSorted } from "./nearly-sorted";
import { addTotals, byAge, noTotals, type FreeTotals, type NodeCapacity } from "./node-capacity";

/** Sums are kept apart by these, because not every config counts all of them. */
export type TotalsOf = Readonly<Record<"running" | "coming" | "static", FreeTotals>>;

export class PlaceCapacity {
  /** Each oldest first. */
  readonly running: readonly NodeCapacity[];
  readonly coming: readonly NodeCapacity[];
  /** Draining nodes that may come back. */
  readonly recallable: readonly NodeCapacity[];
  readonly totals: TotalsOf = { running: noTotals(), coming: noTotals(), static: noTotals() };
  private readonly joinable: readonly NodeCapacity[];
  /** Servers by the users on them; made when first asked for. */
  private byUser: Map<string, NodeCapacity[]> | undefined;

  constructor(
    readonly pool: string,
    readonly zone: string,
    nodes: NodeCapacity[],
  ) {
    sortUnlessSorted(nodes, byAge);
    this.running = nodes.filter(({ kind }) => kind === "running");
    this.coming = nodes.filter(({ kind }) => kind === "inFlight");
    this.recallable = nodes.filter(({ kind }) => kind === "draining");
    this.joinable = nodes.filter(({ kind }) => kind === "joinable");
    for (const node of nodes) {
      const sum = totalsFor(node, this.totals);
      if (sum) addTotals(sum, node.free, 1);
    }
  }

  /** True when its nodes are servers. */
  get isOfServers(): boolean {
    const first = this.running[0] ?? this.coming[0] ?? this.joinable[0];
    return first !== undefined && isServer(first.limits);
  }

  /** Servers with a session of the user. */
  serversOf(userId: string): readonly NodeCapacity[] {
    this.byUser ??= serversByUser([...this.running, ...this.coming, ...this.joinable]);
    return this.byUser.get(userId) ?? [];
  }
}

/** Which sum a node counts in; undefined for one that is no capacity for new users. */
export function totalsFor({ kind, autoscaleConfig }: NodeCapacity, totals: TotalsOf): FreeTotals | undefined {
  if (kind === "joinable" || kind === "draining") return undefined;
  if (autoscaleConfig === undefined) return totals.static;
  return kind === "running" ? totals.running : totals.coming;
}

function serversByUser(nodes: readonly NodeCapacity[]): Map<string, NodeCapacity[]> {
  const byUser = new Map<string, NodeCapacity[]>();
  for (const node of nodes) {
    if (!isServer(node.limits)) continue;
    for (const user of node.usage.userIds) addServer(byUser, user, node);
  }
  return byUser;
}

export function addServer(byUser: Map<string, NodeCapacity[]>, userId: string, server: NodeCapacity): void {
  const known = byUser.get(userId);
  if (!known) byUser.set(userId, [server]);
  else if (!known.includes(server)) known.push(server);
}
