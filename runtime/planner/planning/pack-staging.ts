/**
 * Staged sessions that are missing, as demand: packed after the queue and before floor and standby, on what is free,
 * on what is on its way, on nodes that come back, and only then on new nodes. Nobody waits for them, so they share
 * nodes with each other also where aggressive scaling gives each waiting user a node of his own.
 */
import type { StagingPosition } from "../../model/plan";
import type { Reason } from "../../model/reason";
import { describeShape, numbersOf } from "../../model/shape-text";
import type { StagingConfig } from "../../model/staging-config";
import type { Session } from "../../model/state";
import type { Shape } from "../../model/shapes";
import { formatCount } from "../../model/units";
import { isServer } from "../lifecycle/node-status";
import type { PlaceRequest } from "../placement/choose-node";
import { hasRoom, needsOf } from "../placement/room";
import { judgeStaged, mayHoldStaged, stagingPlaces } from "../placement/staging";
import { findRoom, recallRoom, startSearch, type DemandSearch, type RoomTest } from "./demand-search";
import type { PlanDraft } from "./plan-draft";

/** By name. */
export function packStaging(draft: PlanDraft): StagingPosition[] {
  return [...draft.fleet.snapshot.stagingConfigs.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((config) => packOne(config, draft));
}

function packOne(config: StagingConfig, draft: PlanDraft): StagingPosition {
  const { snapshot, context } = draft.fleet;
  const { ready } = judgeStaged(config.name, context);
  const current = ready.length;
  const staying = ready.filter((session) => !isRetiring(session, draft)).length;
  const position = { stagingConfig: config.name, desired: config.sessions, current };
  const workspace = snapshot.workspaces.get(config.workspace);
  if (!workspace?.enabled) {
    const text = `workspace "${config.workspace}" is disabled`;
    return { ...position, reason: { code: "workspaceDisabled", text, numbers: {} } };
  }
  const search = searchFor(config, needsOf(workspace), draft);
  for (let packed = staying; packed < config.sessions; packed += 1) {
    const block = pack(search, draft, config.sessions - packed);
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
function isRetiring({ nodeId = "" }: Session, { fleet }: PlanDraft): boolean {
  const autoscaleConfig = fleet.snapshot.nodes.get(nodeId)?.autoscaleConfig ?? "";
  return fleet.config(autoscaleConfig)?.retiring.has(nodeId) === true;
}

function shortReason(block: Reason, { desired, current }: { desired: number; current: number }): Reason {
  const text = `staged: ${current} of ${formatCount(desired, "session")}; ${block.text}`;
  return { ...block, text, numbers: { ...block.numbers, desired, current } };
}

interface StagingSearch extends DemandSearch {
  readonly config: StagingConfig;
  readonly request: PlaceRequest;
}

function searchFor(config: StagingConfig, needs: Shape, draft: PlanDraft): StagingSearch {
  const request = { workspace: config.workspace, userId: "", needs };
  const places = stagingPlaces(config, draft.fleet.snapshot);
  return { config, request, ...startSearch(request, places, draft, (name) => mayHoldStaged(config, name)) };
}

/** Takes room for one session; answers what keeps it from that. */
function pack(search: StagingSearch, draft: PlanDraft, missing: number): Reason | undefined {
  const { config, request, makers } = search;
  const isFor: RoomTest = (node, place) =>
    mayHoldStaged(config, node.autoscaleConfig) &&
    !isServer(node.limits) &&
    hasRoom(node.limits, place.usageOf(node), request);
  const room = findRoom(search, isFor) ?? recallRoom(search, isFor, draft, () => stagingReason(search, 1));
  if (room) {
    room.place.take(room.node, request);
    return undefined;
  }
  let block = makers.length > 0 ? undefined : (search.obstacle ?? noMaker(config));
  for (const maker of makers) {
    const why = draft.blocked(maker, "standby", request.needs);
    if (!why) {
      const { place, node } = draft.create(maker, stagingReason(search, missing), {
        purpose: "standby",
        needs: request.needs,
      });
      place.take(node, request);
      return undefined;
    }
    if (maker.mode === "open") {
      maker.added.hasDeficit = true;
      const text = `staging config "${config.name}" lacks ${formatCount(missing, "session")}; ${why.text}`;
      maker.added.reasons.push({ ...why, text });
    }
    block ??= why;
  }
  return block;
}

function stagingReason({ config, request }: StagingSearch, missing: number): Reason {
  const what = `${describeShape(request.needs)} each`;
  const text = `staging config "${config.name}" lacks ${missing} of ${formatCount(config.sessions, "session")} of ${what}`;
  const numbers = { stagingConfig: config.name, missing, ...numbersOf("needs", request.needs) };
  return { code: "staging", text, numbers };
}

function noMaker({ zone, workspace }: StagingConfig): Reason {
  const text = `no autoscale config makes agents for workspace "${workspace}" in zone "${zone}"`;
  return { code: "noConfig", text, numbers: { zone, workspace } };
}
