/** What lies in a backend is judged by what it says, not by its being there: what can't be read is refused by name. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileBackend } from "../../../runtime/executor/file-backend";
import { BackendIdentity } from "../../../runtime/executor/backend-identity";
import { SetupError } from "../../../runtime/model/errors";
import { embeddedEngine } from "../engines";

const stackFile = ["stacks", "proj", "dev.json"];
const whole = JSON.stringify({ version: 3, checkpoint: { stack: "organization/proj/dev", latest: {} } });

describe("a backend", () => {
  let base: string;
  const path = (...names: string[]) => join(base, "state", ".pulumi", ...names);
  const put = (text: string, ...names: string[]): void => {
    mkdirSync(join(path(...names), ".."), { recursive: true });
    writeFileSync(path(...names), text);
  };
  /** The error of a command of the embedded engine; empty when it succeeds. */
  const run = (...args: string[]): Promise<string> =>
    new Promise((resolve) => {
      const env = {
        PATH: process.env["PATH"],
        PULUMI_BACKEND_URL: `file://${join(base, "state")}`,
        PULUMI_HOME: join(base, "home"),
        PULUMI_CONFIG_PASSPHRASE: "correct horse",
      };
      execFile(embeddedEngine().command, args, { cwd: base, env }, (error, _out, told) => resolve(error ? told : ""));
    });
  const assertRefused = (told: string, ...named: RegExp[]): void => {
    for (const pattern of named) assert.match(told, pattern);
    assert.equal(told.trim().split("\n").length, 1, told);
  };

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), "headroom-layout-"));
    writeFileSync(join(base, "Pulumi.yaml"), "name: proj\nruntime: nodejs\n");
    put(whole, ...stackFile);
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  for (const meta of ["version: 1\n", "# Pulumi\nversion: 1 # the layout\n", '{"version": 1}\n', undefined]) {
    it(`of this layout is used: ${JSON.stringify(meta) ?? "no meta.yaml"}`, async () => {
      if (meta !== undefined) put(meta, "meta.yaml");
      assert.equal(await run("stack", "ls"), "");
      await FileBackend.of(`file://${join(base, "state")}`)!.initialiseStack("lane");
    });
  }

  for (const [what, meta] of [
    ["of a newer version", "version: 2\n"],
    ["of version 0", "version: 0\n"],
    ["with a version that is none", "version: one\n"],
    ["without a version", "made: today\n"],
    ["that is garbage", "\u0000\u0001garbage"],
    ["that is empty", ""],
  ] as const) {
    it(`with a meta.yaml ${what} is refused by the file's name, by the engine and by the runtime, and nothing is written`, async () => {
      put(meta, "meta.yaml");
      assertRefused(await run("stack", "ls"), /meta\.yaml/, /version/);
      assertRefused(await run("up", "--yes", "--stack", "dev"), /meta\.yaml/);
      const backend = FileBackend.of(`file://${join(base, "state")}`)!;
      await assert.rejects(
        backend.initialiseStack("lane"),
        (error) => error instanceof SetupError && /meta\.yaml/.test(error.message),
      );
      assert.equal(readFileSync(path("meta.yaml"), "utf8"), meta);
      assert.equal(backend.hasStack("lane"), false);
    });
  }

  for (const meta of [undefined, "version: 1\n"]) {
    it(`${meta === undefined ? "of" : "beside stacks of this layout, with stacks of"} the old layout names them`, async () => {
      if (meta !== undefined) put(meta, "meta.yaml");
      for (const name of ["old", "older", "oldest", "more"]) put(whole, "stacks", `${name}.json`);
      assertRefused(await run("stack", "ls"), /old backend layout/, /more\.json, old\.json, older\.json and 1 more/);
      const backend = FileBackend.of(`file://${join(base, "state")}`)!;
      await assert.rejects(backend.initialiseStack("lane"), /old backend layout.*old\.json/);
      assert.equal(backend.hasStack("lane"), false);
    });
  }

  for (const [what, text] of [
    ["cut", whole.slice(0, -20)],
    ["empty", ""],
    ["another thing", '"text"'],
    ["of another version", whole.replace("3", "9")],
  ] as const) {
    it(`with a state that is ${what} names its file, and does not quote it`, async () => {
      put(text, ...stackFile);
      for (const args of [
        ["stack", "export"],
        ["up", "--yes"],
        ["stack", "output"],
        ["stack", "rm", "--yes"],
      ]) {
        const told = await run(...args, "--stack", "dev");
        assertRefused(told, /stacks\/proj\/dev\.json/);
        assert.ok(!told.includes('checkpoint":'), told);
      }
    });
  }

  for (const [what, file] of [
    ["credentials", ["home", "credentials.json"]],
    ["the selected stack", ["home", "workspaces"]],
  ] as const) {
    it(`whose ${what} can't be read names the file`, async () => {
      mkdirSync(join(base, "home"), { recursive: true });
      if (what === "credentials") writeFileSync(join(base, ...file), '{"current": "file:');
      else {
        assert.equal(await run("stack", "select", "dev"), "");
        const [name] = (await import("node:fs")).readdirSync(join(base, ...file));
        writeFileSync(join(base, ...file, name!), "");
      }
      assertRefused(await run("stack", "output"), /credentials\.json is cut|workspace\.json is empty/);
    });
  }

  it("whose mark holds no id is refused by the mark's name, and one without a mark is not", async () => {
    const mark = join(base, "state", ".headroom-installation");
    const identity = new BackendIdentity(`file://${join(base, "state")}`);
    assert.equal(await identity.mark(), undefined);
    for (const text of ["", "\n", "\u0000\u0000", "two words", "x".repeat(65)]) {
      writeFileSync(mark, text);
      await assert.rejects(identity.mark(), (error) => error instanceof SetupError && error.message.includes(mark));
    }
    writeFileSync(mark, "iabc123\n");
    assert.equal(await identity.mark(), "iabc123");
  });
});
