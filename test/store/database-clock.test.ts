import assert from "node:assert/strict";
import fc from "fast-check";
import { certainOffsetMs, clockOffsetMsMax, clockProblem } from "../../runtime/store/database-clock";

describe("the clock of this machine beside the database's", () => {
  it("is never taken for further off than it is, however long the answer took", () => {
    const time = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(fc.integer({ min: -50_000, max: 50_000 }), time, time, (offset, before, after) => {
        // We ask, the database looks at its clock `before` later, and `after` later the answer is here.
        const askedMs = 1_000_000_000 + offset;
        const databaseMs = 1_000_000_000 + before;
        const certain = certainOffsetMs({ askedMs, databaseMs, answeredMs: askedMs + before + after });

        assert.ok(Math.abs(certain) <= Math.abs(offset), `${certain} of ${offset}`);
        if (certain !== 0) assert.equal(Math.sign(certain), Math.sign(offset));
        if (before + after === 0) assert.equal(certain === 0 ? 0 : certain, offset);
      }),
    );
  });

  it("is told of in words once it is further off than allowed", () => {
    for (const offset of [0, clockOffsetMsMax, -clockOffsetMsMax]) assert.equal(clockProblem(offset), undefined);
    assert.match(clockProblem(clockOffsetMsMax + 1)!, /2\.0 s ahead of the database's, and at most 2 s/);
    assert.match(clockProblem(-7_200_000)!, /7200\.0 s behind the database's/);
  });
});
