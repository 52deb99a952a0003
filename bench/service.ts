/** The real service as a process of its own, on a fresh data folder, as every benchmark measures it. */
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { HeadroomClient } from "../runtime/api/client";
import type { DefinitionKind } from "../runtime/model/config";
import { freePort } from "../test/support/free-port";

export const packageRoot = resolve(__dirname, "..", "..");

/** What all runtimes of an installation have in common. */
const sharedSecrets = ["passphrase", "encryption-salt", "node-token-secret", "secrets-key"] as const;

export interface ServiceOptions {
  readonly engine: "embedded" | "official";
  readonly workers?: number;
  /** Updates that may wait for nodes. */
  readonly openAhead?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: the embedded one, in its data folder. */
  readonly database?: string;
  /** Another service on the same database, which leads: this one shares its secrets and its backend, and stands by. */
  readonly beside?: Service;
}

export class Service {
  readonly folder = mkdtempSync(join(tmpdir(), "headroom-bench-"));
  readonly localRoot = join(this.folder, "local");
  readonly url: string;
  client!: HeadroomClient;
  key = "";
  private process!: ChildProcess;
  private output = "";

  private constructor(
    readonly port: number,
    private readonly options: ServiceOptions,
  ) {
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(options: ServiceOptions): Promise<Service> {
    const service = new Service(await freePort(), options);
    await service.launch();
    return service;
  }

  get pid(): number {
    return this.process.pid!;
  }

  get dataFolder(): string {
    return join(this.folder, "data");
  }

  /** Resident memory of the service process, in MB (10^6 bytes). Linux only. */
  residentMb(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024) / 1e6;
  }

  /** Time of the processor that the service process has used. Linux only. Unit: milliseconds. */
  processorMs(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, "utf8");
    const [user, system] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 13);
    return (Number(user) + Number(system)) * 10;
  }

  async declare(kind: DefinitionKind, doc: Record<string, unknown>): Promise<void> {
    await this.client.putDefinition({ kind, name: String(doc["name"]), doc, owner: "bench" });
  }

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** As a crash of its machine does it. */
  async kill(): Promise<void> {
    const ended = new Promise((done) => this.process.once("exit", done));
    this.process.kill("SIGKILL");
    await ended;
  }

  /** Started again after {@link kill}, beside the one that leads by now. */
  async rejoin(): Promise<void> {
    await this.launch(true);
  }

  /** Stopped, with its folder kept, and started again when `meanwhile` is done. */
  async restart(meanwhile: () => Promise<void>): Promise<void> {
    await this.end();
    await meanwhile();
    await this.launch();
  }

  private async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((done) => this.process.once("exit", done));
    this.process.kill("SIGTERM");
    await ended;
  }

  private async launch(isBeside = this.options.beside !== undefined): Promise<void> {
    const { options } = this;
    // As root the embedded PostgreSQL runs as another account, which has to get into the folder.
    chmodSync(this.folder, 0o755);
    const data = this.dataFolder;
    const { workers, openAhead, database, beside } = options;
    if (beside && !existsSync(data)) {
      mkdirSync(data, { mode: 0o711 });
      for (const file of sharedSecrets) copyFileSync(join(beside.dataFolder, file), join(data, file));
      copyFileSync(join(beside.dataFolder, "admin-key"), join(data, "admin-key"));
    }
    const backend = beside && `file://${join(beside.dataFolder, "state")}`;
    const given = { "--workers": workers, "--open-ahead": openAhead, "--database": database, "--backend": backend };
    const more = Object.entries(given).flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]));
    this.process = spawn(
      process.execPath,
      [
        join(packageRoot, "dist", "runtime", "cli", "main.js"),
        "serve",
        "--allow-local",
        "--data",
        data,
        "--port",
        String(this.port),
        "--engine",
        options.engine,
        "--tick",
        "1",
        "--log-level",
        "warn",
        // One user asks as fast as it goes.
        "--requests-per-minute-of-user",
        "100000000",
        ...more,
      ],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, HEADROOM_LOCAL_ROOT: this.localRoot, ...options.environment },
      },
    );
    const collect = (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-20_000));
    this.process.stdout?.on("data", collect);
    this.process.stderr?.on("data", collect);
    await this.untilReady(isBeside ? "standby" : "leader");
    this.key = readFileSync(join(data, "admin-key"), "utf8").trim();
    this.client = new HeadroomClient({ endpoint: this.url, apiKey: this.key });
  }

  private async untilReady(role: "leader" | "standby"): Promise<void> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
      if (this.process.exitCode !== null) break;
      const health = await fetch(`${this.url}/readyz`).then(
        (response) => response.json() as Promise<{ status: string }>,
        () => undefined,
      );
      if (health?.status === role) return;
      await new Promise((wake) => setTimeout(wake, 100));
    }
    throw new Error(`the service did not come up:\n${this.output}`);
  }
}

/** Waits until `ask` gives something; `seconds` at most. */
export async function until<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((wake) => setTimeout(wake, 5));
  }
  throw new Error(`${what} did not come within ${seconds} s`);
}
