import assert from "node:assert/strict";
import { fork, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { findBinaries, type Binaries } from "../../runtime/store/embedded-binaries";
import { locationFile, preparePlace } from "../../runtime/store/embedded-place";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../runtime/store/embedded-postgres";
import { connect } from "../../runtime/store/postgres-connection";
import { until } from "../support/until";
import { copyTemplate, itAsRoot, withDatabaseFolder } from "./database-folder";
import type { ServerMessage } from "./server-process";
import { withFolder } from "./temporary-folder";

async function setting(server: EmbeddedPostgres, name: string): Promise<string> {
  const client = await connect(server.connectionString);
  const { rows } = await client.query<{ value: string }>("select current_setting($1) as value", [name]);
  await client.end();
  return rows[0]!.value;
}

async function writeMark(server: EmbeddedPostgres, mark: string): Promise<void> {
  const client = await connect(server.connectionString);
  await client.query("create table if not exists mark (text text)");
  await client.query("insert into mark values ($1)", [mark]);
  await client.end();
}

async function readMarks(server: EmbeddedPostgres): Promise<string[]> {
  const client = await connect(server.connectionString);
  const { rows } = await client.query<{ text: string }>("select text from mark order by text");
  await client.end();
  return rows.map(({ text }) => text);
}

/** Starts the server of the folder in another process. */
async function startElsewhere(folder: string): Promise<{ child: ChildProcess; message: ServerMessage }> {
  const child = fork(join(__dirname, "server-process.js"), [folder]);
  const [message] = (await once(child, "message")) as [ServerMessage];
  return { child, message };
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** The installed programs as if the package manager had not run the package's install script: without links. */
function copyWithoutLinks(folder: string): Binaries {
  const found = findBinaries();
  cpSync(found.folder, folder, { recursive: true, verbatimSymlinks: true });
  const list = join(folder, "pg-symlinks.json");
  const links = existsSync(list) ? (JSON.parse(readFileSync(list, "utf8")) as { target: string }[]) : [];
  for (const { target } of links) rmSync(join(folder, "..", target), { force: true });
  return { ...found, folder };
}

describe("the embedded PostgreSQL server", () => {
  it("starts empty, keeps its data over stop and start, and writes safely", async () => {
    await withFolder(async (folder) => {
      const startedMs = performance.now();
      const first = await startEmbeddedPostgres({ folder: join(folder, "a", "b") });
      const createdMs = performance.now() - startedMs;
      await writeMark(first, "kept");
      assert.equal(await setting(first, "fsync"), "on");
      assert.equal(await setting(first, "synchronous_commit"), "on");
      assert.equal(await setting(first, "full_page_writes"), "on");
      assert.equal(await first.stop(), "stopped");
      const againMs = performance.now();
      const second = await startEmbeddedPostgres({ folder: join(folder, "a", "b") });
      console.log(
        `        measured: created and started in ${Math.round(createdMs)} ms, started again in ${Math.round(performance.now() - againMs)} ms`,
      );

      assert.equal(second.wasAdopted, false);
      assert.deepEqual(await readMarks(second), ["kept"]);
      assert.equal(await second.stop(), "stopped");
      assert.equal(await second.stop(), "stopped");
      await assert.rejects(second.ensureRunning(), /was stopped/);
    });
  });

  it("is reached by a Unix socket, or by TCP on loopback with a password where the path is too long", async () => {
    await withDatabaseFolder(async (folder) => {
      const farFolder = join(folder, "x".repeat(60), "y".repeat(60));
      mkdirSync(farFolder, { recursive: true });
      copyTemplate(farFolder);
      const far = await startEmbeddedPostgres({ folder: farFolder });
      const near = await startEmbeddedPostgres({ folder });
      await writeMark(near, "near");
      await writeMark(far, "far");

      assert.equal(await setting(near, "listen_addresses"), "");
      assert.equal(await setting(far, "listen_addresses"), "127.0.0.1");
      for (const server of [near, far]) {
        const url = new URL(server.connectionString);
        url.password = "wrong";
        await assert.rejects(connect(url.href), /refused the password/);
      }
      await near.stop();
      await far.stop();
    });
  });

  it("goes on when the process that started it is killed, and is adopted by the next one", async () => {
    await withDatabaseFolder(async (folder) => {
      const { child, message } = await startElsewhere(folder);
      await kill(child);
      const server = await startEmbeddedPostgres({ folder });

      assert.equal(server.wasAdopted, true);
      assert.equal(server.pid, message.pid);
      await writeMark(server, "adopted");
      assert.equal(await server.stop(), "stopped");
      assert.equal(existsSync(join(folder, "data", "postmaster.pid")), false);
    });
  });

  it("recovers when it was killed together with the process that used it", async () => {
    await withDatabaseFolder(async (folder) => {
      const first = await startEmbeddedPostgres({ folder });
      await writeMark(first, "written");
      await first.stop();
      const { child, message } = await startElsewhere(folder);
      await kill(child);
      process.kill(message.pid!, "SIGKILL");
      const server = await startEmbeddedPostgres({ folder });

      assert.equal(server.wasAdopted, false);
      assert.deepEqual(await readMarks(server), ["written"]);
      await server.stop();
    });
  });

  it("starts although a dead server's process number now belongs to somebody else", async () => {
    await withDatabaseFolder(async (folder) => {
      const file = join(folder, "data", "postmaster.pid");
      writeFileSync(file, `${process.pid}\n${join(folder, "data")}\n1700000000\n5432\n${folder}\n\n\nready   \n`);
      const server = await startEmbeddedPostgres({ folder });

      assert.equal(server.wasAdopted, false);
      await server.stop();
    });
  });

  it("is started again at the same address when it dies while in use", async () => {
    await withDatabaseFolder(async (folder) => {
      const exits: number[] = [];
      const server = await startEmbeddedPostgres({ folder, onExit: ({ pid }) => exits.push(pid) });
      await writeMark(server, "before");
      const { pid, connectionString } = server;
      process.kill(pid, "SIGKILL");
      await until("it runs again", () => exits.length === 1 && server.pid !== pid);

      assert.deepEqual(exits, [pid]);
      assert.equal(server.connectionString, connectionString);
      await server.ensureRunning();
      assert.deepEqual(await readMarks(server), ["before"]);
      await server.stop();
    });
  });

  it("is shared by processes of one folder, and stopped by the last", async () => {
    await withDatabaseFolder(async (folder) => {
      const server = await startEmbeddedPostgres({ folder });
      const { child, message } = await startElsewhere(folder);
      assert.deepEqual(message, { pid: server.pid, wasAdopted: true });
      assert.equal(await server.stop(), "inUse");
      child.send("stop");
      const [last] = (await once(child, "message")) as [ServerMessage];

      assert.deepEqual(last, { stopped: "stopped" });
      child.disconnect();
      await once(child, "exit");
    });
  });

  it("is created once when two start at the same moment", async () => {
    await withFolder(async (folder) => {
      const servers = await Promise.all([startEmbeddedPostgres({ folder }), startEmbeddedPostgres({ folder })]);

      assert.deepEqual(servers.map(({ wasAdopted }) => wasAdopted).sort(), [false, true]);
      assert.equal(servers[0]!.pid, servers[1]!.pid);
      for (const server of servers) await server.stop();
    });
  });

  it("does not hang on the lock of a start that was killed", async () => {
    await withDatabaseFolder(async (folder) => {
      const child = spawnSync(process.execPath, ["--version"]);
      writeFileSync(join(folder, "starting.lock"), String(child.pid));

      await (await startEmbeddedPostgres({ folder })).stop();
    });
  });

  it("makes a database anew when its creation was cut off", async () => {
    await withFolder(async (folder) => {
      mkdirSync(join(folder, "data.unfinished"));
      writeFileSync(join(folder, "data.unfinished", "PG_VERSION"), "18\n");

      await (await startEmbeddedPostgres({ folder })).stop();
      assert.equal(existsSync(join(folder, "data.unfinished")), false);
    });
  });

  it("runs from a private copy when the links between its libraries are missing", async () => {
    await withFolder(async (folder) => {
      const binaries = copyWithoutLinks(join(folder, "package", "native"));
      const server = await startEmbeddedPostgres({ folder: join(folder, "data folder"), binaries });
      await writeMark(server, "works");

      await server.stop();
      assert.ok(existsSync(join(folder, "data folder", `postgresql-${binaries.version}`, "bin", "postgres")));
      // The installed package is left alone.
      assert.equal(existsSync(join(binaries.folder, "lib", "libpq.so.5")), false);
    });
  });

  itAsRoot("runs as an unprivileged account when started by root", async () => {
    await withFolder(async (outer) => {
      const folder = join(outer, "postgres");
      const server = await startEmbeddedPostgres({ folder });
      const [, uid] = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${server.pid}/status`, "utf8")) ?? [];

      assert.notEqual(uid, "0");
      assert.equal(String(statSync(folder).uid), uid);
      assert.equal(existsSync(join(folder, "data", "PG_VERSION")), true);
      await server.stop();
    });
  });

  itAsRoot(
    "keeps its files elsewhere, and says where, when the data folder is in a private folder of root",
    async () => {
      await withFolder(async (outer) => {
        const privateFolder = join(outer, "private");
        mkdirSync(privateFolder, { mode: 0o700 });
        const binaries = copyWithoutLinks(join(privateFolder, "package", "native"));
        const options = { folder: join(privateFolder, "postgres"), sharedFolder: join(outer, "shared"), binaries };
        const first = await startEmbeddedPostgres(options);
        await writeMark(first, "kept");
        await first.stop();
        const second = await startEmbeddedPostgres(options);
        const home = readFileSync(join(options.folder, locationFile), "utf8").trim();

        assert.deepEqual(await readMarks(second), ["kept"]);
        assert.ok(home.startsWith(options.sharedFolder));
        assert.equal(existsSync(join(home, "data", "PG_VERSION")), true);
        await second.stop();

        rmSync(options.folder, { recursive: true });
        const third = await startEmbeddedPostgres(options);
        await assert.rejects(readMarks(third), /mark/, "a data folder that was deleted must start empty");
        await third.stop();
      });
    },
  );

  itAsRoot("removes what temporary data folders that are gone left elsewhere, and nothing else", async () => {
    await withFolder(async (outer) => {
      const privateFolder = join(outer, "private");
      mkdirSync(privateFolder, { mode: 0o700 });
      const shared = join(outer, "shared");
      for (const [name, origin] of [
        ["gone", join(outer, "no-such-folder")],
        ["present", outer],
        ["unmounted", "/no-such-disk/headroom"],
      ] as const) {
        mkdirSync(join(shared, name), { recursive: true });
        writeFileSync(join(shared, name, "data-folder"), `${origin}\n`);
      }
      await preparePlace(join(privateFolder, "postgres"), shared);

      const homes = readdirSync(shared);
      assert.equal(homes.length, 3);
      assert.ok(!homes.includes("gone") && homes.includes("present") && homes.includes("unmounted"));
    });
  });

  itAsRoot("refuses rather than start empty when its database can't be reached any more, or is gone", async () => {
    await withFolder(async (outer) => {
      const folder = join(outer, "project", "postgres");
      const sharedFolder = join(outer, "shared");
      await (await startEmbeddedPostgres({ folder, sharedFolder })).stop();
      chmodSync(join(outer, "project"), 0o700);

      await assert.rejects(
        startEmbeddedPostgres({ folder, sharedFolder }),
        /can't reach .*postgres; give that account access/,
      );
      const moved = join(outer, "project", "moved");
      await (await startEmbeddedPostgres({ folder: moved, sharedFolder })).stop();
      rmSync(sharedFolder, { recursive: true });
      await assert.rejects(
        startEmbeddedPostgres({ folder: moved, sharedFolder }),
        /is gone; put it back, or delete that file/,
      );
    });
  });
});
