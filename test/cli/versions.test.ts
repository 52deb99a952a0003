/** The data folder that an earlier version left is opened by this one, which goes on from there. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findLocalLeftovers, findLocalVms } from "../../provider/local-vm/find-local-vms";
import { HeadroomClient } from "../../runtime/api/client";
import { NotFoundError } from "../../runtime/model/errors";
import { startRuntime } from "../../runtime/main";
import { newDatabase } from "../support/postgres";
import { until } from "../support/until";
import { withFolder } from "./headroom";
import { restoreFolder, type KeptFolder } from "./versions/data-folder";
import { declareServers, definitions, owner } from "./versions/servers";

const kept = join(__dirname, "..", "..", "..", "test", "cli", "versions");
const versions = readdirSync(kept, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe("data folders of earlier versions", function () {
  this.timeout(240_000);

  it("there are some", () => {
    assert.notDeepEqual(versions, []);
  });

  for (const version of versions) {
    it(`of version ${version} are led on: VMs stay in their stacks, one more is made, and all can be deleted`, async () => {
      await withFolder(async (folder) => {
        const databaseUrl = await newDatabase();
        const found = JSON.parse(readFileSync(join(kept, version, "data-folder.json"), "utf8")) as KeptFolder;
        const dataFolder = join(folder, "data");
        await restoreFolder(found, dataFolder, databaseUrl);
        const root = join(dataFolder, "local");
        const before = findLocalVms(root).map(({ nodeId, vmId }) => `${nodeId} ${vmId}`);
        assert.equal(before.length, 2);

        const runtime = await startRuntime({
          ...{ dataFolder, databaseUrl, port: 0, engine: "embedded", allowLocal: true, logLevel: "silent" },
          ...{ tickSeconds: 1, openAhead: 0 },
        });
        try {
          const client = new HeadroomClient({ endpoint: runtime.url, apiKey: runtime.adminKey });
          const [session, ...others] = await client.sessions();
          assert.deepEqual([session?.userId, session?.node !== undefined, others], ["ann", true, []]);
          await declareServers(client, runtime.port, 3);
          await until("a third one runs", async () => {
            const nodes = await client.nodes();
            return nodes.length === 3 && nodes.every(({ status }) => status === "running");
          });
          const vms = findLocalVms(root).map(({ nodeId, vmId }) => `${nodeId} ${vmId}`);
          assert.equal(vms.length, 3);
          for (const vm of before) assert.ok(vms.includes(vm), `${vm} of ${vms.join()}`);

          await client.releaseSession(session!.sessionId);
          for (const [kind, name] of definitions.toReversed()) {
            await until(`${kind} ${name} is gone`, async () => {
              const isGone = (error: unknown) => (error instanceof NotFoundError ? undefined : Promise.reject(error));
              return (await client.deleteDefinition(kind, name, owner).catch(isGone)) === undefined;
            });
          }
          await until("no lane is left", async () => (await client.lanes()).length === 0);
        } finally {
          await runtime.stop();
        }
        assert.deepEqual(findLocalLeftovers(root), []);
      });
    });
  }
});
