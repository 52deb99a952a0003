import assert from "node:assert/strict";
import fc from "fast-check";
import { mergeInputs, translateOverride } from "../../provider/config-override";
import { forCloudInit, forEc2Launch } from "../../provider/user-data";

describe("config override", () => {
  it("merges objects field by field and replaces everything else", () => {
    const base = { a: { b: 1, c: [1, 2] }, d: 1 };

    assert.deepEqual(mergeInputs(base, { a: { c: [3] }, e: 2 }), { a: { b: 1, c: [3] }, d: 1, e: 2 });
    assert.deepEqual(base, { a: { b: 1, c: [1, 2] }, d: 1 }, "the base stays as it was");
  });

  it("changes nothing when merged twice (property)", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (base, over) => {
          const once = mergeInputs(base, over);
          assert.deepEqual(mergeInputs(once, over), once);
        },
      ),
    );
  });

  it("has no field that every object has", () => {
    assert.deepEqual(
      translateOverride({ a: "a" }, { constructor: 1, toString: 2 }).problems.map(({ path }) => path),
      ["constructor", "toString"],
    );
  });
});

describe("user data", () => {
  it("leaves alone what cloud-init recognises, and names the shell for the rest", () => {
    for (const known of ["#!/bin/bash\n", "#cloud-config\n", "Content-Type: multipart/mixed", ""]) {
      assert.equal(forCloudInit(known), known);
    }
    assert.equal(forCloudInit("apt update"), "#!/bin/sh\napt update");
  });

  it("wraps PowerShell for Windows unless the script says what it is", () => {
    assert.equal(forEc2Launch("dir"), "<powershell>\ndir\n</powershell>");
    assert.equal(forEc2Launch("<script>dir</script>"), "<script>dir</script>");
    assert.equal(forEc2Launch("<POWERSHELL>dir</POWERSHELL>"), "<POWERSHELL>dir</POWERSHELL>");
    assert.equal(forEc2Launch(""), "");
  });
});
