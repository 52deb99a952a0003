import assert from "node:assert/strict";
import { keepIgnored, matchesPath, parsePath } from "../../../engine/deployment/registration";

const paths: { readonly path: string; readonly steps: (string | number)[] }[] = [
  { path: "tags", steps: ["tags"] },
  { path: "tags.owner", steps: ["tags", "owner"] },
  { path: "disks[0].size", steps: ["disks", 0, "size"] },
  { path: 'tags["a.b"].c', steps: ["tags", "a.b", "c"] },
  { path: "disks[*].size", steps: ["disks", "*", "size"] },
  { path: "*", steps: ["*"] },
];

describe("property paths of resource options", () => {
  for (const { path, steps } of paths) {
    it(`${path} is read step by step`, () => {
      assert.deepEqual(parsePath(path), steps);
    });
  }

  it("keeps ignored values as they were, deep inside and at the top", () => {
    const missing: string[] = [];

    const kept = keepIgnored({
      before: { size: 1, disks: [{ gib: 10 }], gone: true },
      after: { size: 2, disks: [{ gib: 20, kind: "ssd" }], added: "x" },
      paths: ["size", "disks[0].gib", "added", "gone"],
      missing: (unreached) => missing.push(...unreached),
    });

    assert.deepEqual(kept, { size: 1, disks: [{ gib: 10, kind: "ssd" }], gone: true });
    assert.deepEqual(missing, []);
  });

  it("reports a path that leads nowhere instead of guessing", () => {
    const missing: string[] = [];

    const kept = keepIgnored({
      before: { disks: [] },
      after: { disks: [{ gib: 20 }] },
      paths: ["disks[0].gib"],
      missing: (unreached) => missing.push(...unreached),
    });

    assert.deepEqual(kept, { disks: [{ gib: 20 }] });
    assert.deepEqual(missing, ["disks[0].gib"]);
  });

  it("matches what lies at, under or above the named path", () => {
    assert.equal(matchesPath("tags.owner", "tags"), true);
    assert.equal(matchesPath("tags", "tags.owner"), true);
    assert.equal(matchesPath("tags.owner", "tags.team"), false);
    assert.equal(matchesPath("anything[3]", "*"), true);
  });
});
