/** Why no node of a config could ever take a session, as things are declared. */
import { vmProvidersOf, type AutoscaleConfig, type Pool, type Zone } from "../../model/config";
import type { Reason } from "../../model/reason";
import { describeShape, numbersOf } from "../../model/shape-text";
import { mayFit, type PartialShape, type Shape } from "../../model/shapes";
import type { Snapshot } from "../../model/snapshot";
import type { NodeStatus } from "../../model/state";
import { formatCount } from "../../model/units";
import { closedBy, closedReason, outsideReason } from "../config/mode";
import { checkedSize, declaredShape } from "../config/next-node";
import type { PlaceRequest } from "./choose-node";
import type { PlaceContext } from "./eligibility";
import { fitsShape } from "./room";

/** What stands in a request's way at one place. */
export interface Obstacle {
  /** How near the request came to a node. Of several obstacles the one with the highest stage is told. */
  readonly stage: number;
  readonly reason: Reason;
}

const stages = { noConfig: 0, configHasLeft: 0.5, closed: 1, gpu: 2, shape: 3, schedule: 4 };

export function nearer(a: Obstacle | undefined, b: Obstacle): Obstacle {
  return !a || b.stage > a.stage ? b : a;
}

/**
 * Why this config can never serve the workspace, by what is declared and what its cloud says of its size; undefined when
 * it can. What nodes reported is no reason for "never": the next node may report otherwise, and so may the same one.
 * @param limits What the config's nodes have at most, on each of its VM provider configs, as far as that is certain.
 */
export function obstacleOf(
  { workspace, needs }: PlaceRequest,
  config: AutoscaleConfig,
  context: PlaceContext,
  limits: readonly PartialShape[] = limitsOf(config, context),
): Obstacle | undefined {
  const { snapshot } = context.draft;
  const where = { autoscaleConfig: config.name, pool: config.pool, zone: config.zone };
  const closed = closedBy(config, snapshot.configStates.get(config.name));
  if (closed) {
    const { code, text } = closedReason(closed, config);
    return { stage: stages.closed, reason: { code, text, numbers: where } };
  }
  if (limits.some((limit) => mayFit(needs, limit)) || hasFittingNode(config, needs, snapshot)) return undefined;
  const shape = limits[0]!;
  const numbers = { ...where, ...numbersOf("needs", needs), ...numbersOf("node", shape) };
  const needsText = `workspace "${workspace}" needs ${describeShape(needs)}`;
  if (shape.gpus !== undefined && needs.gpus > shape.gpus) {
    const text = `${needsText}; nodes of "${config.name}" have ${formatCount(shape.gpus, "GPU")}`;
    return { stage: stages.gpu, reason: { code: "gpu", text, numbers } };
  }
  const text = `${needsText}; a node of "${config.name}" has only ${describeShape(shape)}`;
  return { stage: stages.shape, reason: { code: "shape", text, numbers } };
}

/** True when an older node is larger than a new one would be: it may get room. */
function hasFittingNode({ name }: AutoscaleConfig, needs: Shape, snapshot: Snapshot): boolean {
  for (const { status, shape } of snapshot.nodesOfConfig(name).values()) {
    if (shape && lastingStatuses.includes(status) && fitsShape(needs, shape)) return true;
  }
  return false;
}

const lastingStatuses: readonly NodeStatus[] = ["requested", "provisioning", "starting", "running", "missing"];

function limitsOf(config: AutoscaleConfig, { draft: { snapshot }, catalog }: PlaceContext): PartialShape[] {
  return vmProvidersOf(config).map((name) => ({
    ...checkedSize(name, snapshot, catalog),
    ...declaredShape(config, snapshot, catalog, name),
  }));
}

/** A place without any config. Nodes there may belong to configs that have moved to another pool. */
export function noConfigObstacle(pool: Pool, zone: Zone, snapshot: Snapshot): Obstacle {
  const members = pool.staticMembers.filter((member) => member.zone === zone.name).length;
  const text =
    members === 0
      ? `pool "${pool.name}" has no autoscale config and no static member in zone "${zone.name}"`
      : `pool "${pool.name}" has no autoscale config in zone "${zone.name}", and none of its ${formatCount(members, "static member")} is large enough`;
  const stage = snapshot.nodesIn(pool.name, zone.name).size > 0 ? stages.configHasLeft : stages.noConfig;
  return {
    stage,
    reason: { code: "noConfig", text, numbers: { pool: pool.name, zone: zone.name, staticMembers: members } },
  };
}

/** A config whose schedule has no window to come. */
export function neverOpensObstacle(config: AutoscaleConfig): Obstacle {
  const { code, text, numbers } = outsideReason(config, undefined);
  const where = { pool: config.pool, zone: config.zone };
  return { stage: stages.schedule, reason: { code, text, numbers: { ...numbers, ...where } } };
}
