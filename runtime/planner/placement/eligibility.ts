/** Which nodes may take sessions now, by what their configs may do. Whether there is room on them is another question. */
import type { EpochMs } from "../../model/clock";
import type { AutoscaleConfig, CloudCatalog } from "../../model/config";
import type { Draft } from "../../model/draft";
import type { Node, Session } from "../../model/state";
import { closedBy } from "../config/mode";
import type { WindowCache } from "../config/windows";
import { isServer } from "../lifecycle/node-status";

/** What a placement is decided by. */
export interface PlaceContext {
  readonly draft: Draft;
  readonly windows: WindowCache;
  readonly catalog: CloudCatalog;
  readonly nowMs: EpochMs;
  /** Nodes to choose from; default all of the pool in the zone. */
  readonly candidates?: (pool: string, zone: string) => Iterable<Node>;
}

/** True when the config's nodes may take new sessions now. */
export function isOpen(config: AutoscaleConfig, context: PlaceContext): boolean {
  return !closed(config, context) && context.windows.at(config, context.draft.snapshot, context.nowMs).isActive;
}

function closed(config: AutoscaleConfig, { draft: { snapshot } }: PlaceContext): boolean {
  return closedBy(config, snapshot.configStates.get(config.name)) !== undefined;
}

/** Remembers what it found of each config; make a new one for each decision. */
export class Eligibility {
  private readonly openConfigs = new Map<string, boolean>();

  constructor(private readonly context: PlaceContext) {}

  /** True for static members, and for nodes whose config is open, also where the config has moved to another pool. */
  takesSessions({ autoscaleConfig }: Node): boolean {
    if (autoscaleConfig === undefined) return true;
    const known = this.openConfigs.get(autoscaleConfig);
    if (known !== undefined) return known;
    const config = this.configNamed(autoscaleConfig);
    const isConfigOpen = config !== undefined && isOpen(config, this.context);
    this.openConfigs.set(autoscaleConfig, isConfigOpen);
    return isConfigOpen;
  }

  /** As {@link takesSessions}; outside the schedule a user's RemoteApp may still join the user on a server. */
  takes(node: Node, { userId, isRemoteApp }: Partial<Pick<Session, "isRemoteApp">> & Pick<Session, "userId">): boolean {
    if (this.takesSessions(node)) return true;
    if (!isRemoteApp || !isServer(node) || node.autoscaleConfig === undefined) return false;
    const config = this.configNamed(node.autoscaleConfig);
    const isHere = this.context.draft.usage(node.nodeId).userIds.has(userId);
    return isHere && config !== undefined && !closed(config, this.context);
  }

  private configNamed(name: string): AutoscaleConfig | undefined {
    return this.context.draft.snapshot.autoscaleConfigs.get(name);
  }
}
