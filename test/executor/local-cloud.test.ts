import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { prepareInstallation } from "../../runtime/executor/installation";
import { WorkerPool } from "../../runtime/executor/worker-pool";
import type { DesiredNode } from "../../runtime/model/state";
import { findLocalVms } from "../../provider/local-vm/find-local-vms";
import { allowAll, aRequest, enginesHere, Heard, packageRoot } from "./bench";
import { readGuestSettings, vmFolder } from "../../provider/local-vm/vm-folder";
import { realClock } from "../../runtime/model/real-clock";
import { refused, type PermitRequest } from "../../runtime/store/permit";
import { removeFolder } from "../support/remove-folder";
import { newOpenFolder } from "../support/open-folder";

describe("updates with the local VM provider", () => {
  let folder: string;
  let pool: WorkerPool;
  let permit = allowAll;
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
      permit: (request) => permit(request),
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

  it("stops and starts the VMs that the update names, and no other, whatever is declared of them", async () => {
    const [n1, n2] = [node("n-p1"), node("n-p2")];
    const made = await pool.update(aRequest([n1, n2], "power"), () => undefined);
    const addressOf = (nodeId: string) => made.present?.find((present) => present.nodeId === nodeId)?.address;
    const running = () => findLocalVms(join(folder, "local")).map(({ nodeId, isRunning }) => `${nodeId} ${isRunning}`);
    const update = (nodes: readonly DesiredNode[], powers: readonly string[], revision: number) =>
      pool.update({ ...aRequest(nodes, "power", revision), creates: [], powers }, () => undefined);
    const idOf = () => findLocalVms(join(folder, "local")).find(({ nodeId }) => nodeId === "n-p1")!.vmId;
    const vmId = idOf();
    const changed = { startupScript: "echo another", settings: { ...n1.settings, bootTime: "9s", cores: 7 } };
    const [off1, off2] = [n1, n2].map((each) => ({ ...each, ...changed, power: "off" as const }));

    const off = await update([off1!, off2!], ["n-p1"], 2);
    assert.equal(off.outcome, "succeeded", off.message ?? "");
    assert.deepEqual(running().sort(), ["n-p1 false", "n-p2 true"]);
    const powersOf = ({ present = [] }: typeof off) => Object.fromEntries(present.map((of) => [of.nodeId, of.power]));
    assert.deepEqual(powersOf(off), { "n-p1": "off", "n-p2": undefined }, "declared is not had");
    const more = await pool.update(
      { ...aRequest([node("n-p3"), n1, n2], "power", 3), creates: ["n-p3"] },
      () => undefined,
    );
    assert.equal(more.outcome, "succeeded", more.message ?? "");
    assert.deepEqual(running().sort(), ["n-p1 false", "n-p2 true", "n-p3 true"]);
    assert.equal(powersOf(more)["n-p1"], "off", "not declared is not on");

    const on = await update([{ ...n1, ...changed, power: "on" }, n2, node("n-p3")], ["n-p1"], 4);
    assert.equal(on.outcome, "succeeded", on.message ?? "");
    assert.deepEqual(running().sort(), ["n-p1 true", "n-p2 true", "n-p3 true"]);
    const [again] = on.present?.filter(({ nodeId }) => nodeId === "n-p1") ?? [];
    assert.deepEqual([again?.power, again?.address, again?.vmId], ["on", addressOf("n-p1"), vmId]);
    assert.equal(idOf(), vmId, "nothing was replaced");
    const settings = readGuestSettings(vmFolder(join(folder, "local"), { vmId, nodeId: "n-p1" }));
    assert.deepEqual([settings?.bootSeconds, settings?.cores], [0, 2], "all else is as at its birth");
    await pool.update(aRequest([], "power", 5, ["n-p1", "n-p2", "n-p3"]), () => undefined);
    assert.deepEqual(vms(), []);
  });

  it("changes no power that is not permitted, and takes nothing else of the node away for that", async () => {
    const n1 = node("n-q1");
    await pool.update(aRequest([n1], "permits"), () => undefined);
    const asked: PermitRequest[] = [];
    // Its record follows the VM's address, which this update never learns: to the engine it seems unwanted.
    permit = (request) => {
      asked.push({ ...request });
      return Promise.resolve(request.step === "operate" ? { isAllowed: true } : refused("it has a session"));
    };
    const request = { ...aRequest([{ ...n1, power: "off" as const }], "permits", 2), creates: [], powers: ["n-q1"] };
    const result = await pool.update(request, () => undefined).finally(() => (permit = allowAll));

    assert.deepEqual([result.outcome, result.notPermitted], ["failed", ["n-q1"]]);
    const [first] = asked.filter(({ step }) => step !== "operate");
    assert.deepEqual(first, { epoch: 1, step: "powerOff", nodeId: "n-q1" });
    assert.equal(result.present?.[0]?.power, undefined, "nothing tells a power that it did not get");
    assert.equal(result.present?.[0]?.dnsName, "n-q1.test.example");
    assert.deepEqual(
      findLocalVms(join(folder, "local")).map(({ isRunning }) => isRunning),
      [true],
    );
    assert.deepEqual(readdirSync(join(folder, "local", "dns")), ["n-q1.test.example.json"]);
    await pool.update(aRequest([], "permits", 3, ["n-q1"]), () => undefined);
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
