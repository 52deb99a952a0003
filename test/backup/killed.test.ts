/** `headroom backup` and `headroom restore` as processes that are killed at many points, and on the embedded PostgreSQL. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspectBackup } from "../../runtime/backup/inspect-backup";
import { packageVersion } from "../../runtime/main";
import { headroom, Served, withFolder } from "../cli/headroom";
import { newDatabase } from "../support/postgres";
import { keptInstallation, schemaOf, tablesOf } from "./kept-backup";
import { password, type Place } from "./site";

const version = packageVersion();
const entry = join(__dirname, "..", "..", "runtime", "cli", "main.js");

/** Kills the command when it says that it begins with `part`; true when it was killed, false when it was done before. */
function killedAt(part: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data) => {
      text += String(data);
      if (text.includes(`${part} ...`)) child.kill("SIGKILL");
    });
    child.once("error", reject);
    child.once("close", (_code, signal) => resolve(signal === "SIGKILL"));
  });
}

function argsOf({ dataFolder, databaseUrl, backendUrl }: Place, passwordFile: string): string[] {
  const backend = backendUrl === undefined ? [] : ["--backend", backendUrl];
  return ["--data-folder", dataFolder, "--database", databaseUrl, "--password-file", passwordFile, ...backend];
}

function writePassword(folder: string): string {
  const file = join(folder, "password");
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return file;
}

const parts = ["state", "definition", "node", "session"];

describe("headroom backup and headroom restore", function () {
  this.timeout(240_000);

  it("killed at any point leave no backup under its name, and no database with anything; once more does it all", async () => {
    await withFolder(async (folder) => {
      const old = await keptInstallation(folder);
      const passwordFile = writePassword(folder);
      let killed = 0;
      for (const part of parts) {
        const file = join(folder, `${part}.backup`);
        if (await killedAt(part, ["backup", file, ...argsOf(old, passwordFile)])) killed += 1;
        if (existsSync(file)) await inspectBackup(file, { password, version });
      }
      const file = join(folder, "whole.backup");
      const whole = await headroom(["backup", file, ...argsOf(old, passwordFile)]);
      assert.equal(whole.code, 0, whole.stderr);
      const rows = await tablesOf(old.databaseUrl);
      for (const part of parts) {
        const target = { dataFolder: join(folder, `new-${part}`), databaseUrl: await newDatabase() };
        const args = ["restore", file, ...argsOf(target, passwordFile)];
        if (await killedAt(part, args)) killed += 1;
        if ((await schemaOf(target.databaseUrl)) === undefined) {
          assert.ok(readdirSync(target.dataFolder).includes("restoring"), "nobody serves what is half there");
        } else assert.deepEqual(await tablesOf(target.databaseUrl), rows);

        const again = await headroom(args);

        if (again.code !== 0) assert.match(again.stderr, /holds .* already/, "it was done before it was killed");
        assert.deepEqual(await tablesOf(target.databaseUrl), rows);
        assert.equal(existsSync(join(target.dataFolder, "restoring")), false);
      }
      assert.ok(killed >= parts.length, `only ${killed} were killed in time`);
    });
  });

  it("work on the embedded PostgreSQL while it serves and while it does not, and tell what is in the file", async () => {
    await withFolder(async (folder) => {
      const passwordFile = writePassword(folder);
      const [old, moved] = [join(folder, "old"), join(folder, "new")];
      const [served, rested] = [join(folder, "served.backup"), join(folder, "rested.backup")];
      const backUpTo = (file: string) =>
        headroom(["backup", file, "--data-folder", old, "--password-file", passwordFile, "--json"]);
      const serveArgs = (data: string): string[] => ["--port", "0", "--engine", "embedded", "--data-folder", data];
      await Served.run(serveArgs(old), {}, async (runtime) => {
        const made = await backUpTo(served);
        assert.equal(made.code, 0, made.stderr);
        assert.equal((JSON.parse(made.stdout) as { stacks: number }).stacks, 0);
        assert.ok(runtime.isRunning);
        assert.equal(await runtime.end("SIGTERM"), 0);
      });
      const made = await backUpTo(rested);
      assert.equal(made.code, 0, made.stderr);
      assert.equal(statSync(rested).mode & 0o777, 0o600);

      const restored = await headroom(["restore", served, "--data-folder", moved, "--password-file", passwordFile]);

      assert.equal(restored.code, 0, restored.stderr);
      assert.match(restored.stdout, /stop the runtime that the backup was made from for good/);
      await Served.run(serveArgs(moved), {}, async (runtime, endpoint) => {
        const status = await headroom(["status", "--endpoint", endpoint, "--data-folder", moved]);
        assert.equal(status.code, 0, status.stderr);
        assert.equal(await runtime.end("SIGTERM"), 0);
      });
    });
  });

  it("take no password from the command line, and none that is short", async () => {
    await withFolder(async (folder) => {
      const short = join(folder, "short");
      writeFileSync(short, "short\n");
      const file = join(folder, "x.backup");
      const without = await headroom(["backup", file, "--data-folder", folder]);
      assert.deepEqual(
        [without.code, /--password-file, or leave them out with --without-secrets/.test(without.stderr)],
        [2, true],
      );
      const tooShort = await headroom(["backup", file, "--data-folder", folder, "--password-file", short]);
      assert.deepEqual([tooShort.code, /has 5 characters; use 12 or more/.test(tooShort.stderr)], [2, true]);
      const nothing = await headroom(["backup", file, "--data-folder", folder, "--without-secrets"]);
      assert.deepEqual([nothing.code, /has no database/.test(nothing.stderr)], [3, true]);
    });
  });
});
