import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { prepareInstallation } from "../../runtime/executor/installation";
import { WorkerPool } from "../../runtime/executor/worker-pool";
import type { DesiredNode } from "../../runtime/model/state";
import { findLocalVms } from "../../provider/local-vm/find-local-vms";
import { allowAll, aRequest, enginesHere, Heard, packageRoot } from "./bench";
import { realClock } from "../../runtime/model/real-clock";
import { removeFolder } from "../support/remove-folder";
import { newOpenFolder } from "../support/open-folder";

describe("updates with the local VM provider", () => {
  let folder: string;
  let pool: WorkerPool;
  const vms = () => findLocalVms(join(folder, "local")).map(({ nodeId }) => nodeId);
  const node = (nodeId: string, faults: Record<string, unknown> = {}): DesiredNode => ({
    nodeId,
    zone: "z",
    pool: "p",
    autoscaleConfig: "c",
    vmProvider: "v",
    kind: "local",
    settings: { root: join(folder, "local"), bootTime: "0s", faults },
    osType: "linux",
    startupScript: "true",
    dns: { kind: "local", settings: { root: join(folder, "local") }, baseDomainName: "test.example", ttlSeconds: 60 },
  });

  before(async () => {
    folder = newOpenFolder("headroom-executor-");
    const [engine] = await enginesHere();
    const installation = await prepareInstallation({ dataFolder: join(folder, "data"), packageRoot, engine: engine! });
    pool = new WorkerPool({
      installation,
      clock: realClock,
      permit: allowAll,
      slots: 1,
      limits: { settleMs: 200, orphanWaitMs: 10_000 },
    });
  });
  after(async () => {
    for (const lane of ["a", "error", "crash"]) {
      const { present = [] } = await pool.recover(aRequest([], lane, 8), undefined);
      const left = present.map(({ nodeId }) => nodeId);
      await pool.update(aRequest([], lane, 9, left), () => undefined);
    }
    await pool.stop();
    removeFolder(folder);
  });

  it("creates a VM with its DNS record and removes both", async () => {
    const made = await pool.update(aRequest([node("n-1")], "a"), () => undefined);

    assert.match(made.present?.[0]?.address ?? "", /^127\./);
    assert.equal(made.present?.[0]?.dnsName, "n-1.test.example");
    assert.deepEqual(vms(), ["n-1"]);

    const gone = await pool.update(aRequest([], "a", 2, ["n-1"]), () => undefined);
    assert.deepEqual(gone.present, []);
    assert.deepEqual(vms(), []);
    assert.deepEqual(readdirSync(join(folder, "local", "dns")), []);
  });

  for (const loseAnswerBy of ["error", "crash"]) {
    it(`adopts the VM whose create's answer was lost by ${loseAnswerBy}`, async () => {
      const heard = new Heard();
      const nodeId = `n-${loseAnswerBy}`;

      const request = aRequest([node(nodeId, { loseAnswerEvery: 1, loseAnswerBy })], loseAnswerBy);
      const result = await pool.update(request, heard.hear);

      assert.equal(result.outcome, "succeeded", result.message ?? "");
      assert.match(result.present?.[0]?.address ?? "", /^127\./);
      assert.ok(heard.kinds().includes(`nodeCreated ${nodeId}`));
      assert.ok(!heard.kinds().includes(`nodeFailed ${nodeId}`));
      assert.equal(vms().filter((vm) => vm === nodeId).length, 1);
    });
  }
});
