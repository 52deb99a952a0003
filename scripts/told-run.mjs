// Runs a command of the set-up and says, at least every few seconds, what it is at and how long it has taken: who sees a
// clone for the first time should never wonder whether it hangs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const tellEveryMs = 3_000;

/** Whole set-ups print nothing when there is nothing to do, so the first line comes with the first step. */
export function say(text) {
  console.error(`headroom set-up: ${text}`);
}

/**
 * Lines that `count.matches` are counted for the progress line, under `count.noun`, and not shown. Ends this process when
 * the command fails.
 */
export async function toldRun(what, command, args, { cwd, count }) {
  const startedMs = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedMs) / 1000)} s`;
  let counted = 0;
  const progress = () => (count === undefined ? "" : `, ${counted} ${count.noun}`);
  say(`${what} ...`);
  const timer = setInterval(() => say(`${what}: ${seconds()}${progress()} ...`), tellEveryMs);
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const show = (line) => (count?.matches(line) ? counted++ : console.error(line));
  for (const output of [child.stdout, child.stderr]) createInterface({ input: output }).on("line", show);
  const [status, signal] = await once(child, "close").catch((error) => [undefined, error.message]);
  clearInterval(timer);
  if (status !== 0) {
    say(`${what} failed (${command} ${args.join(" ")}: ${signal ?? `exit code ${status}`}); the lines above say why.`);
    process.exit(status || 1);
  }
  say(`${what}: done in ${seconds()}`);
}
