/**
 * `node dist/test/cli/versions/write.js`: keeps a data folder of this version in `test/cli/versions/<version>`, for all
 * later ones to open: two local VMs in a lane, one of them with a session. To be run once for each release. The secrets in
 * it are test values.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findLocalVms } from "../../../provider/local-vm/find-local-vms";
import { HeadroomClient } from "../../../runtime/api/client";
import { packageVersion, startRuntime } from "../../../runtime/main";
import { startEmbeddedPostgres } from "../../../runtime/store/embedded-postgres";
import { newOpenFolder } from "../../support/open-folder";
import { removeFolder } from "../../support/remove-folder";
import { until } from "../../support/until";
import { readFolder } from "./data-folder";
import { declareServers } from "./servers";

async function write(): Promise<string> {
  const folder = newOpenFolder("headroom-versions-");
  const dataFolder = join(folder, "data");
  const server = await startEmbeddedPostgres({ folder: join(folder, "database") });
  try {
    const { connectionString } = server;
    const runtime = await startRuntime({
      ...{ dataFolder, databaseUrl: connectionString, port: 0, engine: "embedded", allowLocal: true },
      ...{ tickSeconds: 1, openAhead: 0 },
    });
    try {
      const client = new HeadroomClient({ endpoint: runtime.url, apiKey: runtime.adminKey });
      await declareServers(client, runtime.port, 2);
      await until("two VMs run", async () => {
        const nodes = await client.nodes();
        return nodes.length === 2 && nodes.every(({ status }) => status === "running");
      });
      await client.requestSession({ workspace: "desktop", userId: "ann" });
      await until("nothing is on its way", async () =>
        (await client.lanes()).every(({ openRevision }) => openRevision === undefined),
      );
    } finally {
      await runtime.stop();
    }
    for (const { pid } of findLocalVms(join(dataFolder, "local"))) if (pid !== undefined) process.kill(-pid, "SIGKILL");
    const kept = await readFolder(dataFolder, connectionString);
    const target = join(__dirname, "..", "..", "..", "..", "test", "cli", "versions", packageVersion());
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, "data-folder.json"), `${JSON.stringify(kept, null, 2)}\n`);
    return target;
  } finally {
    await server.stop();
    removeFolder(folder);
  }
}

write().then(
  (target) => console.log(`written: ${target}`),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
