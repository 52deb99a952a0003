import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { localDockerAgentScript, localServerScript } from "../../provider/local-vm/default-scripts";
import { findLocalLeftovers, findLocalVms } from "../../provider/local-vm/find-local-vms";
import { findProcesses } from "../../provider/local-vm/vm-processes";
import { vmFolder, vmLogFile } from "../../provider/local-vm/vm-folder";
import { localVmKernel, type LocalVmInputs } from "../../provider/local-vm/vm-resource";
import { unknownValue } from "../../provider/resource-kernel";
import { CloudError } from "../../runtime/model/errors";
import { until } from "../support/until";
import { aVm, context, ListeningRuntime, newRoot, removeRoot } from "./support";

describe("local VM", () => {
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
  const remove = (nodeId: string) => localVmKernel.delete(vmOf(nodeId).vmId, { root, nodeId }, context);
  const logOf = (nodeId: string) => readFileSync(vmLogFile(vmOf(nodeId).folder), "utf8");
  /** The templates of default-scripts.ts with their variables filled and double braces undone, as the runtime does it. */
  const render = (script: string, nodeId: string) =>
    script
      .replaceAll("{upstream_auth_address}", runtime.upstream)
      .replaceAll("{manager_token}", "agent-token")
      .replaceAll("{checkin_jwt}", "checkin-token")
      .replaceAll("{server_id}", nodeId)
      .replaceAll("{{", "{")
      .replaceAll("}}", "}");

  it("runs the startup script in its own folder and keeps what it prints", async () => {
    const startupScript = "echo hello from $HEADROOM_NODE_ID; pwd > here";

    await create(aVm({ root, nodeId: "n1", startupScript }));

    await until("end of the script", () => logOf("n1").includes("exit code 0"));
    assert.match(logOf("n1"), /hello from n1/);
    const { folder } = vmOf("n1");
    assert.equal(readFileSync(join(folder, "here"), "utf8").trim(), folder);
  });

  it("carries the id of its installation, as a VM of a cloud carries tags", async () => {
    await create(aVm({ root, nodeId: "n1", installation: "i-lab" }));
    await create(aVm({ root, nodeId: "n2" }));

    assert.equal(vmOf("n1").installation, "i-lab");
    assert.equal(vmOf("n2").installation, undefined);
    const { inputs } = (await localVmKernel.read(vmOf("n2").vmId, { root, nodeId: "n2" }, context))!;
    assert.ok(!("installation" in inputs));
  });

  it("runs a script with a #! line by that interpreter", async () => {
    const startupScript = `#!${process.execPath}\nrequire("node:fs").writeFileSync("by-node", "yes");\n`;

    await create(aVm({ root, nodeId: "n1", startupScript }));

    await until("file of the script", () => existsSync(join(vmOf("n1").folder, "by-node")));
  });

  it("checks in with its progress, in order, with the server script", async () => {
    await create(aVm({ root, nodeId: "n1", startupScript: render(localServerScript, "n1") }));

    await until("last check-in", () => runtime.requests.length >= 2);
    assert.deepEqual(
      runtime.requests.map(({ path, token, body }) => [path, token, body["status"], body["status_progress"]]),
      [
        ["/api/set_server_status", "checkin-token", "starting", "40"],
        ["/api/set_server_status", "checkin-token", "running", "100"],
      ],
    );
  });

  it("sends heartbeats with its size, with the docker agent script", async () => {
    await create(aVm({ root, nodeId: "n1", startupScript: render(localDockerAgentScript, "n1"), cores: 8, gpus: 1 }));

    const path = "/api/v1/nodes/n1/heartbeat";
    await until("three heartbeats", () => runtime.at(path).length >= 3);
    assert.deepEqual(runtime.at(path)[0], {
      path,
      token: "agent-token",
      body: { cores: 8, memoryBytes: 4e9, gpus: 1 },
    });
  });

  it("repeats a check-in until the runtime is back", async () => {
    runtime.status = 503;
    await create(aVm({ root, nodeId: "n1", startupScript: render(localServerScript, "n1") }));
    await until("second try", () => runtime.requests.length >= 2);
    assert.ok(runtime.requests.every(({ body }) => body["status_progress"] === "40"));

    runtime.status = 200;

    await until("last check-in", () => runtime.requests.some(({ body }) => body["status_progress"] === "100"));
  });

  it("stops heartbeats once the runtime answers 410", async () => {
    runtime.status = 410;
    await create(aVm({ root, nodeId: "n1", startupScript: render(localDockerAgentScript, "n1") }));

    await until("answer in the log", () => logOf("n1").includes("heartbeat: gone"));
    assert.equal(runtime.requests.length, 1);
  });

  it("answers on its ports at an address of its own after a good script, and not after a failed one", async () => {
    const good = await create(aVm({ root, nodeId: "good", startupScript: "exit 0", ports: [3389] }));
    const bad = await create(aVm({ root, nodeId: "bad", startupScript: "exit 3", ports: [3389] }));

    const answers = (nodeId: string, text: string) => () => logOf(nodeId).includes(text);
    await until("good one listens", answers("good", "answers on"));
    await until("bad one failed", answers("bad", "exit code 3"));
    assert.match(await greeting(String(good.outputs["address"])), /headroom local VM good/);
    assert.notEqual(good.outputs["address"], bad.outputs["address"]);
    if (process.platform === "linux") await assert.rejects(greeting(String(bad.outputs["address"])), /ECONNREFUSED/);
  });

  it("answers the create before it booted", async () => {
    const { outputs } = await create(aVm({ root, nodeId: "n1", bootSeconds: 3600, startupScript: "touch ran" }));

    assert.deepEqual(
      findLocalVms(root).map(({ nodeId, isRunning, address }) => ({ nodeId, isRunning, address })),
      [{ nodeId: "n1", isRunning: true, address: outputs["address"] }],
    );
    assert.equal(existsSync(join(vmOf("n1").folder, "ran")), false);
  });

  it("lives on when the process that created it is killed, and is found by its node id", async () => {
    const { child, outputs } = await createInProcess(aVm({ root, nodeId: "n1" }));

    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));

    assert.equal(findLocalVms(root)[0]?.isRunning, true);
    const found = await localVmKernel.read(vmOf("n1").vmId, { root }, context);
    assert.deepEqual(found?.outputs, outputs);
  });

  it("makes a VM of its own for each create, whatever node id it carries, in one process and in several", async () => {
    const vm = aVm({ root, nodeId: "n1" });

    const [others, here] = await Promise.all([
      Promise.all([createInProcess(vm), createInProcess(vm)]),
      Promise.all([create(vm), create(vm), create(vm)]),
    ]);

    for (const { child } of others) child.kill("SIGKILL");
    const outputs = [...others, ...here].map((made) => made.outputs);
    for (const field of ["pid", "folder", "address"]) {
      assert.equal(new Set(outputs.map((output) => output[field])).size, 5, field);
    }
    assert.deepEqual(
      findLocalVms(root).map(({ nodeId, isRunning }) => ({ nodeId, isRunning })),
      Array.from({ length: 5 }, () => ({ nodeId: "n1", isRunning: true })),
    );
    for (const { vmId } of findLocalVms(root)) assert.doesNotMatch(vmId, /n1/, "the id says nothing about the node");
  });

  it("finds a VM by its tag although its creator was killed before it started, and removes it", async () => {
    mkdirSync(vmFolder(root, { vmId: "vm-1", nodeId: "n1" }), { recursive: true });

    const [half] = findLocalVms(root);
    assert.deepEqual([half?.vmId, half?.nodeId, half?.isRunning], ["vm-1", "n1", false]);
    const { outputs } = await create(aVm({ root, nodeId: "n1" }));
    assert.equal(findLocalVms(root).length, 2, "the other create took nothing over");
    assert.equal((await localVmKernel.read("vm-1", { root }, context))?.outputs["nodeId"], "n1");
    await localVmKernel.delete("vm-1", { root }, context);

    assert.deepEqual(
      findLocalVms(root).map(({ pid }) => pid),
      [outputs["pid"]],
    );
  });

  it("still finds and removes a VM whose folder an older version named by the node id", async () => {
    mkdirSync(join(root, "vms", "old-1"), { recursive: true });

    assert.deepEqual(
      findLocalVms(root).map(({ vmId, nodeId }) => [vmId, nodeId]),
      [["old-1", "old-1"]],
    );
    await localVmKernel.delete("old-1", { root }, context);
    assert.deepEqual(findLocalLeftovers(root), []);
  });

  it("leaves nothing after a delete, not even processes that left its process group", async () => {
    const startupScript = "setsid sleep 3600 & sleep 3600 & trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 3600' &";
    await create(aVm({ root, nodeId: "n1", startupScript, ports: [3389] }));
    await until("its processes", () => findProcesses(vmOf("n1").folder).length >= 5);
    await create(aVm({ root, nodeId: "n2" }));

    await remove("n1");

    assert.equal(findLocalVms(root).length, 1, "the other one stays");
    await remove("n2");
    assert.deepEqual(findLocalLeftovers(root), []);
  });

  it("may be deleted twice, and read after that", async () => {
    const { id } = await create(aVm({ root, nodeId: "n1" }));

    await localVmKernel.delete(id, { root }, context);
    await localVmKernel.delete(id, { root }, context);

    assert.equal(await localVmKernel.read(id, { root }, context), undefined);
  });

  it("does not touch another process that has got its pid", async () => {
    const stranger = spawn("sleep", ["3600"], { stdio: "ignore" });
    await create(aVm({ root, nodeId: "n1" }));
    const pid = findLocalVms(root)[0]!.pid!;
    process.kill(pid, "SIGKILL");
    await until("end of the VM", () => !findLocalVms(root)[0]?.isRunning);
    const record = join(vmOf("n1").folder, "vm.json");
    writeFileSync(record, readFileSync(record, "utf8").replace(String(pid), String(stranger.pid)));

    assert.equal(findLocalVms(root)[0]?.isRunning, false);
    await remove("n1");

    assert.equal(stranger.exitCode, null);
    assert.ok(process.kill(stranger.pid!, 0));
    stranger.kill();
  });

  it("ends a slow create when the engine cancels, and the VM is still found", async () => {
    const cancelled = new AbortController();
    const creating = localVmKernel.create(
      { ...aVm({ root, nodeId: "n1", createSeconds: 3600 }) },
      { ...context, signal: cancelled.signal },
    );
    await until("the VM", () => findLocalVms(root)[0]?.isRunning);

    cancelled.abort();

    await assert.rejects(creating, { name: "AbortError" });
    assert.equal(findLocalVms(root)[0]?.isRunning, true);
  });

  it("refuses more VMs than fit, exactly, also at the same time, with class CAPACITY", async () => {
    const faults = { vmsMax: 3 };
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, (_, index) => create(aVm({ root, nodeId: `n${index}`, faults }))),
    );

    const refused = results.filter((result) => result.status === "rejected").map(({ reason }) => reason as CloudError);
    assert.deepEqual(
      refused.map(({ failureClass }) => failureClass),
      ["CAPACITY", "CAPACITY", "CAPACITY"],
    );
    assert.match(refused[0]!.message, /^InsufficientLocalCapacity: /);
    assert.equal(findLocalVms(root).length, 3);
    await remove(findLocalVms(root)[0]!.nodeId);
    await create(aVm({ root, nodeId: "one-more", faults }));
  });

  it("refuses every n-th create with the class that is set", async () => {
    const faults = { refuseEvery: 2, refuseClass: "QUOTA" as const };

    await create(aVm({ root, nodeId: "n1", faults }));
    const second = create(aVm({ root, nodeId: "n2", faults }));

    await assert.rejects(second, /^CloudError: LocalQuotaExceeded: /);
    await create(aVm({ root, nodeId: "n3", faults }));
    assert.deepEqual(
      findLocalVms(root)
        .map(({ nodeId }) => nodeId)
        .sort(),
      ["n1", "n3"],
    );
  });

  it("keeps the VM when its answer is lost, and a retry makes a second one", async () => {
    const vm = aVm({ root, nodeId: "n1", faults: { loseAnswerEvery: 1 } });
    await assert.rejects(create(vm), /LocalAnswerLost/);
    const [lost] = findLocalVms(root);
    assert.equal(lost?.isRunning, true);

    const { outputs } = await create({ ...vm, faults: {} });

    assert.notEqual(outputs["pid"], lost?.pid);
    assert.equal(findLocalVms(root).filter(({ isRunning }) => isRunning).length, 2);
  });

  it("may take the whole plugin process along when its answer is lost", async () => {
    const faults = { loseAnswerEvery: 1, loseAnswerBy: "crash" as const };

    await assert.rejects(createInProcess(aVm({ root, nodeId: "n1", faults })), /ended by SIGKILL/);

    assert.equal(findLocalVms(root)[0]?.isRunning, true);
  });

  it("reports all problems of its inputs at once, and lets unknown ones pass", async () => {
    const bad = { ...aVm({ root: "relative", nodeId: "No Good" }), cores: -1, color: "red" };
    const { problems } = await localVmKernel.check(bad, undefined, context);
    assert.deepEqual(problems.map(({ path }) => path).sort(), ["color", "cores", "nodeId", "root"]);

    const news = { ...aVm({ root, nodeId: "n1" }), startupScript: unknownValue };
    const known = await localVmKernel.check(news, undefined, context);
    assert.deepEqual(known.problems, []);
    assert.equal(known.inputs["startupScript"], unknownValue);
  });

  it("is replaced only for another node id or root", async () => {
    const vm = { ...aVm({ root, nodeId: "n1" }) };

    assert.deepEqual((await localVmKernel.diff("n1", vm, { ...vm })).changes, false);
    assert.deepEqual((await localVmKernel.diff("n1", vm, { ...vm, startupScript: "exit 1" })).replaces, []);
    assert.deepEqual((await localVmKernel.diff("n1", vm, { ...vm, nodeId: "n2" })).replaces, ["nodeId"]);
  });

  it("gives different addresses to all VMs of a root, whatever their ids (property)", async function () {
    if (process.platform !== "linux") return this.skip();
    const { claimAddress } = await import("../../provider/local-vm/vm-folder.js");
    const ids = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(ids, (nodeIds) => {
        const place = newRoot();
        const addresses = nodeIds.map((nodeId) => claimAddress(place, nodeId));
        assert.equal(new Set(addresses).size, nodeIds.length);
        assert.deepEqual(
          nodeIds.map((nodeId) => claimAddress(place, nodeId)),
          addresses,
          "asked again: the same",
        );
        for (const address of addresses) assert.match(address, /^127\.\d+\.\d+\.\d+$/);
      }),
      { numRuns: 20 },
    );
  });

  function greeting(address: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = "";
      const socket = connect(3389, address);
      socket.on("data", (chunk) => (text += chunk.toString()));
      socket.on("end", () => resolve(text));
      socket.on("error", reject);
    });
  }
});

function createInProcess(vm: LocalVmInputs): Promise<{ child: ChildProcess; outputs: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(__dirname, "create-once.js"), JSON.stringify(vm)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    child.stdout.on("data", (chunk: Buffer) => {
      resolve({ child, outputs: JSON.parse(chunk.toString()) as Record<string, unknown> });
    });
    child.once("exit", (code, signal) => reject(new Error(`ended by ${signal ?? code}`)));
  });
}
