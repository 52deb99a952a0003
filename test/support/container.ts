/** Processes with a network, process numbers and mounts of their own, as a container has them, on the same folders. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";

const namespaces = ["--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"];

/** Loopback is down in a new network; without it nothing there reaches 127.0.0.1. */
const withLoopback = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh"];

/** Why tests of it can't run here; undefined = they can. */
export function whyNoContainers(): string | undefined {
  const tried = spawnSync("unshare", [...namespaces, ...withLoopback, "true"], { encoding: "utf8" });
  if (tried.status === 0) return undefined;
  return (tried.error?.message ?? tried.stderr).trim();
}

/** A test that needs them; says by name why it is skipped. */
export function itInContainers(name: string, run: () => Promise<void>): void {
  const why = whyNoContainers();
  if (why === undefined) it(name, run);
  else it.skip(`${name} (skipped: ${why})`, run);
}

/** Runs a Node script in one; it ends with this process, and so does everything in it. */
export function runInContainer(
  script: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): ChildProcess {
  return spawn("unshare", [...namespaces, ...withLoopback, process.execPath, script, ...args], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
}

/** Ends the container as its host would: its first process, and with that all others. */
export async function killContainer(container: ChildProcess): Promise<void> {
  if (container.exitCode !== null || container.signalCode !== null) return;
  const gone = new Promise<void>((done) => container.once("exit", () => done()));
  const children = readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, "utf8").trim().split(" ");
  for (const child of children.filter((pid) => pid !== "")) process.kill(Number(child), "SIGKILL");
  await gone;
}
