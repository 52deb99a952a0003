/** JSON as the Linux agents write and read it, with nothing but the shell's own tools. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { agentsFolder } from "./agent-process";

function run(command: string, args: readonly string[], input = ""): { status: number | null; stdout: string } {
  const env = { PATH: process.env["PATH"], LC_ALL: "C", HEADROOM_UPSTREAM: "x", HEADROOM_CONF: "/nonexistent" };
  const { status, stdout } = spawnSync(command, args, { input, env, encoding: "utf8" });
  return { status, stdout };
}

const read = (text: string) => run("awk", ["-f", join(agentsFolder, "json.awk")], text);

/** What json.awk says it writes. */
function linesOf(value: unknown, path = ""): string[] {
  const below = (key: string | number) => (path === "" ? String(key) : `${path}.${key}`);
  if (Array.isArray(value)) {
    return [...value.flatMap((each, index) => linesOf(each, below(index))), `${path}#=${value.length}`];
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, each]) => linesOf(each, below(key)));
  }
  return [`${path}=${typeof value === "string" ? value : JSON.stringify(value)}`];
}

const inCodes = (character: string) =>
  character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
const hasControl = (text: string) => /[\u0000-\u001f\u007f]/.test(text);
const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/);
const text = fc.string({ unit: "grapheme", maxLength: 12 });
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    text,
    fc.integer(),
    fc.constantFrom(true, false, null, 1.5, -2e10),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(name, tie("value")), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

describe("JSON of the Linux agents", function () {
  this.timeout(60_000);

  it("is read as it is, each value on a line of its own (property)", () => {
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2), (read0, indent) => {
        const written = JSON.stringify(read0, null, indent).replace(/[^\x00-\x7f]/gu, (character) =>
          // Half of them as codes.
          character.codePointAt(0)! % 2 === 0 ? inCodes(character) : character,
        );
        const { status, stdout } = read(written);
        const lines = linesOf(read0);
        if (lines.some(hasControl)) return assert.deepEqual([status, stdout], [1, ""]);
        assert.equal(stdout, lines.map((line) => `${line}\n`).join(""));
        assert.equal(status, 0);
      }),
      { numRuns: 100 },
    );
  });

  it("is refused as a whole when it is none, or cut, and nothing is told of it (property)", () => {
    const cut = fc.tuple(value, fc.nat()).map(([whole, at]) => {
      const written = JSON.stringify(whole);
      return written.slice(0, at % written.length);
    });
    const wrong = fc.constantFrom(
      ...[
        "",
        " ",
        "{",
        "[1,]",
        '{"a":1,}',
        "{a:1}",
        "'x'",
        "01",
        "1 2",
        "nul",
        "<html>",
        '"\\x"',
        '"a\nb"',
        "+1",
        '{"a" 1}',
      ],
      ...['"\\u12"', '"\\ud800"', '"\\udc00x"', "[".repeat(50), '{"a b":1}', '{"":1}'],
    );
    fc.assert(
      fc.property(fc.oneof(cut, wrong), (broken) => {
        fc.pre(!/^-?\d+(\.\d+)?$/.test(broken));
        const { status, stdout } = read(broken);
        assert.deepEqual([status, stdout], [1, ""], broken);
      }),
      { numRuns: 80 },
    );
  });

  it("is written so that any text comes back, but for control characters and what is not UTF-8 (property)", () => {
    const library = join(agentsFolder, "lib.sh");
    const write = (...texts: string[]) => {
      const script = `. ${library}; for text in "$@"; do json_string "$text"; echo; done`;
      return run("sh", ["-c", script, "sh", ...texts])
        .stdout.trimEnd()
        .split("\n");
    };
    const message = fc.oneof(
      text,
      fc.constantFrom('"', "\\", "\\n", "a\tb", "a\nb", "${HOME}", "$(id)", "`id`", "%s%d", "-n", "é€😀"),
    );
    fc.assert(
      fc.property(
        fc.array(
          message.filter((each) => !each.includes("\0")),
          { minLength: 1, maxLength: 20 },
        ),
        (texts) => {
          const expected = texts.map((each) =>
            each
              .replace(/\n+$/, "")
              .replace(/[\t\n]/g, " ")
              .replace(/[\u0001-\u001f\u007f]/g, ""),
          );
          assert.deepEqual(
            write(...texts).map((each) => JSON.parse(each) as string),
            expected,
          );
        },
      ),
      { numRuns: 15 },
    );
    const [long] = write("é".repeat(5000));
    assert.equal((JSON.parse(long!) as string).length, 900);
  });
});
