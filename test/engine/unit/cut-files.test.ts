/** A file of the engine that was cut, as by a full disk, is named in the error, with what to do. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { embeddedEngine } from "../engines";

const project = JSON.stringify({ name: "lab", runtime: "nodejs" });
const state = JSON.stringify({ version: 3, checkpoint: { stack: "organization/lab/a", latest: null } });
const settings = JSON.stringify({ config: { "lab:key": "value" } });

/** Files that a command reads, with content that is good. */
const files = {
  "state/.pulumi/meta.yaml": "version: 1\n",
  "state/.pulumi/stacks/lab/a.json": state,
  "Pulumi.yaml": project,
  "Pulumi.a.yaml": settings,
  "home/credentials.json": "{}",
};

const cases: readonly (readonly [file: keyof typeof files, commandLine: string])[] = [
  ["state/.pulumi/stacks/lab/a.json", "stack export --stack a"],
  ["state/.pulumi/stacks/lab/a.json", "stack output --json --stack a"],
  ["state/.pulumi/stacks/lab/a.json", "stack ls --json"],
  ["state/.pulumi/stacks/lab/a.json", "stack rm --yes --stack a"],
  ["state/.pulumi/stacks/lab/a.json", "up --yes --stack a"],
  ["Pulumi.yaml", "stack export --stack a"],
  ["Pulumi.a.yaml", "up --yes --stack a"],
  ["home/credentials.json", "stack export --stack a"],
];

describe("a cut file", () => {
  const folder = mkdtempSync(join(tmpdir(), "headroom-cut-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  function run(commandLine: string, changed: Partial<typeof files> = {}) {
    for (const [file, text] of Object.entries({ ...files, ...changed })) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    return spawnSync(embeddedEngine().command, commandLine.split(" "), {
      cwd: folder,
      encoding: "utf8",
      env: {
        PATH: process.env["PATH"],
        PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
        PULUMI_HOME: join(folder, "home"),
        PULUMI_CONFIG_PASSPHRASE: "a",
      },
    });
  }

  for (const [file, commandLine] of cases) {
    for (const length of [0, Math.floor(files[file].length / 2)]) {
      // Nothing at all is good YAML, and says nothing.
      if (length === 0 && file === "Pulumi.a.yaml") continue;
      const what = length === 0 ? "empty" : "half written";
      it(`names itself: ${file}, ${what}, in pulumi ${commandLine}`, () => {
        const { status, stderr } = run(commandLine, { [file]: files[file].slice(0, length) });

        assert.notEqual(status, 0, stderr);
        assert.match(stderr, /^error: [^\n]+\n$/);
        assert.ok(stderr.includes(file), stderr);
      });
    }
  }

  it("is told from a whole one", () => {
    const { status, stderr } = run("stack export --stack a");

    assert.deepEqual([status, stderr], [0, ""]);
  });
});
