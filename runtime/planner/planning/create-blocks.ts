/** What keeps a config from creating one more node now, first the reason that lasts longest. */
import type { Reason } from "../../model/plan";
import type { Shape } from "../../model/state";
import { describeUnreadable, unreadableBelow } from "../../model/unreadable";
import { formatCount } from "../../model/units";
import type { ConfigPosition, Fleet } from "./fleet";
import { describeShape, numbersOf } from "../../model/shape-text";
import { firstOpenRoute, routeReasons } from "./routes";

/** Undefined when nothing does. `needs`: of the session that the node is for. */
export function blockedReason(
  fleet: Fleet,
  position: ConfigPosition,
  purpose: "demand" | "standby",
  needs?: Shape,
): Reason | undefined {
  return (
    modeReason(fleet, position) ??
    missingZoneReason(fleet, position) ??
    capReason(position, purpose) ??
    routesReason(fleet, position, needs)
  );
}

function modeReason({ snapshot }: Fleet, { config, mode, state, window }: ConfigPosition): Reason | undefined {
  if (mode === "open") return undefined;
  const numbers = { autoscaleConfig: config.name };
  const name = `autoscale config "${config.name}"`;
  if (state.isDeleting) return { code: "configDeleting", text: `${name} is being deleted`, numbers };
  if (mode === "leaving") return { code: "configDraining", text: `${name} is being drained`, numbers };
  const [unreadable] = mode === "frozen" && config.enabled ? unreadableBelow(config, snapshot) : [];
  if (unreadable) return { code: "unreadable", text: `${name} rests: ${describeUnreadable(unreadable)}`, numbers };
  if (mode === "frozen") return { code: "configDisabled", text: `${name} is disabled`, numbers };
  const { opensAtMs } = window;
  const opens = opensAtMs === undefined ? "" : `; it opens at ${new Date(opensAtMs).toISOString()}`;
  return {
    code: "schedule",
    text: `${name} is outside its schedule${opens}`,
    numbers: { ...numbers, opensAtMs: opensAtMs ?? 0 },
  };
}

function missingZoneReason({ snapshot }: Fleet, { config }: ConfigPosition): Reason | undefined {
  if (snapshot.zones.has(config.zone)) return undefined;
  const text = `autoscale config "${config.name}" refers to zone "${config.zone}", which is not declared`;
  return { code: "missingReference", text, numbers: { autoscaleConfig: config.name } };
}

function capReason({ config, nodesTotal }: ConfigPosition, purpose: "demand" | "standby"): Reason | undefined {
  const overshoot = purpose === "demand" && config.aggressiveScaling ? config.aggressiveOvershoot : 0;
  const nodesMax = (config.maxNodes ?? Infinity) + overshoot;
  if (nodesTotal < nodesMax) return undefined;
  return {
    code: "maxNodes",
    text: `autoscale config "${config.name}" has ${nodesTotal} of at most ${formatCount(nodesMax, "node")} (max nodes)`,
    numbers: { autoscaleConfig: config.name, nodes: nodesTotal, maxNodes: nodesMax },
  };
}

/** Why neither the preferred VM provider config nor any fallback takes a node: all of their reasons, the first one leads. */
function routesReason(fleet: Fleet, position: ConfigPosition, needs: Shape | undefined): Reason | undefined {
  if (firstOpenRoute(fleet, position, needs)) return undefined;
  const reasons = routeReasons(fleet, position, needs);
  const [first] = reasons;
  if (!first) return tooSmall(position, needs ?? nothing);
  return { ...first, text: reasons.map(({ text }) => text).join("; ") };
}

const nothing: Shape = { cores: 0, memoryBytes: 0, gpus: 0 };

/** As far as its nodes have told, which the next report may change. */
function tooSmall({ config, routes }: ConfigPosition, needs: Shape): Reason {
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
