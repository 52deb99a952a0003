/** The Linux agents as scripts: what any POSIX shell takes. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { agentsFolder } from "./agent-process";

const scripts = readdirSync(agentsFolder).filter((name) => /^headroom-|\.sh$/.test(name));
const has = (command: string) => spawnSync(command, ["--version"]).error === undefined;

describe("the Linux agents", function () {
  this.timeout(60_000);

  it("are scripts for sh that can be run", () => {
    assert.ok(scripts.length >= 6);
    for (const name of scripts) {
      const file = join(agentsFolder, name);
      assert.match(readFileSync(file, "utf8"), name === "lib.sh" ? /^# shellcheck shell=sh\n/ : /^#!\/bin\/sh\n/);
      assert.equal((statSync(file).mode & 0o111) !== 0, name !== "lib.sh", `${name} can be run`);
      for (const shell of ["sh", "dash", "bash"].filter(has)) {
        const { status, stderr } = spawnSync(shell, ["-n", file], { encoding: "utf8" });
        assert.equal(status, 0, `${shell}: ${stderr}`);
      }
    }
  });

  it("never take a certificate unseen, nor a token on a command line", () => {
    for (const name of scripts) {
      const text = readFileSync(join(agentsFolder, name), "utf8");
      assert.doesNotMatch(text, /--insecure|\bcurl [^\n]*-k\b|--header [^\n]*(Bearer|\$token)|set -x/, name);
    }
  });

  it("have no fault that shellcheck finds", function () {
    if (!has("shellcheck")) return this.skip();
    const files = scripts.map((name) => join(agentsFolder, name));
    const { status, stdout } = spawnSync("shellcheck", ["-x", "--source-path=SCRIPTDIR", "-s", "sh", ...files], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout);
  });
});
