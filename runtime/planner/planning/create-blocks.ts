/** What keeps a config from creating one more node now, first the reason that lasts longest. */
import type { Reason } from "../../model/reason";
import { describeShape, numbersOf } from "../../model/shape-text";
import type { Shape } from "../../model/shapes";
import { formatCount } from "../../model/units";
import { budgetReason, type Purpose } from "../budget/caps";
import { modeReason } from "../config/mode";
import { nodesTotal, type ConfigView } from "./config-view";
import { firstOpenRoute, routeReasons, type BlockSources, type Wanted } from "./route-blocks";

export type { Purpose };

/**
 * Undefined when nothing does.
 * @param needs Of the session that the node is for; undefined = of any size.
 */
export function createBlock(
  view: ConfigView,
  purpose: Purpose,
  needs: Shape | undefined,
  sources: BlockSources,
): Reason | undefined {
  const { snapshot } = sources;
  const isClosed = view.mode !== "open";
  return (
    (isClosed ? modeReason(view, snapshot) : undefined) ??
    missingZoneReason(view, sources) ??
    spentReason(view, purpose, sources) ??
    capReason(view, purpose) ??
    routesReason(view, { purpose, needs }, sources)
  );
}

function missingZoneReason({ config }: ConfigView, { snapshot }: BlockSources): Reason | undefined {
  if (snapshot.zones.has(config.zone)) return undefined;
  const text = `autoscale config "${config.name}" refers to zone "${config.zone}", which is not declared`;
  return { code: "missingReference", text, numbers: { autoscaleConfig: config.name } };
}

function spentReason({ config }: ConfigView, purpose: Purpose, { budgets }: BlockSources): Reason | undefined {
  const position = budgets.ofConfig(config, purpose);
  return position && budgetReason(position, config.name);
}

function capReason(view: ConfigView, purpose: Purpose): Reason | undefined {
  const { config } = view;
  const nodes = nodesTotal(view);
  const overshoot = purpose === "demand" && config.aggressiveScaling ? config.aggressiveOvershoot : 0;
  const maxNodes = config.maxNodes ?? Infinity;
  const nodesMax = maxNodes + overshoot;
  if (nodes < nodesMax) return undefined;
  const beyond = overshoot > 0 ? ` and ${overshoot} beyond by aggressiveOvershoot` : "";
  return {
    code: "maxNodes",
    text: `autoscale config "${config.name}" has ${nodes} of at most ${formatCount(maxNodes, "node")} (max nodes)${beyond}`,
    numbers: { autoscaleConfig: config.name, nodes, maxNodes, ...(overshoot > 0 ? { overshoot } : {}) },
  };
}

/** Why neither the preferred VM provider config nor any fallback takes a node: all of their reasons, the first one leads. */
function routesReason(view: ConfigView, wanted: Wanted, sources: BlockSources): Reason | undefined {
  if (firstOpenRoute(view, wanted, sources)) return undefined;
  const reasons = routeReasons(view, wanted, sources);
  const [first] = reasons;
  if (!first) return tooSmall(view, wanted.needs ?? nothing);
  return { ...first, text: reasons.map(({ text }) => text).join("; ") };
}

const nothing: Shape = { cores: 0, memoryBytes: 0, gpus: 0 };

/** Nodes of this config are too small, by what they have told so far; the next report may say otherwise. */
function tooSmall({ config, nodes: { routes } }: ConfigView, needs: Shape): Reason {
  const { vmProvider, shape = nothing } = routes[0]!;
  const gpus = needs.gpus > 0 ? ` and ${formatCount(shape.gpus, "GPU")}` : "";
  const has = `${describeShape({ cores: shape.cores, memoryBytes: shape.memoryBytes })}${gpus}`;
  const others = routes.length > 1 ? ", also on its fallbacks" : "";
  const text = `no node that autoscale config "${config.name}" can make is large enough${others}: ${describeShape(needs)} is needed, and by what was reported last a node has ${has}; it waits until one has more`;
  const numbers = {
    autoscaleConfig: config.name,
    vmProvider,
    vmProviders: routes.length,
    ...numbersOf("needs", needs),
    ...numbersOf("node", shape),
  };
  return { code: "shape", text, numbers };
}
