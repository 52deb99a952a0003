/** What the documents name exists. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "..", "..", "..");
const documents = [
  ...["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"],
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
];
const folders = "bench|components|deploy|docs|engine|examples|generate|provider|runtime|scripts|test";
/** In backticks, from one of the project's folders on; `<kind>` stands for many. */
const pathPattern = new RegExp(`\`((?:${folders})/[\\w./-]*)\``, "g");

describe("the documents", () => {
  for (const document of documents) {
    it(`name only files that exist: ${document}`, () => {
      const named = [...readFileSync(join(root, document), "utf8").matchAll(pathPattern)].map(([, path]) => path!);
      const isThere = (path: string) => existsSync(join(root, path)) || existsSync(join(root, `${path}.ts`));
      assert.deepEqual(
        named.filter((path) => !isThere(path) && !existsSync(join(root, `${path}.test.ts`))),
        [],
      );
    });
  }
});
