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
import { actingMutants } from "./of-acting";
import { budgetMutants } from "./of-budgets";
import { cloudMutants } from "./of-clouds";
import { connectionMutants } from "./of-connections";
import { historyMutants } from "./of-history";
import { importMutants } from "./of-imports";
import { doorMutants } from "./of-doors";
import { azureMutants } from "./of-azure";
import { kubevirtMutants } from "./of-kubevirt";
import { lifecycleMutants } from "./of-lifecycle";
import { ociMutants } from "./of-oci";
import { planningMutants } from "./of-planning";
import { runningMutants } from "./of-running";
import { secretsMutants } from "./of-secrets";
import { sweepingMutants } from "./of-sweeping";
import { vsphereMutants } from "./of-vsphere";

const root = join(__dirname, "..", "..", "..");
const mutants = [
  ...planningMutants,
  ...lifecycleMutants,
  ...runningMutants,
  ...actingMutants,
  ...sweepingMutants,
  ...secretsMutants,
  ...cloudMutants,
  ...vsphereMutants,
  ...ociMutants,
  ...azureMutants,
  ...kubevirtMutants,
  ...connectionMutants,
  ...importMutants,
  ...doorMutants,
  ...historyMutants,
  ...budgetMutants,
];
/** First a short look; a bug that neither it nor the tests find gets a longer one. */
const shortRuns = { seed: 1, seeds: 8, events: 6_000, timeoutMs: 600_000 };
const longRuns = { seed: 100, seeds: 16, events: 20_000, timeoutMs: 1_200_000 };
const testTimeoutMs = 300_000;
/** What is read beside `dist` by the code and its tests. */
const linked = [".mocharc.json", "node_modules", "package.json", "engine", "provider", "Pulumi.yaml", "test"];

/** The compiled source with the bug in it; undefined when the text is not there exactly once. */
function mutate({ file, find, replace }: Mutant): string | undefined {
  const source = readFileSync(join(root, "runtime", `${file}.ts`), "utf8");
  if (source.split(find).length !== 2) return undefined;
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
function askSimulation(folder: string, { seed, seeds, events, timeoutMs }: typeof shortRuns): string | undefined {
  const command = [join(folder, "dist", "runtime", "sim", "main.js"), "--json", "--stop"];
  const counts = ["--seed", String(seed), "--seeds", String(seeds), "--events", String(events)];
  const done = spawnSync(process.execPath, [...command, ...counts], { encoding: "utf8", timeout: timeoutMs });
  if (done.status === 0) return undefined;
  if (done.signal) return "simulation: it does not come to its end";
  const report = done.stdout.trim().split("\n").at(-1) ?? "";
  // A bug that breaks no rule but the program itself would prove nothing about the rules.
  if (done.status !== 1 || !report.startsWith("{")) throw new Error(`the simulation breaks down: ${done.stderr}`);
  const { violations, ...ran } = JSON.parse(report) as { seed: number; violations: { rule: string; event: number }[] };
  return `simulation: "${violations[0]?.rule}" (seed ${ran.seed}, event ${violations[0]?.event})`;
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
    // On a machine that is busy with other things it says nothing of the bug.
    if (done.signal) throw new TimeOut(`test/${test} did not end within ${testTimeoutMs / 60_000} minutes`);
    const title = /"failures": \[\s*\{\s*"title": ("(?:[^"\\]|\\.)*")/.exec(done.stdout)?.[1];
    return `test/${test}: ${title === undefined ? "fails" : (JSON.parse(title) as string)}`;
  }
  return undefined;
}

class TimeOut extends Error {}

function judge({ file, tests, bySimulation = true }: Mutant, code: string, folder: string): string | undefined {
  const built = join(folder, "dist", "runtime", `${file}.js`);
  const original = readFileSync(built);
  writeFileSync(built, code);
  try {
    const ask = (runs: typeof shortRuns) => (bySimulation ? askSimulation(folder, runs) : undefined);
    return ask(shortRuns) ?? askTests(folder, tests) ?? ask(longRuns);
  } finally {
    writeFileSync(built, original);
  }
}

/** A test that fails without the bug too has caught nothing. */
function confirm({ tests }: Mutant, caughtBy: string | undefined, folder: string): string | undefined {
  const test = tests.find((name) => caughtBy?.startsWith(`test/${name}: `));
  return test !== undefined && askTests(folder, [test]) !== undefined ? undefined : caughtBy;
}

/** What caught it, in words; or that nothing did, or that a test did not come to its end. */
function answerTo(mutant: Mutant, code: string, folder: string): string {
  try {
    return confirm(mutant, judge(mutant, code, folder), folder) ?? "SURVIVED";
  } catch (error) {
    if (error instanceof TimeOut) return `NOT JUDGED: ${error.message}`;
    throw error;
  }
}

function main(): number {
  const wanted = process.argv.slice(2);
  const chosen = mutants.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  // All at once and before anything runs: a source that changes meanwhile must not mix with the copy.
  const codes = new Map(chosen.map((mutant) => [mutant, mutate(mutant)]));
  const folder = copyDist();
  try {
    const isAsked = chosen.some(({ bySimulation = true }) => bySimulation);
    const before = isAsked ? askSimulation(folder, shortRuns) : undefined;
    if (before !== undefined) throw new Error(`the runtime as it is fails already: ${before}`);
    let caught = 0;
    for (const [mutant, code] of codes) {
      const startedMs = Date.now();
      const answer = code === undefined ? `DOES NOT FIT runtime/${mutant.file}.ts` : answerTo(mutant, code, folder);
      if (!/^(DOES NOT FIT|SURVIVED|NOT JUDGED)/.test(answer)) caught += 1;
      const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
      console.log(`${mutant.name.padEnd(46)} | ${mutant.rule} | ${answer} | ${seconds} s`);
    }
    console.log(`${caught} of ${codes.size} caught`);
    return caught === codes.size ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

process.exit(main());
