import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { listVms } from "../../provider/local-vm/vm-folder";
import { removeVm } from "../../provider/local-vm/vm-resource";
import { until } from "../support/until";
import { ProviderClient, urnOf } from "./provider-client";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";

const executable = join(__dirname, "..", "..", "..", "provider", "bin", "pulumi-resource-headroom");

/** Generous, because the machine may be busy; waiting ends as soon as the condition holds. */
async function firstLine(child: ChildProcess): Promise<string> {
  for await (const chunk of child.stdout!) return String(chunk).split("\n")[0]!;
  throw new Error("ended without a line");
}

describe("pulumi-resource-headroom", () => {
  let root: string;
  const opened: { close(): void }[] = [];
  beforeEach(() => {
    root = newOpenFolder("headroom-plugin-");
  });
  afterEach(async () => {
    for (const item of opened.splice(0)) item.close();
    await Promise.all(listVms(root).map(({ vmId }) => removeVm(root, vmId)));
    removeFolder(root);
  });

  async function start(): Promise<{ child: ChildProcess; client: ProviderClient }> {
    const child = spawn(executable, ["127.0.0.1:1"], { stdio: ["ignore", "pipe", "inherit"] });
    const client = new ProviderClient(Number(await firstLine(child)));
    opened.push(client, { close: () => child.kill("SIGKILL") });
    return { child, client };
  }

  /** Ids that the local cloud gave: a folder's name up to the node's id. */
  const vmIds = (): (string | undefined)[] =>
    existsSync(join(root, "vms")) ? readdirSync(join(root, "vms")).map((name) => name.split("@")[0]) : [];
  const vmUrn = urnOf("headroom:local:Vm", "n1");
  const vm = (createSeconds: number) => ({
    nodeId: "n1",
    root,
    cores: 1,
    memoryBytes: 2 ** 30,
    gpus: 0,
    startupScript: "",
    createSeconds,
    bootSeconds: 0,
    heartbeatSeconds: 5,
    ports: [],
    faults: {},
  });

  it("prints its port and serves local VMs; it ends after the engine's Cancel", async () => {
    const { child, client } = await start();
    const exit = once(child, "exit");

    const { id, outputs } = await client.create(vmUrn, vm(0));
    assert.match(String(outputs["address"]), /^127\./);
    assert.deepEqual(vmIds(), [id]);
    await client.delete(vmUrn, id, { ...vm(0), ...outputs });
    assert.deepEqual(vmIds(), []);
    await client.cancel();

    assert.deepEqual(await exit, [0, null]);
  });

  it("finishes the create that runs before it follows SIGTERM", async () => {
    const { child, client } = await start();
    const exit = once(child, "exit");
    const creating = client.create(vmUrn, vm(1));
    await until("the create has begun", () => vmIds().length > 0);

    child.kill("SIGTERM");

    assert.deepEqual([(await creating).id], vmIds());
    assert.deepEqual(await exit, [0, null]);
  });

  it("ends by itself when its engine is gone", async () => {
    // Prints the plugin's process id once the plugin has printed its port.
    const script = `'${executable}' 127.0.0.1:1 > '${root}/port' & while [ ! -s '${root}/port' ]; do sleep 0.1; done; echo $!; wait`;
    const engine = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
    const pid = Number(await firstLine(engine));
    opened.push({ close: () => isThere() && process.kill(pid, "SIGKILL") });
    const isThere = (): boolean => {
      try {
        return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
      } catch {
        return false;
      }
    };
    assert.ok(isThere());

    engine.kill("SIGKILL");

    await until("the plugin has ended", () => !isThere());
  });

  it("serves the package's schema", async () => {
    const { client } = await start();

    const schema = (await client.schema()) as { name: string; resources: Record<string, unknown> };

    assert.equal(schema.name, "headroom");
    assert.ok("headroom:index:Zone" in schema.resources && "headroom:index:LocalVmProvider" in schema.resources);
  });
});
