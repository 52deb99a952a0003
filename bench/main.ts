/**
 * `npm run bench [-- --smoke] [--only name,...] [--engine embedded|official] [--save]`: runs the benchmarks, prints their
 * figures, and with `--save` writes them to `bench/results-<engine>.json`. Each runs in a process of its own, so that none
 * works in what another left in memory. Ratios hold within one run; absolute times depend on the machine, which is named.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { burst } from "./burst";
import { doors } from "./doors";
import { findEngine } from "./engine";
import { atRest } from "./at-rest";
import { fleet } from "./fleet";
import { heartbeats } from "./heartbeats";
import { placements } from "./placements";
import { planning } from "./plan";
import { replicas } from "./replicas";
import { formatFigure, isMet, round, type Bench, type BenchContext, type Figure } from "./result";
import { packageRoot } from "./service";
import { scrape } from "./scrape";
import { simulationSpeed } from "./sim";
import { startLatency } from "./start-latency";
import { workers } from "./workers";

const benches: readonly Bench[] = [
  startLatency,
  placements,
  replicas,
  doors,
  fleet,
  atRest,
  heartbeats,
  planning,
  scrape,
  burst,
  workers,
  simulationSpeed,
];

const usage = `Usage: npm run bench -- [options]
  --smoke                       a quick run that shows that every benchmark works
  --only <name,...>             ${benches.map(({ name }) => name).join(", ")}
  --engine embedded|official    default: official when HEADROOM_PULUMI is set, else embedded
  --save                        write bench/results-<engine>.json`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      smoke: { type: "boolean", default: false },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      only: { type: "string" },
      // Set by this command itself: run the one benchmark of `--only` here, with its figures to this file.
      figures: { type: "string" },
      engine: { type: "string", default: process.env["HEADROOM_PULUMI"] ? "official" : "embedded" },
    },
  });
  if (values.help) return console.log(usage);
  const engine = values.engine;
  if (engine !== "embedded" && engine !== "official") throw new Error(`--engine ${engine}: use embedded or official`);
  const wanted = values.only?.split(",");
  const unknown = wanted?.find((name) => !benches.some((bench) => bench.name === name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: use ${benches.map(({ name }) => name).join(", ")}`);

  const context: Context = { engine, isSmoke: values.smoke };
  if (values.figures !== undefined) return runHere(wanted?.[0] ?? "", context, values.figures);
  const found = await findEngine(engine);
  const machine = `${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${round(totalmem() / 1e9)} GB`;
  console.log(`${found.name}; node ${process.version}; ${machine}`);
  const results: Record<string, Figure[]> = {};
  for (const bench of benches.filter(({ name }) => wanted?.includes(name) ?? true)) {
    console.log(`\n${bench.name}: ${bench.about}`);
    results[bench.name] = runApart(bench.name, context);
    for (const figure of results[bench.name]!) console.log(formatFigure(figure));
  }
  if (values.save) {
    const file = join(packageRoot, "bench", `results-${engine}.json`);
    const said = Object.fromEntries(
      Object.entries(results).map(([name, figures]) => [
        name,
        figures.map((figure) => ({ ...figure, value: round(figure.value), met: isMet(figure) })),
      ]),
    );
    const record = {
      date: new Date().toISOString(),
      engine: found.name,
      node: process.version,
      machine,
      isSmoke: values.smoke,
      results: said,
    };
    writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
  }
}

type Context = Pick<BenchContext, "engine" | "isSmoke">;

async function runHere(name: string, context: Context, file: string): Promise<void> {
  const bench = benches.find((one) => one.name === name)!;
  const figures = await bench.run({ ...context, log: (line) => console.log(`    ${line}`) });
  writeFileSync(file, JSON.stringify(figures));
}

function runApart(name: string, { engine, isSmoke }: Context): Figure[] {
  const folder = mkdtempSync(join(tmpdir(), "headroom-figures-"));
  try {
    const file = join(folder, "figures.json");
    const args = ["--only", name, "--engine", engine, "--figures", file, ...(isSmoke ? ["--smoke"] : [])];
    const { status, signal } = spawnSync(process.execPath, [__filename, ...args], { stdio: "inherit" });
    if (status !== 0) throw new Error(`the benchmark ${name} ended with ${signal ?? `exit code ${status}`}`);
    return JSON.parse(readFileSync(file, "utf8")) as Figure[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
