import assert from "node:assert/strict";
import fc from "fast-check";
import { hidden, hideSecrets, isSecretPath } from "../../runtime/model/secret-paths";

describe("secret paths", () => {
  const fields = ["password", "members[].password", "members[].inner.key"];

  it("are a field, one of each item of a list, and all that is below", () => {
    const secret = [
      ["password"],
      ["password", "deep", 1],
      ["members", 3, "password"],
      ["members", 0, "inner", "key", 0],
    ];
    for (const path of secret) assert.ok(isSecretPath(path, fields), path.join("."));
    const open = [
      [],
      ["members"],
      ["members", 0],
      ["members", 0, "inner"],
      ["members", "password"],
      ["other", "password"],
    ];
    for (const path of open) assert.ok(!isSecretPath(path, fields), path.join("."));
  });

  it("hide what is there and nothing else (property)", () => {
    const mark = "the-secret-mark";
    const member = fc.record({ name: fc.string(), password: fc.constant({ [mark]: [mark] }) }, { requiredKeys: [] });
    const doc = fc.record({ members: fc.array(member), password: fc.constant(mark), note: fc.jsonValue() });
    fc.assert(
      fc.property(doc, (value) => {
        const shown = hideSecrets(value, fields) as typeof value;
        assert.ok(!JSON.stringify({ ...shown, note: "" }).includes(mark));
        assert.deepEqual(shown.note, value.note);
        assert.deepEqual(
          shown.members.map(({ name }) => name),
          value.members.map(({ name }) => name),
        );
        for (const [index, each] of shown.members.entries()) {
          assert.equal(each.password, "password" in value.members[index]! ? hidden : undefined);
        }
      }),
    );
  });
});
