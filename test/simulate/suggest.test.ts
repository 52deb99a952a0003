/** A suggestion keeps the wait that was asked for, and is no dearer than what is declared where that keeps it. */
import assert from "node:assert/strict";
import { simCatalog } from "../../runtime/sim/site";
import { withChanges } from "../../runtime/simulate/changes";
import { parseKeep } from "../../runtime/simulate/keep";
import { costOf, suggest, type PlayChanges } from "../../runtime/simulate/suggest";
import { demandOf, playSite, serverSite } from "./site";

const rows = [0, 1, 2, 3, 4, 5].map((index): [number, number] => [1800 + index * 240, 2400]);

async function suggestFor(declaredStandby: number, keepText: string, more: object = {}) {
  const site = serverSite({ minimumAvailableSessions: declaredStandby, ...more });
  const play: PlayChanges = (variants) =>
    Promise.all(
      variants.map((changes) => playSite(withChanges(site, changes, simCatalog), demandOf(rows), { changes })),
    );
  const keep = parseKeep(keepText);
  const [declared] = await play([[]]);
  const config = site.find(({ kind }) => kind === "autoscaleConfig")!;
  return { declared: declared!, keep, found: await suggest({ config, keep, declared: declared!, play }) };
}

describe("a suggestion", () => {
  it("keeps the wait, cheaper than a standby that is declared too large", async () => {
    const { declared, keep, found } = await suggestFor(6, "5% within 0s");

    assert.ok(keep.isKept(declared.waits) && found.isKept && keep.isKept(found.variant.waits));
    assert.ok(costOf(found.variant) < costOf(declared));
    assert.ok(found.lines.some((line) => /^minimumAvailableSessions: \d+,$/.test(line)));
  });

  it("raises a standby that is too small", async () => {
    const { declared, keep, found } = await suggestFor(0, "5% within 0s");

    assert.ok(!keep.isKept(declared.waits) && keep.isKept(found.variant.waits));
  });

  it("says so when nothing that the caps allow keeps it", async () => {
    const { found } = await suggestFor(0, "5% within 0s", { maxNodes: 1 });

    assert.equal(found.isKept, false);
  });
});
