/**
 * Packs the queue, first come first served, on what is free, then on what is on its way, then on nodes that come back
 * from draining, and only then on new nodes. A session that nothing can take is skipped; those behind it go on.
 */
import type { Reason, WaitingSession } from "../model/plan";
import type { Session, Shape } from "../model/state";
import type { ConfigPosition, Fleet } from "./fleet";
import { describeShape, numbersOf, obstacleOf, placesOf } from "./place";
import { hasSpace, hasSpaceFor, type Bin, type Scope } from "./scope";

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
  readonly binLists: readonly { readonly scope: Scope; readonly bins: readonly Bin[]; firstWithSpace: number }[];
  /** Configs whose nodes could run it, in the order of the places. */
  readonly configs: readonly ConfigPosition[];
  /** Why no node can be created for it; stays true for the rest of the plan. */
  stuck?: Reason;
}

function searchKey({ workspace, zone, needs, isRemoteApp }: Session): string {
  return `${workspace}/${zone ?? ""}/${isRemoteApp ? "app" : ""}/${needs.cores}/${needs.memoryBytes}/${needs.gpus}`;
}

function startSearch(session: Session, fleet: Fleet): Search {
  const { snapshot } = fleet;
  const workspace = snapshot.workspaces.get(session.workspace);
  if (!workspace?.enabled) {
    const text = `workspace "${session.workspace}" is ${workspace ? "disabled" : "not declared any more"}`;
    const code = workspace ? "workspaceDisabled" : "workspaceGone";
    return { scopes: [], binLists: [], configs: [], stuck: { code, text, numbers: {} } };
  }
  const places = placesOf(workspace, session.zone, snapshot).filter(({ zone, pool }) => {
    const [poolName, zoneName] = [pool.name, zone.name];
    return snapshot.nodesIn(poolName, zoneName).size > 0 || snapshot.configsIn(poolName, zoneName).length > 0;
  });
  let stuck: Reason | undefined;
  const configs: ConfigPosition[] = [];
  for (const { zone, pool } of places) {
    for (const config of snapshot.configsIn(pool.name, zone.name)) {
      const position = fleet.position(config.name)!;
      const obstacle = obstacleOf(session, config, fleet.context, shapesOf(position));
      if (obstacle) stuck ??= obstacle.reason;
      else configs.push(position);
    }
  }
  // A config whose nodes fail is tried after those that work, so that it does not spend the others' patience.
  configs.sort((a, b) => Number(hasFailures(a)) - Number(hasFailures(b)));
  const scopes = places.map(({ zone, pool }) => fleet.scope(pool.name, zone.name));
  const binLists = [
    ...scopes.map((scope) => ({ scope, bins: scope.running, firstWithSpace: 0 })),
    ...scopes.map((scope) => ({ scope, bins: scope.coming, firstWithSpace: 0 })),
  ];
  if (configs.length > 0) return { scopes, binLists, configs };
  const text = `no autoscale config can make a node for workspace "${session.workspace}"`;
  return { scopes, binLists, configs, stuck: stuck ?? { code: "noConfig", text, numbers: {} } };
}

/** What the nodes offer that the config may make. */
export function shapesOf({ routes }: ConfigPosition): (Shape | undefined)[] {
  return routes.map(({ shape }) => shape);
}

/** Configs that fail come after those that don't. */
export function hasFailures({ state, config }: ConfigPosition): boolean {
  return state.failures?.[config.vmProvider] !== undefined;
}

interface Found {
  readonly bin?: Bin;
  readonly reason: Reason;
}

/** Room for one session, and where it is. */
interface Space {
  readonly scope: Scope;
  readonly bin: Bin;
}

function packOne(session: Session, search: Search, fleet: Fleet): Found {
  const space = findSpace(session, search) ?? recallFor(session, search, fleet) ?? createFor(session, search, fleet);
  if (!space) return { reason: search.stuck! };
  space.scope.take(space.bin, session);
  return { bin: space.bin, reason: promisedReason(space.bin) };
}

function findSpace(session: Session, search: Search): Space | undefined {
  const { needs, userId } = session;
  // The user's own server first: there the session takes no user slot.
  for (const scope of search.scopes) {
    if (!scope.isOfServers) continue;
    const bin = scope.binsOf(userId).find((own) => hasSpaceFor(own, session));
    if (bin) return { scope, bin };
  }
  for (const list of search.binLists) {
    const { scope, bins } = list;
    while (list.firstWithSpace < bins.length && !hasSpace(bins[list.firstWithSpace]!, needs)) list.firstWithSpace += 1;
    for (let index = list.firstWithSpace; index < bins.length; index += 1) {
      const bin = bins[index]!;
      if (hasSpaceFor(bin, session)) return { scope, bin };
    }
  }
  return undefined;
}

function recallFor(session: Session, search: Search, fleet: Fleet): Space | undefined {
  for (const scope of search.scopes) {
    const draining = scope.recallable.find((bin) => hasSpaceFor(bin, session));
    if (!draining) continue;
    const text = `session ${session.sessionId} needs ${describeShape(session.needs)}, and this node is still there`;
    const numbers = { sessionId: session.sessionId, ...numbersOf("needs", session.needs) };
    return { scope, bin: fleet.recall(scope, draining, { code: "queue", text, numbers }) };
  }
  return undefined;
}

/** The first config that may; undefined when none may, and then the search is stuck with the first one's reason. */
function createFor(session: Session, search: Search, fleet: Fleet): Space | undefined {
  if (search.stuck) return undefined;
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
    return fleet.create(position, { code: "queue", text, numbers }, session.needs);
  }
  search.stuck = firstBlock;
  return undefined;
}

function promisedReason(bin: Bin): Reason {
  const autoscaleConfig = bin.autoscaleConfig ?? "";
  if (!bin.node) {
    const text = `a new node of autoscale config "${autoscaleConfig}" is being requested for it`;
    return { code: "newNode", text, numbers: { autoscaleConfig } };
  }
  const { nodeId, status } = bin.node;
  const numbers = { nodeId, nodeStatus: status, autoscaleConfig };
  if (bin.kind === "running" || bin.kind === "joinable")
    return { code: "placing", text: `node ${nodeId} has room for it`, numbers };
  return { code: "inFlight", text: `it was promised room on node ${nodeId}, which is ${status}`, numbers };
}
