/** Local VMs run programs on the runtime's machine: only where that was asked for, and never with what is the runtime's. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { findLocalVms } from "../../provider/local-vm/find-local-vms";
import { vmLogFile } from "../../provider/local-vm/vm-folder";
import { HeadroomClient } from "../../runtime/api/client";
import { startRuntime, type Runtime } from "../../runtime/main";
import { ConfigError } from "../../runtime/model/errors";
import { newDatabase } from "../support/postgres";
import { until } from "../support/until";
import { withFolder } from "./headroom";

const owner = "local-vms-test";

async function withRuntime(
  options: Parameters<typeof startRuntime>[0],
  use: (client: HeadroomClient, runtime: Runtime) => Promise<void>,
): Promise<void> {
  const runtime = await startRuntime({ port: 0, engine: "embedded", logLevel: "silent", tickSeconds: 1, ...options });
  try {
    await runtime.whenLeader();
    const admin = new HeadroomClient({ endpoint: runtime.url, apiKey: runtime.adminKey });
    const { key } = await admin.createApiKey({ name: `operator-${runtime.port}`, scope: "operator" });
    await use(new HeadroomClient({ endpoint: runtime.url, apiKey: key }), runtime);
  } finally {
    await runtime.stop();
  }
}

function put(client: HeadroomClient, kind: "zone" | "pool" | "vmProviderConfig" | "dnsProviderConfig", doc: object) {
  return client.putDefinition({ kind, name: (doc as { name: string }).name, doc: { ...doc }, owner });
}

async function declareNode(client: HeadroomClient, runtime: Runtime, text: string): Promise<void> {
  await put(client, "zone", { name: "lab", upstreamAuthAddress: `127.0.0.1:${runtime.port}`, local: true });
  await put(client, "pool", { name: "agents", type: "server" });
  await put(client, "vmProviderConfig", { name: "here", kind: "local", maxInstances: 1, settings: { bootTime: "0s" } });
  const doc = {
    ...{ type: "server", name: "agents", pool: "agents", zone: "lab", vmProvider: "here", minNodes: 1 },
    startupScript: { text, raw: true },
  };
  await client.putDefinition({ kind: "autoscaleConfig", name: "agents", doc, owner });
}

describe("local VMs", function () {
  this.timeout(240_000);

  it("are refused without --allow-local, at preview and when declared; the sentence names the switch", async () => {
    await withFolder(async (folder) => {
      await withRuntime({ dataFolder: folder, databaseUrl: await newDatabase() }, async (client) => {
        for (const kind of ["vmProviderConfig", "dnsProviderConfig"] as const) {
          const doc = { name: "here", kind: "local", ...(kind === "vmProviderConfig" ? { maxInstances: 1 } : {}) };
          await assert.rejects(put(client, kind, doc), (error) => {
            return error instanceof ConfigError && /kind: .*"local".*headroom serve --allow-local/.test(error.message);
          });
          const { problems } = await client.checkDefinition({ kind, doc, owner });
          assert.deepEqual(
            problems.map(({ path }) => path),
            ["kind"],
          );
        }
      });
    });
  });

  it("stay without --allow-local, and no new ones are made", async () => {
    await withFolder(async (folder) => {
      const options = { dataFolder: folder, databaseUrl: await newDatabase() };
      const vms = () => findLocalVms(join(folder, "local")).map(({ vmId }) => vmId);
      let before: string[] = [];
      await withRuntime({ ...options, allowLocal: true }, async (client, runtime) => {
        await declareNode(client, runtime, "sleep 600");
        await until("the VM is there", () => vms().length === 1);
        before = vms();
        await until("its node has its address", async () => (await client.nodes()).some(({ address }) => address));
      });
      await withRuntime(options, async (client) => {
        const [node] = await client.nodes();
        assert.ok(node);
        assert.deepEqual(vms(), before);
        await client.deleteNode(node.nodeId);
        await until("the old VM is gone", () => vms().length === 0);
        const { sentences } = await client.explain("config", "agents");
        assert.match(sentences.join("\n"), /makes no node on VM provider config "here": .*--allow-local/);
      });
    });
  });

  it("live only in the data folder, whatever links lead there", async () => {
    await withFolder(async (folder) => {
      const dataFolder = join(folder, "data");
      await withRuntime({ dataFolder, databaseUrl: await newDatabase(), allowLocal: true }, async (client) => {
        const local = join(dataFolder, "local");
        mkdirSync(local, { recursive: true });
        symlinkSync("/", join(local, "link"));
        const doc = (root: string) => ({ name: "here", kind: "local", maxInstances: 1, settings: { root } });
        const outside = [
          ...["/", "/etc", folder, dataFolder, `${local}-other`, join(dataFolder, "database")],
          ...[join(local, ".."), join(local, "..", "state"), join(local, "link", "etc")],
        ];
        for (const root of outside) {
          await assert.rejects(
            put(client, "vmProviderConfig", doc(root)),
            /settings\.root: .*it must be in .*local/,
            root,
          );
        }
        for (const root of [local, join(local, "more", "of", "it")]) {
          assert.equal((await put(client, "vmProviderConfig", doc(root))).name, "here");
        }
      });
    });
  });

  it("of a service of root run as somebody else, and an operator's script reads no secret of the service", async function () {
    if (process.getuid?.() !== 0) this.skip();
    await withFolder(async (folder) => {
      await withRuntime({ dataFolder: folder, allowLocal: true }, async (client, runtime) => {
        const secrets = [
          "admin-key",
          "node-token-secret",
          "passphrase",
          "database/password",
          "database/data/PG_VERSION",
        ];
        const reads = secrets.map((name) => `cat '${join(folder, name)}'`);
        const tries = [...reads, `ls '${folder}'`, `ls '${join(folder, "state")}'`, `cat /proc/${process.pid}/environ`];
        const script = `id -u; ${tries.map((command) => `${command} && echo SUCCEEDED: "${command}"`).join("; ")}; echo DONE`;
        await declareNode(client, runtime, script);

        const log = await until("its script ended", () => {
          const [vm] = findLocalVms(join(folder, "local"));
          const text = vm?.isRunning ? readFileSync(vmLogFile(vm.folder), "utf8") : "";
          return /^DONE$/m.test(text) && text;
        });
        assert.match(log, /^[1-9]\d*$/m, "the user id");
        assert.doesNotMatch(log, /^0$/m);
        assert.doesNotMatch(log, /SUCCEEDED/);
        assert.ok(!log.includes(runtime.adminKey));
        for (const file of secrets.slice(0, 4)) {
          assert.ok(!log.includes(readFileSync(join(folder, file), "utf8").trim()), file);
        }
      });
    });
  });
});
