/**
 * Configs that will be asked for a node soon though none of theirs need have been made lately: for them an update may be
 * opened ahead as well. Writes nothing.
 *
 * Such is a config whose schedule opens within {@link soonMs}, its lead time included, or has opened within the last
 * {@link recentMs}; and the one that would make the node for a session that waits and was requested within
 * {@link recentMs}. Not one that may make no more nodes, or whose clouds all refused the last ones.
 */
import type { EpochMs } from "../model/clock";
import { vmProvidersOf, type AutoscaleConfig, type CloudCatalog } from "../model/config";
import { mayFit } from "../model/shapes";
import type { LikelyNode, Session } from "../model/state";
import { declaredShape } from "../planner/config/next-node";
import { modeOf } from "../planner/config/mode";
import { configsFor, placesOf } from "../planner/placement/places";
import { WindowCache } from "../planner/config/windows";
import type { Snapshot } from "../model/snapshot";
import { likelySpecOf } from "./new-node";

/** An update is open within seconds; a machine with much to do may take a minute. */
export const soonMs = 2 * 60_000;
/** Who comes because a window has opened, or waits, is here by then. */
export const recentMs = 15 * 60_000;
/** Of a longer queue only the newest are looked at: they wait for the same configs. */
const sessionsMax = 1_000;

export class ComingDemand {
  private readonly windowsNow = new WindowCache();
  private readonly windowsBefore = new WindowCache();

  constructor(private readonly catalog: CloudCatalog) {}

  /** At most one for each config; each with the time at which its demand began or will begin. */
  likelyNodes(snapshot: Snapshot, nowMs: EpochMs): LikelyNode[] {
    const demandAtMs = new Map<AutoscaleConfig, EpochMs>();
    const note = (config: AutoscaleConfig, atMs: EpochMs): void => {
      demandAtMs.set(config, Math.max(atMs, demandAtMs.get(config) ?? 0));
    };
    for (const config of snapshot.autoscaleConfigs.values()) {
      const opensAtMs = this.openingOf(config, snapshot, nowMs);
      if (opensAtMs !== undefined && opensAtMs <= nowMs + soonMs) note(config, opensAtMs);
    }
    for (const session of newestOfEachWish(snapshot, nowMs)) {
      const config = this.makerFor(session, snapshot, nowMs);
      if (config) note(config, session.requestedAtMs);
    }
    return [...demandAtMs].flatMap(([config, atMs]) => {
      const spec = this.specOf(config, snapshot, nowMs);
      return spec === undefined ? [] : [{ spec, demandAtMs: atMs }];
    });
  }

  /** When its schedule opens next or has opened; undefined when it has been open for longer, and when it always is. */
  private openingOf(config: AutoscaleConfig, snapshot: Snapshot, nowMs: EpochMs): EpochMs | undefined {
    if (snapshot.schedulesOf(config.name).length === 0) return undefined;
    const window = this.windowsNow.at(config, snapshot, nowMs);
    if (!window.isActive) return window.opensAtMs;
    // Opened early by `leadTime: auto`; who comes for the window itself is yet to come.
    if (window.earlyForMs !== undefined) return nowMs;
    return this.windowsBefore.at(config, snapshot, nowMs - recentMs).opensAtMs;
  }

  /** The config that would make the session's node, were none there. */
  private makerFor(session: Session, snapshot: Snapshot, nowMs: EpochMs): AutoscaleConfig | undefined {
    const workspace = snapshot.workspaces.get(session.workspace);
    if (!workspace?.enabled) return undefined;
    for (const place of placesOf(workspace, session.zone, snapshot)) {
      const maker = configsFor(workspace, place, snapshot).find(
        (config) =>
          this.windowsNow.at(config, snapshot, nowMs).isActive &&
          mayFit(session.needs, declaredShape(config, snapshot, this.catalog)) &&
          this.specOf(config, snapshot, nowMs) !== undefined,
      );
      if (maker) return maker;
    }
    return undefined;
  }

  /** What its next node would be like; undefined when it will get none now. */
  private specOf(config: AutoscaleConfig, snapshot: Snapshot, nowMs: EpochMs) {
    const state = snapshot.configStates.get(config.name) ?? { autoscaleConfig: config.name };
    const mode = modeOf({ config, state, window: this.windowsNow.at(config, snapshot, nowMs) }, snapshot);
    if (mode === "leaving" || mode === "frozen") return undefined;
    if (snapshot.nodesOfConfig(config.name).size >= (config.maxNodes ?? Infinity)) return undefined;
    const vmProvider = vmProvidersOf(config).find((name) => (state.failures?.[name]?.retryAtMs ?? 0) <= nowMs);
    return vmProvider === undefined ? undefined : likelySpecOf(config, vmProvider, { snapshot, catalog: this.catalog });
  }
}

/** Of the sessions that wait for the same, the one that came last. */
function newestOfEachWish(snapshot: Snapshot, nowMs: EpochMs): Iterable<Session> {
  const newest = new Map<string, Session>();
  for (const session of snapshot.queue().slice(-sessionsMax)) {
    if (nowMs - session.requestedAtMs < recentMs) newest.set(`${session.workspace}/${session.zone ?? ""}`, session);
  }
  return newest.values();
}
