/**
 * A service without workers of its own, and workers as on other machines: processes with data folders of their own that
 * share its database and its backend. VMs are local ones, so that what is there can be counted.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { localDockerAgentScript } from "../../provider/local-vm/default-scripts";
import { findLocalLeftovers, findLocalVms } from "../../provider/local-vm/find-local-vms";
import { freePort } from "../support/free-port";
import { until } from "../support/until";
import { findGuests, kill9 } from "./processes";
import { Service, type ServiceOptions } from "./service-process";
import { Users } from "./users";
import { WorkerProcess, type WorkerOptions } from "./worker-process";

export interface RemoteRunOptions extends ServiceOptions {
  /** How long a create of a VM takes. */
  readonly createTime: string;
}

interface NodeView {
  readonly nodeId: string;
  readonly status: string;
}

export class RemoteRun {
  readonly workers: WorkerProcess[] = [];
  /** Nodes that were there twice at the same time. */
  readonly twins = new Set<string>();
  service!: Service;
  users!: Users;
  private readonly localRoot: string;
  private readonly watch: NodeJS.Timeout;
  private visits = 0;
  private servicePort: number | undefined;

  private constructor(private readonly options: RemoteRunOptions) {
    this.localRoot = join(options.folder, "local");
    mkdirSync(this.localRoot, { recursive: true });
    this.watch = setInterval(() => {
      const ids = findGuests(this.localRoot).map(({ nodeId }) => nodeId);
      for (const twin of ids.filter((nodeId, index) => ids.indexOf(nodeId) !== index)) this.twins.add(twin);
    }, 200);
  }

  /** Nothing of it stays, whatever happens. */
  static async with(options: RemoteRunOptions, test: (run: RemoteRun) => Promise<void>): Promise<void> {
    const run = new RemoteRun(options);
    try {
      await run.startService();
      await test(run);
    } finally {
      clearInterval(run.watch);
      await Promise.all([run.service, ...run.workers].map((each) => each.end()));
      for (const { pid = 0, isRunning } of findLocalVms(run.localRoot)) if (isRunning) kill9(-pid);
    }
  }

  /** Also once more, after the one before was killed: at the same address, which the VMs know. */
  async startService(): Promise<void> {
    this.servicePort ??= await freePort();
    this.service = new Service("one", { ...this.options, port: this.servicePort });
    await until("the service leads", async () => (await this.service.status()) === "leader");
    const key = readFileSync(join(this.options.folder, "one", "admin-key"), "utf8").trim();
    this.users = new Users(this.service.url, key, () => 0.5);
  }

  async startWorker(name: string, options: Partial<WorkerOptions> = {}): Promise<WorkerProcess> {
    const worker = new WorkerProcess(name, { ...this.options, takeOverSeconds: 6, slots: 1, ...options });
    this.workers.push(worker);
    await worker.registered();
    return worker;
  }

  async declare(): Promise<void> {
    const { createTime } = this.options;
    const docs = {
      "zone/lab": { upstreamAuthAddress: new URL(this.service.url).host, local: true },
      "vmProviderConfig/here": {
        kind: "local",
        maxInstances: 8,
        settings: { cores: 1, memory: "4GiB", bootTime: "0s", createTime, heartbeatEvery: "1s" },
      },
      "pool/agents": { type: "dockerAgent" },
      "autoscaleConfig/agents": {
        ...{ type: "dockerAgent", zone: "lab", pool: "agents", vmProvider: "here" },
        ...{ startupScript: { text: localDockerAgentScript }, provisionTimeout: "5m", downscaleBackoff: "1s" },
      },
      "workspace/work": { pools: ["agents"], cores: 1, memory: "3GiB" },
    };
    for (const [id, doc] of Object.entries(docs)) {
      const named = { doc: { name: id.split("/")[1], ...doc }, owner: "remote" };
      const answer = await this.users.repeat("PUT", `/api/v1/definitions/${id}`, undefined, named);
      if (answer.status !== 200) throw new Error(`${id} was refused: ${JSON.stringify(answer.body)}`);
    }
  }

  async request(): Promise<string> {
    this.visits += 1;
    const body = { workspace: "work", userId: `user-${this.visits}` };
    const answer = await this.users.repeat("POST", "/api/v1/sessions", `visit-${this.visits}`, body);
    const session = (answer.body["session"] ?? answer.body) as { sessionId?: string };
    if (session.sessionId === undefined) throw new Error(`refused: ${JSON.stringify(answer.body)}`);
    return session.sessionId;
  }

  async release(sessionId: string): Promise<void> {
    await this.users.release({ sessionId, workspace: "work", isReleased: false });
  }

  async untilServed(sessionId: string): Promise<void> {
    await until(`session ${sessionId} is served`, async () => {
      const { body } = await this.users.repeat("GET", `/api/v1/sessions/${sessionId}`);
      return (body["session"] as { node?: object }).node !== undefined;
    });
  }

  async nodes(): Promise<NodeView[]> {
    return (await this.users.repeat("GET", "/api/v1/nodes")).body["nodes"] as NodeView[];
  }

  async lanes(): Promise<{ laneId: string; worker?: string; openRevision?: number }[]> {
    return (await this.users.repeat("GET", "/api/v1/lanes")).body["lanes"] as { laneId: string; worker?: string }[];
  }

  /** The end of what the lane's engines printed, as who leads shows it. */
  async outputOf(laneId: string): Promise<string> {
    return String((await this.users.repeat("GET", `/api/v1/lanes/${laneId}/output`)).body["text"]);
  }

  async workerStates(): Promise<Record<string, { state: string; lanes: string[] }>> {
    const { workers } = (await this.users.repeat("GET", "/api/v1/workers")).body as {
      workers: { workerId: string; state: string; lanes: string[] }[];
    };
    return Object.fromEntries(workers.map(({ workerId, state, lanes }) => [workerId, { state, lanes }]));
  }

  /** So many nodes run, and nothing else is there: what is believed is what there is. */
  async untilQuiet(expected: number): Promise<void> {
    await until(`exactly ${expected} nodes run and their VMs are there`, async () => {
      const nodes = await this.nodes();
      const believed = nodes.map(({ nodeId }) => nodeId).sort();
      const there = findGuests(this.localRoot).map(({ nodeId }) => nodeId);
      const isSettled = nodes.every(({ status }) => status === "running");
      return isSettled && nodes.length === expected && believed.join() === there.sort().join();
    });
  }

  /** What is left of VMs whose nodes are gone. */
  leftovers(): readonly string[] {
    return findLocalLeftovers(this.localRoot).map(String);
  }
}
