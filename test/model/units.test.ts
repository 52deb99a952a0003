import assert from "node:assert/strict";
import { formatCount } from "../../runtime/model/units";

describe("a count with its noun", () => {
  it("is singular for one only", () => {
    assert.deepEqual(
      [0, 1, 2].map((count) => formatCount(count, "node")),
      ["0 nodes", "1 node", "2 nodes"],
    );
  });
});
