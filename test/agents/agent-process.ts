/** The Linux agents as processes of their own, with settings in a folder of the test. */
import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { until } from "../support/until";

export const agentsFolder = resolve(__dirname, "..", "..", "..", "agents", "linux");

export interface AgentSettings {
  readonly upstream: string;
  readonly nodeId?: string;
  readonly token?: string;
  readonly checkinToken?: string;
  /** Further lines of `agent.conf`. */
  readonly conf?: Readonly<Record<string, string>>;
}

/** A folder with `agent.conf`, tokens, and `bin`, which comes first on the PATH of what runs there. */
export class AgentFolder {
  readonly running: Agent[] = [];

  constructor(readonly path: string) {
    mkdirSync(join(path, "bin"), { recursive: true });
    // A Docker engine that answers and runs nothing, whatever this machine has.
    this.program("docker", "true");
  }

  /** Pauses are a hundredth of what they are in a VM. */
  settle({ upstream, nodeId = "node-1", token = "a.b.c", checkinToken = "d.e.f", conf = {} }: AgentSettings): void {
    const lines = {
      HEADROOM_UPSTREAM: upstream,
      HEADROOM_NODE_ID: nodeId,
      HEADROOM_TOKEN_FILE: this.secret("agent-token", token),
      HEADROOM_CHECKIN_FILE: this.secret("checkin-token", checkinToken),
      HEADROOM_STATE: join(this.path, "state"),
      HEADROOM_PAUSE_FIRST: "0.02",
      HEADROOM_PAUSE_MAX: "0.1",
      HEADROOM_INTERVAL: "0.1",
      HEADROOM_NOTICE_INTERVAL: "0.1",
      ...conf,
    };
    const text = Object.entries(lines).map(([name, value]) => `export ${name}='${value}'\n`);
    writeFileSync(join(this.path, "agent.conf"), text.join(""));
  }

  secret(name: string, text: string): string {
    const file = join(this.path, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }

  /** A program of the VM, as a shell script. */
  program(name: string, lines: string): void {
    const file = join(this.path, "bin", name);
    writeFileSync(file, `#!/bin/sh\n${lines}\n`);
    chmodSync(file, 0o755);
  }

  /** @param wrapper Words before the agent's own, e.g. `unshare -m`. */
  start(agent: string, args: readonly string[] = [], wrapper: readonly string[] = []): Agent {
    const [command, ...rest] = [...wrapper, "/bin/sh", join(agentsFolder, `headroom-${agent}`), ...args];
    const env = {
      PATH: `${join(this.path, "bin")}:${process.env["PATH"]}`,
      HOME: this.path,
      TMPDIR: this.path,
      HEADROOM_CONF: join(this.path, "agent.conf"),
    };
    // A process group of its own, so that nothing that it started stays behind.
    const child = spawn(command!, rest, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const started = new Agent(child);
    this.running.push(started);
    return started;
  }

  async close(): Promise<void> {
    for (const agent of this.running) agent.kill("SIGKILL");
    for (const agent of this.running) await agent.ended;
  }
}

export class Agent {
  said = "";
  /** Exit code; null = by a signal. */
  readonly ended: Promise<number | null>;

  constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (this.said += String(data)));
    this.ended = new Promise((done) => child.once("exit", (code) => done(code)));
  }

  kill(signal: NodeJS.Signals): void {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    process.kill(-this.child.pid!, signal);
  }

  /** To the agent's shell alone, as `systemctl stop` with a main process does first. */
  terminate(): void {
    this.child.kill("SIGTERM");
  }

  async says(pattern: RegExp): Promise<void> {
    await until(`it says ${String(pattern)}; it said: ${this.said}`, () => pattern.test(this.said));
  }
}
