/**
 * Staged sessions that are missing, as demand: packed after the queue and before floor and standby, on what is free,
 * on what is on its way, on nodes that come back, and only then on new nodes. Nobody waits for them, so they share
 * nodes with each other also where aggressive scaling gives each waiting user a node of his own.
 */
import type { Reason, StagingPosition } from "../../model/plan";
import type { StagingConfig } from "../../model/staging-config";
import type { Session, Shape } from "../../model/state";
import { formatCount } from "../../model/units";
import { fitsShape, needsOf } from "../placement/room";
import { describeShape, numbersOf } from "../../model/shape-text";
import type { Fleet } from "./fleet";
import type { PlaceRequest } from "../placement/place";
import type { Bin } from "./place-capacity";
import { findRoom, recallRoom, startSearch, type Search } from "./demand-search";
import { judgeStaged, mayHoldStaged, stagingPlaces } from "../placement/staging";

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
  const search = lookFor(config, needsOf(workspace), fleet);
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

interface Wanted extends Search {
  readonly config: StagingConfig;
  readonly request: PlaceRequest;
}

function lookFor(config: StagingConfig, needs: Shape, fleet: Fleet): Wanted {
  const request = { workspace: config.workspace, userId: "", needs };
  const places = stagingPlaces(config, fleet.snapshot);
  return { config, request, ...startSearch(request, places, fleet, (name) => mayHoldStaged(config, name)) };
}

/** Takes room for one session; answers what keeps it from that. */
function pack(search: Wanted, fleet: Fleet, missing: number): Reason | undefined {
  const { config, request, makers } = search;
  const isFor = (bin: Bin) => hasRoom(bin, config, request.needs);
  const room = findRoom(search, isFor) ?? recallRoom(search, isFor, fleet, () => stagingReason(search, 1));
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

function hasRoom(bin: Bin, config: StagingConfig, needs: Shape): boolean {
  const isItsOwn = mayHoldStaged(config, bin.autoscaleConfig);
  return isItsOwn && bin.sessionsLeft === undefined && bin.shape !== undefined && fitsShape(needs, bin.free);
}

function stagingReason({ config, request }: Wanted, missing: number): Reason {
  const what = `${describeShape(request.needs)} each`;
  const text = `staging config "${config.name}" lacks ${missing} of ${formatCount(config.sessions, "session")} of ${what}`;
  const numbers = { stagingConfig: config.name, missing, ...numbersOf("needs", request.needs) };
  return { code: "staging", text, numbers };
}

function noMaker({ zone, workspace }: StagingConfig): Reason {
  const text = `no autoscale config makes agents for workspace "${workspace}" in zone "${zone}"`;
  return { code: "noConfig", text, numbers: { zone, workspace } };
}
