/** `npm run sim`: runs the simulation and says what it found. */
import { parseArgs } from "node:util";
import { formatCount } from "../model/units";
import { readTrace } from "./arrivals";
import { faultKinds, type FaultKind } from "./faults";
import { simulate, type SimulationReport } from "./simulation";

const usage = `Usage: npm run sim -- [options]
  --seed N          default 1
  --seeds K         so many seeds from N on; default 1
  --events M        events with faults in each run; default 50000
  --trace FILE      arrivals of people from a recorded trace (CSV, also gzip)
  --without a,b     kinds of faults that do not strike: ${faultKinds.join(", ")}
  --only a#1,b#2    only these faults strike
  --json            one JSON document per run`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      seeds: { type: "string", default: "1" },
      events: { type: "string", default: "50000" },
      trace: { type: "string" },
      without: { type: "string" },
      only: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const trace = values.trace === undefined ? undefined : readTrace(values.trace);
  const without = new Set((values.without?.split(",") ?? []) as FaultKind[]);
  const only = values.only === undefined ? undefined : new Set(values.only.split(","));
  let failures = 0;
  const first = Number(values.seed);
  for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
    const startedMs = Date.now();
    const report = await simulate({
      seed,
      events: Number(values.events),
      without,
      ...(only ? { only } : {}),
      ...(trace ? { trace } : {}),
    });
    const seconds = (Date.now() - startedMs) / 1000;
    if (values.json) console.log(JSON.stringify({ ...report, seconds }));
    else print(report, seconds);
    if (report.violations.length > 0) failures += 1;
  }
  return failures === 0 ? 0 : 1;
}

function print(report: SimulationReport, seconds: number): void {
  const rate = Math.round(report.events / seconds);
  const counts = { event: report.events, session: report.sessions, node: report.nodes, fault: report.faults.length };
  const said = Object.entries(counts)
    .map(([what, count]) => formatCount(count, what))
    .join(", ");
  console.log(
    `seed ${report.seed}: ${said} in ${report.virtualSeconds} s of virtual time; ${rate} events/s; hash ${report.hash}`,
  );
  for (const { rule, text, event, atMs } of report.violations) {
    console.log(`  BROKEN at event ${event} (${new Date(atMs).toISOString()}): ${rule}: ${text}`);
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
