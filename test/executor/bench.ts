/** Shared by the executor's tests: an installation in a temporary folder, a pool of workers, the toy world. */
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseEngine, type Engine } from "../../runtime/executor/engine-choice";
import { prepareInstallation, type Installation } from "../../runtime/executor/installation";
import type { RecoverRequest, UpdateEvent, UpdateRequest } from "../../runtime/executor/node-updater";
import { WorkerPool, type WorkerPoolOptions } from "../../runtime/executor/worker-pool";
import { realClock } from "../../runtime/model/real-clock";
import type { DesiredNode } from "../../runtime/model/state";
import type { AskPermit } from "../../runtime/store/permit";
import { ToyWorld } from "../engine/toy-world";
import { removeFolder } from "../support/remove-folder";

export const packageRoot = join(__dirname, "..", "..", "..");

/** For tests that are about something else. */
export const allowAll: AskPermit = () => Promise.resolve({ isAllowed: true });

/** The engines of this machine: the embedded one always, the official one when there is one. */
export async function enginesHere(): Promise<Engine[]> {
  const search = {
    packageRoot,
    officialPath: process.env["HEADROOM_PULUMI"] ?? "",
    searchPath: process.env["PATH"] ?? "",
  };
  const embedded = await chooseEngine({ ...search, wish: "embedded" });
  const found = await chooseEngine({ ...search, wish: "auto" });
  return found.kind === "official" ? [embedded, found] : [embedded];
}

export interface Bench {
  readonly installation: Installation;
  readonly world: ToyWorld;
  readonly pool: WorkerPool;
  close(): Promise<void>;
}

/** @param backendUrl Default: a folder. */
export async function openBench(
  engine: Engine,
  options: Partial<WorkerPoolOptions> = {},
  backendUrl?: string,
): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "headroom-executor-"));
  const world = new ToyWorld(join(folder, "world"));
  const plugin = join(folder, "plugin");
  mkdirSync(plugin);
  const main = JSON.stringify(join(__dirname, "..", "engine", "toy-plugin.js"));
  writeFileSync(join(plugin, "pulumi-resource-toy"), `#!${process.execPath}\nrequire(${main});\n`);
  chmodSync(join(plugin, "pulumi-resource-toy"), 0o755);
  const installation = await prepareInstallation({
    dataFolder: join(folder, "data"),
    packageRoot,
    engine,
    plugins: [{ name: "toy", path: plugin }],
    engineEnvironment: { TOY_WORLD: world.folder },
    ...(backendUrl === undefined ? {} : { backendUrl }),
  });
  const workerEntry = join(__dirname, "toy-worker.js");
  const limits = { orphanWaitMs: 15_000, settleMs: 200 };
  const given = { installation, clock: realClock, permit: allowAll, workerEntry, limits };
  const pool = new WorkerPool({ ...given, ...options });
  return {
    installation,
    world,
    pool,
    async close() {
      await pool.stop();
      removeFolder(folder);
    },
  };
}

export function aNode(nodeId: string, world: ToyWorld, settings: Record<string, unknown> = {}): DesiredNode {
  return {
    nodeId,
    zone: "z",
    pool: "p",
    autoscaleConfig: "c",
    vmProvider: "v",
    kind: "local",
    settings: { world: world.folder, ...settings },
    osType: "linux",
    startupScript: `echo script-secret-of-${nodeId}`,
  };
}

/** Each of the nodes may be made, and nothing is deleted but `deletes`. */
export function aRequest(
  nodes: readonly DesiredNode[],
  lane = "lane-1",
  revision = 1,
  deletes: readonly string[] = [],
): UpdateRequest & RecoverRequest {
  const creates = nodes.map(({ nodeId }) => nodeId);
  return { laneId: lane, stack: lane, revision, epoch: 1, nodes, accounts: {}, creates, deletes, known: {} };
}

/** Collects events; `until` waits for the first that fits. */
export class Heard {
  readonly events: UpdateEvent[] = [];
  readonly hear = (event: UpdateEvent): void => void this.events.push(event);

  kinds(): string[] {
    return this.events.map((event) => ("nodeId" in event ? `${event.kind} ${event.nodeId}` : event.kind));
  }

  enginePid(): number {
    const started = this.events.filter((event) => event.kind === "started").at(-1);
    if (started === undefined) throw new Error("no engine was started");
    return started.enginePid;
  }
}
