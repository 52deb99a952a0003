/**
 * One crash run: the real service as a process, users over HTTP, and `kill -9` of a random process at random times.
 * Afterwards the users leave, everything settles, the definitions are deleted, and the world is looked at.
 */
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { spawn, type ChildProcess } from "node:child_process";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findLocalLeftovers } from "../../provider/local-vm/find-local-vms";
import { localDockerAgentScript, localServerScript } from "../../provider/local-vm/default-scripts";
import { findGuests, findMarked, findPostmaster, kill9, type Found, type Role } from "./processes";
import { Users } from "./users";

const packageRoot = resolve(__dirname, "..", "..", "..");
const rootKey = "HEADROOM_CRASH_RUN";

export interface CrashRunOptions {
  readonly seed: number;
  readonly kills: number;
  readonly engine: "embedded" | "official";
  readonly folder: string;
  readonly port: number;
  readonly log: (line: string) => void;
}

export interface CrashReport {
  readonly kills: Readonly<Record<string, number>>;
  readonly sessions: number;
  readonly served: number;
  readonly released: number;
  readonly repeats: number;
  readonly nodesSeen: number;
  /** Everything that must not be; empty = the run passed. */
  readonly violations: string[];
}

/** Mulberry32: small, seeded, good enough to choose victims. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class CrashRun {
  private readonly mark = `${rootKey}=${randomUUID()}`;
  private readonly random: () => number;
  private readonly endpoint: string;
  private readonly localRoot: string;
  private service: ChildProcess | undefined;
  private isEnding = false;
  private users!: Users;
  private readonly kills: Record<string, number> = {};
  private readonly violations: string[] = [];
  private readonly nodesSeen = new Set<string>();

  constructor(private readonly options: CrashRunOptions) {
    this.random = seededRandom(options.seed);
    this.endpoint = `http://127.0.0.1:${options.port}`;
    this.localRoot = join(options.folder, "local");
    mkdirSync(this.localRoot, { recursive: true });
  }

  async run(): Promise<CrashReport> {
    try {
      this.startService();
      await this.untilLeading();
      const key = readFileSync(join(this.options.folder, "data", "admin-key"), "utf8").trim();
      this.users = new Users(this.endpoint, key, this.random);
      await this.declare();
      const watch = this.watchForTwins();
      const lives = [1, 2, 3, 4, 5].map((user) => this.users.live(`user-${user}`, ["browser", "desktop"]));
      await this.killAtRandom();
      const servedBefore = this.users.served;
      await this.until("users are served after the last kill", 180, async () => this.users.served >= servedBefore + 5);
      this.users.stop();
      await Promise.all(lives);
      await this.settle();
      await this.checkSessions();
      await this.removeEverything();
      this.isEnding = true;
      await watch;
      this.checkLeftovers();
    } finally {
      this.isEnding = true;
      await this.endService();
      for (const { pid } of findMarked(this.mark)) kill9(pid);
    }
    return {
      kills: this.kills,
      sessions: this.users.acknowledged.length,
      served: this.users.served,
      released: this.users.acknowledged.filter((session) => session.isReleased).length,
      repeats: this.users.repeats,
      nodesSeen: this.nodesSeen.size,
      violations: [...this.violations, ...this.users.refused.map((text) => `refused: ${text}`)],
    };
  }

  /** Starts it, and starts it again whenever it ends before the run does, as a service manager would. */
  private startService(): void {
    const data = join(this.options.folder, "data");
    const [name, value] = this.mark.split("=") as [string, string];
    this.service = spawn(
      process.execPath,
      [
        join(packageRoot, "dist", "runtime", "cli", "main.js"),
        "serve",
        "--allow-local",
        "--data-folder",
        data,
        "--port",
        String(this.options.port),
        "--engine",
        this.options.engine,
        "--tick",
        "1s",
      ],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, [name]: value, HEADROOM_LOCAL_ROOT: this.localRoot },
      },
    );
    const log = (chunk: Buffer) => this.options.log(`service: ${chunk.toString().trimEnd()}`);
    this.service.stdout?.on("data", log);
    this.service.stderr?.on("data", log);
    this.service.on("exit", (code, signal) => {
      this.options.log(`service ended: ${signal ?? code}`);
      if (!this.isEnding) setTimeout(() => this.startService(), 200);
    });
  }

  private async untilLeading(): Promise<void> {
    await this.until("the service leads", 90, async () => {
      const response = await fetch(`${this.endpoint}/healthz`, { signal: AbortSignal.timeout(2000) });
      return response.ok && ((await response.json()) as { status: string }).status === "leader";
    });
  }

  private async declare(): Promise<void> {
    const put = async (kind: string, doc: Record<string, unknown>) => {
      const path = `/api/v1/definitions/${kind}/${String(doc["name"])}`;
      const answer = await this.users.repeat("PUT", path, undefined, { doc, owner: "crash-run" });
      if (answer.status !== 200) throw new Error(`${kind} was refused: ${JSON.stringify(answer.body)}`);
    };
    const upstreamAuthAddress = `127.0.0.1:${this.options.port}`;
    await put("zone", { name: "lab", upstreamAuthAddress, local: true });
    await put("vmProviderConfig", {
      name: "here",
      kind: "local",
      maxInstances: 8,
      settings: { cores: 2, memory: "4GiB", bootTime: "1s", createTime: "1s", heartbeatEvery: "1s" },
    });
    await put("pool", { name: "agents", type: "dockerAgent" });
    await put("pool", { name: "servers", type: "server" });
    const common = { zone: "lab", vmProvider: "here", downscaleBackoff: "2s", provisionTimeout: "120s" };
    await put("autoscaleConfig", {
      ...common,
      type: "dockerAgent",
      name: "agents-local",
      pool: "agents",
      standbyCores: 1,
      startupScript: { text: localDockerAgentScript },
    });
    await put("autoscaleConfig", {
      ...common,
      type: "server",
      name: "servers-local",
      pool: "servers",
      connectionPort: 3389,
      requireCheckin: true,
      minimumAvailableSessions: 1,
      startupScript: { text: localServerScript },
    });
    await put("workspace", { name: "browser", pools: ["agents"], cores: 1, memory: "1GiB" });
    await put("workspace", { name: "desktop", kind: "desktop", pools: ["servers"], cores: 1, memory: "1GiB" });
  }

  private async killAtRandom(): Promise<void> {
    const roles: Role[] = ["service", "worker", "engine", "plugin", "postgres"];
    let round: { role: Role; at: number }[] = [];
    let missed = 0;
    for (let done = 0; done < this.options.kills && missed < this.options.kills * 40;) {
      await delay(500 + this.random() * 5000);
      // In each round every role once, in an order of chance.
      if (round.length === 0) round = roles.map((role) => ({ role, at: this.random() })).sort((a, b) => a.at - b.at);
      const { role } = round.pop()!;
      // Engines and plugins live for a moment: wait for one to appear.
      const victim = await this.findVictim(role);
      if (!victim || !kill9(victim.pid)) {
        missed++;
        continue;
      }
      done++;
      this.kills[role] = (this.kills[role] ?? 0) + 1;
      this.options.log(`kill ${done}: ${role} ${victim.pid}`);
    }
  }

  private async findVictim(role: Role): Promise<Found | undefined> {
    const deadline = Date.now() + 8000;
    const data = join(this.options.folder, "data");
    while (Date.now() < deadline) {
      const candidates = findMarked(this.mark).filter((process) => process.role === role);
      const victim =
        role === "postgres" ? findPostmaster(data) : candidates[Math.floor(this.random() * candidates.length)];
      if (victim) {
        await delay(this.random() * 400);
        return victim;
      }
      await delay(20);
    }
    return undefined;
  }

  /** Two live VMs with one node id would be a node created twice. */
  private async watchForTwins(): Promise<void> {
    while (!this.isEnding) {
      const vmOf = new Map<string, string>();
      for (const { vmId, nodeId } of findGuests(this.localRoot)) {
        this.nodesSeen.add(nodeId);
        const other = vmOf.get(nodeId);
        if (other !== undefined) this.violations.push(`node ${nodeId} exists twice: ${other} and ${vmId}`);
        vmOf.set(nodeId, vmId);
      }
      await delay(250);
    }
  }

  /** Everybody who was promised a session got it or gave it back; nothing is in flight. */
  private async settle(): Promise<void> {
    await this.until("all sessions ended", 120, async () => {
      const { body } = await this.users.repeat("GET", "/api/v1/status");
      this.options.log(`settling: ${JSON.stringify(body).slice(0, 300)}`);
      const { body: list } = await this.users.repeat("GET", "/api/v1/sessions");
      const sessions = (list["sessions"] ?? []) as unknown[];
      return sessions.length === 0;
    });
  }

  private async checkSessions(): Promise<void> {
    for (const { sessionId, isReleased } of this.users.acknowledged) {
      const { status, body } = await this.users.repeat("GET", `/api/v1/sessions/${sessionId}`);
      const session = body["session"] as { status?: string; endReason?: string };
      if (status !== 200) this.violations.push(`acknowledged session ${sessionId} is lost (${status})`);
      else if (isReleased && session.status !== "ended") this.violations.push(`release of ${sessionId} is lost`);
      else if (session.endReason !== "released" && session.endReason !== "cancelled") {
        this.violations.push(`session ${sessionId} ended with ${session.endReason}`);
      }
    }
  }

  private async removeEverything(): Promise<void> {
    const definitions = [
      "workspace/browser",
      "workspace/desktop",
      "autoscaleConfig/agents-local",
      "autoscaleConfig/servers-local",
      "pool/agents",
      "pool/servers",
      "vmProviderConfig/here",
      "zone/lab",
    ];
    for (const definition of definitions) {
      await this.until(`${definition} is gone`, 180, async () => {
        const { status, body } = await this.users.repeat("DELETE", `/api/v1/definitions/${definition}?owner=crash-run`);
        if (status >= 400 && status !== 404) throw new Error(`${definition}: ${status} ${JSON.stringify(body)}`);
        return status === 204 || status === 404;
      });
    }
    await this.until("no lane is left", 120, async () => {
      const { body } = await this.users.repeat("GET", "/api/v1/lanes");
      return ((body["lanes"] ?? []) as unknown[]).length === 0;
    });
  }

  private checkLeftovers(): void {
    for (const leftover of findLocalLeftovers(this.localRoot)) this.violations.push(`left over: ${leftover}`);
    const locks = join(this.options.folder, "data", "state", ".pulumi", "locks");
    const files = existsSync(locks) ? readdirSync(locks, { recursive: true, encoding: "utf8" }) : [];
    for (const file of files.filter((name) => name.endsWith(".json"))) this.violations.push(`lock left: ${file}`);
  }

  private async endService(): Promise<void> {
    const service = this.service;
    if (!service || service.exitCode !== null || service.signalCode !== null) return;
    const ended = new Promise((done) => service.once("exit", done));
    service.kill("SIGTERM");
    await Promise.race([ended, delay(20_000, undefined, { ref: false })]);
  }

  /** `holds` may throw while the service is away. */
  private async until(what: string, seconds: number, holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    let last: unknown;
    while (Date.now() < deadline) {
      try {
        if (await holds()) return;
        last = undefined;
      } catch (error) {
        last = error;
      }
      await delay(250);
    }
    throw new Error(`after ${seconds} s it still does not hold that ${what}`, { cause: last });
  }
}
