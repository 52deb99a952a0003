/** What the documents name exists, what they link to is there, and their examples are written in the language they say. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { parseAllDocuments } from "yaml";

const root = resolve(__dirname, "..", "..", "..");
const documents = [
  ...["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
];
const textOf = (document: string) => readFileSync(join(root, document), "utf8");
const folders = "bench|components|deploy|docs|engine|examples|generate|provider|runtime|scripts|test";
/** In backticks, from one of the project's folders on; `<kind>` stands for many. */
const pathPattern = new RegExp(`\`((?:${folders})/[\\w./-]*)\``, "g");

type AnchorOf = (heading: string, seen: Map<string, number>) => string;

/** Anchors of each heading, as readers and our own pages make them. */
async function anchorsOf(document: string): Promise<Set<string>> {
  const url = pathToFileURL(join(root, "scripts", "anchors.mjs")).href;
  const { anchorOf } = (await import(url)) as { anchorOf: AnchorOf };
  const seen = new Map<string, number>();
  const headings = withoutBlocks(textOf(document)).matchAll(/^#{1,6} (.+)$/gm);
  return new Set([...headings].map(([, heading]) => anchorOf(heading!.replaceAll("`", ""), seen)));
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, "");
}

describe("the documents", () => {
  for (const document of documents) {
    it(`name only files that exist: ${document}`, () => {
      const named = [...textOf(document).matchAll(pathPattern)].map(([, path]) => path!);
      const isThere = (path: string) => existsSync(join(root, path)) || existsSync(join(root, `${path}.ts`));
      assert.deepEqual(
        named.filter((path) => !isThere(path) && !existsSync(join(root, `${path}.test.ts`))),
        [],
      );
    });

    it(`link only to files and headings that exist: ${document}`, async () => {
      const links = [...withoutBlocks(textOf(document)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
      for (const link of links.filter((target) => !/^[a-z]+:/.test(target))) {
        const [path, anchor] = link.split("#") as [string, string?];
        const target = path === "" ? document : posix.normalize(posix.join(posix.dirname(document), path));
        assert.ok(existsSync(join(root, target)), `${document} links to ${link}`);
        if (anchor === undefined) continue;
        assert.ok((await anchorsOf(target)).has(anchor), `${document} links to ${link}: no such heading`);
      }
    });
  }

  it("are all named by the index of the docs", () => {
    const index = textOf("docs/README.md");
    const pages = documents.filter((document) => document.startsWith("docs/") && document !== "docs/README.md");
    assert.deepEqual(
      pages.filter((page) => !index.includes(`](${page.slice("docs/".length)})`)),
      [],
    );
  });
});

interface Block {
  /** e.g. `docs/api.md, block 2`. */
  readonly where: string;
  readonly language: string;
  readonly text: string;
}

const blocks: Block[] = documents.flatMap((document) =>
  [...textOf(document).matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language, text], index) => ({
    where: `${document}, block ${index + 1}`,
    language: language!,
    text: text!,
  })),
);

/** How each language is judged: what is wrong, or undefined. */
const judges: Readonly<Record<string, (text: string) => string | undefined>> = {
  json: (text) => failureOf(() => void JSON.parse(text)),
  yaml: (text) =>
    parseAllDocuments(text)
      .flatMap((document) => document.errors)
      .map(({ message }) => message)
      .join() || undefined,
  sh: (text) => {
    const { status, stderr } = spawnSync("bash", ["-n"], { input: text, encoding: "utf8" });
    return status === 0 ? undefined : stderr;
  },
};

function failureOf(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the examples of the documents", () => {
  it("are in a language that is judged here, or are shown as they are", () => {
    const known = new Set([...Object.keys(judges), "ts", "text", "mermaid", ""]);
    assert.deepEqual(
      blocks.filter(({ language }) => !known.has(language)).map(({ where, language }) => `${where}: ${language}`),
      [],
    );
  });

  for (const language of Object.keys(judges)) {
    it(`are ${language} where they say so`, () => {
      const own = blocks.filter((block) => block.language === language);
      assert.ok(own.length > 0, `no example is ${language}`);
      assert.deepEqual(
        own.flatMap(({ where, text }) =>
          judges[language]!(text) === undefined ? [] : [`${where}: ${judges[language]!(text)}`],
        ),
        [],
      );
    });
  }

  it("show the example that they name whole, as it is", () => {
    const example = textOf("examples/quickstart-local/index.ts");
    const program = blocks.find(({ where, language }) => where.startsWith("README.md") && language === "ts")!;
    assert.ok(example.endsWith(program.text), "the program in README.md is not examples/quickstart-local/index.ts");
  });

  it("are programs whose types are right where they are TypeScript", function () {
    this.timeout(180_000);
    const programs = blocks.filter(({ language }) => language === "ts");
    assert.ok(programs.length > 5);
    const text = `new headroom.Schedule("s", { autoscaleConfig: agents.name, begins: "07:30" });`;
    const wrong = { where: "a wrong one", language: "ts", text };
    const errors = typeErrors([...programs, wrong]);
    assert.match(errors.pop()!, /^a wrong one: .*'begins' does not exist/);
    assert.deepEqual(errors, []);
  });
});

/** What examples may use that begin in the middle of a program. */
const prelude = `import * as headroom from "pulumi-headroom";
import * as pulumi from "@pulumi/pulumi";
declare const agents: headroom.AutoscaleConfig;
declare const desktops: headroom.ServerAutoscaleConfig;
declare const office: headroom.Zone;
declare const windows: headroom.AzureVmProvider;
declare const config: pulumi.Config;
`;

/** Each example as a file of its own in the folder of examples, so that it finds what a user's program finds. */
function typeErrors(programs: readonly Block[]): string[] {
  const sources = new Map(
    programs.map((block, index) => {
      const text = block.text.includes('from "pulumi-headroom"') ? block.text : `${prelude}${block.text}`;
      return [join(root, "examples", `document-${index}.ts`), { ...block, text }];
    }),
  );
  const { options } = ts.convertCompilerOptionsFromJson(
    {
      target: "es2023",
      module: "node20",
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      types: ["node"],
      rootDir: ".",
    },
    root,
  );
  const settings = { ...options, outDir: join(root, "dist") };
  const host = ts.createCompilerHost(settings);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => sources.has(file) || fileExists(file);
  host.readFile = (file) => sources.get(file)?.text ?? readFile(file);
  host.getCurrentDirectory = () => dirname(join(root, "package.json"));
  const program = ts.createProgram([...sources.keys()], settings, host);
  return [...sources].flatMap(([file, { where }]) => {
    const source = program.getSourceFile(file)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${where}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    );
  });
}
