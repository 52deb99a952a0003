/** What is made by `npm run generate` is committed; here it is held against what would be made now. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { docComment } from "../../generate/doc-comment";
import { generatedFiles } from "../../generate/generated-files";
import { fieldsOf, textOf } from "../../provider/kernel/setting-fields";
import { clouds } from "../../provider/registry";

const root = resolve(__dirname, "..", "..", "..");

describe("generated components and docs", () => {
  it("are what npm run generate makes of the settings schemas", async () => {
    for (const [file, text] of await generatedFiles(root, clouds)) {
      assert.ok(existsSync(join(root, file)), `${file} is missing: npm run generate`);
      assert.equal(readFileSync(join(root, file), "utf8"), text, `${file} is not current: npm run generate`);
    }
  });

  it("have no file of a cloud that is not registered", () => {
    const kinds = new Set(clouds.map(({ kind }) => kind));
    const sources = readdirSync(join(root, "components/clouds")).filter((file) => file !== "index.ts");
    const pages = readdirSync(join(root, "docs/clouds"));

    assert.deepEqual(
      [...sources, ...pages].filter((file) => !kinds.has(file.replace(/\.(ts|md)$/, ""))),
      [],
    );
  });

  it("have a page for every cloud, which the index of the docs names", () => {
    const index = readFileSync(join(root, "docs/README.md"), "utf8");

    for (const { kind } of clouds) {
      assert.ok(index.includes(`](clouds/${kind}.md)`), `docs/README.md does not name clouds/${kind}.md`);
    }
  });
});

describe("the fields of a settings schema", () => {
  const sample = z
    .strictObject({
      region: z.string().describe("Where."),
      size: z.int().min(1).max(64).default(2).describe("How large."),
      disk: z
        .string()
        .transform((text) => text.length)
        .prefault("1GiB")
        .describe('Of the root, e.g. `"2GiB"`.'),
      mode: z.enum(["a", "b"]).default("b").describe("Which way."),
      token: z.string().max(9).optional().describe("To get in. Default: none is needed."),
      limit: z.int().default(20_000).describe("How many. Default: 20,000."),
      zone: z.string().default("a").describe('Where in it. Default "a", the nearest.'),
      tags: z
        .union([z.string(), z.array(z.string())])
        .optional()
        .describe("Its tags. Default none."),
      nets: z
        .array(z.strictObject({ id: z.string().describe("Of the net.") }))
        .min(1)
        .describe("Its networks."),
      extra: z.record(z.string(), z.unknown()).transform(Object.keys).prefault({}).describe("More."),
    })
    .superRefine(() => undefined);

  it("are read with type, limits, default and what is required", () => {
    const fields = fieldsOf("sample", sample, ["token"]);
    const texts = Object.fromEntries(fields.map((field) => [field.name, textOf(field)]));

    assert.deepEqual(texts, {
      region: "Where.",
      size: "How large. 1 to 64. Default 2.",
      disk: 'Of the root, e.g. `"2GiB"`. Default `"1GiB"`.',
      mode: "Which way. Default `b`.",
      token: "To get in. At most 9 characters. Kept as a secret. Default: none is needed.",
      limit: "How many. Default 20000.",
      zone: 'Where in it. Default "a", the nearest.',
      tags: "Its tags. Default none.",
      nets: "Its networks. At least 1.",
      extra: "More. Default none.",
    });
    assert.deepEqual(
      fields.filter(({ isRequired }) => isRequired).map(({ name }) => name),
      ["region", "nets"],
    );
    assert.deepEqual(
      fields.map(({ type }) => type.is).join(" "),
      "string integer string choice string integer string either list map",
    );
  });

  const untold: Readonly<Record<string, [z.ZodType, RegExp]>> = {
    "without a meaning": [z.string(), /sample\.field does not say what it means; end its schema with \.describe/],
    "that may be left out and does not say what holds then": [
      z.string().optional().describe("A thing."),
      /sample\.field may be left out; end its description with what holds then/,
    ],
    "that says another default than its schema": [
      z.int().default(3).describe("A thing. Default 4."),
      /sample\.field says "Default 4\.", its schema says "Default 3\."/,
    ],
    "of a type that programs can't be told": [z.unknown().describe("A thing."), /sample\.field is of a type/],
  };
  for (const [what, [field, message]] of Object.entries(untold)) {
    it(`refuse one ${what}`, () => {
      assert.throws(() => fieldsOf("sample", z.strictObject({ field })), message);
      assert.throws(() => fieldsOf("sample", z.strictObject({ outer: z.strictObject({ field }).describe("Outer.") })));
    });
  }
});

describe("doc comments", () => {
  it("are one line where they fit, else wrapped within the line width, code unbroken", () => {
    const text = Array.from({ length: 40 }, (_, index) => `word${index} \`code ${index}\``).join(" ");

    const lines = docComment(text, { indent: "  " }).split("\n");

    assert.equal(docComment("Short."), "/** Short. */\n");
    assert.ok(lines.every((line) => line.length <= 120));
    assert.deepEqual(
      lines
        .slice(1, -2)
        .map((line) => line.slice(5))
        .join(" "),
      text,
    );
    assert.ok(lines.every((line) => line.split("`").length % 2 === 1));
  });
});
