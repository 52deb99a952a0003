import assert from "node:assert/strict";
import { deletionGroups } from "../../../engine/state/graph";
import { integrityProblem } from "../../../engine/state/integrity";
import type { ResourceState } from "../../../engine/state/resource";
import { decodeResource } from "../../../engine/state/stored-state";

function aThing(urn: string, more: Partial<ResourceState> = {}): ResourceState {
  return { ...decodeResource({ urn, type: "toy:index:Thing", custom: true }, (text) => text), ...more };
}

describe("the order of deletions", () => {
  it("deletes what depends on others first, and together what does not", () => {
    const [a, b, c, d] = [
      aThing("a"),
      aThing("b", { dependencies: ["a"] }),
      aThing("c", { dependencies: ["b"] }),
      aThing("d"),
    ];

    const groups = deletionGroups([a, b, c, d], new Set([a, b, c, d]));

    assert.deepEqual(
      groups.map((group) => group.map(({ urn }) => urn)),
      [["c"], ["b"], ["a", "d"]],
    );
  });

  it("deletes everything in a component before what the component's users need", () => {
    const component = aThing("component", { custom: false });
    const child = aThing("child", { parent: "component" });
    const user = aThing("user", { dependencies: ["component"] });

    const groups = deletionGroups([component, child, user], new Set([component, child, user]));

    assert.deepEqual(
      groups.map((group) => group.map(({ urn }) => urn)),
      [["user"], ["child"], ["component"]],
    );
  });

  it("looks past dependencies that stay", () => {
    const [a, b] = [aThing("a"), aThing("b", { dependencies: ["a"] })];

    assert.deepEqual(deletionGroups([a, b], new Set([b])), [[b]]);
  });

  it("a state in which something comes before what it needs is not sound", () => {
    const [a, b] = [aThing("a"), aThing("b", { dependencies: ["a"] })];

    assert.equal(integrityProblem([a, b]), undefined);
    assert.equal(integrityProblem([b, a]), "resource b refers to a, which does not come before it");
  });
});
