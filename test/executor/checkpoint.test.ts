import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { DamagedState, parseCheckpoint } from "../../runtime/executor/checkpoint";

const urnStart = "urn:pulumi:l1::headroom-nodes::";
const resource = { urn: `${urnStart}toy:index:Thing::a`, type: "toy:index:Thing" };
const checkpoint = (latest: unknown, version = 3) => JSON.stringify({ version, checkpoint: { stack: "l1", latest } });
const whole = checkpoint({ resources: [resource] });
const foreign = { ...resource, urn: resource.urn.replace("l1", "l2") };

describe("state file of a lane", () => {
  const damages: Readonly<Record<string, string>> = {
    "zero bytes": "",
    "cut in the middle": whole.slice(0, 50),
    "no JSON": "version: 3",
    "JSON of another shape": '{"resources":[]}',
    "a list": "[]",
    "no checkpoint inside": '{"version":3}',
    "resources without URNs": checkpoint({ resources: [{ type: "x" }] }),
    "URNs of another stack": checkpoint({ resources: [resource, foreign] }),
    "URNs of another project": checkpoint({ resources: [{ ...resource, urn: resource.urn.replace("headroom", "x") }] }),
    "pending operations of another stack": checkpoint({
      pending_operations: [{ resource: foreign, type: "creating" }],
    }),
  };
  for (const [what, text] of Object.entries(damages)) {
    it(`counts as damaged, and is named, with ${what}`, () => {
      assert.throws(() => parseCheckpoint(Buffer.from(text), "/state/l1.json", urnStart), isDamage("/state/l1.json"));
      const packed = gzipSync(text);
      assert.throws(() => parseCheckpoint(packed, "/state/l1.json.gz", urnStart), isDamage("/state/l1.json.gz"));
    });
  }

  it("counts as damaged when its packed form is cut or not packed", () => {
    const packed = gzipSync(whole);
    for (const bytes of [packed.subarray(0, packed.length - 12), Buffer.from(whole)]) {
      assert.throws(() => parseCheckpoint(bytes, "/state/l1.json.gz", urnStart), isDamage("/state/l1.json.gz"));
    }
  });

  it("is read plain and packed, and empty where nothing was ever deployed", () => {
    assert.deepEqual(parseCheckpoint(Buffer.from(whole), "l1.json", urnStart)?.resources, [resource]);
    assert.deepEqual(parseCheckpoint(gzipSync(whole), "l1.json.gz", urnStart)?.resources, [resource]);
    assert.equal(parseCheckpoint(Buffer.from(checkpoint(null)), "l1.json", urnStart), undefined);
  });

  it("is refused and left alone when another version wrote it", () => {
    for (const version of [1, 2, 5]) {
      const read = () => parseCheckpoint(Buffer.from(checkpoint({}, version)), "l1.json", urnStart);
      assert.throws(read, (error: Error) => !(error instanceof DamagedState) && /version \d, this/.test(error.message));
    }
  });
});

function isDamage(file: string): (error: unknown) => boolean {
  return (error) => error instanceof DamagedState && error.message.includes(`the state file ${file} `);
}
