/**
 * What the two doors of the API cost: processor time of this process for one small request, by the short door and through
 * Express. The same route answers, in turns, and the load comes from another process.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createFront } from "../runtime/api/front";
import { listen } from "../runtime/api/listen";
import { createLogger } from "../runtime/api/log";
import type { Route } from "../runtime/api/route";
import { createRoutes } from "../runtime/api/routes";
import { createRng } from "../runtime/main/chance";
import { realClock } from "../runtime/model/real-clock";
import type { DoorsOrder } from "./doors-load";
import { median, type Bench } from "./result";

const path = "/healthz";

export const doors: Bench = {
  name: "doors",
  about: "processor time of one request by the short door and through Express",
  async run({ isSmoke, log }) {
    const [rounds, requests] = isSmoke ? [2, 500] : [9, 20_000];
    const routes = createRoutes();
    const short = await open(routes.map((route) => ({ ...route, isBusy: true })));
    const express = await open(routes.map((route) => ({ ...route, isBusy: false })));
    const load = fork(join(__dirname, "doors-load.js"));
    try {
      const microseconds = { short: [] as number[], express: [] as number[] };
      for (let round = 0; round <= rounds; round += 1) {
        const taken = {
          short: await measure(load, { port: short.port, path, requests }),
          express: await measure(load, { port: express.port, path, requests }),
        };
        log(`short ${taken.short.toFixed(1)} µs, through Express ${taken.express.toFixed(1)} µs`);
        // The first round compiles the code of both.
        if (round === 0) continue;
        microseconds.short.push(taken.short);
        microseconds.express.push(taken.express);
      }
      const [bare, whole] = [median(microseconds.short), median(microseconds.express)];
      return [
        { what: "processor time of a request by the short door", value: bare, unit: "µs" },
        { what: "through Express", value: whole, unit: "µs" },
        { what: "of which Express", value: whole - bare, unit: "µs" },
      ];
    } finally {
      load.kill();
      await Promise.all([short.close(0), express.close(0)]);
    }
  },
};

function open(routes: readonly Route[]): ReturnType<typeof listen> {
  const app = createFront(
    {
      version: "0.0.0",
      clock: realClock,
      rng: createRng(),
      log: createLogger({ level: "error" }),
      requestsPerMinute: 100_000_000,
      current: () => ({ message: "this process only answers whether it is well" }),
    },
    routes,
  );
  return listen({ host: "127.0.0.1", port: 0, app });
}

/** Microseconds of processor time for one request. */
async function measure(load: ChildProcess, order: DoorsOrder): Promise<number> {
  const before = process.cpuUsage();
  const answered = new AbortController();
  const { signal } = answered;
  load.send(order);
  await Promise.race([
    once(load, "message", { signal }),
    once(load, "exit", { signal }).then(() => {
      throw new Error("the load generator ended before it was done");
    }),
  ]).finally(() => answered.abort());
  const { user, system } = process.cpuUsage(before);
  return (user + system) / order.requests;
}
