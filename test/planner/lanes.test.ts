import assert from "node:assert/strict";
import fc from "fast-check";
import type { Lane } from "../../runtime/model/state";
import { chooseLane, laneNodesMax, lanesClosedMax, type LaneLoad } from "../../runtime/planner/lifecycle/lanes";

type Kind = "calm" | "due" | "open" | "troubled";

function aLane(laneId: string, nodes: number, kind: Kind = "calm"): LaneLoad {
  const lane: Lane = { laneId, autoscaleConfig: "agents", stack: laneId, desiredRevision: 1, appliedRevision: 1 };
  switch (kind) {
    case "calm":
      return { lane, nodes, isDue: false };
    case "due":
      return { lane, nodes, isDue: true };
    case "open":
      return { lane: { ...lane, openRevision: 1, openSinceMs: 0 }, nodes, isDue: true };
    case "troubled":
      return { lane: { ...lane, trouble: { failures: 1, sinceMs: 0, message: "locked" } }, nodes, isDue: false };
  }
}

const many = (count: number, nodes: number, kind: Kind) =>
  [...Array(count).keys()].map((index) => aLane(`l${index}`, nodes, kind));

describe("lanes", () => {
  for (const { name, lanes, chosen } of [
    { name: "opens the first lane", lanes: [], chosen: undefined },
    {
      name: "takes the lane at rest with the fewest nodes",
      lanes: [aLane("a", 3), aLane("b", 2), aLane("c", 1, "open")],
      chosen: "b",
    },
    { name: "breaks ties by id", lanes: [aLane("b", 2), aLane("a", 2)], chosen: "a" },
    {
      name: "joins the fullest lane whose update waits for a slot",
      lanes: [aLane("a", 1), aLane("b", 3, "due"), aLane("c", 24, "due"), aLane("d", laneNodesMax, "due")],
      chosen: "c",
    },
    { name: "opens another lane while all are busy", lanes: many(8, 1, "open"), chosen: undefined },
    { name: "opens another lane while all are in trouble", lanes: many(8, 1, "troubled"), chosen: undefined },
    { name: "waits in a busy lane when far too many are busy", lanes: many(lanesClosedMax, 1, "open"), chosen: "l0" },
    {
      name: "tries one in trouble rather than one that is busy",
      lanes: [...many(lanesClosedMax, 1, "open"), aLane("x", 9, "troubled")],
      chosen: "x",
    },
    { name: "never fills a lane beyond its limit", lanes: [aLane("a", laneNodesMax)], chosen: undefined },
    { name: "opens another lane when all are full", lanes: many(8, laneNodesMax, "calm"), chosen: undefined },
  ]) {
    it(name, () => assert.equal(chooseLane(lanes)?.laneId, chosen));
  }

  it("a stuck lane attracts no node, however few it has, and no lane is passed over that could take one", () => {
    const kinds = fc.constantFrom<Kind>("calm", "due", "open", "troubled");
    const lane = fc.record({ nodes: fc.nat(laneNodesMax), kind: kinds });
    const check = (drawn: readonly { nodes: number; kind: Kind }[]): void => {
      const lanes = drawn.map(({ nodes, kind }, index) => aLane(`l${index}`, nodes, kind));

      const chosen = chooseLane(lanes)?.laneId;

      const fits = drawn.flatMap(({ nodes, kind }, index) =>
        nodes < laneNodesMax && (kind === "calm" || kind === "due") ? [`l${index}`] : [],
      );
      if (fits.length === 0) assert.equal(chosen, undefined);
      else assert.ok(chosen !== undefined && fits.includes(chosen), `${chosen}`);
    };
    fc.assert(fc.property(fc.array(lane, { maxLength: lanesClosedMax - 1 }), check));
  });
});
