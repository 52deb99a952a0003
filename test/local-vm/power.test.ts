import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { localServerScript } from "../../provider/local-vm/default-scripts";
import { findLocalLeftovers, findLocalVms } from "../../provider/local-vm/find-local-vms";
import { vmFolder, vmLogFile } from "../../provider/local-vm/vm-folder";
import { findProcesses } from "../../provider/local-vm/vm-processes";
import { localVmKernel, type LocalVmInputs } from "../../provider/local-vm/vm-resource";
import { until } from "../support/until";
import { aVm, context, ListeningRuntime, newRoot, removeRoot } from "./support";

describe("power of a local VM", () => {
  let root: string;
  let runtime: ListeningRuntime;
  beforeEach(async () => {
    root = newRoot();
    runtime = await ListeningRuntime.start();
  });
  afterEach(async () => {
    await removeRoot(root);
    await runtime.stop();
  });

  const create = (vm: LocalVmInputs) => localVmKernel.create({ ...vm }, context);
  const vmOf = (nodeId: string) => findLocalVms(root).find((vm) => vm.nodeId === nodeId)!;
  const logOf = (nodeId: string) => readFileSync(vmLogFile(vmOf(nodeId).folder), "utf8");
  const serverScript = () =>
    localServerScript
      .replaceAll("{upstream_auth_address}", runtime.upstream)
      .replaceAll("{checkin_jwt}", "checkin-token")
      .replaceAll("{{", "{")
      .replaceAll("}}", "}");

  it("is stopped and started again: the same VM at the same address, whose script runs anew and checks in anew", async () => {
    const vm = aVm({ root, nodeId: "n1", startupScript: serverScript(), ports: [3389] });
    const { id, outputs } = await create(vm);
    const checkins = () => runtime.requests.filter(({ body }) => body["status_progress"] === "100").length;
    await until("its check-in", () => checkins() === 1);
    const power = (value: "on" | "off") =>
      localVmKernel.update(id, { ...vm, ...outputs }, { ...vm, power: value }, context);

    for (const round of [1, 2]) {
      await power("off");
      await power("off");
      assert.deepEqual(findProcesses(vmOf("n1").folder), []);
      assert.deepEqual([vmOf("n1").vmId, vmOf("n1").isRunning], [id, false], "it is still there, and found");
      assert.equal((await localVmKernel.read(id, { root }, context))?.outputs["address"], outputs["address"]);

      const on = await power("on");
      const again = await power("on");
      assert.equal(on.outputs["pid"], again.outputs["pid"], "one that runs is left alone");
      assert.equal(on.outputs["address"], outputs["address"]);
      await until("its next check-in", () => checkins() === 1 + round);
    }
    await power("off");
    await localVmKernel.delete(id, { root, nodeId: "n1" }, context);
    assert.deepEqual(findLocalLeftovers(root), []);
  });

  it("is started again when its start broke off half-way, and not when it was never made whole", async () => {
    const vm = aVm({ root, nodeId: "n1", startupScript: "setsid sleep 3600 &" });
    const { id, outputs } = await create(vm);
    const on = (vmId: string) => localVmKernel.update(vmId, { ...vm, ...outputs }, { ...vm, power: "on" }, context);
    await until("its script", () => logOf("n1").includes("exit code 0"));
    process.kill(Number(outputs["pid"]), "SIGKILL");
    await until("end of its guest", () => !vmOf("n1").isRunning);
    const left = findProcesses(vmOf("n1").folder);
    assert.equal(left.length, 1, "what its script has left");

    await on(id);

    assert.equal(vmOf("n1").isRunning, true);
    assert.equal(findProcesses(vmOf("n1").folder).includes(left[0]!), false);
    mkdirSync(vmFolder(root, { vmId: "vm-1", nodeId: "n2" }), { recursive: true });
    await assert.rejects(on("vm-1"), /LocalVmNotStarted/);
    await assert.rejects(on("vm-2"), /LocalVmVanished/);
  });

  it("differs by its power alone when that is asked for, and a VM without one is on", async () => {
    const vm = { ...aVm({ root, nodeId: "n1" }) };
    const changes = async (olds: object, news: object) =>
      (await localVmKernel.diff("n1", { ...vm, ...olds }, { ...vm, ...news })).changes;

    assert.equal(await changes({}, { power: "on" }), false);
    assert.equal(await changes({}, { power: "off" }), true);
    assert.equal(await changes({ power: "off" }, { power: "off" }), false);
    assert.equal(await changes({ power: "off" }, { power: "on" }), true);
  });
});
