/** The scripts of `headroom completion`, run by the shells that they are for; a shell that is not here is skipped by name. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createProgram } from "../../runtime/cli/main";
import { completionScript, shells } from "../../runtime/cli/completion";

const program = createProgram({});
const isThere = (shell: string) => spawnSync(shell, ["-c", "exit 0"]).status === 0;

/** What bash offers for the last of these words. */
function offered(...words: string[]): string[] {
  const line = ["headroom", ...words];
  const script = `${completionScript(program, "bash")}
COMP_WORDS=(${line.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${line.length - 1}
_headroom; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  equal(status, 0, stderr);
  return stdout.trim().split("\n").filter(Boolean);
}

describe("headroom completion", () => {
  for (const shell of shells) {
    it(`is a script that ${shell} can read`, function () {
      if (!isThere(shell)) return this.skip();
      const { status, stderr } = spawnSync(shell, ["-n"], {
        input: completionScript(program, shell),
        encoding: "utf8",
      });
      equal(status, 0, stderr);
    });
  }

  it("offers every command at the beginning, in each shell's script", () => {
    const names = program.commands.map((command) => command.name());
    ok(names.length > 10);
    const found = offered("");
    deepEqual(
      names.filter((name) => !found.includes(name)),
      [],
    );
    for (const shell of shells) {
      const script = completionScript(program, shell);
      deepEqual(
        names.filter((name) => !script.includes(name)),
        [],
        shell,
      );
    }
  });

  it("offers what fits the words before: commands below, choices, options, past ids and options", () => {
    deepEqual(offered("nod"), ["nodes"]);
    deepEqual(offered("nodes", "dr"), ["drain"]);
    deepEqual(offered("explain", "s"), ["session", "staging"]);
    deepEqual(offered("nodes", "delete", "ngt7a7s4", "--y"), ["--yes"]);
    deepEqual(offered("--json", "session", "rel"), ["release"]);
    deepEqual(offered("status", "--wat"), ["--watch"]);
    deepEqual(offered("nosuch"), []);
  });
});
