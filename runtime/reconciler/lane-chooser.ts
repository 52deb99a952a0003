/** Which lanes the new nodes of one commit go to, and which lanes are opened for them. */
import type { Rng } from "../model/clock";
import type { Lane } from "../model/state";
import { chooseLane } from "../planner/lifecycle/lanes";
import type { Snapshot } from "../model/snapshot";

/** A lane with its nodes, those of this commit included. */
interface LaneWithProviders {
  readonly lane: Lane;
  nodes: number;
  isDue: boolean;
  /** Of its nodes: one, or none while it is empty. */
  readonly vmProviders: Set<string>;
}

export class LaneChooser {
  private readonly loads = new Map<string, LaneWithProviders[]>();

  constructor(
    private readonly snapshot: Snapshot,
    private readonly rng: Rng,
  ) {}

  /**
   * The lane for one more node of this config; a new lane is not in the snapshot yet. Nodes of different VM provider
   * configs never share a lane, so that a cloud that can't be reached does not hold up another one's nodes.
   */
  choose(autoscaleConfig: string, vmProvider: string): Lane {
    const known = this.loads.get(autoscaleConfig) ?? this.countLanes(autoscaleConfig);
    this.loads.set(autoscaleConfig, known);
    const usable = known.filter(({ vmProviders }) => vmProviders.size === 0 || vmProviders.has(vmProvider));
    const chosen = chooseLane(usable) ?? this.openLane(autoscaleConfig, known);
    const load = known.find(({ lane }) => lane.laneId === chosen.laneId)!;
    load.nodes += 1;
    load.isDue = true;
    load.vmProviders.add(vmProvider);
    return chosen;
  }

  private countLanes(autoscaleConfig: string): LaneWithProviders[] {
    return [...this.snapshot.lanesOfConfig(autoscaleConfig).values()].map((lane) => {
      const nodes = this.snapshot.nodesOfLane(lane.laneId);
      const vmProviders = new Set([...nodes.values()].flatMap(({ vmProvider }) => vmProvider ?? []));
      return { lane, nodes: nodes.size, isDue: lane.desiredRevision > lane.appliedRevision, vmProviders };
    });
  }

  private openLane(autoscaleConfig: string, loads: LaneWithProviders[]): Lane {
    const laneId = `${autoscaleConfig}-${this.rng.id(6)}`;
    const lane: Lane = { laneId, autoscaleConfig, stack: laneId, desiredRevision: 0, appliedRevision: 0 };
    loads.push({ lane, nodes: 0, isDue: true, vmProviders: new Set() });
    return lane;
  }
}
