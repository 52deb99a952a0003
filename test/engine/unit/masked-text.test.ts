import assert from "node:assert/strict";
import { createMask, maskTexts } from "../../../engine/steps/mask";

describe("masking of secret configuration", () => {
  it("hides every occurrence, special characters taken literally", () => {
    const mask = createMask(["a.b*c", "hunter2"]);

    assert.equal(mask("a.b*c, axbbc, hunter2hunter2"), "[secret], axbbc, [secret][secret]");
  });

  it("leaves words of two characters", () => {
    assert.equal(createMask(["ab", ""])("abc"), "abc");
  });

  it("reaches texts inside lists and maps and nothing else", () => {
    const value = { list: ["hunter2", 1, null, true], hunter2: "see hunter2" };

    assert.deepEqual(maskTexts(value, createMask(["hunter2"])), {
      list: ["[secret]", 1, null, true],
      hunter2: "see [secret]",
    });
  });
});
