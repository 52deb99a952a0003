/** The Linux agents in a VM of the `local` VM provider, with a whole runtime: as their startup scripts install them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as headroom from "../../components";
import { findLocalVms } from "../../provider/local-vm/find-local-vms";
import { vmLogFile } from "../../provider/local-vm/vm-folder";
import { removeVm } from "../../provider/local-vm/vm-resource";
import { HeadroomClient } from "../../runtime/api/client";
import { startRuntime } from "../../runtime/main";
import type { DefinitionKind } from "../../runtime/model/config";
import { newOpenFolder } from "../support/open-folder";
import { newDatabase } from "../support/postgres";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";

const owner = "agents-test";
/** A VM that is a process tree has no root of its own: everything goes below its folder. */
const inFolder = (text: string) =>
  text
    .replace("sh install.sh", 'sh install.sh --prefix "$HOME/root"')
    .replaceAll("/usr/local/bin/headroom-checkin", '"$HOME/root/usr/local/bin/headroom-checkin"');
const docker = `#!/bin/sh
printf '#!/bin/sh\\ntest "$1" != ps || echo 0a1b2c\\n' >"$HOME/bin/docker"
chmod 755 "$HOME/bin/docker"
`;

describe("the Linux agents in a VM", function () {
  this.timeout(240_000);

  it("check a docker agent and a server in by the package's startup scripts, the long one in two steps", async () => {
    const folder = newOpenFolder("headroom-agents-");
    const runtime = await startRuntime({
      ...{ port: 0, engine: "embedded", logLevel: "silent", tickSeconds: 1, allowLocal: true },
      ...{ dataFolder: folder, databaseUrl: await newDatabase() },
    });
    try {
      await runtime.whenLeader();
      const client = new HeadroomClient({ endpoint: runtime.url, apiKey: runtime.adminKey });
      const put = (kind: DefinitionKind, doc: Readonly<Record<string, unknown>>) =>
        client.putDefinition({ kind, name: String(doc["name"]), doc: { ...doc }, owner });
      const { startupScripts } = headroom;
      const agent = startupScripts.dockerAgent({ setUp: docker, withoutTls: true });
      const server = startupScripts.desktopServer({ setUp: "echo done >$HOME/set-up", withoutTls: true });
      await put("zone", { name: "lab", upstreamAuthAddress: `127.0.0.1:${runtime.port}`, local: true });
      await put("pool", { name: "agents", type: "dockerAgent" });
      await put("pool", { name: "servers", type: "server" });
      const settings = { bootTime: "0s", ports: [] };
      await put("vmProviderConfig", { name: "here", kind: "local", maxInstances: 2, settings });
      const common = { zone: "lab", vmProvider: "here", minNodes: 1 };
      await put("autoscaleConfig", {
        ...{ name: "agents", type: "dockerAgent", pool: "agents", ...common },
        startupScript: { ...agent, text: inFolder(String(agent.text)) },
      });
      await put("autoscaleConfig", {
        ...{ name: "servers", type: "server", pool: "servers", requireCheckin: true, ...common },
        startupScript: { ...server, text: inFolder(String(server.text)), delivery: "fetch" },
      });
      const told = () =>
        findLocalVms(join(folder, "local")).map((vm) => readFileSync(vmLogFile(vm.folder), "utf8").slice(-2000));

      const nodes = await until("both run", async () => {
        const all = await client.nodes();
        const running = all.filter(({ status }) => status === "running");
        if (all.some(({ status }) => status === "failed")) throw new Error(`a node failed: ${told().join("\n---\n")}`);
        return running.length === 2 && running;
      });

      const ofPool = (pool: string) => nodes.find((node) => node.pool === pool)!;
      await until("the agent counts its containers", async () => {
        const [node] = (await client.nodes()).filter(({ pool }) => pool === "agents");
        return node?.containers === 1;
      });
      assert.ok((ofPool("agents").reported?.memoryBytes ?? 0) > 0);
      assert.equal(ofPool("servers").progressMessage, "ready");
      const explained = await client.explain("node", ofPool("servers").nodeId);
      assert.ok(explained.decisions.some(({ reason }) => /check-in 10 %: setting up/.test(reason.text)));
    } finally {
      await runtime.stop();
      const root = join(folder, "local");
      for (const { vmId } of findLocalVms(root)) await removeVm(root, vmId);
      removeFolder(folder);
    }
  });
});
