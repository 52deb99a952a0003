/**
 * `npm run mutants [-- name ...]`: puts each deliberate bug into a copy of the built runtime and shows what catches it.
 * Ends with 1 when one survives, or when one no longer fits the source.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import type { Mutant } from "./mutant";
import { planningMutants } from "./of-planning";
import { runningMutants } from "./of-running";

const root = join(__dirname, "..", "..", "..");
const mutants = [...planningMutants, ...runningMutants];
const simulation = { seeds: 12, events: 8_000, timeoutMs: 180_000 };
const testTimeoutMs = 300_000;
/** What is read beside `dist` by the code and its tests. */
const linked = ["node_modules", "package.json", "engine", "provider", "Pulumi.yaml", "test"];

interface Verdict {
  readonly mutant: Mutant;
  /** Undefined when it survived. */
  readonly caughtBy?: string;
  readonly seconds: number;
}

/** The compiled source with the bug in it; throws when the text is not there exactly once. */
function mutate({ name, file, find, replace }: Mutant): string {
  const source = readFileSync(join(root, "runtime", `${file}.ts`), "utf8");
  const places = source.split(find).length - 1;
  if (places !== 1)
    throw new Error(`mutant "${name}": its text occurs ${places} times in runtime/${file}.ts, not once`);
  const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.CommonJS };
  return ts.transpileModule(
    source.replace(find, () => replace),
    { compilerOptions },
  ).outputText;
}

function copyDist(): string {
  const folder = mkdtempSync(join(tmpdir(), "headroom-mutants-"));
  cpSync(join(root, "dist"), join(folder, "dist"), { recursive: true });
  for (const name of linked) symlinkSync(join(root, name), join(folder, name));
  return folder;
}

/** Which rule the simulation saw broken; undefined when it saw none. */
function askSimulation(folder: string): string | undefined {
  const { seeds, events, timeoutMs } = simulation;
  const command = [join(folder, "dist", "runtime", "sim", "main.js"), "--json", "--stop"];
  const done = spawnSync(process.execPath, [...command, "--seeds", String(seeds), "--events", String(events)], {
    encoding: "utf8",
    timeout: timeoutMs,
  });
  if (done.status === 0) return undefined;
  if (done.signal) return "simulation: it does not come to its end";
  const report = done.stdout.trim().split("\n").at(-1) ?? "";
  // A bug that breaks no rule but the program itself would prove nothing about the rules.
  if (done.status !== 1 || !report.startsWith("{")) throw new Error(`the simulation breaks down: ${done.stderr}`);
  const { seed, violations } = JSON.parse(report) as { seed: number; violations: { rule: string; event: number }[] };
  return `simulation: "${violations[0]?.rule}" (seed ${seed}, event ${violations[0]?.event})`;
}

/** The first test that fails. */
function askTests(folder: string, tests: readonly string[]): string | undefined {
  for (const test of tests) {
    const file = join(folder, "dist", "test", `${test}.test.js`);
    const mocha = join(folder, "node_modules", "mocha", "bin", "mocha.js");
    const done = spawnSync(process.execPath, [mocha, "--bail", "--reporter", "json", file], {
      cwd: folder,
      encoding: "utf8",
      timeout: testTimeoutMs,
      maxBuffer: 64 * 2 ** 20,
    });
    if (done.status === 0) continue;
    const title = /"failures": \[\s*\{\s*"title": ("(?:[^"\\]|\\.)*")/.exec(done.stdout)?.[1];
    return `test/${test}: ${title === undefined ? "fails" : (JSON.parse(title) as string)}`;
  }
  return undefined;
}

function judge(mutant: Mutant, code: string, folder: string): Verdict {
  const built = join(folder, "dist", "runtime", `${mutant.file}.js`);
  const original = readFileSync(built);
  const startedMs = Date.now();
  writeFileSync(built, code);
  try {
    const bySimulation = mutant.bySimulation === false ? undefined : askSimulation(folder);
    const caughtBy = bySimulation ?? askTests(folder, mutant.tests);
    return { mutant, seconds: (Date.now() - startedMs) / 1000, ...(caughtBy === undefined ? {} : { caughtBy }) };
  } finally {
    writeFileSync(built, original);
  }
}

function main(): number {
  const wanted = process.argv.slice(2);
  const chosen = mutants.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  // All at once and before anything runs: a source that changes meanwhile must not mix with the copy.
  const codes = new Map(mutants.map((mutant) => [mutant, mutate(mutant)]));
  const folder = copyDist();
  try {
    const before = askSimulation(folder);
    if (before !== undefined) throw new Error(`the runtime as it is fails already: ${before}`);
    const survivors: string[] = [];
    for (const mutant of chosen) {
      const { caughtBy, seconds } = judge(mutant, codes.get(mutant)!, folder);
      if (caughtBy === undefined) survivors.push(mutant.name);
      const answer = caughtBy ?? "SURVIVED";
      console.log(`${mutant.name.padEnd(48)} | ${mutant.rule} | ${answer} | ${seconds.toFixed(1)} s`);
    }
    console.log(`${chosen.length - survivors.length} of ${chosen.length} caught`);
    if (survivors.length > 0) console.log(`survived: ${survivors.join(", ")}`);
    return survivors.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

process.exit(main());
