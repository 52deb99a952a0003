/** `npm run bad-input -- --inputs 100000 --seed 1`: prints how many requests were answered with what, and every finding. */
import { parseArgs } from "node:util";
import { runBadInputs } from "./run";
import { show } from "./show";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { inputs: { type: "string" }, seed: { type: "string" } } });
  const inputs = Number(values.inputs ?? 100_000);
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const startedMs = Date.now();
  const report = await runBadInputs({
    seed,
    inputs,
    onWorld: (now) => process.stderr.write(`\r${now.inputs} inputs, ${now.findings.length} findings`),
  });
  process.stderr.write("\n");
  console.log(show(report, Date.now() - startedMs));
  process.exitCode = report.findings.length === 0 ? 0 : 1;
}

void main();
