/** `headroom serve` as a process of its own, beside others on one database and one backend. */
import { spawn, type ChildProcess } from "node:child_process";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findMarked, kill9, type Found } from "./processes";

const entry = join(resolve(__dirname, "..", "..", ".."), "dist", "runtime", "cli", "main.js");
const markName = "HEADROOM_SERVICE_PROCESS";

export type Part = "service" | "worker" | "engine";

export interface ServiceOptions {
  readonly databaseUrl: string;
  readonly engine: "embedded" | "official";
  /** Updates that are opened ahead. */
  readonly openAhead: number;
  /** State, VMs and the data folders of all services. */
  readonly folder: string;
  /** Updates at the same time on its own machine. Default: by memory and cores. */
  readonly workers?: number;
  /** Default: a free one. */
  readonly port?: number;
  readonly log: (line: string) => void;
}

/** With data folder `<folder>/<name>`; what it starts bears its mark. */
export class Service {
  readonly child: ChildProcess;
  readonly mark: string;
  url = "";

  constructor(
    readonly name: string,
    { databaseUrl, engine, openAhead, workers, folder, log, port = 0 }: ServiceOptions,
  ) {
    this.mark = `${markName}=${folder}/${name}`;
    const args = ["--data-folder", join(folder, name), "--database", databaseUrl, "--engine", engine, "--tick", "1s"];
    const shared = [
      "--backend",
      `file://${join(folder, "state")}`,
      "--open-ahead",
      String(openAhead),
      "--port",
      String(port),
      ...(workers === undefined ? [] : ["--workers", String(workers)]),
    ];
    this.child = spawn(process.execPath, [entry, "serve", "--allow-local", ...args, ...shared], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, [markName]: `${folder}/${name}`, HEADROOM_LOCAL_ROOT: join(folder, "local") },
    });
    const hear = (chunk: Buffer): void => {
      log(`${name}: ${chunk.toString().trimEnd()}`);
      this.url ||= /http:\/\/127\.0\.0\.1:\d+(?=\s*$)/m.exec(chunk.toString())?.[0] ?? "";
    };
    this.child.stdout?.on("data", hear);
    this.child.stderr?.on("data", hear);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Undefined when it does not answer. */
  async status(): Promise<string | undefined> {
    if (this.url === "") return undefined;
    try {
      const response = await fetch(`${this.url}/healthz`, { signal: AbortSignal.timeout(1_000) });
      return ((await response.json()) as { status: string }).status;
    } catch {
      return undefined;
    }
  }

  /** Its living parts of one kind. */
  parts(part: Part): Found[] {
    return findMarked(this.mark).filter(({ role }) => role === part);
  }

  async end(): Promise<void> {
    for (const part of ["engine", "worker", "service"] as const) signalAll(this.parts(part), "SIGCONT");
    const ended = new Promise((done) => this.child.once("exit", done));
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill("SIGTERM");
      await Promise.race([ended, delay(20_000, undefined, { ref: false })]);
    }
    for (const { pid } of findMarked(this.mark)) kill9(pid);
  }
}

export function signalAll(found: readonly Found[], name: NodeJS.Signals): void {
  for (const { pid } of found) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }
}
