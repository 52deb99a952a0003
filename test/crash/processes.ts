/** The processes of one crash run, found by a mark in their environment, and the ways to end one of them. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";

export type Role = "service" | "worker" | "engine" | "plugin" | "postgres" | "other";

export interface Found {
  readonly pid: number;
  readonly role: Role;
  readonly commandLine: string;
}

/** Every live process that has `mark` (NAME=value) in its environment. Linux only, as the crash run is. */
export function findMarked(mark: string): Found[] {
  const found: Found[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, "utf8");
      if (!environment.split("\0").includes(mark)) continue;
      const commandLine = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0").join(" ").trim();
      if (commandLine) found.push({ pid: Number(entry), role: roleOf(commandLine), commandLine });
    } catch {
      // It ended while it was looked at, or it is not ours to read.
    }
  }
  return found;
}

function roleOf(commandLine: string): Role {
  if (/provider\/worker/.test(commandLine)) return "worker";
  if (/pulumi-resource-headroom|provider\/plugin/.test(commandLine)) return "plugin";
  if (/(\/|^)pulumi( |$)|engine\/main/.test(commandLine)) return "engine";
  if (/runtime\/cli\/main\.js serve/.test(commandLine)) return "service";
  return "other";
}

/** Each VM below `localRoot` whose guest lives. VMs inherit no mark of ours. */
export function findGuests(localRoot: string): { readonly vmId: string; readonly nodeId: string }[] {
  // By folder: what a guest starts bears its command line until it is loaded.
  const folders = new Set<string>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const words = readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0");
      const folder = words.find((word) => word.startsWith(`${localRoot}/vms/`));
      if (folder && words.some((word) => word.endsWith("local-vm/guest.js"))) folders.add(folder);
    } catch {
      // It ended while it was looked at.
    }
  }
  return [...folders].map((folder) => {
    const [vmId = "", nodeId = ""] = basename(folder).split("@");
    return { vmId, nodeId };
  });
}

/** The embedded server of a data folder: it runs as another account and inherits no mark. */
export function findPostmaster(folder: string): Found | undefined {
  const file = readdirSync(folder, { recursive: true, encoding: "utf8" }).find((name) =>
    name.endsWith("postmaster.pid"),
  );
  if (file === undefined) return undefined;
  const pid = Number(readFileSync(join(folder, file), "utf8").split("\n")[0]);
  try {
    const executable = readlinkSync(`/proc/${pid}/exe`);
    return executable.endsWith("/postgres") ? { pid, role: "postgres", commandLine: executable } : undefined;
  } catch {
    return undefined;
  }
}

/** True when it was there to be killed. */
export function kill9(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}
