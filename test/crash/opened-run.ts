/**
 * A service that is killed with `kill -9` while an update is open and while nodes stream into it, and started again each
 * time. Its first update is opened for a config that has no node yet: its schedule has opened a minute ago.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findLocalLeftovers, findLocalVms } from "../../provider/local-vm/find-local-vms";
import { localDockerAgentScript } from "../../provider/local-vm/default-scripts";
import { until } from "../support/until";
import { findGuests, kill9 } from "./processes";
import { Service, type ServiceOptions } from "./service-process";
import { Users } from "./users";

export interface OpenedOptions extends ServiceOptions {
  readonly port: number;
  readonly random: () => number;
}

interface LaneAnswer {
  readonly takesNodes?: boolean;
}

export class OpenedRun {
  /** Everything that must not be; empty = the run passed. */
  readonly violations = new Set<string>();
  /** From each kill until an update was open again, or everybody was served. */
  readonly recoveredMs: number[] = [];
  private readonly localRoot: string;
  private readonly sessions: string[] = [];
  /** VMs that somebody works on, by node. */
  private readonly busy = new Map<string, string>();
  private service: Service;
  private users!: Users;
  private isEnding = false;

  private constructor(private readonly options: OpenedOptions) {
    this.localRoot = join(options.folder, "local");
    mkdirSync(this.localRoot, { recursive: true });
    this.service = new Service("one", options);
  }

  /** Takes everything down at its end, whatever happens. */
  static async run(options: OpenedOptions): Promise<OpenedRun> {
    const run = new OpenedRun(options);
    try {
      await run.untilLeading();
      await run.declare();
      const watch = run.watch();
      await run.killWhileOpen();
      await run.killWhileStreaming();
      await run.killWhileOpen();
      await run.serve(1);
      await run.removeEverything();
      run.isEnding = true;
      await watch;
      run.checkLeftovers();
    } finally {
      run.isEnding = true;
      await run.service.end();
      // Only of a run that failed: their processes belong to nobody any more.
      for (const { pid = 0, isRunning } of findLocalVms(run.localRoot)) if (isRunning) kill9(-pid);
    }
    return run;
  }

  private async untilLeading(): Promise<void> {
    await until("the service leads", async () => (await this.service.status()) === "leader");
    const { folder, random, port } = this.options;
    const key = readFileSync(join(folder, "one", "admin-key"), "utf8").trim();
    this.users ??= new Users(`http://127.0.0.1:${port}`, key, random);
  }

  private async declare(): Promise<void> {
    const openedMs = Date.now() - 60_000;
    const wallTime = (atMs: number): string => new Date(atMs).toISOString().slice(11, 16);
    const docs = {
      "zone/lab": { upstreamAuthAddress: `127.0.0.1:${this.options.port}`, local: true },
      "vmProviderConfig/here": {
        kind: "local",
        maxInstances: 8,
        settings: { cores: 1, memory: "4GiB", bootTime: "0s", createTime: "3s", heartbeatEvery: "1s" },
      },
      "pool/agents": { type: "dockerAgent" },
      "autoscaleConfig/agents": {
        ...{ type: "dockerAgent", zone: "lab", pool: "agents", vmProvider: "here" },
        ...{ startupScript: { text: localDockerAgentScript }, provisionTimeout: "5m", downscaleBackoff: "1s" },
      },
      "schedule/today": {
        autoscaleConfig: "agents",
        days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        start: wallTime(openedMs),
        end: wallTime(openedMs + 12 * 3_600_000),
        timezone: "UTC",
      },
      // One session fills a node.
      "workspace/work": { pools: ["agents"], cores: 1, memory: "1GiB" },
    };
    for (const [id, doc] of Object.entries(docs)) {
      const named = { doc: { name: id.split("/")[1], ...doc }, owner: "opened" };
      const answer = await this.users.repeat("PUT", `/api/v1/definitions/${id}`, undefined, named);
      if (answer.status !== 200) throw new Error(`${id} was refused: ${JSON.stringify(answer.body)}`);
    }
  }

  private async killWhileOpen(): Promise<void> {
    await this.untilOpen();
    const killedMs = await this.killAndStart();
    await this.untilOpen();
    this.recoveredMs.push(Date.now() - killedMs);
    await this.compare();
  }

  private async killWhileStreaming(): Promise<void> {
    await this.untilOpen();
    await this.request(3);
    await until("nodes stream in", async () => {
      const making = (await this.nodes()).filter(({ status }) => status === "provisioning");
      return making.length === 3 && this.madeVms() > 0;
    });
    await delay(this.options.random() * 3_000);
    const killedMs = await this.killAndStart();
    await this.untilServed();
    this.recoveredMs.push(Date.now() - killedMs);
    await this.compare();
  }

  /** The service alone: what it started has to find out by itself. */
  private async killAndStart(): Promise<number> {
    const ended = new Promise((done) => this.service.child.once("exit", done));
    this.service.child.kill("SIGKILL");
    await ended;
    const killedMs = Date.now();
    this.options.log("killed");
    this.service = new Service("one", this.options);
    await this.untilLeading();
    return killedMs;
  }

  private async serve(count: number): Promise<void> {
    await this.request(count);
    await this.untilServed();
    await this.compare();
  }

  private async request(count: number): Promise<void> {
    for (let each = 0; each < count; each++) {
      const userId = `user-${this.sessions.length}`;
      const answer = await this.users.repeat("POST", "/api/v1/sessions", userId, { workspace: "work", userId });
      const session = (answer.body["session"] ?? answer.body) as { sessionId?: string };
      if (session.sessionId === undefined) throw new Error(`${userId} was refused: ${JSON.stringify(answer.body)}`);
      this.sessions.push(session.sessionId);
    }
  }

  private async untilServed(): Promise<void> {
    for (const sessionId of this.sessions) {
      const nodeId = await until(`session ${sessionId} is served`, async () => {
        const { body } = await this.users.repeat("GET", `/api/v1/sessions/${sessionId}`);
        const session = body["session"] as { node?: { nodeId: string }; status: string };
        if (session.status === "ended") throw new Error(`it ended: ${JSON.stringify(session)}`);
        return session.node?.nodeId;
      });
      const vm = findGuests(this.localRoot).find((guest) => guest.nodeId === nodeId);
      if (vm === undefined) this.violations.add(`session ${sessionId} is on node ${nodeId}, which has no VM`);
      else this.busy.set(nodeId, vm.vmId);
    }
  }

  private async untilOpen(): Promise<void> {
    await until("an update is open", async () => {
      const { body } = await this.users.repeat("GET", "/api/v1/lanes");
      return ((body["lanes"] ?? []) as LaneAnswer[]).some(({ takesNodes }) => takesNodes);
    });
  }

  private async nodes(): Promise<{ nodeId: string; status: string }[]> {
    const { body } = await this.users.repeat("GET", "/api/v1/nodes");
    return (body["nodes"] ?? []) as { nodeId: string; status: string }[];
  }

  private madeVms(): number {
    const vms = join(this.localRoot, "vms");
    return existsSync(vms) ? readdirSync(vms).length : 0;
  }

  /** What the runtime believes and what there is: a node for each session, and no other. */
  private async compare(): Promise<void> {
    const believed = (await this.nodes()).map(({ nodeId }) => nodeId).sort();
    const there = findLocalVms(this.localRoot)
      .map(({ nodeId }) => nodeId)
      .sort();
    if (believed.join() !== there.join()) this.violations.add(`nodes ${believed.join()}, VMs ${there.join()}`);
    if (believed.length !== this.sessions.length)
      this.violations.add(`nodes ${believed.join()} for ${this.sessions.length}`);
  }

  /** No node is there twice, and no VM goes that somebody works on. */
  private async watch(): Promise<void> {
    while (!this.isEnding) {
      const guests = findGuests(this.localRoot);
      const ids = guests.map(({ nodeId }) => nodeId);
      for (const twin of ids.filter((nodeId, index) => ids.indexOf(nodeId) !== index)) {
        this.violations.add(`node ${twin} exists twice`);
      }
      for (const [nodeId, vmId] of this.busy) {
        if (!guests.some((guest) => guest.vmId === vmId)) this.violations.add(`the busy VM of node ${nodeId} is gone`);
      }
      await delay(200);
    }
  }

  private async removeEverything(): Promise<void> {
    this.busy.clear();
    for (const sessionId of this.sessions)
      await this.users.release({ sessionId, workspace: "work", isReleased: false });
    const ids = ["workspace/work", "schedule/today", "autoscaleConfig/agents", "pool/agents", "vmProviderConfig/here"];
    for (const id of [...ids, "zone/lab"]) {
      await until(`${id} is gone`, async () => {
        const { status } = await this.users.repeat("DELETE", `/api/v1/definitions/${id}?owner=opened`);
        return status === 204 || status === 404;
      });
    }
    await until("no lane is left", async () => {
      const { body } = await this.users.repeat("GET", "/api/v1/lanes");
      return ((body["lanes"] ?? []) as unknown[]).length === 0;
    });
  }

  private checkLeftovers(): void {
    for (const leftover of findLocalLeftovers(this.localRoot)) this.violations.add(`left over: ${leftover}`);
    const locks = join(this.options.folder, "state", ".pulumi", "locks");
    const files = existsSync(locks) ? readdirSync(locks, { recursive: true, encoding: "utf8" }) : [];
    for (const file of files.filter((name) => name.endsWith(".json"))) this.violations.add(`lock left: ${file}`);
  }
}
