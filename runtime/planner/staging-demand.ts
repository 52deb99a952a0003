/**
 * Staged sessions that are missing, as demand: packed after the queue and before floor and standby, on what is free,
 * on what is on its way, on nodes that come back, and only then on new nodes. Nobody waits for them, so they share
 * nodes with each other also where aggressive scaling gives each waiting user a node of his own.
 */
import type { Reason, StagingPosition } from "../model/plan";
import type { StagingConfig } from "../model/staging-config";
import type { Session, Shape } from "../model/state";
import { formatCount } from "../model/units";
import { fitsShape, needsOf } from "./capacity";
import { hasFailures, shapesOf } from "./demand";
import type { ConfigPosition, Fleet } from "./fleet";
import { describeShape, numbersOf, obstacleOf, type PlaceRequest } from "./place";
import type { Bin, Scope } from "./scope";
import { judgeStaged, mayHoldStaged, stagingPlaces } from "./staging";

/** By name. */
export function packStaging(fleet: Fleet): StagingPosition[] {
  return [...fleet.snapshot.stagingConfigs.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((config) => packOne(config, fleet));
}

function packOne(config: StagingConfig, fleet: Fleet): StagingPosition {
  const { ready } = judgeStaged(config.name, fleet.context);
  const current = ready.length;
  const staying = ready.filter((session) => !isRetiring(session, fleet)).length;
  const position = { stagingConfig: config.name, desired: config.sessions, current };
  const workspace = fleet.snapshot.workspaces.get(config.workspace);
  if (!workspace?.enabled) {
    const text = `workspace "${config.workspace}" is disabled`;
    return { ...position, reason: { code: "workspaceDisabled", text, numbers: {} } };
  }
  const search = startSearch(config, needsOf(workspace), fleet);
  for (let packed = staying; packed < config.sessions; packed += 1) {
    const block = pack(search, fleet, config.sessions - packed);
    if (block) return { ...position, reason: shortReason(block, position) };
  }
  const isMet = current >= config.sessions;
  const coming = isMet ? "" : "; the others have room or a node on its way";
  const reason = {
    code: isMet ? "steady" : "staging",
    text: `staged: ${current} of ${formatCount(config.sessions, "session")}${coming}`,
    numbers: { desired: config.sessions, current },
  };
  return { ...position, reason };
}

/** Its node is about to be replaced: room for the session that follows is made before. */
function isRetiring({ nodeId = "" }: Session, fleet: Fleet): boolean {
  const autoscaleConfig = fleet.snapshot.nodes.get(nodeId)?.autoscaleConfig ?? "";
  return fleet.position(autoscaleConfig)?.retiring.has(nodeId) === true;
}

function shortReason(block: Reason, { desired, current }: { desired: number; current: number }): Reason {
  const text = `staged: ${current} of ${formatCount(desired, "session")}; ${block.text}`;
  return { ...block, text, numbers: { ...block.numbers, desired, current } };
}

interface Search {
  readonly config: StagingConfig;
  readonly request: PlaceRequest;
  readonly scopes: readonly Scope[];
  readonly makers: readonly ConfigPosition[];
  /** Why no config can make a node for it at all. */
  readonly obstacle?: Reason;
  /** Bins only fill up during a plan: those before were full. */
  readonly lists: { readonly scope: Scope; readonly bins: readonly Bin[]; next: number }[];
}

function startSearch(config: StagingConfig, needs: Shape, fleet: Fleet): Search {
  const request = { workspace: config.workspace, userId: "", needs };
  const places = stagingPlaces(config, fleet.snapshot);
  const scopes = places.map(({ pool, zone }) => fleet.scope(pool.name, zone.name));
  const makers: ConfigPosition[] = [];
  let obstacle: Reason | undefined;
  for (const { pool, zone } of places) {
    for (const maker of fleet.snapshot.configsIn(pool.name, zone.name)) {
      if (!mayHoldStaged(config, maker.name)) continue;
      const position = fleet.position(maker.name)!;
      const found = obstacleOf(request, maker, fleet.context, shapesOf(position));
      if (found) obstacle ??= found.reason;
      else makers.push(position);
    }
  }
  makers.sort((a, b) => Number(hasFailures(a)) - Number(hasFailures(b)));
  const lists = [
    ...scopes.map((scope) => ({ scope, bins: scope.running, next: 0 })),
    ...scopes.map((scope) => ({ scope, bins: scope.coming, next: 0 })),
  ];
  return { config, request, scopes, makers, obstacle, lists };
}

/** Takes room for one session; answers what keeps it from that. */
function pack(search: Search, fleet: Fleet, missing: number): Reason | undefined {
  const { config, request, scopes, makers } = search;
  const room = findRoom(search) ?? recallOne(scopes, search, fleet);
  if (room) {
    room.scope.take(room.bin, request);
    return undefined;
  }
  let block = makers.length > 0 ? undefined : (search.obstacle ?? noMaker(config));
  for (const maker of makers) {
    const why = fleet.blocked(maker, "standby", request.needs);
    if (!why) {
      const { scope, bin } = fleet.create(maker, stagingReason(search, missing), request.needs);
      scope.take(bin, request);
      return undefined;
    }
    if (maker.mode === "open") {
      maker.hasDeficit = true;
      maker.reasons.push({
        ...why,
        text: `staging config "${config.name}" lacks ${formatCount(missing, "session")}; ${why.text}`,
      });
    }
    block ??= why;
  }
  return block;
}

function findRoom({ config, request, lists }: Search): { readonly scope: Scope; readonly bin: Bin } | undefined {
  for (const list of lists) {
    for (; list.next < list.bins.length; list.next += 1) {
      const bin = list.bins[list.next]!;
      if (hasRoom(bin, config, request.needs)) return { scope: list.scope, bin };
    }
  }
  return undefined;
}

function hasRoom(bin: Bin, config: StagingConfig, needs: Shape): boolean {
  const isItsOwn = mayHoldStaged(config, bin.autoscaleConfig);
  return isItsOwn && bin.sessionsLeft === undefined && bin.shape !== undefined && fitsShape(needs, bin.free);
}

function recallOne(scopes: readonly Scope[], search: Search, fleet: Fleet) {
  for (const scope of scopes) {
    const draining = scope.recallable.find((bin) => hasRoom(bin, search.config, search.request.needs));
    if (draining) return { scope, bin: fleet.recall(scope, draining, stagingReason(search, 1)) };
  }
  return undefined;
}

function stagingReason({ config, request }: Search, missing: number): Reason {
  const what = `${describeShape(request.needs)} each`;
  const text = `staging config "${config.name}" lacks ${missing} of ${formatCount(config.sessions, "session")} of ${what}`;
  const numbers = { stagingConfig: config.name, missing, ...numbersOf("needs", request.needs) };
  return { code: "staging", text, numbers };
}

function noMaker({ zone, workspace }: StagingConfig): Reason {
  const text = `no autoscale config makes agents for workspace "${workspace}" in zone "${zone}"`;
  return { code: "noConfig", text, numbers: { zone, workspace } };
}
