/** Why no node of a config could ever take a session, as things are declared. */
import { vmProvidersOf, type AutoscaleConfig, type Workspace } from "../../model/config";
import { labelledMembers, labelMisfit } from "../../model/labels";
import type { Reason } from "../../model/reason";
import { describeShape, numbersOf } from "../../model/shape-text";
import { mayFit, type PartialShape, type Shape } from "../../model/shapes";
import type { Snapshot } from "../../model/snapshot";
import type { NodeStatus } from "../../model/state";
import { formatCount } from "../../model/units";
import { describeWorkspace, describeWorkspaceNamed } from "../../model/workspace-access";
import { closedBy, closedReason, outsideReason } from "../config/mode";
import { checkedSize, declaredShape } from "../config/next-node";
import type { PlaceRequest } from "./choose-node";
import type { PlaceContext } from "./eligibility";
import type { Place } from "./places";
import { fitsShape } from "./room";

/** What stands in a request's way at one place. */
export interface Obstacle {
  /** How near the request came to a node. Of several obstacles the one with the highest stage is told. */
  readonly stage: number;
  readonly reason: Reason;
}

const stages = { noConfig: 0, configHasLeft: 0.5, labels: 0.75, closed: 1, gpu: 2, shape: 3, schedule: 4 };

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
  const [shape] = limits as readonly [PartialShape];
  const numbers = { ...where, ...numbersOf("needs", needs), ...numbersOf("node", shape) };
  const needsText = `${describeWorkspaceNamed(workspace, snapshot.workspaces)} needs ${describeShape(needs)}`;
  const fallbacks = limits.length - 1;
  const others = fallbacks > 0 ? `, and those on its ${formatCount(fallbacks, "fallback")} are too small too` : "";
  if (shape.gpus !== undefined && needs.gpus > shape.gpus) {
    const text = `${needsText}; nodes of "${config.name}" have ${formatCount(shape.gpus, "GPU")}${others}`;
    return { stage: stages.gpu, reason: { code: "gpu", text, numbers } };
  }
  const text = `${needsText}; a node of "${config.name}" has only ${describeShape(shape)}${others}`;
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
export function noConfigObstacle(workspace: Workspace, { pool, zone }: Place, snapshot: Snapshot): Obstacle {
  const here = `pool "${pool.name}" has no autoscale config`;
  const members = membersText(workspace, { pool, zone });
  const text =
    members === undefined
      ? `${here} and no static member in zone "${zone.name}"`
      : `${here} in zone "${zone.name}", and ${members}`;
  const stage = snapshot.nodesIn(pool.name, zone.name).size > 0 ? stages.configHasLeft : stages.noConfig;
  return { stage, reason: { code: "noConfig", text, numbers: placeNumbers({ pool, zone }) } };
}

/** A pool whose labels rule it out: static members that have labels of their own may be there, and none fits. */
export function labelObstacle(workspace: Workspace, { pool, zone }: Place, needs: Shape): Obstacle {
  const misfit = labelMisfit(workspace, pool);
  const members = labelledMembers(workspace, pool, zone.name).length;
  const own =
    members === 0
      ? ""
      : `; of its static members in zone "${zone.name}" ${members} may run it, none with ${describeShape(needs)}`;
  const text = `${describeWorkspace(workspace)} does not run in pool "${pool.name}", which ${misfit?.text ?? "is labelled for it"}${own}`;
  return {
    stage: stages.labels,
    reason: { code: "labels", text, numbers: { ...placeNumbers({ pool, zone }), labelledMembers: members } },
  };
}

/** Why none of the static members takes it; undefined when there are none. */
function membersText(workspace: Workspace, { pool, zone }: Place): string | undefined {
  const all = pool.staticMembers.filter((member) => member.zone === zone.name).length;
  if (all === 0) return undefined;
  const unlabelled = all - labelledMembers(workspace, pool, zone.name).length;
  const labels = unlabelled === 0 ? "" : ` (${unlabelled} of them ruled out by labels)`;
  return `none of its ${formatCount(all, "static member")} is large enough${labels}`;
}

function placeNumbers({ pool, zone }: Place): Record<string, string | number> {
  const staticMembers = pool.staticMembers.filter((member) => member.zone === zone.name).length;
  return { pool: pool.name, zone: zone.name, staticMembers };
}

/** A config whose schedule has no window to come. */
export function neverOpensObstacle(config: AutoscaleConfig): Obstacle {
  const { code, text, numbers } = outsideReason(config, undefined);
  const where = { pool: config.pool, zone: config.zone };
  return { stage: stages.schedule, reason: { code, text, numbers: { ...numbers, ...where } } };
}
