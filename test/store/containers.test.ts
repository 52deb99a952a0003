/** One data folder and several containers, or copies of it: one server writes, and nothing acknowledged is lost. */
import assert from "node:assert/strict";
import { spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "../../runtime/model/errors";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../runtime/store/embedded-postgres";
import { takeFolderLock } from "../../runtime/store/folder-lock";
import { connect } from "../../runtime/store/postgres-connection";
import { itInContainers, killContainer, runInContainer } from "../support/container";
import { copyTemplate, withDatabaseFolder } from "./database-folder";
import type { ServerMessage } from "./server-process";
import { withFolder } from "./temporary-folder";

const script = join(__dirname, "server-process.js");

async function startInContainer(folder: string): Promise<ChildProcess> {
  const container = runInContainer(script, [folder]);
  const ended = once(container, "exit").then(([code]) => assert.fail(`the server's process ended with ${code}`));
  const [message] = (await Promise.race([once(container, "message"), ended])) as [ServerMessage];
  assert.ok(message.pid);
  return container;
}

async function marks(server: EmbeddedPostgres, add?: string): Promise<string[]> {
  const client = await connect(server.connectionString);
  await client.query("create table if not exists mark (text text)");
  if (add !== undefined) await client.query("insert into mark values ($1)", [add]);
  const { rows } = await client.query<{ text: string }>("select text from mark order by text");
  await client.end();
  return rows.map(({ text }) => text);
}

describe("one data folder in several containers", function () {
  this.timeout(240_000);

  for (const [transport, place] of [
    ["a Unix socket", "near"],
    ["TCP, where the path is too long for one", join("x".repeat(60), "y".repeat(60))],
  ] as const) {
    itInContainers(`has one server, which is not started twice, reached by ${transport}`, async () => {
      await withFolder(async (outer) => {
        const folder = join(outer, place);
        const first = await startEmbeddedPostgres({ folder });
        await marks(first, "before");
        await first.stop();
        const container = await startInContainer(folder);
        const postmaster = readFileSync(join(folder, "data", "postmaster.pid"), "utf8");

        await assert.rejects(startEmbeddedPostgres({ folder }), (error: unknown) => {
          assert.ok(error instanceof SetupError);
          assert.match(
            error.message,
            /served by a PostgreSQL server that can't be seen from here.*stop that container/,
          );
          assert.ok(!error.message.includes("\n"));
          return true;
        });

        assert.equal(readFileSync(join(folder, "data", "postmaster.pid"), "utf8"), postmaster, "its protection stays");
        await killContainer(container);
        const after = await startEmbeddedPostgres({ folder });
        assert.deepEqual(await marks(after), ["before"]);
        await after.stop();
      });
    });
  }

  itInContainers("is started by one of those that try at the same moment", async () => {
    await withDatabaseFolder(async (folder) => {
      const containers = [1, 2, 3].map(() => runInContainer(script, [folder]));
      const ends = await Promise.all(
        containers.map(async (container) => {
          const told = once(container, "message").then(() => "serves");
          return Promise.race([told, once(container, "exit").then(() => "refused")]);
        }),
      );

      assert.deepEqual(ends.sort(), ["refused", "refused", "serves"]);
      await Promise.all(containers.map(killContainer));
      await (await startEmbeddedPostgres({ folder })).stop();
    });
  });
});

describe("a copy of a data folder", function () {
  this.timeout(240_000);

  it("made while its server runs becomes a database of its own, beside the original", async () => {
    await withDatabaseFolder(async (folder) => {
      const original = await startEmbeddedPostgres({ folder });
      await marks(original, "of both");
      await withFolder(async (outer) => {
        const copied = join(outer, "copy");
        assert.equal(spawnSync("cp", ["-a", folder, copied]).status, 0);
        assert.ok(existsSync(join(copied, "data", "postmaster.pid")));

        const copy = await startEmbeddedPostgres({ folder: copied });

        assert.equal(copy.wasAdopted, false);
        assert.notEqual(copy.pid, original.pid);
        await marks(copy, "of the copy");
        await marks(original, "of the original");
        assert.deepEqual(await marks(copy), ["of both", "of the copy"]);
        assert.deepEqual(await marks(original), ["of both", "of the original"]);
        assert.equal(await copy.stop(), "stopped");
      });
      assert.equal(await original.stop(), "stopped");
    });
  });

  it("starts although the number in its postmaster.pid is that of another folder's server", async () => {
    await withDatabaseFolder(async (folder) => {
      const other = await startEmbeddedPostgres({ folder });
      await withFolder(async (place) => {
        copyTemplate(place);
        const text = readFileSync(join(folder, "data", "postmaster.pid"), "utf8").replaceAll(folder, place);
        writeFileSync(join(place, "data", "postmaster.pid"), text);

        const server = await startEmbeddedPostgres({ folder: place });

        assert.equal(server.wasAdopted, false);
        assert.notEqual(server.pid, other.pid);
        await server.stop();
      });
      await other.stop();
    });
  });
});

describe("the lock of a folder", () => {
  it("is had by one of many that try at the same moment, also over what a dead or copied one left behind", async () => {
    // The second is too long for the path of a socket.
    for (const length of [10, 150]) {
      await withFolder(async (outer) => {
        const folder = join(outer, "y".repeat(length));
        mkdirSync(folder);
        for (let round = 0; round < 5; round += 1) {
          const held = (await Promise.all(Array.from({ length: 12 }, () => takeFolderLock(folder, "lock")))).filter(
            Boolean,
          );
          assert.equal(held.length, 1);
          assert.equal(await takeFolderLock(folder, "lock"), undefined);
          // A socket file that nobody answers: what a copy of the folder has.
          assert.equal(spawnSync("cp", ["-a", join(folder, "lock"), join(outer, "left")]).status, 0);
          await held[0]!.release();
          assert.equal(spawnSync("mv", [join(outer, "left"), join(folder, "lock")]).status, 0);
        }
      });
    }
  });
});
