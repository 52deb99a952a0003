/**
 * What a second worker brings: the same burst with one `headroom worker` and with two, real processes with data folders of
 * their own, one slot each, beside a service that runs no updates itself. Each create takes as long as a cloud's; what the
 * engines and the VMs need of this machine they share.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findLocalVms } from "../provider/local-vm/find-local-vms";
import { laneNodesMax } from "../runtime/planner/lifecycle/lanes";
import { startEmbeddedPostgres } from "../runtime/store/embedded-postgres";
import type { Bench, BenchContext, Figure } from "./result";
import { packageRoot, Service, until } from "./service";

interface Load {
  /** Of one config: with several, the slots in reserve would help the one worker. */
  readonly nodes: number;
  readonly createSeconds: number;
}

const whole: Load = { nodes: 4 * laneNodesMax, createSeconds: 60 };
const smoke: Load = { nodes: laneNodesMax + 1, createSeconds: 10 };

/** Two workers do the same in at most this part of the time of one. */
const gainMin = 1.8;

export const workers: Bench = {
  name: "workers",
  about: "a burst on two worker processes beside one",
  async run(context): Promise<Figure[]> {
    const load = context.isSmoke ? smoke : whole;
    const one = await secondsOf(1, load, context);
    const two = await secondsOf(2, load, context);
    const burst = `${load.nodes} nodes, ${load.createSeconds} s a create`;
    return [
      { what: `${burst}: one worker`, value: one, unit: "s" },
      { what: `${burst}: two workers`, value: two, unit: "s" },
      { what: "two workers by one", value: one / two, unit: "x", ...(context.isSmoke ? {} : { atLeast: gainMin }) },
    ];
  },
};

/** From the first request until all nodes run. */
async function secondsOf(count: number, load: Load, { engine, log }: BenchContext): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "headroom-bench-workers-"));
  const postgres = await startEmbeddedPostgres({ folder: join(folder, "database") });
  const started: WorkerProcess[] = [];
  let service: Service | undefined;
  try {
    service = await Service.start({ engine, database: postgres.connectionString, workers: 0 });
    for (let index = 0; index < count; index += 1) {
      started.push(new WorkerProcess(service, { engine, database: postgres.connectionString, folder, index }));
    }
    const { client } = service;
    await until(`${count} workers`, 60, async () => ((await client.workers()).length === count ? true : undefined));
    await declare(service, load);
    const { nodes } = load;
    const startedMs = performance.now();
    for (let index = 0; index < nodes; index += 1) {
      await client.requestSession({ workspace: "work", userId: `user-${index}` });
    }
    await until(`${nodes} running nodes`, 1_200, async () => {
      const running = (await client.nodes()).filter(({ status }) => status === "running").length;
      return running === nodes ? true : undefined;
    });
    const seconds = (performance.now() - startedMs) / 1000;
    log(`${count} ${count === 1 ? "worker" : "workers"}: ${seconds.toFixed(1)} s`);
    return seconds;
  } finally {
    for (const worker of started) await worker.stop();
    for (const { pid = 0, isRunning } of service ? findLocalVms(service.localRoot) : []) {
      if (isRunning) process.kill(-pid, "SIGKILL");
    }
    await service?.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function declare(service: Service, { nodes, createSeconds }: Load): Promise<void> {
  await service.declare("zone", { name: "lab", upstreamAuthAddress: `127.0.0.1:${service.port}`, local: true });
  const settings = { cores: 2, memory: "4GiB", bootTime: "1s", createTime: `${createSeconds}s`, heartbeatEvery: "1m" };
  await service.declare("vmProviderConfig", { name: "here", kind: "local", maxInstances: nodes, settings });
  await service.declare("pool", { name: "agents", type: "dockerAgent" });
  const where = { pool: "agents", zone: "lab", vmProvider: "here" };
  const config = { type: "dockerAgent", name: "agents", ...where, provisionTimeout: "30m", maxNodes: nodes };
  await service.declare("autoscaleConfig", config);
  // One session fills a node, so every request needs a node of its own.
  const workspace = { name: "work", pools: ["agents"], cores: 2, memory: "1GiB" };
  await service.declare("workspace", workspace);
}

/** `headroom worker` with a data folder of its own, as on another machine. */
class WorkerProcess {
  private readonly process: ChildProcess;

  constructor(
    service: Service,
    given: { readonly engine: string; readonly database: string; readonly folder: string; readonly index: number },
  ) {
    const data = join(given.folder, `worker-${given.index}`);
    mkdirSync(data, { mode: 0o700 });
    const options = {
      "--data-folder": data,
      "--database": given.database,
      "--backend": `file://${join(service.dataFolder, "state")}`,
      "--passphrase-file": join(service.dataFolder, "passphrase"),
      "--engine": given.engine,
      "--slots": "1",
      "--log-level": "warn",
    };
    this.process = spawn(
      process.execPath,
      [
        join(packageRoot, "dist", "runtime", "cli", "main.js"),
        "worker",
        "--allow-local",
        ...Object.entries(options).flat(),
      ],
      { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, HEADROOM_LOCAL_ROOT: service.localRoot } },
    );
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((done) => this.process.once("exit", done));
    this.process.kill("SIGTERM");
    await ended;
  }
}
