import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import { isYamlTooDeep, yamlDepthMax } from "../../provider/frame/yaml-nesting";
import { findRefusals } from "../../runtime/model/config";
import { cloudCatalog } from "../../provider/registry";

/** Each adds a level, and none is ever closed. */
const openers = ["{", "[", "[{", "{a: ", "{a: [", "- ", "? ", "- - ? ", "- {", "{ [", '{"a": '];

function refusalsOf(settings: object): string {
  const doc = { name: "v", kind: "kubevirt", maxInstances: 1, settings };
  return JSON.stringify(findRefusals("vmProviderConfig", doc, cloudCatalog()));
}

describe("YAML of any depth", () => {
  for (const opener of openers) {
    it(`is too deep, and ends nobody's process: ${JSON.stringify(opener)} again and again`, () => {
      const text = opener.repeat(20_000);
      assert.ok(isYamlTooDeep(text));
      assert.match(refusalsOf({ kubeconfig: text }), /it is no kubeconfig/);
      const access = { host: "https://kubevirt.example.org:6443", apiToken: "t", namespace: "labs" };
      assert.match(refusalsOf({ ...access, configOverride: text }), /nested deeper than 100 levels/);
    });
  }

  it("is fine where people write it so deep, however they write it (property)", () => {
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 12 },
        fc.string(),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie("value"), { maxKeys: 3 }),
      ),
    }));
    const style = fc.constantFrom({}, { collectionStyle: "flow" as const }, { indent: 4 });
    fc.assert(
      fc.property(value, style, (document, options) => assert.ok(!isYamlTooDeep(stringify(document, options)))),
    );
  });

  it("is told from the first level that is too deep", () => {
    const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    assert.ok(!isYamlTooDeep(nested(yamlDepthMax)));
    assert.ok(isYamlTooDeep(nested(yamlDepthMax + 1)));
  });
});
