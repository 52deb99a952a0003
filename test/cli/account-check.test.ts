/** A whole runtime asks about an account by itself, and an operator reads the answer. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HeadroomClient } from "../../runtime/api/client";
import { startRuntime } from "../../runtime/main";
import { newDatabase } from "../support/postgres";
import { until } from "../support/until";
import { withFolder } from "./headroom";

describe("an account", function () {
  this.timeout(240_000);

  it("is checked by the runtime soon after its declaration and after an edit, and nothing waits for that", async () => {
    await withFolder(async (folder) => {
      const runtime = await startRuntime({
        ...{ port: 0, engine: "embedded", logLevel: "silent", dataFolder: folder },
        ...{ databaseUrl: await newDatabase(), allowLocal: true },
      });
      try {
        await runtime.whenLeader();
        const admin = new HeadroomClient({ endpoint: runtime.url, apiKey: runtime.adminKey });
        const inTheWay = join(folder, "local", "file");
        mkdirSync(join(folder, "local"), { recursive: true });
        writeFileSync(inTheWay, "");
        const declare = (root: string) => {
          const doc = { name: "here", kind: "local", maxInstances: 1, settings: { root } };
          return admin.putDefinition({ kind: "vmProviderConfig", name: "here", doc, owner: "t" });
        };
        const account = async () => (await admin.status()).accounts[0];

        await declare(inTheWay);
        assert.equal((await account())?.state, "unknown");
        await until("the check has answered", async () => (await account())?.state === "trouble");
        assert.match((await account())!.troubles.join(), /^root ".*\/local\/file": .* is no folder/);

        await declare(join(folder, "local", "vms"));
        await until("the edit was checked", async () => (await account())?.state === "fine");
      } finally {
        await runtime.stop();
      }
    });
  });
});
