/**
 * Durable placements over HTTP: each client places a session and releases the one before, again and again. Every answer
 * comes after its commit (fsync on). The nodes have room for just what 64 clients hold at most, so that a slot given away
 * twice shows. The load comes from a process of its own; client, service and PostgreSQL share the machine.
 */
import { fork } from "node:child_process";
import { join } from "node:path";
import type { LoadOrder, LoadReport } from "./placements-load";
import { percentile, type Bench, type Figure } from "./result";
import { Service } from "./service";

const clientsMax = 64;
const slotsPerNode = 4;

export const placements: Bench = {
  name: "placements",
  about: "durable placements over HTTP at 1, 16 and 64 clients",
  async run({ engine, isSmoke, log }) {
    const service = await Service.start({ engine, environment: { HEADROOM_REQUESTS_PER_MINUTE: "100000000" } });
    try {
      await declareFullPool(service);
      await load(service, { clients: 16, seconds: isSmoke ? 1 : 3 });
      const figures: Figure[] = [];
      let doublePlaced = 0;
      for (const clients of [1, 16, clientsMax]) {
        const report = await load(service, { clients, seconds: isSmoke ? 1 : 10 });
        log(`${clients} clients: ${report.requests} requests in ${report.seconds.toFixed(1)} s`);
        if (report.failures > 0) throw new Error(`${report.failures} clients failed: ${report.firstFailure}`);
        figures.push(...figuresOf(report, clients, clients === clientsMax && !isSmoke));
        doublePlaced += report.doublePlaced;
      }
      figures.push({ what: "slots given away twice", value: doublePlaced, unit: "", atMost: 0 });
      const left = await service.client.sessions();
      if (left.length > 0) throw new Error(`${left.length} sessions are left although all were released`);
      return figures;
    } finally {
      await service.stop();
    }
  },
};

function figuresOf(report: LoadReport, clients: number, isGoal: boolean): Figure[] {
  const p99 = percentile(report.latenciesMs, 0.99);
  return [
    {
      what: `requests (place or release), ${clients} clients`,
      value: report.requests / report.seconds,
      unit: "1/s",
      ...(isGoal ? { atLeast: 5000 } : {}),
    },
    { what: `p50, ${clients} clients`, value: percentile(report.latenciesMs, 0.5), unit: "ms" },
    { what: `p99, ${clients} clients`, value: p99, unit: "ms", ...(isGoal ? { atMost: 25 } : {}) },
  ];
}

/** Nodes with room for just what {@link clientsMax} clients hold, and a workspace for them. */
export async function declareFullPool(service: Service): Promise<void> {
  await service.declare("zone", { name: "lab", upstreamAuthAddress: "127.0.0.1", local: true });
  const staticMembers = Array.from({ length: (2 * clientsMax) / slotsPerNode }, (_, index) => ({
    name: `static-${index}`,
    zone: "lab",
    address: `127.0.1.${index + 1}`,
    cores: slotsPerNode,
    memory: "64GiB",
  }));
  await service.declare("pool", { name: "agents", type: "dockerAgent", staticMembers });
  await service.declare("workspace", { name: "browser", pools: ["agents"], cores: 1, memory: "1GiB" });
}

/** Places and releases through this service, whoever leads. */
export function load(service: Service, order: { clients: number; seconds: number }): Promise<LoadReport> {
  return new Promise((done, fail) => {
    const child = fork(join(__dirname, "placements-load.js"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    child.once("message", (report: LoadReport) => done(report));
    child.once("exit", (code) => fail(new Error(`the load generator ended with ${code} before it reported`)));
    child.send({ port: service.port, key: service.key, slotsPerNode, ...order } satisfies LoadOrder);
  });
}
