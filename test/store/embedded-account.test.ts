/** Started by root, the database belongs to an account that nothing else runs as: what others run finds nothing of it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "../../runtime/model/errors";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../runtime/store/embedded-postgres";
import { connect } from "../../runtime/store/postgres-connection";
import { itAsRoot, withDatabaseFolder } from "./database-folder";
import { withFolder } from "./temporary-folder";

/** Accounts of which an attacker may have processes: services without one of their own, and guests of local VMs. */
const others = [65_534, 61_470];

/** Runs as another account; what it wrote, or the code it ended with. */
function runAs(uid: number, script: string, args: readonly string[]): { code: number | null; output: string } {
  const child = spawnSync(process.execPath, ["-e", script, ...args], { uid, gid: uid, encoding: "utf8", cwd: "/" });
  return { code: child.status, output: child.stdout + child.stderr };
}

/** Every way to the database that the machine offers; each that works is told. */
const attack = `
const fs = require("node:fs"), net = require("node:net"), path = require("node:path");
const [home, pid] = process.argv.slice(1);
const tried = {
  files: () => fs.readdirSync(home).join(),
  data: () => fs.readdirSync(path.join(home, "data")).join(),
  password: () => fs.readFileSync(path.join(home, "password"), "utf8"),
  passwordBefore: () => fs.readFileSync(path.join(home, "password.before"), "utf8"),
  log: () => fs.readFileSync(path.join(home, "server.log"), "utf8"),
  rows: () => fs.readFileSync("/proc/" + pid + "/cwd/PG_VERSION", "utf8"),
  memory: () => fs.openSync("/proc/" + pid + "/mem", "r"),
  environment: () => fs.readFileSync("/proc/" + pid + "/environ", "utf8"),
  signal: () => process.kill(Number(pid), 0),
};
for (const [name, run] of Object.entries(tried)) {
  try { run(); console.log("worked: " + name); } catch (error) { if (!["EACCES", "EPERM", "ENOENT"].includes(error.code)) console.log(name + ": " + error.message); }
}
const socket = net.connect(path.join(home, ".s.PGSQL.5432"));
socket.on("connect", () => { console.log("worked: connect"); socket.destroy(); });
socket.on("error", () => undefined);
console.log("tried");
`;

function uidOf(pid: number): number {
  return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** The present password, as the service reads it. */
function passwordIn(folder: string): string {
  return readFileSync(join(folder, "password"), "utf8");
}

async function mark(server: EmbeddedPostgres): Promise<string[]> {
  const client = await connect(server.connectionString);
  await client.query("create table if not exists mark (text text)");
  const { rows } = await client.query<{ text: string }>("insert into mark values ('kept') returning text");
  await client.end();
  return rows.map(({ text }) => text);
}

function assertClosed(folder: string, { pid }: EmbeddedPostgres): void {
  assert.ok(![0, ...others].includes(uidOf(pid)), `the server runs as user id ${uidOf(pid)}`);
  assert.equal(statSync(join(folder, "password")).uid, 0, "only the service reads the password");
  for (const uid of others) {
    const { code, output } = runAs(uid, attack, [folder, String(pid)]);
    assert.deepEqual([code, output], [0, "tried\n"], `as user id ${uid}`);
  }
}

describe("the account of the embedded database", function () {
  this.timeout(120_000);

  itAsRoot(
    "is nobody else's: no process of another account gets at its files, password, memory or socket",
    async () => {
      await withFolder(async (folder) => {
        const server = await startEmbeddedPostgres({ folder });
        try {
          assertClosed(folder, server);
          // What the attack would find, were it let in.
          const { output } = runAs(uidOf(server.pid), attack, [folder, String(server.pid)]);
          for (const way of ["files", "data", "rows", "signal", "connect"]) {
            assert.ok(output.includes(`worked: ${way}\n`), `${way} of ${output}`);
          }
          assert.ok(!output.includes("password"), "not even the server's own account reads the password");
        } finally {
          await server.stop();
        }
      });
    },
  );

  itAsRoot(
    "takes over the files of an older version, which nobody had, and gives up the password that they held",
    async () => {
      await withDatabaseFolder(async (folder) => {
        const first = await startEmbeddedPostgres({ folder });
        await mark(first);
        await first.stop();
        assert.equal(spawnSync("chown", ["-R", "65534:65534", folder]).status, 0);
        const known = passwordIn(folder);

        const server = await startEmbeddedPostgres({ folder });
        try {
          assertClosed(folder, server);
          assert.notEqual(passwordIn(folder), known);
          assert.deepEqual(await mark(server), ["kept"]);
          const withKnown = new URL(server.connectionString);
          withKnown.password = known;
          await assert.rejects(connect(withKnown.href), SetupError);
        } finally {
          await server.stop();
        }
      });
    },
  );

  itAsRoot("gets its new password also when the start was cut off in the middle of that", async () => {
    await withDatabaseFolder(async (folder) => {
      const present = passwordIn(folder);
      // Before the server got the new one, and after it got it.
      for (const [password, before] of [
        ["n".repeat(32), present],
        ["n".repeat(32), "given-up"],
      ] as const) {
        for (const [name, text] of [
          ["password", password],
          ["password.before", before],
        ] as const) {
          writeFileSync(join(folder, name), text);
          chownSync(join(folder, name), 0, 0);
          chmodSync(join(folder, name), 0o600);
        }
        const server = await startEmbeddedPostgres({ folder });
        assert.deepEqual(await mark(server), ["kept"]);
        await server.stop();
        assert.throws(() => statSync(join(folder, "password.before")));
      }
    });
  });
});
