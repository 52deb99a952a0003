import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { automationCommand } from "../../runtime/executor/automation-command";
import { chooseEngine, type EngineSearch } from "../../runtime/executor/engine-choice";
import { SetupError } from "../../runtime/model/errors";

describe("choice of the engine", () => {
  let folder: string;
  const search = (more: Partial<EngineSearch>): EngineSearch => ({
    wish: "auto",
    packageRoot: join(folder, "package"),
    searchPath: join(folder, "empty"),
    ...more,
  });

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "headroom-choice-"));
    writeCommand(join(folder, "package", "engine", "bin", "pulumi"), "v3.260.0");
    mkdirSync(join(folder, "package", "dist", "engine"), { recursive: true });
    writeFileSync(join(folder, "package", "dist", "engine", "main.js"), "");
    writeCommand(join(folder, "cli", "bin", "pulumi"), "v3.259.1");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("takes the embedded engine when there is no other, and names it with its version", async () => {
    const engine = await chooseEngine(search({}));

    assert.equal(engine.kind, "embedded");
    assert.equal(engine.name, "embedded engine 3.260.0");
    assert.equal(engine.root, join(folder, "package", "engine"));
  });

  it("takes the official CLI when it is on PATH", async () => {
    const engine = await chooseEngine(search({ searchPath: join(folder, "cli", "bin") }));

    assert.deepEqual([engine.kind, engine.name], ["official", "Pulumi 3.259.1"]);
  });

  it("takes the official CLI from a path to the command or to its folder", async () => {
    for (const officialPath of [join(folder, "cli", "bin", "pulumi"), join(folder, "cli")]) {
      const engine = await chooseEngine(search({ officialPath, wish: "official" }));
      assert.equal(engine.command, join(folder, "cli", "bin", "pulumi"));
    }
  });

  it("is taken by the Automation API wherever the command lies", async () => {
    for (const place of [join("cli", "bin"), "tools", join("opt", "pulumi-3")]) {
      const command = join(folder, place, "pulumi");
      writeCommand(command, "v3.259.1");
      const links = join(folder, "links", place);

      const engine = await chooseEngine(search({ officialPath: command, wish: "official" }));

      // Asked twice, as by a program that is run again.
      for (let times = 0; times < 2; times += 1) {
        assert.equal(String((await automationCommand(engine, links)).version), "3.259.1", place);
      }
    }
  });

  it("takes the npm launcher of the official CLI", async () => {
    const launcher = join(folder, "package", "node_modules", ".bin", "pulumi");
    writeCommand(launcher, "v3.258.0");

    const engine = await chooseEngine(search({}));
    rmSync(launcher);

    assert.equal(engine.command, launcher);
  });

  it("never takes the embedded engine on PATH for the official CLI", async () => {
    const engine = await chooseEngine(search({ searchPath: join(folder, "package", "engine", "bin") }));

    assert.equal(engine.kind, "embedded");
  });

  it("says in one sentence what to do when the wanted engine is missing", async () => {
    const cases: [Partial<EngineSearch>, RegExp][] = [
      [{ wish: "official" }, /the Pulumi CLI was not found; install it .*HEADROOM_PULUMI/],
      [{ officialPath: join(folder, "nowhere") }, /HEADROOM_PULUMI is ".*nowhere", where no pulumi command is/],
      [{ packageRoot: join(folder, "unbuilt") }, /the embedded engine is not built .*npm run build/],
    ];
    for (const [more, message] of cases) {
      await assert.rejects(
        chooseEngine(search(more)),
        (error) => error instanceof SetupError && message.test(error.message),
      );
    }
  });

  it("refuses a command that is no Pulumi", async () => {
    writeCommand(join(folder, "other", "pulumi"), "hello");

    await assert.rejects(chooseEngine(search({ searchPath: join(folder, "other") })), /is no version/);
  });
});

function writeCommand(file: string, version: string): void {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho ${version}\n`);
  chmodSync(file, 0o755);
}
