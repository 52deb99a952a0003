/**
 * Packs the queue, first come first served, on what is free, then on what is on its way, then on nodes that come back
 * from draining, and only then on new nodes. A session that nothing can take is skipped; those behind it go on.
 */
import type { Reason, WaitingSession } from "../model/plan";
import type { Session } from "../model/state";
import { hasSpace, takeFrom, type Bin, type ConfigPosition, type Fleet, type Scope } from "./fleet";
import { describeShape, numbersOf, obstacleOf, placesOf } from "./place";

export function packQueue(fleet: Fleet): WaitingSession[] {
  const searches = new Map<string, Search>();
  return fleet.snapshot.queue().map((session) => {
    const key = searchKey(session);
    const search = searches.get(key) ?? startSearch(session, fleet);
    searches.set(key, search);
    const found = packOne(session, search, fleet);
    return { sessionId: session.sessionId, nodeId: found.bin?.node?.nodeId, reason: found.reason };
  });
}

/**
 * What sessions with equal wishes have in common. Bins only fill up during a plan, so the next one need not look again
 * at those that were full for the last one.
 */
interface Search {
  readonly scopes: readonly Scope[];
  /** Running nodes of every place before nodes on their way of any: what runs is not waited for. */
  readonly binLists: readonly { readonly bins: readonly Bin[]; firstWithSpace: number }[];
  /** Configs whose nodes could run it, in the order of the places. */
  readonly configs: readonly ConfigPosition[];
  /** Why no node can be created for it; stays true for the rest of the plan. */
  stuck?: Reason;
}

function searchKey({ workspace, zone, needs }: Session): string {
  return `${workspace}/${zone ?? ""}/${needs.cores}/${needs.memoryBytes}/${needs.gpus}`;
}

function startSearch(session: Session, fleet: Fleet): Search {
  const { snapshot } = fleet;
  const workspace = snapshot.workspaces.get(session.workspace);
  if (!workspace?.enabled) {
    const text = `workspace "${session.workspace}" is ${workspace ? "disabled" : "not declared any more"}`;
    const code = workspace ? "workspaceDisabled" : "workspaceGone";
    return { scopes: [], binLists: [], configs: [], stuck: { code, text, numbers: {} } };
  }
  const places = placesOf(workspace, session.zone, snapshot);
  let stuck: Reason | undefined;
  const configs: ConfigPosition[] = [];
  for (const { zone, pool } of places) {
    for (const config of snapshot.configsIn(pool.name, zone.name)) {
      const obstacle = obstacleOf(session, config, fleet.context);
      if (obstacle) stuck ??= obstacle.reason;
      else configs.push(fleet.position(config.name)!);
    }
  }
  // A config whose nodes fail is tried after those that work, so that it does not spend the others' patience.
  configs.sort((a, b) => Number(hasFailures(a)) - Number(hasFailures(b)));
  const scopes = places.map(({ zone, pool }) => fleet.scope(pool.name, zone.name));
  const lists = [...scopes.map(({ running }) => running), ...scopes.map(({ coming }) => coming)];
  const binLists = lists.map((bins) => ({ bins, firstWithSpace: 0 }));
  if (configs.length > 0) return { scopes, binLists, configs };
  const text = `no autoscale config can make a node for workspace "${session.workspace}"`;
  return { scopes, binLists, configs, stuck: stuck ?? { code: "noConfig", text, numbers: {} } };
}

/** Configs that fail come after those that don't. */
export function hasFailures({ state, config }: ConfigPosition): boolean {
  return state.failures?.[config.vmProvider] !== undefined;
}

interface Found {
  readonly bin?: Bin;
  readonly reason: Reason;
}

function packOne(session: Session, search: Search, fleet: Fleet): Found {
  const bin = findSpace(session, search) ?? recallFor(session, search, fleet);
  if (bin) {
    takeFrom(bin, session.needs, session.userId);
    return { bin, reason: promisedReason(bin) };
  }
  if (search.stuck) return { reason: search.stuck };
  return createFor(session, search, fleet);
}

function findSpace({ needs, userId }: Session, search: Search): Bin | undefined {
  for (const list of search.binLists) {
    const { bins } = list;
    while (list.firstWithSpace < bins.length && !hasSpace(bins[list.firstWithSpace]!, needs)) list.firstWithSpace += 1;
    for (let index = list.firstWithSpace; index < bins.length; index += 1) {
      const bin = bins[index]!;
      if (hasSpace(bin, needs) && !isTakenByUser(bin, userId)) return bin;
    }
  }
  return undefined;
}

/** A user has at most one full desktop per server. */
function isTakenByUser(bin: Bin, userId: string): boolean {
  return bin.sessionsLeft !== undefined && bin.userIds.has(userId);
}

function recallFor(session: Session, search: Search, fleet: Fleet): Bin | undefined {
  for (const scope of search.scopes) {
    const draining = scope.recallable.find(
      (bin) => hasSpace(bin, session.needs) && !isTakenByUser(bin, session.userId),
    );
    if (!draining) continue;
    const text = `session ${session.sessionId} needs ${describeShape(session.needs)}, and this node is still there`;
    const reason = {
      code: "queue",
      text,
      numbers: { sessionId: session.sessionId, ...numbersOf("needs", session.needs) },
    };
    return fleet.recall(scope, draining, reason);
  }
  return undefined;
}

function createFor(session: Session, search: Search, fleet: Fleet): Found {
  let firstBlock: Reason | undefined;
  for (const position of search.configs) {
    const block = fleet.blocked(position, "demand", session.needs);
    if (block) {
      if (position.mode === "open") position.hasDeficit = true;
      firstBlock ??= block;
      continue;
    }
    const text = `session ${session.sessionId} needs ${describeShape(session.needs)}, which no free or coming node has left`;
    const numbers = { sessionId: session.sessionId, ...numbersOf("needs", session.needs) };
    const bin = fleet.create(position, { code: "queue", text, numbers }, session.needs);
    takeFrom(bin, session.needs, session.userId);
    return { bin, reason: promisedReason(bin) };
  }
  search.stuck = firstBlock;
  return { reason: firstBlock! };
}

function promisedReason(bin: Bin): Reason {
  const autoscaleConfig = bin.position?.config.name ?? "";
  if (!bin.node) {
    const text = `a new node of autoscale config "${autoscaleConfig}" is being requested for it`;
    return { code: "newNode", text, numbers: { autoscaleConfig } };
  }
  const { nodeId, status } = bin.node;
  const numbers = { nodeId, nodeStatus: status, autoscaleConfig };
  if (bin.kind === "running") return { code: "placing", text: `node ${nodeId} has room for it`, numbers };
  return { code: "inFlight", text: `it was promised room on node ${nodeId}, which is ${status}`, numbers };
}
