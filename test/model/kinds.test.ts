/** Kinds of clouds and DNS services are those of the catalog, whatever it holds. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { clouds, cloudCatalog, registry } from "../../provider/registry";
import { factsOf, findProblems, findRefusals, knownFacts, type CloudCatalog } from "../../runtime/model/config";
import { BugError } from "../../runtime/model/errors";
import { hintOfChoice } from "../../runtime/model/spelling";
import { documentReader } from "../../runtime/model/unreadable";
import { catalog as plain } from "../support/builders";

const vmDoc = (kind: unknown) => ({ name: "vms", kind, maxInstances: 1 });
const dnsDoc = (kind: unknown) => ({ name: "records", kind });
const catalogOf = (kinds: readonly string[], dnsKinds: readonly string[]): CloudCatalog => ({
  vm: Object.fromEntries(kinds.map((kind) => [kind, factsOf(plain.vm, "aws")])),
  dns: Object.fromEntries(dnsKinds.map((kind) => [kind, factsOf(plain.dns, "aws")])),
});

describe("kinds of clouds", () => {
  it("are taken exactly when the catalog has them; else it is told which there are (property)", () => {
    const kind = fc.oneof(
      fc.string({ minLength: 1, maxLength: 40 }),
      fc.constantFrom("constructor", "toString", "aws"),
    );
    fc.assert(
      fc.property(fc.uniqueArray(kind), fc.uniqueArray(kind), kind, (vms, services, asked) => {
        const catalog = catalogOf(vms, services);
        for (const [definition, doc, kinds] of [
          ["vmProviderConfig", vmDoc(asked), vms],
          ["dnsProviderConfig", dnsDoc(asked), services],
        ] as const) {
          const isKnown = kinds.includes(asked) && asked !== "__proto__";
          const known = Object.keys(catalogOf(kinds, []).vm);
          const message = `got "${asked}"; this version knows ${known.join(", ")}${hintOfChoice(asked, known)}`;
          const expected = isKnown ? [] : [{ path: "kind", message }];
          assert.deepEqual(findProblems(definition, doc, catalog), expected);
          assert.deepEqual(findRefusals(definition, doc, catalog), expected);
          assert.deepEqual(documentReader(catalog)(definition, doc), expected, "read back from the store");
        }
      }),
    );
  });

  for (const wrong of [undefined, 7, "", "x".repeat(41), ["aws"]]) {
    it(`are names: ${JSON.stringify(wrong) ?? "nothing"} is refused with its path`, () => {
      for (const [definition, doc] of [
        ["vmProviderConfig", vmDoc(wrong)],
        ["dnsProviderConfig", dnsDoc(wrong)],
      ] as const) {
        assert.deepEqual(
          findProblems(definition, doc, plain).map(({ path }) => path),
          ["kind"],
        );
      }
    });
  }

  it("of a definition that was read are always known: another one is a fault of ours", () => {
    assert.throws(() => factsOf(plain.vm, "moon"), BugError);
    assert.equal(knownFacts(plain.vm, "moon"), undefined);
    assert.equal(knownFacts(plain.vm, "constructor"), undefined);
  });

  it("come from the registry, one line per cloud, each with VMs, a DNS service or both", () => {
    const kinds = clouds.map(({ kind }) => kind);
    assert.deepEqual(kinds, [...new Set(kinds)]);
    const catalog = cloudCatalog();
    for (const { kind, vm, dns } of clouds) {
      assert.ok(vm ?? dns, kind);
      assert.equal(registry.vm[kind], vm);
      assert.equal(registry.dns[kind], dns);
      assert.equal(kind in catalog.vm, vm !== undefined);
      assert.equal(kind in catalog.dns, dns !== undefined);
    }
  });

  it("of VMs on the runtime's own machine are refused, or held in its folders, by the rules of the runtime alone", () => {
    const refusals = (isAllowed: boolean, root: string) =>
      findRefusals(
        "vmProviderConfig",
        { ...vmDoc("local"), settings: { root } },
        cloudCatalog({ isAllowed, roots: ["/srv/vms"] }),
      );
    assert.match(refusals(false, "/srv/vms")[0]!.message, /--allow-local/);
    assert.deepEqual(refusals(true, "/srv/vms/a"), []);
    assert.deepEqual(
      refusals(true, "/srv/other").map(({ path }) => path),
      ["settings.root"],
    );
    assert.deepEqual(
      findRefusals("vmProviderConfig", { ...vmDoc("local"), settings: { root: "/srv/other" } }, cloudCatalog()),
      [],
    );
  });
});
