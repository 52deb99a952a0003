/**
 * `npm run score -- --trace FILE --boot SECONDS --objective SHARE`: how well the runtime's own forecast keeps an objective
 * on a demand trace, and what it costs against static standby, a day/night schedule and a clairvoyant. Each option may be
 * given several times; all combinations are played. What the model is stands in `docs/wait-objective.md`.
 */
import { parseArgs } from "node:util";
import { scoreTrace, type ScoreRow } from "./score-trace";
import { geometricMean, showTable } from "./table";
import { readTrace } from "../../runtime/simulate/trace-file";

const usage = `Usage: npm run score -- --trace FILE --boot SECONDS --objective SHARE [options]
  --trace FILE        CSV or CSV.gz with arrival_s,duration_s,... sorted by arrival; a JSON file beside it names the start
  --boot SECONDS      how long a VM boots
  --objective SHARE   share of sessions that may wait, such as 5% or 0.05
  --within DURATION   seconds that a session may wait without counting (default 0)
  --warm-up DAYS      played, but not counted (default 28)
  --standby SESSIONS  plain standby that the forecast steps back to (default: the smallest that kept the objective in the
                      warm-up)
  --no-schedule       leave out the search for the best day/night schedule, which takes most of the time
  --json              one JSON document instead of the table
Each of --trace, --boot and --objective may be given several times.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      trace: { type: "string", multiple: true, default: [] },
      boot: { type: "string", multiple: true, default: [] },
      objective: { type: "string", multiple: true, default: [] },
      within: { type: "string", default: "0" },
      "warm-up": { type: "string", default: "28" },
      standby: { type: "string" },
      "no-schedule": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(usage);
  if (values.trace.length * values.boot.length * values.objective.length === 0) throw new Error(usage);
  const boots = values.boot.map((text) => numberOf("--boot", text, { min: 1, max: 86_400 }));
  const shares = values.objective.map(shareOf);
  const common = {
    withinSeconds: numberOf("--within", values.within, { min: 0, max: 86_400 }),
    warmUpSeconds: numberOf("--warm-up", values["warm-up"], { min: 0, max: 3660 }) * 86_400,
    declaredSessions:
      values.standby === undefined ? undefined : numberOf("--standby", values.standby, { min: 0, max: 10_000 }),
    isScheduleSearched: !values["no-schedule"],
  };
  const traces = values.trace.map(readTrace);
  const rows: ScoreRow[] = [];
  for (const trace of traces) {
    for (const bootSeconds of boots) {
      rows.push(...scoreTrace(trace, { ...common, bootSeconds, objectiveShares: shares, log: tell }));
    }
  }
  const means = geometricMean(rows);
  console.log(values.json ? JSON.stringify({ rows, geometricMean: means }, null, 2) : showTable(rows, means));
}

/** Beside the result, so that `--json` can be piped. */
function tell(line: string): void {
  console.error(line);
}

function shareOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text.trim());
  const share = match ? Number(match[1]) / (match[2] === "%" ? 100 : 1) : NaN;
  if (!(share >= 0.001 && share <= 0.5))
    throw new Error(`--objective ${text}: use a share from 0.1% to 50%, such as 5% or 0.05`);
  return share;
}

function numberOf(option: string, text: string, { min, max }: { readonly min: number; readonly max: number }): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!(value >= min && value <= max)) throw new Error(`${option} ${text}: use a number from ${min} to ${max}`);
  return value;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
