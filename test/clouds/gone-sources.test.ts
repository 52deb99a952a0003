/** What a living node was made from is gone: a key, a zone. It stays as it is, and others come and go; on every engine here. */
import assert from "node:assert/strict";
import { enginesHere } from "../executor/bench";
import { AccountBench } from "./account-bench";
import { assertDone } from "./assert-done";
import { engineKinds } from "./each-cloud";
import type { EmulatedAws } from "./emulated-aws";
import type { EmulatedDigitalOcean } from "./emulated-digitalocean";

interface GoneSource {
  readonly kind: string;
  readonly source: string;
  readonly takeAway: (bench: AccountBench) => void;
  /** What the cloud is to be asked for is needed for the record alone. */
  readonly isOfRecord: boolean;
  readonly says: RegExp;
}

const cases: readonly GoneSource[] = [
  {
    kind: "digitalocean",
    source: "SSH key",
    takeAway: ({ cloud }) => (cloud as EmulatedDigitalOcean).facts.sshKeys.splice(0),
    isOfRecord: false,
    says: /ssh key/i,
  },
  {
    kind: "digitalocean",
    source: "domain",
    takeAway: ({ cloud }) => (cloud as EmulatedDigitalOcean).facts.domains.splice(0),
    isOfRecord: true,
    says: /has no domain of which it is a part/,
  },
  {
    kind: "aws",
    source: "hosted zone",
    takeAway: ({ cloud }) => (cloud as EmulatedAws).zones.hostedZones.splice(0),
    isOfRecord: true,
    says: /has no public hosted zone of which it is a part/,
  },
];

for (const { kind, source, takeAway, isOfRecord, says } of cases) {
  for (const engineKind of engineKinds) {
    describe(`the ${source} of living nodes is gone: ${kind}, ${engineKind} engine`, () => {
      let bench: AccountBench;
      beforeEach(async function () {
        const engine = (await enginesHere()).find((candidate) => candidate.kind === engineKind) ?? this.skip();
        bench = await AccountBench.open(kind, engine);
      });
      afterEach(() => bench?.close());

      it("they stay as they are, go when they are to go, and only what needs it is refused", async () => {
        const [a, b] = [bench.nodeWithRecord("n-a"), isOfRecord ? bench.node("n-b") : bench.nodeWithRecord("n-b")];
        assertDone(await bench.update(a, b), "n-a", "n-b");
        const { "n-a": born } = bench.vms();
        const written = bench.cloud.cloud.journal.length;

        takeAway(bench);

        assertDone(await bench.update(a), "n-a");
        assert.deepEqual(bench.vms(), { "n-a": born });
        assertDone(await bench.recover(a), "n-a");
        const refused = await bench.update(bench.nodeWithRecord("n-c"), a);
        assert.equal(refused.outcome, "failed");
        assert.match(refused.message ?? "", says);
        assert.equal(bench.vms()["n-a"], born);
        const touched = bench.cloud.cloud.journal.slice(written).filter(({ id }) => id === born);
        assert.deepEqual(touched, [], "nobody touched the one that stays");
      });
    });
  }
}
