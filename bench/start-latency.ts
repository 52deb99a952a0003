/**
 * From a session request to the provider's Create call, against the stock Automation API flow (createOrSelectStack,
 * setAllConfig, up) on the same engine for the same VM; and how much a create that takes long delays the next burst.
 * Both flows rest between their rounds: the VM before has booted then, and nothing else runs.
 * The time of Create is the birth of the VM's folder, made first thing by the `local` provider.
 */
import * as pulumi from "@pulumi/pulumi";
import * as automation from "@pulumi/pulumi/automation";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Vm } from "../provider/local-vm/local-vm";
import { findEngine } from "./engine";
import { median, type Bench, type BenchContext, type Figure } from "./result";
import { packageRoot, Service, until } from "./service";

export const startLatency: Bench = {
  name: "start-latency",
  about: "request to provider Create, and a second burst while a create takes long",
  async run(context) {
    const ours = await requestToCreate(context);
    const stock = await stockFlow(context);
    const ratio = median(ours.idleMs) / median(stock);
    const burstRatio = ours.burstMs / median(ours.idleMs);
    const figures: Figure[] = [
      { what: "request to Create, median", value: median(ours.idleMs) / 1000, unit: "s" },
      { what: "request to Create, first node of a new config", value: ours.idleMs[0]! / 1000, unit: "s" },
      { what: "stock Automation API flow to Create, median", value: median(stock) / 1000, unit: "s" },
      { what: "ratio to the stock flow", value: ratio, unit: "x", atMost: 0.3 },
      { what: "request right after an update, to Create, median", value: median(ours.hurriedMs) / 1000, unit: "s" },
      {
        what: `second burst while a create takes ${ours.slowSeconds} s, to Create`,
        value: ours.burstMs / 1000,
        unit: "s",
      },
      { what: "ratio to an idle start", value: burstRatio, unit: "x", atMost: 1.5 },
    ];
    return figures;
  },
};

async function requestToCreate({ engine, isSmoke, log }: BenchContext) {
  const slowSeconds = isSmoke ? 6 : 60;
  const service = await Service.start({ engine });
  try {
    await declare(service, slowSeconds);
    const rounds = async (count: number, betweenMs: number): Promise<number[]> => {
      const times: number[] = [];
      while (times.length < count) {
        await pause(betweenMs);
        times.push(await timeOfCreate(service, "quick"));
        log(`request to Create: ${times.at(-1)!.toFixed(0)} ms`);
        await untilIdle(service);
      }
      return times;
    };
    const idleMs = await rounds(isSmoke ? 2 : 7, restMs);
    const hurriedMs = await rounds(isSmoke ? 1 : 5, 0);
    await pause(restMs);
    await timeOfCreate(service, "slow");
    // The first create now hangs in the cloud: its lane is busy.
    const burstMs = await timeOfCreate(service, "slow");
    log(`second burst: ${burstMs.toFixed(0)} ms`);
    await removeAll(service);
    return { idleMs, hurriedMs, burstMs, slowSeconds };
  } finally {
    await service.stop();
  }
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
  const localRoot = join(folder, "local");
  const vms = join(localRoot, "vms");
  mkdirSync(join(folder, "state"), { recursive: true });
  mkdirSync(vms, { recursive: true });
  const found = await findEngine(engine);
  const pulumiCommand = await automation.PulumiCommand.get({ root: found.root, skipVersionCheck: true });
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
    const made = join(vms, `stock${round}`);
    times.push(statSync(made).birthtimeMs - requestedMs);
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
