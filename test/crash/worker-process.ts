/** `headroom worker` as a process of its own, with a data folder of its own, as on another machine. */
import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { until } from "../support/until";
import { findMarked, kill9, type Found, type Role } from "./processes";
import type { ServiceOptions } from "./service-process";

const entry = join(resolve(__dirname, "..", "..", ".."), "dist", "runtime", "cli", "main.js");
const markName = "HEADROOM_SERVICE_PROCESS";

export interface WorkerOptions extends Pick<ServiceOptions, "databaseUrl" | "engine" | "folder" | "log"> {
  /** After which others take its lanes over. */
  readonly takeOverSeconds: number;
  readonly slots: number;
  /** Name of its machine; default: this one's. Needs the right to give a process another one. */
  readonly host?: string;
  /** Default: the folder `state`. */
  readonly backend?: string;
}

/** With data folder `<folder>/<name>`, and the passphrase of service `one`; what it starts bears its mark. */
export class WorkerProcess {
  readonly child: ChildProcess;
  readonly mark: string;
  /** As it named itself last. */
  workerId = "";

  constructor(
    readonly name: string,
    { databaseUrl, engine, folder, log, takeOverSeconds, slots, host, backend }: WorkerOptions,
  ) {
    this.mark = `${markName}=${folder}/${name}`;
    const data = join(folder, name);
    mkdirSync(data, { mode: 0o700 });
    copyFileSync(join(folder, "one", "passphrase"), join(folder, `${name}-passphrase`));
    const args = [
      ...[entry, "worker", "--allow-local", "--data-folder", data, "--database", databaseUrl, "--engine", engine],
      ...["--backend", backend ?? `file://${join(folder, "state")}`, "--slots", String(slots)],
      ...["--passphrase-file", join(folder, `${name}-passphrase`), "--take-over", `${takeOverSeconds}s`],
    ];
    const own = { [markName]: `${folder}/${name}`, HEADROOM_LOCAL_ROOT: join(folder, "local") };
    const [command, ...words] =
      host === undefined ? [process.execPath, ...args] : [...onHost(host), process.execPath, ...args];
    this.child = spawn(command!, words, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...own } });
    const hear = (chunk: Buffer): void => {
      log(`${name}: ${chunk.toString().trimEnd()}`);
      this.workerId = /^Headroom \S+ worker (\S+):/m.exec(chunk.toString())?.[1] ?? this.workerId;
    };
    this.child.stdout?.on("data", hear);
    this.child.stderr?.on("data", hear);
  }

  async registered(): Promise<void> {
    await until(`worker ${this.name} has registered`, () => this.workerId !== "");
  }

  /** Its living parts of one kind; `service` is the process of the command itself. */
  parts(part: Role): Found[] {
    const found = findMarked(this.mark);
    if (part !== "service") return found.filter(({ role }) => role === part);
    return found.filter(({ pid }) => pid === this.child.pid);
  }

  /** Everything at work for it. Its guard ends by itself. */
  atWork(): Found[] {
    return findMarked(this.mark).filter(({ role }) => role === "worker" || role === "engine" || role === "plugin");
  }

  async end(): Promise<void> {
    const ended = new Promise((done) => this.child.once("exit", done));
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill("SIGCONT");
      this.child.kill("SIGTERM");
      await Promise.race([ended, new Promise((done) => setTimeout(done, 20_000).unref())]);
    }
    for (const { pid } of findMarked(this.mark)) kill9(pid);
  }
}

/** A command that runs another one on a machine of that name, as far as the name goes. */
export function onHost(host: string): string[] {
  return ["unshare", "--uts", "sh", "-c", `hostname ${host} && exec "$@"`, "sh"];
}
