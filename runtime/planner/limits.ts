/** What keeps a config from creating one more node now, first the reason that lasts longest. */
import type { Reason } from "../model/plan";
import { formatCount } from "../model/units";
import type { ConfigPosition, Fleet } from "./fleet";
import { nextOpeningMs } from "./schedule";

/** After this many failed creates in a row a config tries with one node at a time, so that a burst does not fail whole. */
export const failuresBeforeSingleTries = 3;

/** Undefined when nothing does. */
export function blockedReason(
  fleet: Fleet,
  position: ConfigPosition,
  purpose: "demand" | "standby",
): Reason | undefined {
  return (
    modeReason(fleet, position) ??
    capReason(fleet, position, purpose) ??
    failureReason(fleet, position) ??
    shapeReason(position)
  );
}

function modeReason(fleet: Fleet, { config, mode, state }: ConfigPosition): Reason | undefined {
  const numbers = { autoscaleConfig: config.name };
  const name = `autoscale config "${config.name}"`;
  if (state.isDeleting) return { code: "configDeleting", text: `${name} is being deleted`, numbers };
  if (mode === "leaving") return { code: "configDraining", text: `${name} is being drained`, numbers };
  if (mode === "frozen") return { code: "configDisabled", text: `${name} is disabled`, numbers };
  if (mode === "open") return undefined;
  const opensAtMs = nextOpeningMs(fleet.snapshot.schedulesOf(config.name), fleet.nowMs);
  const opens = opensAtMs === undefined ? "" : `; it opens at ${new Date(opensAtMs).toISOString()}`;
  return {
    code: "schedule",
    text: `${name} is outside its schedule${opens}`,
    numbers: { ...numbers, opensAtMs: opensAtMs ?? 0 },
  };
}

function capReason(fleet: Fleet, position: ConfigPosition, purpose: "demand" | "standby"): Reason | undefined {
  const { config, nodesTotal } = position;
  const vmProvider = fleet.snapshot.vmProviderConfigs.get(config.vmProvider);
  const zone = fleet.snapshot.zones.get(config.zone);
  if (!vmProvider || !zone) {
    const missing = vmProvider ? `zone "${config.zone}"` : `VM provider config "${config.vmProvider}"`;
    const text = `autoscale config "${config.name}" refers to ${missing}, which is not declared`;
    return { code: "missingReference", text, numbers: { autoscaleConfig: config.name } };
  }
  const instances = fleet.instancesOf(config.vmProvider);
  if (instances >= vmProvider.maxInstances) {
    return {
      code: "maxInstances",
      text: `VM provider config "${vmProvider.name}" has ${instances} of at most ${formatCount(vmProvider.maxInstances, "instance")} (max instances)`,
      numbers: {
        autoscaleConfig: config.name,
        vmProvider: vmProvider.name,
        instances,
        maxInstances: vmProvider.maxInstances,
      },
    };
  }
  const overshoot = purpose === "demand" && config.aggressiveScaling ? config.aggressiveOvershoot : 0;
  const nodesMax = (config.maxNodes ?? Infinity) + overshoot;
  if (nodesTotal < nodesMax) return undefined;
  return {
    code: "maxNodes",
    text: `autoscale config "${config.name}" has ${nodesTotal} of at most ${formatCount(nodesMax, "node")} (max nodes)`,
    numbers: { autoscaleConfig: config.name, nodes: nodesTotal, maxNodes: nodesMax },
  };
}

function failureReason({ nowMs }: Fleet, { config, state, nodesInFlight }: ConfigPosition): Reason | undefined {
  const failures = state.consecutiveFailures;
  const last = state.lastFailure ? `, last ${state.lastFailure.class}: ${state.lastFailure.message}` : "";
  const numbers = { autoscaleConfig: config.name, consecutiveFailures: failures, retryAtMs: state.retryAtMs ?? 0 };
  if (state.retryAtMs !== undefined && nowMs < state.retryAtMs) {
    const seconds = Math.ceil((state.retryAtMs - nowMs) / 1000);
    const text = `autoscale config "${config.name}" waits ${seconds} s before it tries again after ${formatCount(failures, "failed node")}${last}`;
    return { code: "backoff", text, numbers };
  }
  if (failures < failuresBeforeSingleTries || nodesInFlight === 0) return undefined;
  const text = `autoscale config "${config.name}" tries one node at a time after ${formatCount(failures, "failed node")}${last}`;
  return { code: "singleTry", text, numbers };
}

function shapeReason({ config, shape, nodesWithoutShape }: ConfigPosition): Reason | undefined {
  if (config.type === "server" || shape || nodesWithoutShape === 0) return undefined;
  const text = `autoscale config "${config.name}" does not know what its nodes offer; it waits until the first one reports`;
  return { code: "unknownShape", text, numbers: { autoscaleConfig: config.name, nodesWithoutShape } };
}
