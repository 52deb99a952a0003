// `npm test`: makes the clone ready and runs the tests of every area (a folder below test/) in a process of its own, so
// that no area can disturb another; but for those that take minutes each, which `npm run test:live` runs. `npm test --
// area ...` runs the named ones. Ends with every failure again and the counts of all of them.
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runMocha } from "./run-mocha.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const setUp = spawnSync(process.execPath, [join(root, "scripts", "setup.mjs"), "--sdks"], { stdio: "inherit" });
if (setUp.status !== 0) process.exit(setUp.status ?? 1);

const built = join(root, "dist", "test");
const hasTests = (area) =>
  readdirSync(join(built, area), { recursive: true }).some((file) => file.endsWith(".test.js"));
const areas = readdirSync(built, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(root, "test", entry.name)) && hasTests(entry.name))
  .map((entry) => entry.name)
  // Checks that the others ran, so it comes last.
  .sort((a, b) => Number(a === "behaviour") - Number(b === "behaviour"));
/** Active Directory, attacks, every operation on the emulated clouds, whole services that are killed and frozen, the plugin's resources. */
const liveAreas = ["ad", "attack", "clouds", "crash", "provider"];
const isLive = process.argv.includes("--live");
const wanted = process.argv.slice(2).filter((word) => word !== "--live");
const unknown = wanted.filter((area) => !areas.includes(area));
if (unknown.length > 0) {
  console.error(`no tests in test/${unknown.join(", test/")}; there are: ${areas.join(", ")}`);
  process.exit(2);
}

const countsFolder = mkdtempSync(join(tmpdir(), "headroom-test-"));
const isWhole = wanted.length === 0;
const meant = isLive ? [...liveAreas, "behaviour"] : areas.filter((area) => !liveAreas.includes(area));
const chosen = isWhole ? meant : wanted;
/** Areas whose files know nothing of each other and take long: each file of theirs has a process of its own. */
const areasByFile = ["attack", "cli", "clouds", "crash", "engine", "executor", "provider", "store"];
/** Most of them wait or use one core: one more than a small machine has. */
const processesMax = 3;
const total = { passes: 0, failures: 0, pending: 0 };
const lines = [];
const failed = [];

await runAreas(chosen.filter((area) => area !== "behaviour"));
if (chosen.includes("behaviour")) await runAreas(["behaviour"]);

/** Some processes at once, in the order of the areas; the output of each is shown when it has ended. */
async function runAreas(areas) {
  const parts = areas.flatMap(partsOf);
  // One process alone is watched while it runs.
  const isWatched = parts.length === 1;
  const next = async () => {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const { area, file, files } = part;
      area.startedMs ??= Date.now();
      const name = file === undefined ? area.name : `${area.name}-${file.replaceAll("/", "-")}`;
      const title = `\n=== test/${area.name}${file === undefined ? "" : `/${file.replace(/\.js$/, ".ts")}`}`;
      if (isWatched) console.log(title);
      const output = join(countsFolder, `${name}.log`);
      const descriptor = openSync(output, "w");
      const counts = await run(files, name, isWatched ? "inherit" : ["ignore", descriptor, descriptor]);
      closeSync(descriptor);
      if (!isWatched) process.stdout.write(`${title}\n${readFileSync(output)}`);
      for (const key of Object.keys(total)) area.counts[key] += counts[key];
      for (const key of ["passed", "failed", "skipped"]) area.counts[key].push(...counts[key]);
      area.parts -= 1;
      if (area.parts === 0) conclude(area);
    }
  };
  await Promise.all(Array.from({ length: processesMax }, next));
}

/** What one process runs: an area, or a file of it. */
function partsOf(name) {
  const counts = { passes: 0, failures: 0, pending: 0, passed: [], failed: [], skipped: [] };
  if (!areasByFile.includes(name)) {
    const area = { name, counts, parts: 1 };
    return [{ area, files: [join("dist", "test", name, "**", "*.test.js")] }];
  }
  const files = readdirSync(join(built, name), { recursive: true }).filter((file) => file.endsWith(".test.js"));
  const area = { name, counts, parts: files.length };
  return files.map((file) => ({ area, file, files: [join("dist", "test", name, file)] }));
}

function conclude({ name, counts, startedMs }) {
  failed.push(...counts.failed.map(({ title, error }) => ({ title: `test/${name}: ${title}`, error })));
  for (const key of Object.keys(total)) total[key] += counts[key];
  // What ran and passed is read again by `test/behaviour`.
  writeFileSync(join(countsFolder, `${name}.json`), JSON.stringify(counts));
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(0);
  const pending = counts.pending > 0 ? `, ${counts.pending} skipped` : "";
  lines.push(`${name.padEnd(12)} ${counts.passes} passed, ${counts.failures} failed${pending} in ${seconds} s`);
}

/** What the tests of these files counted; a process that ended before its time is a failure. */
async function run(files, name, stdio) {
  const countsFile = join(countsFolder, `counts of ${name}.json`);
  const results = isWhole ? { HEADROOM_TEST_RESULTS: countsFolder, HEADROOM_TEST_AREAS: chosen.join() } : {};
  const ended = await runMocha(files, { HEADROOM_TEST_COUNTS: countsFile, ...results }, stdio);
  const counts = existsSync(countsFile)
    ? JSON.parse(readFileSync(countsFile, "utf8"))
    : { passes: 0, failures: 0, pending: 0, passed: [], failed: [], skipped: [], running: "loading the tests" };
  // After its last test, or in the middle of one.
  if (counts.running !== undefined || (ended.status !== 0 && counts.failures === 0)) {
    const end = ended.signal ? `signal ${ended.signal}` : `exit code ${ended.status}`;
    const at = counts.running ?? "after the last test";
    counts.failed.push({ title: `${name}: the process ended before its time`, error: `${end}; it was at: ${at}` });
    counts.failures += 1;
  }
  return counts;
}
rmSync(countsFolder, { recursive: true });
if (failed.length > 0) console.log("\n=== failures");
for (const [index, { title, error }] of failed.entries()) console.log(`\n${index + 1}) ${title}\n${error}`);
console.log(`\n${lines.join("\n")}`);
const skipped = total.pending > 0 ? `, ${total.pending} skipped` : "";
console.log(`${total.passes} passed, ${total.failures} failed${skipped}`);
process.exit(total.failures === 0 ? 0 : 1);
