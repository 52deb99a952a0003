/**
 * Two services on one database: what a placement through the one that does not lead costs beside one asked of the leader,
 * and how long a caller waits whose request meets a leader that was killed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../runtime/store/embedded-postgres";
import { declareFullPool, load } from "./placements";
import type { LoadReport } from "./placements-load";
import { median, percentile, type Bench, type Figure } from "./result";
import { Service } from "./service";

/** What forwarding may cost: so many times the direct way. */
const costMax = 1.5;

/** Unit: milliseconds. */
const takeoverMsMax = 2_000;

const environment = { HEADROOM_REQUESTS_PER_MINUTE: "100000000" };

export const replicas: Bench = {
  name: "replicas",
  about: "placements through a replica that forwards, and take-over after kill -9",
  async run({ engine, isSmoke, log }) {
    const folder = mkdtempSync(join(tmpdir(), "headroom-bench-database-"));
    const postgres = await startEmbeddedPostgres({ folder });
    const started: Service[] = [];
    try {
      const database = postgres.connectionString;
      const leader = await Service.start({ engine, database, environment });
      started.push(leader);
      const standby = await Service.start({ engine, database, environment, beside: leader });
      started.push(standby);
      await declareFullPool(leader);
      const figures = await compareWays(leader, standby, isSmoke ? 1 : 8, log);
      return [...figures, ...(await takeovers(leader, standby, isSmoke ? 1 : 10, log))];
    } finally {
      for (const service of started) await service.stop();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function compareWays(
  leader: Service,
  standby: Service,
  seconds: number,
  log: (line: string) => void,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  await load(leader, { clients: 16, seconds: Math.min(3, seconds) });
  await load(standby, { clients: 16, seconds: Math.min(3, seconds) });
  for (const clients of [1, 16]) {
    const direct = await measured(leader, [leader, standby], { clients, seconds });
    const forwarded = await measured(standby, [leader, standby], { clients, seconds });
    for (const { failures, firstFailure } of [direct, forwarded]) {
      if (failures > 0) throw new Error(`${failures} clients failed: ${firstFailure}`);
    }
    const [directMs, forwardedMs] = [direct, forwarded].map(({ latenciesMs }) => percentile(latenciesMs, 0.5));
    log(`${clients} clients: p50 ${directMs!.toFixed(2)} ms direct, ${forwardedMs!.toFixed(2)} ms forwarded`);
    const [directUs, forwardedUs] = [direct, forwarded].map(({ processorUs }) => processorUs);
    log(
      `${clients} clients: ${directUs!.toFixed(0)} µs of processor time direct, ${forwardedUs!.toFixed(0)} µs forwarded`,
    );
    figures.push(
      {
        what: `processor time of both services, forwarded by direct, ${clients} clients`,
        value: forwardedUs! / directUs!,
        unit: "x",
      },
      { what: `p50 direct, ${clients} clients`, value: directMs!, unit: "ms" },
      { what: `p50 forwarded, ${clients} clients`, value: forwardedMs!, unit: "ms" },
      {
        what: `p50 forwarded by direct, ${clients} clients`,
        value: forwardedMs! / directMs!,
        unit: "x",
        atMost: costMax,
      },
    );
  }
  return figures;
}

/** What the load reports, and the processor time of a request in all services together, in microseconds. */
async function measured(
  asked: Service,
  services: readonly Service[],
  order: { readonly clients: number; readonly seconds: number },
): Promise<LoadReport & { readonly processorUs: number }> {
  const usedMs = (): number => services.reduce((sum, service) => sum + service.processorMs(), 0);
  const beforeMs = usedMs();
  const report = await load(asked, order);
  return { ...report, processorUs: ((usedMs() - beforeMs) * 1000) / report.requests };
}

/** The one that was killed comes back each time, and stands by for the other. */
async function takeovers(
  first: Service,
  second: Service,
  rounds: number,
  log: (line: string) => void,
): Promise<Figure[]> {
  const tookMs: number[] = [];
  let [leader, standby] = [first, second];
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    const killed = leader.kill();
    const session = await standby.client.requestSession({ workspace: "browser", userId: "ada" }, `round-${round}`);
    tookMs.push(performance.now() - startedMs);
    await killed;
    log(`round ${round + 1}: answered after ${Math.round(tookMs.at(-1)!)} ms`);
    await standby.client.releaseSession(session.sessionId);
    await leader.rejoin();
    [leader, standby] = [standby, leader];
  }
  const what = "from kill -9 to the answer of a request to the other";
  return [
    { what: `${what}, median of ${rounds}`, value: median(tookMs), unit: "ms" },
    { what: `${what}, worst`, value: Math.max(...tookMs), unit: "ms", atMost: takeoverMsMax },
  ];
}
