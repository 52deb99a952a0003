/**
 * Two services on one database and one backend, behind an address that leads to whoever leads. In each round parts of the
 * leader are frozen while it makes or deletes a VM, and wake in some order: if the service itself was among them, after
 * the other one has taken over. All the while one user works on a VM.
 */
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { connect as connectTo, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findLocalLeftovers, findLocalVms } from "../../provider/local-vm/find-local-vms";
import { localDockerAgentScript } from "../../provider/local-vm/default-scripts";
import { findGuests, kill9 } from "./processes";
import { Service, signalAll, type Part, type ServiceOptions } from "./service-process";
import { Users } from "./users";

export interface Round {
  readonly step: "create" | "delete";
  /** In the order in which they wake. */
  readonly frozen: readonly Part[];
}

export interface TakeoverOptions extends ServiceOptions {
  readonly random: () => number;
}

export class TakeoverRun {
  readonly violations: string[] = [];
  takeovers = 0;
  private readonly localRoot: string;
  private readonly services: Service[] = [];
  private readonly sockets = new Set<Socket>();
  private door!: Server;
  private leader!: Service;
  private users!: Users;
  private isEnding = false;
  /** Where the one who works all the time is. */
  private keptVm: string | undefined;
  private visits = 0;

  private constructor(private readonly options: TakeoverOptions) {
    this.localRoot = join(options.folder, "local");
    mkdirSync(this.localRoot, { recursive: true });
  }

  /** Runs all rounds and takes everything down; nothing of it stays, whatever happens. */
  static async run(options: TakeoverOptions, rounds: readonly Round[]): Promise<TakeoverRun> {
    const run = new TakeoverRun(options);
    try {
      await run.begin();
      const watch = run.watch();
      for (const round of rounds) await run.round(round);
      await run.removeEverything();
      run.isEnding = true;
      await watch;
      for (const leftover of findLocalLeftovers(run.localRoot)) run.violations.push(`left over: ${leftover}`);
    } finally {
      run.isEnding = true;
      await Promise.all(run.services.map((service) => service.end()));
      for (const socket of run.sockets) socket.destroy();
      run.door?.close();
      // Only of a run that failed: their processes belong to nobody any more.
      for (const { pid = 0, isRunning } of findLocalVms(run.localRoot)) if (isRunning) kill9(-pid);
    }
    return run;
  }

  private async begin(): Promise<void> {
    const { folder, random } = this.options;
    this.door = await this.openDoor();
    this.leader = new Service("one", this.options);
    this.services.push(this.leader);
    await this.until("the first service leads", 90, async () => (await this.leader.status()) === "leader");
    mkdirSync(join(folder, "two"), { mode: 0o700 });
    for (const file of ["passphrase", "encryption-salt", "node-token-secret", "secrets-key"]) {
      copyFileSync(join(folder, "one", file), join(folder, "two", file));
    }
    const second = new Service("two", this.options);
    this.services.push(second);
    await this.until("the second stands by", 90, async () => (await second.status()) === "standby");
    const { port } = this.door.address() as AddressInfo;
    const key = readFileSync(join(folder, "one", "admin-key"), "utf8").trim();
    this.users = new Users(`http://127.0.0.1:${port}`, key, random);
    await this.declare(`127.0.0.1:${port}`);
    const keeper = await this.request("keeper");
    this.keptVm = this.vmOf(await this.untilServed(keeper, 90));
  }

  /** As a load balancer does it: each connection goes to whoever leads when it is made. */
  private openDoor(): Promise<Server> {
    const server = createServer((from) => {
      const to = connectTo(this.leader.port, "127.0.0.1");
      for (const socket of [from, to]) {
        this.sockets.add(socket);
        socket.on("error", () => [from, to].forEach((end) => end.destroy()));
        socket.on("close", () => this.sockets.delete(socket));
      }
      from.pipe(to);
      to.pipe(from);
    });
    return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
  }

  private async declare(upstreamAuthAddress: string): Promise<void> {
    const lasting = { missingTimeout: "5m", deadTimeout: "10m", provisionTimeout: "5m", downscaleBackoff: "1s" };
    const docs = {
      "zone/lab": { upstreamAuthAddress, local: true },
      "vmProviderConfig/here": {
        kind: "local",
        maxInstances: 8,
        settings: { cores: 1, memory: "4GiB", bootTime: "0s", createTime: "1s", heartbeatEvery: "1s" },
      },
      "pool/agents": { type: "dockerAgent" },
      "autoscaleConfig/agents": {
        ...{ type: "dockerAgent", zone: "lab", pool: "agents", vmProvider: "here" },
        ...{ startupScript: { text: localDockerAgentScript }, ...lasting },
      },
      "workspace/work": { pools: ["agents"], cores: 1, memory: "1GiB" },
    };
    for (const [id, doc] of Object.entries(docs)) {
      const named = { doc: { name: id.split("/")[1], ...doc }, owner: "takeover" };
      const answer = await this.users.repeat("PUT", `/api/v1/definitions/${id}`, undefined, named);
      if (answer.status !== 200) throw new Error(`${id} was refused: ${JSON.stringify(answer.body)}`);
    }
  }

  private async round({ step, frozen }: Round): Promise<void> {
    const { log, random } = this.options;
    const held = this.leader;
    const leaves = step === "delete" ? await this.request("leaver") : undefined;
    if (leaves !== undefined) await this.untilServed(leaves, 120);
    await this.until("nothing is in flight", 120, () => this.isQuiet(leaves === undefined ? 1 : 2));

    log(`round: ${step}, ${frozen.join(" ")} of ${held.name}`);
    const comes = leaves === undefined ? await this.request("comer") : undefined;
    if (leaves !== undefined) await this.release(leaves);
    const wanted = step === "create" ? ["requested", "provisioning"] : ["destroying"];
    await this.until("its lane has work", 60, async () =>
      (await this.nodes()).some((node) => wanted.includes(node.status)),
    );
    await delay(random() * 1_500);
    for (const part of frozen.toSorted()) signalAll(held.parts(part), "SIGSTOP");

    let visitor: string | undefined;
    if (frozen.includes("service")) {
      const other = this.services.find((service) => service !== held)!;
      await this.until("the other one leads", 60, async () => (await other.status()) === "leader");
      this.leader = other;
      for (const socket of this.sockets) socket.destroy();
      this.takeovers += 1;
      visitor = await this.request("visitor");
      await delay(random() * 5_000);
    } else await delay(2_000);
    for (const part of frozen) {
      // Also those that were started while it lay there: none may be held for ever.
      signalAll(held.parts(part), "SIGCONT");
      await delay(random() * 1_000);
    }

    for (const sessionId of [comes, visitor]) if (sessionId !== undefined) await this.untilServed(sessionId, 180);
    if (frozen.includes("service")) {
      await this.until("the one that was frozen stands by", 90, async () => (await held.status()) === "standby");
    }
    for (const sessionId of [comes, visitor]) if (sessionId !== undefined) await this.release(sessionId);
    await this.until("nothing is in flight", 180, () => this.isQuiet(1));
    await this.compare();
  }

  private async request(userId: string): Promise<string> {
    this.visits += 1;
    const body = { workspace: "work", userId };
    const answer = await this.users.repeat("POST", "/api/v1/sessions", `${userId}-${this.visits}`, body);
    const session = (answer.body["session"] ?? answer.body) as { sessionId?: string };
    if (session.sessionId === undefined) throw new Error(`${userId} was refused: ${JSON.stringify(answer.body)}`);
    return session.sessionId;
  }

  private async release(sessionId: string): Promise<void> {
    await this.users.release({ sessionId, workspace: "work", isReleased: false });
  }

  /** The node that it is on. */
  private async untilServed(sessionId: string, seconds: number): Promise<string> {
    let nodeId: string | undefined;
    await this.until(`session ${sessionId} is served`, seconds, async () => {
      const { body } = await this.users.repeat("GET", `/api/v1/sessions/${sessionId}`);
      const session = body["session"] as { node?: { nodeId: string }; status: string };
      if (session.status === "ended") throw new Error(`it ended: ${JSON.stringify(session)}`);
      nodeId = session.node?.nodeId;
      return nodeId !== undefined;
    });
    return nodeId!;
  }

  private async nodes(): Promise<{ nodeId: string; status: string }[]> {
    const { body } = await this.users.repeat("GET", "/api/v1/nodes");
    return (body["nodes"] ?? []) as { nodeId: string; status: string }[];
  }

  /** Each of so many sessions has its node, and there is no other. */
  private async isQuiet(expected: number): Promise<boolean> {
    const nodes = await this.nodes();
    const { body } = await this.users.repeat("GET", "/api/v1/sessions");
    const sessions = (body["sessions"] ?? []) as unknown[];
    const isSettled = nodes.every(({ status }) => status === "running");
    return isSettled && nodes.length === expected && sessions.length === expected;
  }

  /** What the runtime believes and what there is. */
  private async compare(): Promise<void> {
    const believed = (await this.nodes()).map(({ nodeId }) => nodeId).sort();
    const there = findGuests(this.localRoot)
      .map(({ nodeId }) => nodeId)
      .sort();
    if (believed.join() !== there.join()) this.violations.push(`nodes ${believed.join()}, VMs ${there.join()}`);
  }

  private vmOf(nodeId: string): string | undefined {
    return findGuests(this.localRoot).find((guest) => guest.nodeId === nodeId)?.vmId;
  }

  /** No node is there twice, and the VM that is worked on stays. */
  private async watch(): Promise<void> {
    const told = new Set<string>();
    while (!this.isEnding) {
      const guests = findGuests(this.localRoot);
      const ids = guests.map(({ nodeId }) => nodeId);
      for (const twin of ids.filter((nodeId, index) => ids.indexOf(nodeId) !== index))
        told.add(`node ${twin} exists twice`);
      if (this.keptVm !== undefined && !guests.some(({ vmId }) => vmId === this.keptVm)) told.add("a busy VM is gone");
      await delay(200);
    }
    this.violations.push(...told);
  }

  private async removeEverything(): Promise<void> {
    this.keptVm = undefined;
    const ids = ["workspace/work", "autoscaleConfig/agents", "pool/agents", "vmProviderConfig/here", "zone/lab"];
    const { body } = await this.users.repeat("GET", "/api/v1/sessions");
    for (const { sessionId } of body["sessions"] as { sessionId: string }[]) await this.release(sessionId);
    for (const id of ids) {
      await this.until(`${id} is gone`, 120, async () => {
        const { status } = await this.users.repeat("DELETE", `/api/v1/definitions/${id}?owner=takeover`);
        return status === 204 || status === 404;
      });
    }
    await this.until("no lane is left", 120, async () => {
      const answer = await this.users.repeat("GET", "/api/v1/lanes");
      return ((answer.body["lanes"] ?? []) as unknown[]).length === 0;
    });
  }

  private async until(what: string, seconds: number, holds: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = Date.now() + seconds * 1_000;
    while (Date.now() < endMs) {
      if (await holds()) return;
      await delay(100);
    }
    const nodes = await this.nodes().catch(() => "unknown");
    throw new Error(`after ${seconds} s it does not hold that ${what}; nodes: ${JSON.stringify(nodes).slice(0, 1500)}`);
  }
}
