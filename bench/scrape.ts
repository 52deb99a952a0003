/** What one reading of `/metrics` costs in processor time: 200 autoscale configs, 10,000 nodes, 50,000 sessions. */
import { cloudCatalog } from "../provider/registry";
import { Metrics } from "../runtime/metrics/metrics";
import type { DefinitionKind } from "../runtime/model/config";
import type { Change } from "../runtime/model/changes";
import type { Node, Session } from "../runtime/model/state";
import { realClock } from "../runtime/model/real-clock";
import { HotState } from "../runtime/store/hot-state";
import { median, percentile, type Bench, type BenchContext, type Figure } from "./result";

interface Size {
  readonly configs: number;
  readonly nodes: number;
  readonly sessions: number;
}

const gib = 2 ** 30;
const reason = { code: "bench", text: "of a benchmark", numbers: {} };

export const scrape: Bench = {
  name: "scrape",
  about: "one reading of /metrics with 200 autoscale configs, 10,000 nodes and 50,000 sessions",
  async run({ isSmoke, log }: BenchContext) {
    const size: Size = isSmoke
      ? { configs: 20, nodes: 200, sessions: 1_000 }
      : { configs: 200, nodes: 10_000, sessions: 50_000 };
    const before = new HotState();
    const state = new HotState();
    const declared = definitions(size);
    before.apply(declared);
    state.apply(declared);
    const made = rows(size);
    const metrics = new Metrics({
      version: "0.0.0",
      onTrouble: (error) => {
        throw error;
      },
    });
    metrics.see(made, before)();
    state.apply(made);
    const sources = { ledger: { state }, clock: realClock, catalog: cloudCatalog(), epoch: 1 };
    const timesMs: number[] = [];
    let text = "";
    for (let round = -3; round < (isSmoke ? 3 : 30); round += 1) {
      const began = process.cpuUsage();
      text = await metrics.scrape(sources);
      const { user, system } = process.cpuUsage(began);
      if (round >= 0) timesMs.push((user + system) / 1000);
    }
    log(timesMs.map((ms) => ms.toFixed(0)).join(" "));
    const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
    const figures: Figure[] = [
      { what: "one reading, median", value: median(timesMs), unit: "ms", ...(isSmoke ? {} : { atMost: 200 }) },
      { what: "one reading, p90", value: percentile(timesMs, 0.9), unit: "ms" },
      { what: "series", value: series, unit: "series" },
      { what: "text", value: text.length / 1024, unit: "KiB" },
    ];
    return figures;
  },
};

function definitions({ configs }: Size): Change[] {
  const put = (kind: DefinitionKind, doc: { readonly name: string }): Change => ({
    kind: "put",
    table: "definition",
    row: { kind, name: doc.name, doc: { ...doc }, owner: "bench", updatedAtMs: 1 },
  });
  const names = Array.from({ length: configs }, (_, index) => `config-${index}`);
  return [
    put("zone", { name: "eu", upstreamAuthAddress: "headroom.example.com" } as { name: string }),
    put("vmProviderConfig", { name: "vms", kind: "local", maxInstances: 10_000, settings: {} } as { name: string }),
    ...names.map((name) => put("pool", { name, type: "dockerAgent" } as { name: string })),
    ...names.map((name) =>
      put("autoscaleConfig", { name, type: "dockerAgent", pool: name, zone: "eu", vmProvider: "vms" } as {
        name: string;
      }),
    ),
    ...names.map((name) => put("workspace", { name, pools: [name], cores: 1, memory: "1GiB" } as { name: string })),
  ];
}

function rows({ configs, nodes, sessions }: Size): Change[] {
  const nowMs = Date.now();
  const madeNodes = Array.from({ length: nodes }, (_, index): Change => {
    const config = `config-${index % configs}`;
    const row: Node = {
      ...{ nodeId: `n${index}`, zone: "eu", pool: config, autoscaleConfig: config, vmProvider: "vms" },
      ...{ laneId: `lane-${index >> 4}`, status: "running", statusSinceMs: nowMs, createdAtMs: nowMs },
      ...{ shape: { cores: 8, memoryBytes: 16 * gib, gpus: 0 }, readyWhen: "heartbeat", address: "10.0.0.1" },
      ...{ provisionTimeoutSeconds: 600, missingTimeoutSeconds: 600, deadTimeoutSeconds: 3600, reason },
    };
    return { kind: "put", table: "node", row };
  });
  const madeSessions = Array.from({ length: sessions }, (_, index): Change => {
    const row: Session = {
      ...{
        sessionId: `s${index}`,
        workspace: `config-${index % configs}`,
        userId: `user ${index}`,
        status: "assigned",
      },
      ...{ requestedAtMs: nowMs, assignedAtMs: nowMs, sequence: index, nodeId: `n${index % nodes}`, reason },
      needs: { cores: 1, memoryBytes: gib, gpus: 0 },
    };
    return { kind: "put", table: "session", row };
  });
  return [...madeNodes, ...madeSessions];
}
