// One process of mocha with this project's reporter: `node scripts/run-mocha.mjs FILE...`. Whatever its tests have left
// behind is ended with it: a runtime or an engine that goes on would hold the output of `npm test`, and whoever reads it.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
/** Every process that a test starts inherits it, also those that get only a part of the environment. */
const markName = "TEST_RUN_ID";
const inherited = [process.env.HEADROOM_INHERIT, markName].filter(Boolean).join();

/** `stdio` as for `spawn`. Resolves with how the process ended. */
export async function runMocha(files, environment = {}, stdio = "inherit") {
  const mark = randomUUID();
  const child = spawn(
    process.execPath,
    [
      join(root, "node_modules", "mocha", "bin", "mocha.js"),
      "--reporter",
      join(root, "scripts", "mocha-reporter.cjs"),
      "--enable-source-maps",
      ...files,
    ],
    { cwd: root, stdio, env: { ...process.env, ...environment, [markName]: mark, HEADROOM_INHERIT: inherited } },
  );
  const [status, signal] = await once(child, "exit");
  endLeftovers(`\0${markName}=${mark}\0`);
  return { status, signal };
}

/** Only Linux tells what a process inherited. */
function endLeftovers(entry) {
  if (!existsSync("/proc/self/environ")) return;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!`\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`.includes(entry)) continue;
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      process.kill(Number(pid), "SIGKILL");
      console.log(`left behind by a test, and ended now: ${command}`);
    } catch {
      // It has just ended, or is not ours to look at.
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { status } = await runMocha(process.argv.slice(2));
  process.exit(status ?? 1);
}
