import assert from "node:assert/strict";
import type { Lane } from "../../runtime/model/state";
import { chooseLane, laneNodesMax, lanesBusyMax, type LaneLoad } from "../../runtime/planner/lanes";

function aLane(laneId: string, nodes: number, isBusy = false): LaneLoad {
  const lane: Lane = { laneId, autoscaleConfig: "agents", stack: laneId, desiredRevision: 1, appliedRevision: 1 };
  return { lane: isBusy ? { ...lane, openRevision: 1 } : lane, nodes };
}

const many = (count: number, nodes: number, isBusy: boolean) =>
  [...Array(count).keys()].map((index) => aLane(`l${index}`, nodes, isBusy));

describe("lanes", () => {
  for (const { name, lanes, chosen } of [
    { name: "opens the first lane", lanes: [], chosen: undefined },
    {
      name: "takes the idle lane with the fewest nodes",
      lanes: [aLane("a", 3), aLane("b", 2), aLane("c", 1, true)],
      chosen: "b",
    },
    { name: "breaks ties by id", lanes: [aLane("b", 2), aLane("a", 2)], chosen: "a" },
    { name: "opens another lane while all are busy", lanes: many(lanesBusyMax - 1, 1, true), chosen: undefined },
    { name: "waits in a busy lane when enough are busy", lanes: many(lanesBusyMax, 1, true), chosen: "l0" },
    { name: "never fills a lane beyond its limit", lanes: [aLane("a", laneNodesMax)], chosen: undefined },
    { name: "opens another lane when all are full", lanes: many(lanesBusyMax, laneNodesMax, false), chosen: undefined },
  ]) {
    it(name, () => assert.equal(chooseLane(lanes)?.laneId, chosen));
  }
});
