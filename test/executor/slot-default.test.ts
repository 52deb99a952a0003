import assert from "node:assert/strict";
import { defaultSlots } from "../../runtime/executor/slot-default";
import { until } from "../support/until";
import { aNode, aRequest, enginesHere, openBench } from "./bench";

const gib = 1024 ** 3;

describe("number of slots and workers", () => {
  for (const { memoryGib, cores, slots } of [
    { memoryGib: 0.5, cores: 1, slots: 2 },
    { memoryGib: 4, cores: 2, slots: 2 },
    { memoryGib: 8, cores: 4, slots: 6 },
    { memoryGib: 16, cores: 4, slots: 13 },
    { memoryGib: 16, cores: 2, slots: 8 },
    { memoryGib: 64, cores: 8, slots: 32 },
    { memoryGib: 1024, cores: 64, slots: 64 },
  ]) {
    it(`${memoryGib} GiB and ${cores} cores have ${slots} slots`, () => {
      assert.equal(defaultSlots({ memoryBytes: memoryGib * gib, cores }), slots);
    });
  }

  it("gives idle workers back and keeps the spare", async function () {
    this.timeout(120_000);
    const [engine] = await enginesHere();
    const bench = await openBench(engine!, { slots: 3, warmSpares: 1, idleMs: 500 });
    try {
      const lanes = ["a", "b", "c"];
      await Promise.all(
        lanes.map((lane) => bench.pool.update(aRequest([aNode(`${lane}1`, bench.world)], lane), () => undefined)),
      );

      await until("one worker is left", () => bench.pool.workerPids().length === 1);

      const again = await bench.pool.update(aRequest([aNode("d1", bench.world)], "d"), () => undefined);
      assert.equal(again.outcome, "succeeded");
    } finally {
      await bench.close();
    }
  });
});
