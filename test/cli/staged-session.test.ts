/** One whole runtime with real processes as VMs: staging, a queue, and a requester who follows his session. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { localDockerAgentScript } from "../../provider/local-vm/default-scripts";
import { HeadroomClient } from "../../runtime/api/client";
import type { SessionView } from "../../runtime/api/contracts";
import type { DefinitionKind } from "../../runtime/model/config";
import { NotFoundError } from "../../runtime/model/errors";
import { until } from "../support/until";
import { Served, withFolder } from "./headroom";

const owner = "test";

/** VMs of 2 cores; sessions of one core; one staged. */
function documents(upstreamAuthAddress: string): [DefinitionKind, Record<string, unknown>][] {
  const settings = { cores: 2, memory: "4GiB", bootTime: "1s", heartbeatEvery: "1s" };
  return [
    ["zone", { name: "here", upstreamAuthAddress, local: true }],
    ["pool", { name: "agents", type: "dockerAgent" }],
    ["vmProviderConfig", { name: "vms", kind: "local", maxInstances: 3, settings }],
    [
      "autoscaleConfig",
      {
        name: "agents",
        type: "dockerAgent",
        pool: "agents",
        zone: "here",
        vmProvider: "vms",
        downscaleBackoff: "1s",
        startupScript: { text: localDockerAgentScript },
      },
    ],
    ["workspace", { name: "browser", pools: ["agents"], cores: 1, memory: "1GiB" }],
    ["stagingConfig", { name: "ready", zone: "here", workspace: "browser", sessions: 1 }],
  ];
}

async function removeEverything(client: HeadroomClient, kinds: readonly (readonly [DefinitionKind, string])[]) {
  for (const { sessionId } of await client.sessions()) await client.releaseSession(sessionId).catch(() => undefined);
  for (const [kind, name] of kinds) {
    await until(`${kind} ${name} is gone`, async () => {
      try {
        return (await client.deleteDefinition(kind, name, owner)) === undefined;
      } catch (error) {
        // An autoscale config goes by itself once its last node has gone.
        if (error instanceof NotFoundError) return true;
        throw error;
      }
    });
  }
}

describe("a staged session, through the whole runtime", function () {
  this.timeout(600_000);

  it("is there before it is asked for, is replaced when taken, and who comes too late follows his own until it runs", async () => {
    await withFolder(async (folder) => {
      const args = ["--port", "0", "--engine", "embedded", "--data-folder", folder, "--tick", "1s"];
      await Served.run(args, { HEADROOM_LOCAL_ROOT: join(folder, "local") }, async (served, endpoint) => {
        const apiKey = readFileSync(join(folder, "admin-key"), "utf8").trim();
        const client = new HeadroomClient({ endpoint, apiKey, retries: 0 });
        const docs = documents(new URL(endpoint).host);
        const names = docs.map(([kind, doc]) => [kind, String(doc["name"])] as const).reverse();
        for (const [kind, doc] of docs) await client.putDefinition({ kind, name: String(doc["name"]), doc, owner });
        const isStaged = async () => (await client.staging())[0]?.current === 1;
        await until("one session is staged", isStaged);

        const first = await client.requestSession({ workspace: "browser", userId: "ada" });
        assert.deepEqual([first.status, first.stagingConfig], ["assigned", "ready"]);
        await until("another one is staged beside it", isStaged);
        const second = await client.requestSession({ workspace: "browser", userId: "bob" });
        assert.equal(second.node?.nodeId, first.node?.nodeId);

        const third = await client.requestSession({ workspace: "browser", userId: "eve" });
        assert.equal(third.status, "queued");
        const seen: SessionView[] = [];
        for await (const session of client.watchSession(third.sessionId)) {
          seen.push(session);
          if (session.status === "assigned") await client.setSessionStatus(session.sessionId, "running");
        }
        const phases = seen.map(({ phase }) => phase?.replace(/[ \d%/]+$/, ""));
        assert.deepEqual([...new Set(phases)].slice(-2), ["starting", "running"]);
        assert.ok(phases.includes("provisioning") || phases.includes("waiting for check-in"), phases.join());
        assert.ok(
          seen.some(({ expectedAtMs }) => expectedAtMs !== undefined),
          "the first node's boot was measured",
        );
        assert.notEqual(seen.at(-1)!.node!.nodeId, first.node!.nodeId);
        await until("one session is staged again", isStaged);
        await removeEverything(client, names);
        assert.equal(await served.end("SIGTERM"), 0);
      });
    });
  });
});
