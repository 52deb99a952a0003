/** Lists of VMs in a project: whole, or no answer. */
import assert from "node:assert/strict";
import { GcpRefusal } from "./gcp-api";
import { homeProject } from "./gcp-facts";
import { GcpWithoutEngine } from "./gcp-without-engine";

const idOf = (name: string): string => `projects/${homeProject}/zones/us-east4-b/instances/${name}`;

describe("lists of VMs of Compute Engine", () => {
  let gcp: GcpWithoutEngine;
  beforeEach(async () => {
    gcp = await GcpWithoutEngine.open();
  });
  afterEach(() => gcp.close());

  it("have all pages, of every zone, and tell whose each VM is", async () => {
    const ids = Array.from({ length: 1_203 }, (_, index) =>
      gcp.cloud.launch({ nodeId: `n-${index}`, installation: "i" }),
    );
    const found = await gcp.find(ids.map((_, index) => `n-${index}`));
    assert.deepEqual(found.map(({ id }) => id).sort(), ids.toSorted());
    const pages = gcp.cloud.api.requests.length;
    assert.equal(pages, 3);
    const listed = await gcp.list({ installationId: "i", knownIds: [] });
    assert.equal(listed.length, ids.length);
    assert.deepEqual(
      listed.find(({ nodeId }) => nodeId === "n-7"),
      { vmId: ids[7], nodeId: "n-7", installation: "i" },
    );
  });

  it("have known VMs without labels, and nothing of others", async () => {
    const [bare, other] = [gcp.cloud.launch({}), gcp.cloud.launch({ nodeId: "n-1", installation: "other" })];
    const listed = await gcp.list({ installationId: "i", knownIds: [bare, idOf("gone")] });
    assert.deepEqual(listed, [{ vmId: bare }]);
    assert.deepEqual(await gcp.list({ installationId: "i", knownIds: [] }), []);
    assert.deepEqual(await gcp.find(["n-1"]), [{ nodeId: "n-1", id: other }]);
  });

  const silent: readonly (readonly [string, object, RegExp])[] = [
    [
      "a zone is not reachable",
      { items: { "zones/us-east4-b": { warning: { code: "UNREACHABLE", message: "x" } } } },
      /not complete: zones\/us-east4-b \(UNREACHABLE\) gave no answer/,
    ],
    [
      "a zone says anything else but that it has none",
      { items: { "zones/us-east4-b": { instances: [], warning: { code: "SOMETHING_NEW" } } } },
      /zones\/us-east4-b \(SOMETHING_NEW\)/,
    ],
    [
      "some are named that gave no answer",
      { items: {}, unreachables: ["zones/us-east4-a"] },
      /zones\/us-east4-a gave no answer/,
    ],
    ["the whole has a warning", { items: {}, warning: { code: "UNREACHABLE" } }, /the project \(UNREACHABLE\)/],
  ];
  for (const [what, page, says] of silent) {
    it(`are no answer when ${what}`, async () => {
      gcp.cloud.launch({ nodeId: "n-1", installation: "i" });
      gcp.cloud.api.answers = (path) => (path.endsWith("/aggregated/instances") ? page : undefined);
      await assert.rejects(gcp.list({ installationId: "i", knownIds: [] }), says);
      await assert.rejects(gcp.find(["n-1"]), says);
    });
  }

  it("are no answer when they are refused", async () => {
    gcp.cloud.api.answers = () => {
      throw new GcpRefusal(403, "Required 'compute.instances.list' permission for 'projects/p'", "forbidden");
    };
    await assert.rejects(gcp.find(["n-1"]), /Required 'compute\.instances\.list' permission/);
  });
});
