/** What is refused of budgets, and what is warned of at preview. */
import assert from "node:assert/strict";
import type { Problem } from "../../runtime/model/errors";
import { agentConfigDoc, budgetDoc, catalog, tester, vmProviderDoc, type WorldDocs } from "../support/builders";
import { checkDefinition } from "../../runtime/broker/definitions";
import { aState } from "../support/builders";

const priced = { vmProviders: [vmProviderDoc({ hourlyCost: 1 })], configs: [agentConfigDoc()] };

function check(doc: object, docs: WorldDocs = priced, kind: "budget" | "vmProviderConfig" = "budget") {
  return checkDefinition({ kind, doc, owner: tester }, aState(docs), catalog);
}
const told = (problems: readonly Problem[]): string[] => problems.map(({ path, message }) => `${path}: ${message}`);

describe("a budget in definitions", () => {
  const refused: readonly (readonly [string, object, RegExp])[] = [
    ["an amount of 0", budgetDoc({ amount: 0 }), /^amount: .*more than 0/],
    ["a negative amount", budgetDoc({ amount: -5 }), /^amount: /],
    ["thresholds out of order", budgetDoc({ thresholds: [80, 50] }), /^thresholds\[1\]: .*got 50 behind 80/],
    ["a threshold twice", budgetDoc({ thresholds: [50, 50] }), /^thresholds\[1\]: /],
    ["a zone that is not declared", budgetDoc({ zone: "mars" }), /^zone: "mars" is not a declared zone; declared: eu/],
    ["a pool that is not declared", budgetDoc({ pool: "none" }), /^pool: "none" is not a declared pool/],
    ["a VM provider config that is not declared", budgetDoc({ vmProvider: "none" }), /^vmProvider: "none" is not/],
    ["a currency in small letters", budgetDoc({ currency: "eur" }), /^currency: /],
    ["a time zone that nobody knows", budgetDoc({ timezone: "Mars/Base" }), /^timezone: /],
    [
      "a short secret",
      budgetDoc({ webhook: { url: "https://a.example.org/", secret: "short" } }),
      /^webhook\.secret: /,
    ],
    [
      "a webhook without TLS",
      budgetDoc({ webhook: { url: "http://a.example.org/", secret: "x".repeat(20) } }),
      /^webhook\.url: /,
    ],
  ];
  for (const [name, doc, message] of refused) {
    it(`is refused with ${name}`, () => {
      const [first] = told(check(doc).problems);
      assert.match(first ?? "", message);
      assert.doesNotMatch(first ?? "", /"short"/);
    });
  }

  it("is warned of where nothing in its scope has a price, or one in another currency, or only some have", () => {
    const warningsOf = (doc: object, docs: WorldDocs): string[] => told(check(doc, docs).warnings);

    assert.deepEqual(warningsOf(budgetDoc(), priced), []);
    assert.match(
      warningsOf(budgetDoc(), { configs: [agentConfigDoc()] })[0]!,
      /hourlyCost is not set on .*"vms"; it counts nothing/,
    );
    assert.match(
      warningsOf(budgetDoc({ pool: "servers" }), priced)[0]!,
      /pool "servers".*no autoscale config is in it/,
    );
    assert.match(
      warningsOf(budgetDoc({ currency: "EUR" }), priced)[0]!,
      /^currency: is EUR; .*"vms" is priced in no named currency/,
    );
    const two = {
      vmProviders: [vmProviderDoc({ hourlyCost: 1 }), vmProviderDoc({ name: "free" })],
      configs: [agentConfigDoc({ fallbackVmProviders: ["free"] })],
    };
    assert.match(warningsOf(budgetDoc(), two)[0]!, /VM provider config "free" in its scope has no hourlyCost/);
    assert.deepEqual(warningsOf(budgetDoc({ vmProvider: "vms" }), two), []);
  });

  it("is named where a price is declared that it can't count", () => {
    const docs = { ...priced, budgets: [budgetDoc({ currency: "EUR" })] };
    const warningsOf = (doc: object): string[] => told(check(doc, docs, "vmProviderConfig").warnings);

    assert.match(warningsOf(vmProviderDoc())[0]!, /^hourlyCost: is not set: budget "money" can't count its nodes/);
    assert.match(
      warningsOf(vmProviderDoc({ hourlyCost: 1, currency: "USD" }))[0]!,
      /^currency: is USD; budget "money" is in EUR/,
    );
    assert.deepEqual(warningsOf(vmProviderDoc({ hourlyCost: 1, currency: "EUR" })), []);
  });
});
