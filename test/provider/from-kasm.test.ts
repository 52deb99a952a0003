/** Programs of `headroom import kasm`: the compiler takes them, and a runtime takes at preview what they declare. */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import ts from "typescript";
import { HeadroomClient } from "../../runtime/api/client";
import type { Import } from "../../runtime/import-kasm/import-kasm";
import { definitionKinds } from "../../runtime/model/config";
import { type Runtime, startRuntime } from "../../runtime/main";
import { embeddedEngine } from "../engine/engines";
import { fixtures, imported } from "../import-kasm/imported";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { makeDeclarations } from "../support/declarations";
import { Workbench } from "./workbench";

const repositoryRoot = join(__dirname, "..", "..", "..");

/** What whoever runs the program says where its example names nothing. */
const answers: Readonly<Record<string, string>> = { "second-vmProvider": "droplets" };

function valueOf({ key, isSecret, example }: Import["asked"][number]): string {
  if (key.endsWith("connectionInfo")) return '{"ignore-cert": true}';
  if (isSecret) return "a-secret-of-the-test";
  return answers[key] ?? (typeof example === "string" ? example : JSON.stringify(example));
}

describe("programs imported from Kasm", function () {
  this.timeout(240_000);
  let dataFolder: string;
  let runtime: Runtime;

  before(async () => {
    makeDeclarations();
    dataFolder = newOpenFolder("headroom-from-kasm-");
    runtime = await startRuntime({ dataFolder, port: 0, engine: "embedded", logLevel: "silent" });
    await runtime.whenLeader();
  });
  after(async () => {
    await runtime?.stop();
    removeFolder(dataFolder);
  });

  /** The project as it is after `npm install`. */
  async function withProject(found: Import, use: (bench: Workbench) => Promise<void>): Promise<void> {
    const connection = { HEADROOM_ENDPOINT: runtime.url, HEADROOM_API_KEY: runtime.adminKey };
    const bench = new Workbench(embeddedEngine(), connection);
    try {
      for (const [file, text] of found.files) {
        if (file === "Pulumi.yaml") continue;
        mkdirSync(dirname(join(bench.project, file)), { recursive: true });
        writeFileSync(join(bench.project, file), text);
      }
      const types = join("node_modules", "@types");
      symlinkSync(join(repositoryRoot, types), join(bench.project, types));
      await use(bench);
    } finally {
      bench.remove();
    }
  }

  function compilerErrors(project: string): string[] {
    const file = join(project, "tsconfig.json");
    const { config } = ts.readConfigFile(file, (path) => ts.sys.readFile(path)) as { config: object };
    const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, project);
    const program = ts.createProgram(fileNames, options);
    program.emit();
    return ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  }

  for (const fixture of fixtures) {
    it(`are taken by the compiler, and preview clean: ${fixture}`, async () => {
      const found = imported(fixture);
      await withProject(found, async (bench) => {
        assert.deepEqual(compilerErrors(bench.project), []);
        const program: PulumiFn = async () => void require(join(bench.project, "index.js"));
        const stack = await bench.stack(program);
        for (const one of found.asked) {
          await stack.setConfig(one.key, { value: valueOf(one), secret: one.isSecret });
        }
        const preview = await stack.preview();
        const definitions = Object.values(found.counts).reduce((sum, count) => sum + count, 0);

        // Each definition is a component and its declaration; the stack is one more.
        assert.equal(preview.changeSummary.create, 2 * definitions + 1);
      });
      const client = new HeadroomClient({ endpoint: runtime.url, apiKey: runtime.adminKey });
      const stored = await Promise.all(definitionKinds.map((kind) => client.definitions(kind)));
      assert.deepEqual(stored.flat(), [], "a preview declares nothing");
    });
  }
});
