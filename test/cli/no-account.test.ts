/**
 * A user id that the system has no account for, as containers are often started with: there is no name and no home. What
 * can work without them works; what can't says so in one sentence, never with a stack or a bare errno.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../runtime/store/embedded-postgres";
import { itAsRoot } from "../store/database-folder";
import { until } from "../support/until";
import { withFolder } from "./headroom";

const root = join(__dirname, "..", "..", "..");
const nobodyKnows = 54_321;
const changed = ["--reuid", String(nobodyKnows), "--regid", String(nobodyKnows), "--clear-groups"];
const main = join(root, "dist", "runtime", "cli", "main.js");
const engine = join(root, "engine", "bin", "pulumi");

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing of our environment but the way to programs. */
function run(command: readonly string[], { cwd, env = {} }: { cwd: string; env?: Record<string, string> }): Ended {
  const { status, stdout, stderr } = spawnSync("setpriv", [...changed, ...command], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    encoding: "utf8",
    timeout: 60_000,
  });
  return { code: status, stdout, stderr };
}

function assertOneSentence({ stderr, code }: Ended, told: RegExp): void {
  assert.notEqual(code, 0);
  assert.match(stderr, told);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
}

/** A folder of that user. */
async function withOwnFolder(use: (folder: string) => Promise<void> | void): Promise<void> {
  await withFolder(async (folder) => {
    chownSync(folder, nobodyKnows, nobodyKnows);
    await use(folder);
  });
}

describe("without an account on the system", function () {
  this.timeout(120_000);
  before(function () {
    if (process.getuid?.() !== 0) return;
    // A checkout below a folder of root's own can't be read by anybody else.
    if (run([process.execPath, engine, "version"], { cwd: "/" }).code !== 0) this.skip();
  });

  itAsRoot("the CLI tells its help, its version and what doctor finds", () =>
    withOwnFolder((cwd) => {
      for (const args of [["--help"], ["--version"], ["status", "--help"]]) {
        const { code, stderr, stdout } = run([process.execPath, main, ...args], { cwd });
        assert.deepEqual([code, stderr], [0, ""], args.join(" "));
        assert.ok(stdout.length > 0);
      }
      const { stdout, stderr } = run([process.execPath, main, "doctor", "--data-folder", join(cwd, "data")], { cwd });
      assert.equal(stderr, "");
      assert.match(stdout, /^ok +engine +/m);
      assert.match(stdout, /^ok +data folder +/m);
      const unreachable = run([process.execPath, main, "status", "--endpoint", "http://127.0.0.1:9"], { cwd });
      assertOneSentence(unreachable, /can't be reached/);
    }),
  );

  itAsRoot("serve says in one sentence what the embedded database lacks", () =>
    withOwnFolder((cwd) => {
      const args = ["serve", "--port", "0", "--data-folder", join(cwd, "data"), "--log-level", "silent"];
      const ended = run([process.execPath, main, ...args], { cwd });
      assertOneSentence(ended, /user id 54321 has no entry in the list of accounts .*--database/);
      assert.equal(ended.code, 3);
    }),
  );

  itAsRoot("a runtime serves with a database of others", () =>
    withOwnFolder(async (cwd) => {
      // So long a path is none for a socket: the server listens on loopback, where other users reach it.
      await withFolder(async (own) => {
        const server = await startEmbeddedPostgres({ folder: join(own, "d".repeat(110)) });
        const args = [
          "serve",
          "--port",
          "0",
          "--data-folder",
          join(cwd, "data"),
          "--database",
          server.connectionString,
        ];
        const child = spawn("setpriv", [...changed, process.execPath, main, ...args, "--engine", "embedded"], {
          cwd,
          env: { PATH: process.env["PATH"] ?? "" },
          stdio: ["ignore", "pipe", "pipe"],
        });
        try {
          let output = "";
          for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += String(data)));
          await until(
            "the start-up line is there or it has ended",
            () => /http:\/\/127\.0\.0\.1:\d+/.test(output) || child.exitCode !== null,
          );
          assert.equal(child.exitCode, null, output);
        } finally {
          child.kill("SIGTERM");
          await until("the runtime has ended", () => child.exitCode !== null || child.signalCode !== null);
          await server.stop();
        }
      });
    }),
  );

  itAsRoot("the embedded engine runs an update, and its lock names the user by number", () =>
    withOwnFolder((cwd) => {
      const project = join(cwd, "project");
      for (const folder of [project, join(cwd, "state"), join(cwd, "home")]) {
        mkdirSync(folder);
        chownSync(folder, nobodyKnows, nobodyKnows);
      }
      writeFileSync(join(project, "Pulumi.yaml"), "name: proj\nruntime: nodejs\n");
      symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
      const locks = JSON.stringify(join(cwd, "state", ".pulumi", "locks", "organization", "proj", "dev"));
      const program = `const fs = require("node:fs"); const path = require("node:path");
        const [file] = fs.readdirSync(${locks}); exports.lock = fs.readFileSync(path.join(${locks}, file), "utf8");`;
      writeFileSync(join(project, "index.js"), program);
      const env = {
        PULUMI_BACKEND_URL: `file://${join(cwd, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "correct horse",
        PULUMI_HOME: join(cwd, "home"),
      };
      for (const args of [
        ["stack", "init", "dev"],
        ["up", "--yes", "--stack", "dev"],
      ]) {
        const { code, stderr, stdout } = run([process.execPath, engine, ...args], { cwd: project, env });
        assert.equal(code, 0, `${args.join(" ")}: ${stderr}${stdout}`);
      }
      const state = readFileSync(join(cwd, "state", ".pulumi", "stacks", "proj", "dev.json"), "utf8");
      assert.match(state, /\\"username\\":\\"uid-54321\\"/);
    }),
  );

  itAsRoot("the embedded engine says in one sentence which folder it needs", () =>
    withOwnFolder((cwd) => {
      writeFileSync(join(cwd, "Pulumi.yaml"), "name: proj\nruntime: nodejs\n");
      const ended = run([process.execPath, engine, "stack", "ls"], { cwd });
      assertOneSentence(ended, /user id 54321 has no home folder .*set PULUMI_HOME or HOME/);
    }),
  );

  itAsRoot("the plugin starts and tells its port", () =>
    withOwnFolder((cwd) => {
      const plugin = join(root, "provider", "bin", "pulumi-resource-headroom");
      const { stdout, stderr } = run(["timeout", "-s", "TERM", "3", process.execPath, plugin], { cwd });
      assert.match(stdout, /^\d+\n$/);
      assert.equal(stderr, "");
    }),
  );
});
