/** `scripts/setup.mjs`: what a fresh clone waits for. */
import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "..", "..", "..");

describe("the set-up of a clone", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "headroom-set-up-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** What a program that uses `scripts/<module>` says, and how it ends. */
  const run = (module: string, statements: string) => {
    const imported = `import * as it from ${JSON.stringify(join(root, "scripts", module))};`;
    const args = ["--input-type=module", "--eval", imported + statements];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    return { status, lines: stderr.trim().split("\n") };
  };

  it("says what it waits for, how long already, and counts what is too much to show", () => {
    const command = `console.log("fetch a"); console.log("a warning"); console.log("fetch b"); setTimeout(() => {}, 3300)`;
    const count = `{ noun: "answers", matches: (line) => line.startsWith("fetch") }`;
    const told = run(
      "told-run.mjs",
      `await it.toldRun("installing", "node", ["-e", ${JSON.stringify(command)}], { count: ${count} })`,
    );
    equal(told.status, 0);
    equal(told.lines[0], "headroom set-up: installing ...");
    deepEqual(
      told.lines.filter((line) => !line.startsWith("headroom")),
      ["a warning"],
    );
    match(told.lines.at(-2)!, /installing: 3 s, 2 answers \.\.\.$/);
    match(told.lines.at(-1)!, /installing: done in \d+ s$/);
  });

  for (const [what, command, why] of [
    ["ends badly", ["node", "-e", "process.exit(7)"], "exit code 7"],
    ["is killed", ["node", "-e", "process.kill(process.pid, 'SIGKILL')"], "SIGKILL"],
    ["is not there", ["no-such-command"], "ENOENT"],
  ] as const) {
    it(`fails, and says why, when a command ${what}`, () => {
      const [name, ...args] = command;
      const told = run("told-run.mjs", `await it.toldRun("installing", "${name}", ${JSON.stringify(args)}, {})`);
      equal(told.status, what === "ends badly" ? 7 : 1);
      match(told.lines.at(-1)!, new RegExp(`^headroom set-up: installing failed .*${why}`));
    });
  }

  it("builds each source as one file with its source map, and drops what has no source any more", () => {
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "tsconfig.json"), readFileSync(join(root, "tsconfig.json")));
    const write = (path: string, text: string) => {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    for (const name of ["engine", "provider", "components", "generate", "bench", "examples", "dashboard/model"])
      mkdirSync(join(folder, name), { recursive: true });
    write("runtime/a.ts", `import type { B } from "../test/b";\nexport const a: B = 1;\n`);
    write("test/b.ts", `export type B = number;\nexport const b = 2;\n`);
    write("dist/test/gone.test.js", "");
    write("dist/dashboard/other.js", "");
    const built = run("build.mjs", `await it.buildSources(${JSON.stringify(folder)})`);
    equal(built.status, 0, built.lines.join("\n"));
    const there = ["runtime/a.js", "runtime/a.js.map", "test/b.js", "dashboard/other.js"];
    deepEqual(
      [...there, "test/gone.test.js"].filter((path) => existsSync(join(folder, "dist", path))),
      there,
    );
    const code = readFileSync(join(folder, "dist", "runtime", "a.js"), "utf8");
    match(code, /^"use strict"/);
    equal(code.includes("../test/b"), false, "an import of types alone loads nothing");
  });
});
