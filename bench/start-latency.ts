/**
 * From a session request to the provider's Create call, with an update open ahead and without one, against the stock
 * Automation API flow (createOrSelectStack, setAllConfig, up) on the same engine for the same VM; and how much a create
 * that takes long delays the next bursts. All rest between their rounds: the VM before has booted then, and nothing else
 * runs. The time of Create is the birth of the VM's folder, made first thing by the `local` provider.
 */
import * as pulumi from "@pulumi/pulumi";
import * as automation from "@pulumi/pulumi/automation";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Vm } from "../provider/local-vm/local-vm";
import { findEngine } from "./engine";
import { median, type Bench, type BenchContext, type Figure } from "./result";
import { packageRoot, Service, until } from "./service";
import { automationCommand } from "../runtime/executor/automation-command";

export const startLatency: Bench = {
  name: "start-latency",
  about: "request to provider Create, and a second burst while a create takes long",
  async run(context) {
    const open = await requestToCreate(context, undefined);
    const cold = await requestToCreate(context, 0);
    const stock = await stockFlow(context);
    const stockMs = median(stock);
    const seconds = (what: string, ms: number): Figure => ({ what, value: ms / 1000, unit: "s" });
    const ratio = (what: string, ms: number, atMost: number): Figure => {
      return { what: `${what}, to the stock flow`, value: ms / stockMs, unit: "x", atMost };
    };
    const bursts = `bursts while a create takes ${open.slowSeconds} s, to Create`;
    const figures: Figure[] = [
      seconds("stock Automation API flow to Create, median", stockMs),
      seconds("request to Create with an update open, median", median(open.idleMs)),
      ratio("request to Create with an update open", median(open.idleMs), 0.1),
      { what: "worker, engine and plugin of the update that waits", value: open.waitingMb, unit: "MB" },
      seconds("request to Create without one, median", median(cold.idleMs)),
      ratio("request to Create without one", median(cold.idleMs), 0.5),
      seconds("request to Create, first node of a new config", open.firstMs),
      seconds("request right after an update, to Create, median", median(open.hurriedMs)),
      seconds(`second and third of the ${bursts}, the later`, Math.max(...open.burstMs)),
      ratio("second and third burst, the later", Math.max(...open.burstMs), 0.1),
      seconds(`the same without an update open`, Math.max(...cold.burstMs)),
      ratio("the same without an update open", Math.max(...cold.burstMs), 0.5),
    ];
    return figures;
  },
};

async function requestToCreate({ engine, isSmoke, log }: BenchContext, openAhead: number | undefined) {
  const slowSeconds = isSmoke ? 30 : 60;
  const service = await Service.start({ engine, ...(openAhead === undefined ? {} : { openAhead }) });
  const isOpening = openAhead !== 0;
  try {
    await declare(service, slowSeconds);
    const untilPrepared = async (config: string): Promise<void> => {
      if (isOpening) await untilOpen(service, config);
      await pause(restMs);
    };
    const rest = async (config: string): Promise<void> => {
      await untilIdle(service);
      await untilPrepared(config);
    };
    const round = async (config: string): Promise<number> => {
      const ms = await timeOfCreate(service, config);
      log(`${isOpening ? "" : "without an update open: "}request to Create: ${ms.toFixed(0)} ms`);
      return ms;
    };
    await pause(restMs);
    const firstMs = await round("quick");
    const [idleMs, hurriedMs]: [number[], number[]] = [[], []];
    while (idleMs.length < (isSmoke ? 2 : 7)) {
      await rest("quick");
      idleMs.push(await round("quick"));
    }
    while (hurriedMs.length < (isSmoke ? 1 : 5)) {
      await untilIdle(service);
      hurriedMs.push(await round("quick"));
    }
    await rest("quick");
    const waitingMb = isOpening ? await memoryOfWaiting(service, "quick") : 0;
    await timeOfCreate(service, "slow");
    const burstMs: number[] = [];
    while (burstMs.length < 2) {
      // The first create still hangs in the cloud; without that the figure would be another.
      await untilPrepared("slow");
      await demandCreating(service, burstMs.length + 1);
      burstMs.push(await round("slow"));
    }
    await removeAll(service);
    return { firstMs, idleMs, hurriedMs, burstMs, waitingMb, slowSeconds };
  } finally {
    await service.stop();
  }
}

/** An update of this config waits for nodes. */
async function untilOpen(service: Service, config: string) {
  return until("an update that waits", 60, async () => {
    return (await service.client.lanes()).find(
      (lane) => lane.autoscaleConfig === config && lane.takesNodes && lane.enginePid,
    );
  });
}

/** Fails unless so many nodes are being made. */
async function demandCreating(service: Service, expected: number): Promise<void> {
  const nodes = await service.client.nodes();
  const creating = nodes.filter(({ status }) => status === "provisioning").length;
  if (creating !== expected) throw new Error(`${expected} creates were to hang before the next burst, ${creating} do`);
}

/** Resident memory of an engine that waits, its worker and its plugins. Linux only. */
async function memoryOfWaiting(service: Service, config: string): Promise<number> {
  const { enginePid = 0 } = await untilOpen(service, config);
  const status = (pid: number, field: string): number =>
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  const children = readFileSync(`/proc/${enginePid}/task/${enginePid}/children`, "utf8").split(" ").filter(Boolean);
  const pids = [enginePid, status(enginePid, "PPid"), ...children.map(Number)];
  return (pids.reduce((sum, pid) => sum + status(pid, "VmRSS"), 0) * 1024) / 1e6;
}

async function declare(service: Service, slowSeconds: number): Promise<void> {
  const upstreamAuthAddress = `127.0.0.1:${service.port}`;
  await service.declare("zone", { name: "lab", upstreamAuthAddress, local: true });
  for (const [name, createTime] of [
    ["quick", "0s"],
    ["slow", `${slowSeconds}s`],
  ] as const) {
    const settings = { cores: 2, memory: "4GiB", bootTime: "1s", createTime };
    await service.declare("vmProviderConfig", { name, kind: "local", maxInstances: 50, settings });
    await service.declare("pool", { name, type: "dockerAgent" });
    await service.declare("autoscaleConfig", { type: "dockerAgent", name, pool: name, zone: "lab", vmProvider: name });
    // One session fills a node, so every request needs a node of its own.
    await service.declare("workspace", { name, pools: [name], cores: 2, memory: "1GiB" });
  }
}

const restMs = 3_000;
let users = 0;

/** Milliseconds from the request to the birth of the new VM's folder. */
async function timeOfCreate(service: Service, workspace: string): Promise<number> {
  const vms = join(service.localRoot, "vms");
  mkdirSync(vms, { recursive: true });
  const before = new Set(readdirSync(vms));
  const requestedMs = Date.now();
  await service.client.requestSession({ workspace, userId: `user-${users++}` });
  const made = await until("the VM", 60, () => readdirSync(vms).find((name) => !before.has(name)));
  return statSync(join(vms, made)).birthtimeMs - requestedMs;
}

/** No update in flight. */
async function untilIdle(service: Service): Promise<void> {
  await until("the end of the update", 120, async () => {
    const lanes = await service.client.lanes();
    return (
      lanes.every(
        (lane) => lane.takesNodes || (lane.openRevision === undefined && lane.appliedRevision === lane.desiredRevision),
      ) || undefined
    );
  });
}

async function removeAll(service: Service): Promise<void> {
  for (const { sessionId } of await service.client.sessions()) await service.client.releaseSession(sessionId);
  for (const config of ["quick", "slow"]) {
    await until(`the end of ${config}`, 300, async () => {
      const left = await service.client.deleteDefinition("autoscaleConfig", config, "bench").catch(() => undefined);
      return left === undefined ? true : undefined;
    });
  }
}

/** The same VM by the stock flow: one more node in a stack that exists, with its settings as stack config. */
async function stockFlow({ engine, isSmoke, log }: BenchContext): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), "headroom-bench-stock-"));
  // Guests of root run as another account, which has to get into the folder.
  chmodSync(folder, 0o711);
  const localRoot = join(folder, "local");
  const vms = join(localRoot, "vms");
  mkdirSync(join(folder, "state"), { recursive: true });
  mkdirSync(vms, { recursive: true });
  const found = await findEngine(engine);
  const pulumiCommand = await automationCommand(found, folder);
  const environment = {
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PATH: `${join(packageRoot, "provider", "bin")}:${process.env["PATH"]}`,
  };
  const times: number[] = [];
  const nodes: string[] = [];
  const program = async () => {
    const config = new pulumi.Config("stock");
    for (const nodeId of nodes) declareVm(nodeId, localRoot, config.require(nodeId));
  };
  let stack: automation.Stack | undefined;
  for (let round = 0; round < (isSmoke ? 2 : 7); round++) {
    nodes.push(`stock${round}`);
    await pause(restMs);
    const requestedMs = Date.now();
    stack = await automation.LocalWorkspace.createOrSelectStack(
      { stackName: "dev", projectName: "stock", program },
      { pulumiCommand, envVars: environment, workDir: folder },
    );
    await stack.setAllConfig(Object.fromEntries(nodes.map((nodeId) => [`stock:${nodeId}`, { value: "#!/bin/sh\n" }])));
    await stack.up();
    const made = readdirSync(vms).map((name) => statSync(join(vms, name)).birthtimeMs);
    times.push(Math.max(...made) - requestedMs);
    log(`stock flow to Create: ${times.at(-1)!.toFixed(0)} ms`);
  }
  await stack?.destroy();
  rmSync(folder, { recursive: true, force: true });
  return times;
}

function declareVm(nodeId: string, root: string, startupScript: string): void {
  new Vm(nodeId, {
    nodeId,
    root,
    cores: 2,
    memoryBytes: 4 * 2 ** 30,
    gpus: 0,
    startupScript,
    createSeconds: 0,
    bootSeconds: 1,
    heartbeatSeconds: 5,
    ports: [],
    faults: {},
  });
}
