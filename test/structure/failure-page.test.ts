/** `docs/failures.md` has a line for each code that the runtime can tell, and none that it can't. */
import { deepEqual, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..", "..", "..");
const page = readFileSync(join(root, "docs/failures.md"), "utf8");

/** Of the runtime; simulation, metrics and the import from Kasm have codes of their own. */
const sources = readdirSync(join(root, "runtime"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !/^(sim|import-kasm|metrics)\//.test(file))
  .map((file) => readFileSync(join(root, "runtime", file), "utf8"));

/** `custom` is what zod calls every problem of a schema. */
const codes = new Set(
  sources
    .flatMap((text) => [
      ...text.matchAll(/\bcode: "(\w+)"/g),
      ...text.matchAll(/\breadonly code = "(\w+)"/g),
      ...text.matchAll(/new RequestError\(\d+, "(\w+)"/g),
    ])
    .map(([, code]) => code!)
    .filter((code) => code !== "custom"),
);
const classes = sources.flatMap((text) =>
  [...text.matchAll(/FailureClass =([^;]+);/g)].flatMap(([, union]) =>
    [...union!.matchAll(/"([A-Z]+)"/g)].map(([, name]) => name!),
  ),
);

/** What stands in backticks in the first column of its tables. */
function codesIn(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => [...line.split("|")[1]!.matchAll(/`(\w+)`/g)].map(([, code]) => code!));
}
const told = codesIn(page);

describe("the page of failure messages", () => {
  it("has each code of the runtime and each class of cloud failures", () => {
    ok(codes.size > 100, `only ${codes.size} codes were found in the sources`);
    deepEqual([...codes, ...classes].filter((code) => !told.includes(code)).sort(), []);
  });

  it("has none that the runtime never tells", () => {
    const literals = sources.join("\n");
    deepEqual(
      told.filter((code) => !literals.includes(`"${code}"`)),
      [],
    );
  });

  it("has each once in its section", () => {
    for (const section of page.split(/^## /m)) {
      const here = codesIn(section);
      deepEqual(
        here.filter((code, index) => here.indexOf(code) !== index),
        [],
      );
    }
  });
});
