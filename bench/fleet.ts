/**
 * What one more node costs in a fleet of 10 and of 1,000 nodes spread over lanes, beside one big stack; and the memory of
 * the service with 1,000 nodes and 10,000 sessions. The nodes are EC2 instances of the emulated cloud, attached to the
 * engine at the provider boundary: real SDK, real updates, real state, no machine behind.
 */
import * as automation from "@pulumi/pulumi/automation";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmulatedAws } from "../test/clouds/emulated-aws";
import { findEngine } from "./engine";
import { median, type Bench, type BenchContext, type Figure } from "./result";
import { Service, until } from "./service";
import { automationCommand } from "../runtime/executor/automation-command";

const ami = "ami-0123456789abcdef0";
const script =
  "#!/bin/sh\nheadroom-agent --id '{server_id}' --token '{manager_token}' --upstream '{upstream_auth_address}'\n";

export const fleet: Bench = {
  name: "fleet",
  about: "cost of one more node as the fleet grows, and the service's memory",
  async run(context) {
    const sizes = context.isSmoke ? { small: 2, large: 28 } : { small: 10, large: 1010 };
    const aws = new EmulatedAws([ami], []);
    aws.vcpusMax = 100_000;
    await aws.cloud.listen();
    try {
      const spread = await spreadOverLanes(aws, sizes, context);
      const big = await oneBigStack(aws, context.isSmoke ? 20 : 500, context);
      return [...spread, ...big];
    } finally {
      aws.cloud.close();
    }
  },
};

async function spreadOverLanes(
  aws: EmulatedAws,
  sizes: { small: number; large: number },
  { engine, isSmoke, log }: BenchContext,
): Promise<Figure[]> {
  const environment = { PULUMI_DEBUG_PROVIDERS: aws.cloud.debugProvider, HEADROOM_REQUESTS_PER_MINUTE: "100000000" };
  // What an ordinary update costs: without those that are opened ahead.
  const service = await Service.start({ engine, environment, openAhead: 0 });
  try {
    await declareFleet(service);
    await growTo(service, sizes.small);
    const smallMs = await costOfOneMore(service, sizes.small, isSmoke ? 2 : 5);
    log(`one more node at ${sizes.small}: ${smallMs.map((ms) => ms.toFixed(0)).join(", ")} ms`);
    const startedMs = Date.now();
    await growTo(service, sizes.large);
    const growSeconds = (Date.now() - startedMs) / 1000;
    log(`grown to ${sizes.large} in ${growSeconds.toFixed(0)} s`);
    const largeMs = await costOfOneMore(service, sizes.large, isSmoke ? 2 : 5);
    log(`one more node at ${sizes.large}: ${largeMs.map((ms) => ms.toFixed(0)).join(", ")} ms`);
    const sessions = isSmoke ? 50 : 10_000;
    await fillWithSessions(service, aws, sessions);
    const busyMb = service.residentMb();
    // What it needs to hold them, once the garbage of ten thousand requests is collected.
    await new Promise((wake) => setTimeout(wake, isSmoke ? 1000 : 30_000));
    const figures: Figure[] = [
      { what: "service memory right after the last request", value: busyMb, unit: "MB" },
      { what: `one more node, fleet of ${sizes.small}`, value: median(smallMs) / 1000, unit: "s" },
      { what: `one more node, fleet of ${sizes.large} over lanes`, value: median(largeMs) / 1000, unit: "s" },
      { what: "ratio", value: median(largeMs) / median(smallMs), unit: "x", atMost: 1.2 },
      { what: `growing to ${sizes.large} nodes`, value: growSeconds, unit: "s" },
      {
        what: `service memory, ${sizes.large} nodes, ${sessions} sessions, after 30 s of rest`,
        value: service.residentMb(),
        unit: "MB",
        atMost: 200,
      },
    ];
    return figures;
  } finally {
    await service.stop();
  }
}

async function declareFleet(service: Service): Promise<void> {
  await service.declare("zone", { name: "lab", upstreamAuthAddress: `127.0.0.1:${service.port}`, local: true });
  await service.declare("vmProviderConfig", {
    name: "ec2",
    kind: "aws",
    maxInstances: 2000,
    settings: {
      region: "us-east-1",
      amiId: ami,
      instanceType: "m7i.4xlarge",
      subnetId: "subnet-0a",
      securityGroupIds: ["sg-0a"],
      accessKeyId: "AKIAEMULATED",
      secretAccessKey: "emulated",
    },
  });
  await service.declare("pool", { name: "agents", type: "dockerAgent" });
  await declareConfig(service, 0);
  await service.declare("workspace", { name: "browser", pools: ["agents"], cores: 1, memory: "1GiB" });
}

function declareConfig(service: Service, minNodes: number): Promise<void> {
  return service.declare("autoscaleConfig", {
    type: "dockerAgent",
    name: "agents",
    pool: "agents",
    zone: "lab",
    vmProvider: "ec2",
    minNodes,
    coresOverride: 16,
    memoryOverride: "64GiB",
    provisionTimeout: "2h",
    startupScript: { text: script },
  });
}

/** Until so many VMs exist and no update runs. */
async function growTo(service: Service, nodes: number): Promise<void> {
  await declareConfig(service, nodes);
  await until(`a fleet of ${nodes}`, 1800, async () => {
    const status = await service.client.status();
    const made = (status.nodes["starting"] ?? 0) + (status.nodes["running"] ?? 0);
    const isQuiet = status.lanes.updating === 0 && status.lanes.behind === 0;
    if (made >= nodes && isQuiet) return true;
    await new Promise((wake) => setTimeout(wake, 200));
    return undefined;
  });
}

/** Milliseconds from the changed floor until the VM exists with its address; one at a time. */
async function costOfOneMore(service: Service, from: number, times: number): Promise<number[]> {
  const costs: number[] = [];
  for (let more = 1; more <= times; more++) {
    const startedMs = performance.now();
    await declareConfig(service, from + more);
    await until("one more node", 120, async () => {
      const { nodes } = await service.client.status();
      return (nodes["starting"] ?? 0) + (nodes["running"] ?? 0) >= from + more || undefined;
    });
    costs.push(performance.now() - startedMs);
    await growTo(service, from + more);
  }
  return costs;
}

/** The nodes' own check-ins, with the tokens from their user data, then sessions until the number is reached. */
async function fillWithSessions(service: Service, aws: EmulatedAws, sessions: number): Promise<void> {
  for (const { inputs } of aws.instances.values()) {
    const userData = String(inputs["userData"]);
    const [, nodeId, token] = /--id '([^']+)' --token '([^']+)'/.exec(userData) ?? [];
    if (nodeId === undefined || token === undefined) throw new Error("an instance has no token in its user data");
    await service.client.heartbeat(nodeId, token, {});
  }
  let left = sessions;
  const user = async (index: number) => {
    while (left-- > 0) await service.client.requestSession({ workspace: "browser", userId: `user-${index}` });
  };
  await Promise.all(Array.from({ length: 16 }, (_, index) => user(index)));
  const { sessions: counts } = await service.client.status();
  if (counts["assigned"] !== sessions)
    throw new Error(`${sessions} sessions were asked for: ${JSON.stringify(counts)}`);
}

/** The same instances in one stack, by the Automation API. */
async function oneBigStack(aws: EmulatedAws, size: number, { engine, log }: BenchContext): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "headroom-bench-big-"));
  mkdirSync(join(folder, "state"));
  const found = await findEngine(engine);
  const pulumiCommand = await automationCommand(found, folder);
  let nodes = 10;
  const program = async () => {
    const { Instance } = require("@pulumi/aws/ec2/instance") as typeof import("@pulumi/aws/ec2/instance");
    const { Provider } = require("@pulumi/aws/provider") as typeof import("@pulumi/aws/provider");
    const provider = new Provider("aws", { region: "us-east-1", accessKey: "AKIAEMULATED", secretKey: "emulated" });
    for (let node = 0; node < nodes; node++) {
      new Instance(`big${node}`, { ami, instanceType: "m7i.4xlarge", userData: script.repeat(10) }, { provider });
    }
  };
  const stack = await automation.LocalWorkspace.createOrSelectStack(
    { stackName: "big", projectName: "big", program },
    {
      pulumiCommand,
      workDir: folder,
      envVars: {
        PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
        PULUMI_HOME: join(folder, "home"),
        PULUMI_CONFIG_PASSPHRASE: "bench",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        PULUMI_DEBUG_PROVIDERS: aws.cloud.debugProvider,
      },
    },
  );
  const figures: Figure[] = [];
  const costs: number[] = [];
  for (const from of [10, size]) {
    nodes = from;
    await stack.up();
    nodes = from + 1;
    const startedMs = performance.now();
    await stack.up();
    costs.push(performance.now() - startedMs);
    log(`one big stack of ${from}: one more in ${costs.at(-1)!.toFixed(0)} ms`);
    figures.push({
      what: `one more node, one big stack of ${from} (stock flow)`,
      value: costs.at(-1)! / 1000,
      unit: "s",
    });
  }
  figures.push({ what: "ratio of the big stack", value: costs[1]! / costs[0]!, unit: "x" });
  rmSync(folder, { recursive: true, force: true });
  return figures;
}
