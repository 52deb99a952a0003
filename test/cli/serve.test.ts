import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { HeadroomClient } from "../../runtime/api/client";
import { startRuntime } from "../../runtime/main";
import { SetupError, UnavailableError } from "../../runtime/model/errors";
import { connect } from "../../runtime/store/postgres-connection";
import { newDatabase } from "../support/postgres";
import { until } from "../support/until";
import { headroom, Served, shareSecrets, withFolder } from "./headroom";

const owner = "test";

function clientOf(url: string, folder: string): HeadroomClient {
  const apiKey = readFileSync(join(folder, "admin-key"), "utf8").trim();
  return new HeadroomClient({ endpoint: url, apiKey, retries: 0 });
}

function argsFor(folder: string): string[] {
  return ["--port", "0", "--engine", "embedded", "--data-folder", folder];
}

async function putPool(client: HeadroomClient, name: string): Promise<void> {
  await client.putDefinition({ kind: "pool", name, doc: { name, type: "server" }, owner });
}

describe("headroom serve", function () {
  this.timeout(180_000);

  it("starts from nothing, says what it runs on, and ends with 0 at SIGTERM", async () => {
    await withFolder(async (folder) => {
      await Served.run(argsFor(folder), {}, async (served, url) => {
        assert.match(
          served.output,
          /^Headroom \d\S+: engine embedded engine \d\S+, store embedded PostgreSQL \d\S+, http/,
        );

        assert.equal((await clientOf(url, folder).status()).url, url);
        for (const file of ["admin-key", "node-token-secret", "passphrase"]) {
          assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
        }
        assert.equal(await served.end("SIGTERM"), 0);
        assert.ok(!existsSync(join(folder, "database", "data", "postmaster.pid")));
      });
    });
  });

  it("goes on after kill -9 with everything that was acknowledged, and the same keys", async () => {
    await withFolder(async (folder) => {
      const apiKey = await Served.run(argsFor(folder), {}, async (first, url) => {
        const client = clientOf(url, folder);
        const { key } = await client.createApiKey({ name: "viewer", scope: "viewer" });
        await putPool(client, "kept");
        await first.end("SIGKILL");
        return key;
      });

      await Served.run(argsFor(folder), {}, async (second, endpoint) => {
        const again = new HeadroomClient({ endpoint, apiKey, retries: 0 });
        assert.equal((await again.definition("pool", "kept"))?.name, "kept");
        assert.equal(await second.end("SIGTERM"), 0);
      });
    });
  });

  it("says in one sentence that the port is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await withFolder(async (folder) => {
        const args = ["serve", "--port", String(port), "--engine", "embedded", "--data-folder", folder];
        const { code, stderr } = await headroom(args);
        assert.equal(code, 3);
        assert.match(stderr, new RegExp(`^headroom: port ${port} on 127.0.0.1 is taken; .*--port\\n$`));
      });
    } finally {
      server.close();
    }
  });

  it("says in one sentence that the folder can't be used", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "file");
      writeFileSync(file, "");
      const { code, stderr } = await headroom(["serve", "--port", "0", "--data-folder", join(file, "data")]);
      assert.equal(code, 3);
      assert.match(
        stderr,
        /^headroom: the data folder \S+ can't be written \(.*\); choose another with --data-folder.*\n$/,
      );
    });
  });

  it("respects a folder without write permission", async function () {
    // Root may write everywhere.
    if (process.getuid?.() === 0) this.skip();
    await withFolder(async (folder) => {
      const closed = join(folder, "closed");
      mkdirSync(closed);
      chmodSync(closed, 0o500);
      const { code, stderr } = await headroom(["serve", "--port", "0", "--data-folder", closed]);
      assert.equal(code, 3);
      assert.match(stderr, /can't be written/);
    });
  });

  it("says in one sentence that there is no engine", async () => {
    await withFolder(async (folder) => {
      const { code, stderr } = await headroom(["serve", "--port", "0", "--data-folder", folder], {
        HEADROOM_PULUMI: join(folder, "nowhere"),
      });
      assert.equal(code, 3);
      assert.match(stderr, /^headroom: HEADROOM_PULUMI is ".*", where no pulumi command is; .*\n$/);
    });
  });
});

describe("startRuntime", function () {
  this.timeout(180_000);

  it("refuses a data folder that another runtime uses", async () => {
    await withFolder(async (folder) => {
      const options = { dataFolder: folder, port: 0, engine: "embedded", databaseUrl: await newDatabase() } as const;
      const runtime = await startRuntime({ ...options, logLevel: "silent" });
      try {
        await assert.rejects(
          startRuntime({ ...options, logLevel: "silent" }),
          (error) => error instanceof SetupError && /another runtime .* uses the data folder/.test(error.message),
        );
      } finally {
        await runtime.stop();
      }
      await (await startRuntime({ ...options, logLevel: "silent" })).stop();
    });
  });

  it("says in one sentence what is wrong with the database", async () => {
    await withFolder(async (dataFolder) => {
      const databaseUrl = "postgresql://nobody:pw-secret@127.0.0.1:1/none";
      const start = startRuntime({ dataFolder, port: 0, engine: "embedded", databaseUrl, logLevel: "silent" });
      await assert.rejects(start, (error) => {
        assert.ok(error instanceof UnavailableError);
        assert.match(error.message, /PostgreSQL at nobody@127\.0\.0\.1:1\/none can't be reached/);
        assert.ok(!error.message.includes("pw-secret"));
        return true;
      });
    });
  });

  it("loads its state again and goes on when the database cut it off", async () => {
    await withFolder(async (dataFolder) => {
      const databaseUrl = await newDatabase();
      const runtime = await startRuntime({ dataFolder, port: 0, engine: "embedded", databaseUrl, logLevel: "silent" });
      try {
        const client = clientOf(runtime.url, dataFolder);
        await putPool(client, "before");
        const { epoch } = await client.status();
        await cutConnections(databaseUrl);
        await until("the runtime leads again", async () => {
          const status = await client.status().catch(() => undefined);
          return status !== undefined && status.epoch > epoch;
        });
        assert.equal((await client.definition("pool", "before"))?.name, "before");
        await putPool(client, "after");
      } finally {
        await runtime.stop();
      }
    });
  });

  it("starts its own database again after that was killed, with everything that was acknowledged", async () => {
    await withFolder(async (dataFolder) => {
      const runtime = await startRuntime({ dataFolder, port: 0, engine: "embedded", logLevel: "silent" });
      try {
        const client = clientOf(runtime.url, dataFolder);
        await putPool(client, "before");
        const { epoch } = await client.status();
        process.kill(runtime.postgresPid!, "SIGKILL");
        await until("the runtime leads again", async () => {
          const status = await client.status().catch(() => undefined);
          return status !== undefined && status.epoch > epoch;
        });
        assert.equal((await client.definition("pool", "before"))?.name, "before");
        await putPool(client, "after");
      } finally {
        await runtime.stop();
      }
    });
  });

  it("stands by for another runtime on the same database and takes over after its kill -9", async () => {
    await withFolder(async (folder) => {
      const databaseUrl = await newDatabase();
      const [one, two] = [join(folder, "one"), join(folder, "two")];
      const shared = ["--database", databaseUrl, "--backend", `file://${join(folder, "state")}`];
      const runOn = (data: string, use: (served: Served, url: string) => Promise<void>) =>
        Served.run([...argsFor(data), ...shared], {}, use);
      await runOn(one, (leader, leaderUrl) => {
        shareSecrets(one, two);
        return runOn(two, async (standby, standbyUrl) => {
          assert.match(standby.output, /\(standby\)/);
          const health = await new HeadroomClient({ endpoint: standbyUrl }).health();
          assert.equal(health.status, "standby");
          assert.equal(health.leader, leaderUrl);
          // The key of the second folder is none of this database, whoever is asked.
          await assert.rejects(clientOf(standbyUrl, two).nodes(), /this API key is not known here/);

          await putPool(clientOf(standbyUrl, one), "kept");
          assert.equal((await clientOf(leaderUrl, one).definition("pool", "kept"))?.name, "kept");
          await leader.end("SIGKILL");

          const client = clientOf(standbyUrl, one);
          await until("the standby leads", async () => (await client.health()).status === "leader");
          assert.equal((await client.definition("pool", "kept"))?.name, "kept");
          assert.equal((await client.status()).url, standbyUrl);
          await assert.rejects(clientOf(standbyUrl, two).status(), /this API key is not known here/);
          assert.equal(await standby.end("SIGTERM"), 0);
        });
      });
    });
  });

  it("stops while it stands by", async () => {
    await withFolder(async (folder) => {
      const databaseUrl = await newDatabase();
      const backendUrl = `file://${join(folder, "state")}`;
      const options = { port: 0, engine: "embedded", databaseUrl, backendUrl, logLevel: "silent" } as const;
      const leader = await startRuntime({ ...options, dataFolder: join(folder, "one") });
      shareSecrets(join(folder, "one"), join(folder, "two"));
      const standby = await startRuntime({ ...options, dataFolder: join(folder, "two") });
      assert.equal(standby.isLeader, false);

      await standby.stop();
      await leader.stop();
    });
  });
});

async function cutConnections(databaseUrl: string): Promise<void> {
  const client = await connect(databaseUrl);
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  await client.end();
}
