/**
 * Who can be served, by rules of its own: the planner must not be its own judge. Used in the end, when nothing goes wrong
 * any more: whoever asks then and could be served must be served.
 */
import type { AutoscaleConfig, Workspace } from "../model/config";
import { vmProvidersOf } from "../model/config";
import type { EpochMs } from "../model/clock";
import type { Node } from "../model/state";
import type { Shape } from "../model/shapes";
import { WindowCache } from "../planner/config/windows";
import type { Snapshot } from "../model/snapshot";
import { shapeOfVm } from "./vm-shape";

/** The longest back-off, a slow create, a boot and a queue of updates together. */
export const serviceLimitMs = 45 * 60_000;
const lookEveryMs = 5 * 60_000;

/**
 * Why a session of this workspace must be placed within {@link serviceLimitMs}; undefined when nobody can promise that.
 * The site is at rest: no session, no node on its way.
 */
export function servedBy(workspace: Workspace, state: Snapshot, nowMs: EpochMs): string | undefined {
  if (!workspace.enabled) return undefined;
  for (const zone of state.zones.keys()) {
    if (workspace.zones.length > 0 && !workspace.zones.includes(zone)) continue;
    for (const pool of workspace.pools) {
      const member = staticMember(pool, zone, workspace, state);
      if (member) return `static member ${member.nodeId} is idle`;
      for (const config of state.configsIn(pool, zone)) {
        const how = isOpenFor(config, state, nowMs) ? servingOf(config, workspace, state) : undefined;
        if (how) return how;
      }
    }
  }
  return undefined;
}

/** Some VM of one of its VM provider configs is large enough, whatever any guest has reported. */
export function couldEverServe(config: AutoscaleConfig, needs: Shape, state: Snapshot): boolean {
  return vmProvidersOf(config).some((name) => {
    const shape = realShape(config, name, state);
    return shape !== undefined && isEnough(shape, needs);
  });
}

function staticMember(pool: string, zone: string, workspace: Workspace, state: Snapshot): Node | undefined {
  return [...state.nodesIn(pool, zone).values()].find(
    (node) =>
      node.autoscaleConfig === undefined &&
      node.status === "running" &&
      node.shape !== undefined &&
      isEnough(node.shape, needsOf(workspace)) &&
      state.sessionsOf(node.nodeId).size === 0,
  );
}

function isOpenFor(config: AutoscaleConfig, state: Snapshot, nowMs: EpochMs): boolean {
  if (!config.enabled || config.drain || state.configStates.get(config.name)?.isDeleting) return false;
  const windows = new WindowCache();
  for (let atMs = nowMs; atMs <= nowMs + serviceLimitMs; atMs += lookEveryMs) {
    if (!windows.at(config, state, atMs).isActive) return false;
  }
  return true;
}

function servingOf(config: AutoscaleConfig, workspace: Workspace, state: Snapshot): string | undefined {
  if (state.nodesOfConfig(config.name).size >= (config.maxNodes ?? Infinity)) return undefined;
  for (const name of vmProvidersOf(config)) {
    const shape = realShape(config, name, state);
    const hasRoom = state.instancesOf(name) < (state.vmProviderConfigs.get(name)?.maxInstances ?? 0);
    if (hasRoom && shape && isEnough(shape, needsOf(workspace))) return `${config.name} can make a node on ${name}`;
  }
  return undefined;
}

function realShape(config: AutoscaleConfig, vmProvider: string, state: Snapshot): Shape | undefined {
  const provider = state.vmProviderConfigs.get(vmProvider);
  if (!provider) return undefined;
  const { cores, memoryBytes, gpus } = shapeOfVm(provider.settings);
  return {
    cores: config.coresOverride || cores,
    memoryBytes: config.memoryOverride || memoryBytes,
    gpus: config.gpusOverride || gpus,
  };
}

function needsOf({ cores, memory, gpus }: Workspace): Shape {
  return { cores, memoryBytes: memory, gpus };
}

function isEnough(shape: Shape, needs: Shape): boolean {
  return shape.cores >= needs.cores && shape.memoryBytes >= needs.memoryBytes && shape.gpus >= needs.gpus;
}
