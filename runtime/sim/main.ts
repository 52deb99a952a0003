/** `npm run sim`: runs the simulation, says what it found, and makes a failing run small. */
import { parseArgs } from "node:util";
import { ConfigError } from "../model/errors";
import { formatCount } from "../model/units";
import { recordedArrivals } from "./arrivals";
import { faultKinds, type FaultKind } from "./faults";
import { commandOf, shrink } from "./shrink";
import { simulate, type SimulationOptions, type SimulationReport } from "./simulation";

const usage = `Usage: npm run sim -- [options]
  --seed N          default 1
  --seeds K         so many seeds from N on; default 1
  --events M        events with faults in each run; default 50000
  --fleet N         a site of N nodes with a crowd of N people; default: small sites
  --trace FILE      arrivals of people from a recorded trace (CSV, also gzip)
  --without a,b     kinds of faults that do not strike: ${faultKinds.join(", ")}
  --only a#1,b#2    only these faults strike
  --stop            end with the first run that breaks a rule, as it is
  --json            one JSON document per run`;

function readArguments() {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      seeds: { type: "string", default: "1" },
      events: { type: "string", default: "50000" },
      fleet: { type: "string" },
      trace: { type: "string" },
      without: { type: "string" },
      only: { type: "string" },
      stop: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return values;
}

type Arguments = ReturnType<typeof readArguments>;

async function main(): Promise<number> {
  const values = readArguments();
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const first = countOf("--seed", values.seed);
  const trace = values.trace === undefined ? undefined : recordedArrivals(values.trace);
  let failures = 0;
  for (let seed = first; seed < first + countOf("--seeds", values.seeds); seed += 1) {
    const options = optionsOf(values, seed, trace);
    const report = await run(options, values);
    if (report.violations.length === 0) continue;
    failures += 1;
    if (values.stop) break;
    if (!values.json) await showSmaller(options, report, values.trace);
  }
  return failures === 0 ? 0 : 1;
}

function optionsOf(values: Arguments, seed: number, trace: SimulationOptions["trace"]): SimulationOptions {
  const without = new Set(listOf(values.without) as FaultKind[]);
  const unknown = [...without].find((kind) => !faultKinds.includes(kind));
  if (unknown) throw ConfigError.of([{ path: "--without", message: `got ${unknown}; use ${faultKinds.join(", ")}` }]);
  return {
    seed,
    events: countOf("--events", values.events),
    without,
    ...(values.only === undefined ? {} : { only: new Set(listOf(values.only)) }),
    ...(trace ? { trace } : {}),
    ...(values.fleet === undefined ? {} : { fleet: countOf("--fleet", values.fleet) }),
    ...(values.json ? {} : { onProgress: showProgress }),
  };
}

function countOf(path: string, text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw ConfigError.of([{ path, message: `got ${text}; use a whole number` }]);
}

function listOf(text: string | undefined): string[] {
  return text === undefined || text === "" ? [] : text.split(",");
}

async function run(options: SimulationOptions, values: Arguments): Promise<SimulationReport> {
  const startedMs = Date.now();
  const startedCpu = process.cpuUsage();
  const report = await simulate(options);
  const seconds = (Date.now() - startedMs) / 1000;
  const cpu = process.cpuUsage(startedCpu);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  if (values.json) console.log(JSON.stringify({ ...report, seconds, cpuSeconds }));
  else print(report, { seconds, cpuSeconds });
  return report;
}

function showProgress(events: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${formatCount(events, "event")} `);
}

function print(report: SimulationReport, { seconds, cpuSeconds }: { seconds: number; cpuSeconds: number }): void {
  const counts = { event: report.events, session: report.sessions, node: report.nodes, fault: report.faults.length };
  const said = Object.entries(counts)
    .map(([what, count]) => formatCount(count, what))
    .join(", ");
  const rate = `${Math.round(report.events / seconds)} events/s (${Math.round(report.events / cpuSeconds)} per CPU second)`;
  console.log(
    `seed ${report.seed}: ${said} in ${report.virtualSeconds} s of virtual time; ${rate}; hash ${report.hash}`,
  );
  const kinds = Object.entries(report.eventsByKind).map(([kind, count]) => `${kind} ${count}`);
  console.log(`  ${kinds.join(", ")}`);
  for (const { rule, text, event, atMs } of report.violations) {
    console.log(`  BROKEN at event ${event} (${new Date(atMs).toISOString()}): ${rule}: ${text}`);
  }
}

async function showSmaller(options: SimulationOptions, report: SimulationReport, trace?: string): Promise<void> {
  const smaller = await shrink(options, report);
  const [violation] = smaller.report.violations;
  console.log(`  smaller: ${commandOf(smaller.options, trace)}`);
  console.log(`  breaks at event ${violation?.event}: ${violation?.rule}: ${violation?.text}`);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exit(2);
  },
);
