/** The import table of ARCHITECTURE.md, held against every source file. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { findCycle } from "./cycle";

const root = resolve(__dirname, "..", "..", "..");

/** Shapes of the API's answers: of the runtime, browsers have these alone, and the reader of event streams. */
const shapes = "account budget fleet-event history lane node-list orphan plan schedule sign-in".split(" ");
const answers = ["runtime/api/contracts", ...shapes.map((of) => `runtime/api/${of}-contracts`)];

const inWords = (text: string): string[] => text.split(" ");

const belowPlanning = "budget config demand forecast lifecycle placement"
  .split(" ")
  .map((of) => `runtime/planner/${of}`);

/**
 * Folder or file → what it may import: folders or files of this project, packages by name, `node` for Node's own
 * modules. A file or folder may always import from itself. The longest matching key counts.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  engine: ["node", "runtime/model/direct-loopback"],
  "engine/cli": ["engine/failure", "engine/operation", "engine/stack", "engine/state", "node"],
  "engine/operation": [
    "engine/failure",
    "engine/program",
    "engine/deployment",
    "engine/steps",
    "engine/providers",
    "engine/stack",
    "engine/state",
  ],
  "engine/program": [
    "engine/failure",
    "engine/deployment",
    "engine/steps",
    "engine/providers",
    "engine/stack",
    "engine/state",
    "node",
    "@pulumi/pulumi/proto",
    "@grpc/grpc-js",
    "google-protobuf",
  ],
  "engine/deployment": [
    "engine/failure",
    "engine/steps",
    "engine/providers",
    "engine/stack",
    "engine/state",
    "@pulumi/pulumi/proto",
  ],
  "engine/steps": ["engine/providers", "engine/state", "node", "@pulumi/pulumi/proto", "@grpc/grpc-js"],
  "engine/providers": [
    "engine/failure",
    "engine/stack",
    "engine/state",
    "node",
    "@pulumi/pulumi/proto",
    "@grpc/grpc-js",
    "google-protobuf",
  ],
  "engine/stack": ["engine/failure", "engine/state", "node", "yaml", "runtime/model/state-layout"],
  "engine/state": ["engine/failure", "node", "google-protobuf"],
  "runtime/kasm": [],
  "runtime/model": ["runtime/kasm", "zod", "temporal-polyfill"],
  "runtime/model/private-key": ["runtime/model", "node:crypto"],
  "runtime/planner/config": ["runtime/model"],
  "runtime/planner/forecast": ["runtime/model"],
  "runtime/planner/budget": ["runtime/model"],
  "runtime/planner/demand": ["runtime/model", "runtime/planner/forecast"],
  "runtime/planner/lifecycle": ["runtime/model", "runtime/planner/config"],
  "runtime/planner/placement": ["runtime/model", "runtime/planner/config", "runtime/planner/lifecycle"],
  "runtime/planner/planning": ["runtime/model", ...belowPlanning],
  "runtime/planner/explain": ["runtime/model", "runtime/planner"],
  "runtime/deciding": [
    "runtime/model",
    "runtime/planner/config",
    "runtime/planner/lifecycle",
    "runtime/planner/placement",
  ],
  "runtime/store": ["runtime/model", "node", "pg"],
  "runtime/broker": [
    "runtime/model",
    "runtime/planner/config",
    "runtime/planner/lifecycle",
    "runtime/planner/placement",
    "runtime/deciding",
    "runtime/store",
    "node:crypto",
    "jose",
    "zod",
  ],
  "runtime/reconciler": [
    "runtime/model",
    "runtime/planner",
    "runtime/deciding",
    "runtime/broker",
    "runtime/store",
    "node:crypto",
    "node:dns",
    "node:http",
    "node:https",
    "node:net",
  ],
  "runtime/executor": [
    "runtime/model",
    "runtime/planner/lifecycle",
    "runtime/planner/placement/place-queue",
    "runtime/deciding",
    "runtime/store",
    "node",
    "@pulumi/pulumi",
    "yaml",
    "zod",
  ],
  "runtime/tracing": ["runtime/model", "runtime/executor/node-updater", "@opentelemetry"],
  "runtime/metrics": ["runtime/model", "runtime/planner", "runtime/broker", "runtime/executor", "prom-client"],
  "runtime/executor/remote": ["runtime/model", "runtime/store", "runtime/executor", "node", "pg", "graphile-worker"],
  "runtime/api": [
    "runtime/model",
    "runtime/broker",
    "runtime/metrics",
    "runtime/store",
    "runtime/planner",
    "node",
    "zod",
    "@asteasolutions/zod-to-openapi",
    "express",
    "pino",
  ],
  "runtime/cli": [
    "runtime/model",
    "runtime/api",
    "runtime/main",
    "runtime/executor",
    "runtime/store",
    "runtime/import-kasm",
    "runtime/simulate",
    "runtime/sim/rng",
    "runtime/backup",
    "provider/registry",
    "commander",
    "node",
  ],
  "runtime/import-kasm": [
    "runtime/kasm",
    "runtime/model",
    "provider/frame/yaml-nesting",
    "provider/registry",
    "provider/kernel/provider-document",
    "provider/kernel/setting-fields",
    "provider/kernel/typed-provider",
    "node",
    "yaml",
    "zod",
  ],
  "runtime/backup": ["runtime/model", "runtime/store", "runtime/executor", "runtime/main", "node", "pg", "zod"],
  "runtime/simulate": inWords(
    "runtime/model runtime/planner/lifecycle runtime/broker runtime/deciding runtime/reconciler runtime/executor runtime/store runtime/sim/rng runtime/sim/timeline runtime/sim/tokens node yaml zod",
  ),
  "runtime/sim": inWords(
    "runtime/simulate/trace-file runtime/model runtime/planner runtime/broker runtime/reconciler runtime/executor runtime/store node zod",
  ),
  "runtime/main": ["runtime", "provider/registry", "provider/local-vm/local-rules", "node", "pino"],
  "provider/clouds": [
    "provider/cloud",
    "provider/frame",
    "provider/resource-kernel",
    "provider/vm-provider",
    "provider/local-vm",
    "runtime/model",
    "zod",
    "@pulumi",
    "@muhlba91/pulumi-proxmoxve",
    "yaml",
    "node",
  ],
  "provider/frame": ["provider/vm-provider", "runtime/model", "zod", "@pulumi/pulumi", "yaml", "node:util", "node:os"],
  "provider/directory": ["provider", "runtime/model", "runtime/executor", "ldapts", "node", "zod", "@pulumi/pulumi"],
  "provider/local-vm": ["provider/resource-kernel", "provider/frame", "runtime/model", "node", "zod", "@pulumi/pulumi"],
  "provider/kernel": [
    "provider/resource-kernel",
    "runtime/model",
    "runtime/api/client",
    "runtime/api/contracts",
    "provider/cloud",
    "provider/registry",
    "provider/vm-provider",
    "node",
    "zod",
  ],
  provider: [
    "provider",
    "runtime/model",
    "runtime/executor",
    "node",
    "zod",
    "@pulumi/pulumi",
    "@grpc/grpc-js",
    "google-protobuf",
    "yaml",
  ],
  components: [
    "runtime/model",
    "provider/cloud",
    "provider/frame/identity",
    "provider/kernel",
    "provider/plugin-link",
    "provider/registry",
    "provider/single-node",
    "provider/vm-provider",
    "@pulumi",
    "node",
  ],
  dashboard: [...answers, "runtime/api/event-source", "runtime/simulate/result", "preact", "@preact/signals", "uplot"],
  "dashboard/model": [...answers, "runtime/model/units", "runtime/simulate/result"],
  generate: [
    "runtime/cli",
    "provider",
    "runtime/import-kasm/known-fields",
    "runtime/kasm",
    "runtime/metrics/table",
    "runtime/model",
    "node",
    "prettier",
    "zod",
  ],
  examples: ["pulumi-headroom", "@pulumi/pulumi"],
  "examples/demo": [
    "pulumi-headroom",
    "@pulumi/pulumi",
    "runtime/api/client",
    "runtime/executor/automation-command",
    "runtime/main",
    "runtime/model",
    "provider/local-vm",
    "node",
  ],
  bench: [
    "runtime",
    "provider",
    "bench",
    "node",
    "pg",
    "@pulumi/pulumi",
    "@pulumi/aws",
    "test/clouds",
    "test/reconciler",
    "test/support/free-port",
  ],
};

/** A count and its noun put together by hand: "1 nodes" comes of it. `formatCount` does it right. */
const handMadePlural =
  /\} (failed nodes|static members|nodes|sessions|servers|cores|GPUs|instances|lanes|users)\b|\? "" : "s"/;

/** Words that make the planner impure. */
const impure = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bprocess\.env\b|\bsetTimeout\(/;

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes("node_modules"));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return ts.preProcessFile(text, true, true).importedFiles.map((imported) => imported.fileName);
}

/** Project path without extension for relative imports, else the package's name. */
function targetOf(file: string, imported: string): string {
  return imported.startsWith(".") ? relative(root, resolve(root, dirname(file), imported)) : imported;
}

function covers(entry: string, target: string): boolean {
  if (entry === "node") return target.startsWith("node:");
  return target === entry || target.startsWith(`${entry}/`);
}

/** Files that are run or loaded by their path, and so imported by nobody. */
const startedByPath: readonly RegExp[] = [
  // What package.json names, and the programs beside it.
  /^(runtime\/cli|runtime\/sim|bench|bench\/score|engine|generate)\/main\.ts$/,
  /^dashboard\/(report\/)?main\.tsx$/,
  /^examples\/[^/]+\/(index|main)\.ts$/,
  /^provider\/(plugin|worker|program|component-process)\.ts$/,
  /^provider\/local-vm\/guest\.ts$/,
  // Tests, the programs that they start, and those that write what they compare with.
  /^test\/.*\.test\.ts$/,
  /^test\/engine\/(record|scenario-host|toy-plugin)\.ts$/,
  /^test\/(executor\/toy-worker|local-vm\/create-once|structure\/left-open)\.ts$/,
  /^test\/(mutants|api\/bad-input)\/main\.ts$/,
  /^test\/dashboard\/take-pictures\.ts$/,
  /^test\/(cli|store)\/versions\/write\.ts$/,
  // How each cloud of the registry is tested, found by its kind.
  /^test\/clouds\/under-test\/[^/]+\.ts$/,
];

function withoutExtension(file: string): string {
  return file.replace(/\.[jt]sx?$/, "");
}

/** The files of this project that a file imports, also where it does so only when it needs them. */
function projectImportsOf(file: string): string[] {
  return importsOf(file)
    .filter((imported) => imported.startsWith("."))
    .map((imported) => withoutExtension(targetOf(file, imported)))
    .map((target) =>
      [".ts", ".tsx"].some((end) => existsSync(join(root, target + end))) ? target : `${target}/index`,
    );
}

describe("structure", () => {
  const files = Object.keys(allowed)
    .map((key) => key.split("/")[0]!)
    .filter((top, index, all) => all.indexOf(top) === index)
    .flatMap((top) => sources(top));
  const everything = [...files, ...sources("test")];

  it("has no import outside the table", () => {
    const keys = Object.keys(allowed).sort((a, b) => b.length - a.length);
    const wrong = files.flatMap((file) => {
      const bare = withoutExtension(file);
      const key = keys.find((candidate) => covers(candidate, bare));
      assert.ok(key, `${file} is in no row of the import table`);
      return importsOf(file)
        .map((imported) => targetOf(file, imported))
        .filter((target) => ![key, ...allowed[key]!].some((entry) => covers(entry, target)))
        .map((target) => `${file} imports ${target}, but ${key} may import only ${allowed[key]!.join(", ")}`);
    });

    assert.deepEqual(wrong, []);
  });

  it("keeps the engine to itself: nobody imports it", () => {
    const importers = files
      .filter((file) => !file.startsWith("engine/"))
      .filter((file) => importsOf(file).some((imported) => covers("engine", targetOf(file, imported))));

    assert.deepEqual(importers, []);
  });

  it("keeps the simulation out of the runtime: only the CLI may import it, and what plays demand for it", () => {
    const importers = sources("runtime")
      .filter((file) => !/^runtime\/(sim|simulate|cli)\//.test(file))
      .filter((file) => importsOf(file).some((imported) => covers("runtime/sim", targetOf(file, imported))));

    assert.deepEqual(importers, []);
  });

  it("has no circle of imports between files, imports of types included", () => {
    const graph = new Map(everything.map((file) => [withoutExtension(file), projectImportsOf(file)]));

    assert.deepEqual(findCycle(graph), undefined);
  });

  it("has no file that nothing uses", () => {
    const used = new Set(everything.flatMap(projectImportsOf));
    const isStarted = (file: string): boolean => startedByPath.some((pattern) => pattern.test(file));
    const unused = everything.filter((file) => !used.has(withoutExtension(file)) && !isStarted(file));

    assert.deepEqual(unused, []);
    for (const pattern of startedByPath) {
      assert.ok(
        everything.some((file) => pattern.test(file) && !used.has(withoutExtension(file))),
        `${String(pattern)} names no file that needs it`,
      );
    }
  });

  it("keeps the planner pure: no clock, no chance, no environment", () => {
    const dirty = sources("runtime/planner").filter((file) => impure.test(readFileSync(join(root, file), "utf8")));

    assert.deepEqual(dirty, []);
  });

  it("counts in words at one place, so that nobody reads of 1 nodes", () => {
    const byHand = files
      .filter((file) => file.startsWith("runtime/") && file !== "runtime/model/units.ts")
      .filter((file) => handMadePlural.test(readFileSync(join(root, file), "utf8")));

    assert.deepEqual(byHand, []);
  });

  it("keeps every file at or below 400 lines", () => {
    const long = everything
      .map((file) => ({ file, lines: readFileSync(join(root, file), "utf8").split("\n").length }))
      .filter(({ lines }) => lines > 401);

    assert.deepEqual(long, []);
  });
});
