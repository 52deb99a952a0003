/**
 * Durable placements over HTTP: each client places a session and releases it, again and again. Every answer comes after
 * its commit (fsync on). The load comes from a process of its own; client, service and PostgreSQL share the machine.
 */
import { fork } from "node:child_process";
import { join } from "node:path";
import type { LoadOrder, LoadReport } from "./placements-load";
import { percentile, type Bench, type Figure } from "./result";
import { Service } from "./service";

export const placements: Bench = {
  name: "placements",
  about: "durable placements over HTTP at 1, 16 and 64 clients",
  async run({ engine, isSmoke, log }) {
    const service = await Service.start({ engine, environment: { HEADROOM_REQUESTS_PER_MINUTE: "100000000" } });
    try {
      await declareBigPool(service);
      await load(service, { clients: 16, seconds: isSmoke ? 1 : 3 });
      const figures: Figure[] = [];
      for (const clients of [1, 16, 64]) {
        const report = await load(service, { clients, seconds: isSmoke ? 1 : 10 });
        log(`${clients} clients: ${report.requests} requests in ${report.seconds.toFixed(1)} s`);
        const perSecond = report.requests / report.seconds;
        const isGoal = clients === 64 && !isSmoke;
        figures.push(
          {
            what: `requests (place or release), ${clients} clients`,
            value: perSecond,
            unit: "1/s",
            ...(isGoal ? { atLeast: 2000 } : {}),
          },
          { what: `p50, ${clients} clients`, value: percentile(report.latenciesMs, 0.5), unit: "ms" },
          { what: `p99, ${clients} clients`, value: percentile(report.latenciesMs, 0.99), unit: "ms" },
        );
        if (report.failures > 0) throw new Error(`${report.failures} requests failed: ${report.firstFailure}`);
      }
      const left = await service.client.sessions();
      if (left.length > 0) throw new Error(`${left.length} sessions are left although all were released`);
      return figures;
    } finally {
      await service.stop();
    }
  },
};

async function declareBigPool(service: Service): Promise<void> {
  await service.declare("zone", { name: "lab", upstreamAuthAddress: "127.0.0.1", local: true });
  const staticMembers = Array.from({ length: 20 }, (_, index) => ({
    name: `static-${index}`,
    zone: "lab",
    address: `127.0.1.${index + 1}`,
    cores: 100,
    memory: "400GiB",
  }));
  await service.declare("pool", { name: "agents", type: "dockerAgent", staticMembers });
  await service.declare("workspace", { name: "browser", pools: ["agents"], cores: 1, memory: "1GiB" });
}

function load(service: Service, order: { clients: number; seconds: number }): Promise<LoadReport> {
  return new Promise((done, fail) => {
    const child = fork(join(__dirname, "placements-load.js"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    child.once("message", (report: LoadReport) => done(report));
    child.once("exit", (code) => fail(new Error(`the load generator ended with ${code} before it reported`)));
    child.send({ port: service.port, key: service.key, ...order } satisfies LoadOrder);
  });
}
