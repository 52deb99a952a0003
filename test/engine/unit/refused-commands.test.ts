import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embeddedEngine } from "../engines";

/** A command line of official Pulumi that the embedded engine does not honour → the words that name what it refuses. */
const refused: readonly (readonly [commandLine: string, named: string])[] = [
  ["about --json", '"about"'],
  ["whoami", '"whoami"'],
  ["plugin ls", '"plugin"'],
  ["import aws:ec2/instance:Instance a i-1", '"import"'],
  ["config", '"config"'],
  ["config get key", '"config get"'],
  ["config rm key", '"config rm"'],
  ["config set --path a.b c", "--path"],
  ["stack", '"stack"'],
  ["stack rename other", '"stack rename"'],
  ["stack constructor", '"stack constructor"'],
  ["stack history", "--json"],
  ["stack ls --all", "--all"],
  ["up --yes --replace urn", "--replace"],
  ["up --yes --target urn", "--target"],
  ["up --yes -m why", "-m"],
  ["up --yes --config a=b", "--config"],
  ["up --yes --run-program=false", "--run-program"],
  ["preview --diff", "--diff"],
  ["preview --save-plan file", "--save-plan"],
  ["refresh --yes --preview-only", "--preview-only"],
  ["destroy --yes --target a --target-dependents", "--target-dependents"],
  ["destroy --yes --remove", "--remove"],
  ["up --yes --remote-git-branch main", "--remote-git-branch"],
];

describe("what the embedded engine does not do", () => {
  const folder = mkdtempSync(join(tmpdir(), "headroom-refused-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [commandLine, named] of refused) {
    it(`is refused by name: pulumi ${commandLine}`, () => {
      const { status, stderr, stdout } = spawnSync(embeddedEngine().command, commandLine.split(" "), {
        cwd: folder,
        encoding: "utf8",
      });

      assert.equal(status, 2, stderr);
      assert.match(stderr, /^error: the embedded engine does not support /);
      assert.ok(stderr.includes(named), stderr);
      assert.equal(stdout, "");
    });
  }

  it("is told apart from what nobody knows", () => {
    const { status, stderr } = spawnSync(embeddedEngine().command, ["constructor"], { cwd: folder, encoding: "utf8" });

    assert.equal(status, 1);
    assert.equal(stderr, 'error: unknown command "constructor" for "pulumi"\n');
  });
});
