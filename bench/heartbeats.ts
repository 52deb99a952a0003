/**
 * What the heartbeats of 10,000 agents, one each every 30 s, cost the database: with the broker as it is, where one that
 * tells nothing new is remembered and not written, and with each one written. Same broker, ledger, rows and embedded
 * PostgreSQL (fsync on); the heartbeats come in evenly, with their tokens. No HTTP.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { cloudCatalog } from "../provider/registry";
import { Broker } from "../runtime/broker/broker";
import { NodeTokens } from "../runtime/broker/node-tokens";
import { Requesters } from "../runtime/broker/requesters";
import { createRng } from "../runtime/main/chance";
import { realClock } from "../runtime/model/real-clock";
import { sealedFields } from "../runtime/model/sealed-fields";
import { HotState } from "../runtime/store/hot-state";
import type { Change } from "../runtime/model/changes";
import { startEmbeddedPostgres } from "../runtime/store/embedded-postgres";
import { GroupCommitLedger } from "../runtime/store/ledger";
import { PostgresStore } from "../runtime/store/postgres";
import { createRowSealer } from "../runtime/store/sealed-rows";
import { sealingKeyBytes, secretsKey } from "../runtime/store/sealer";
import { agentRows, agentShape, definitionRows } from "./agent-rows";
import { percentile, type Bench, type Figure } from "./result";

const everySeconds = 30;
const sliceMs = 50;
/** Says nothing that is not known of the node. */
const beatOfAgent = { cores: agentShape.cores, memoryBytes: agentShape.memoryBytes };

interface Mode {
  readonly name: string;
  readonly isEachWritten: boolean;
}

const modes: readonly Mode[] = [
  { name: "as it is", isEachWritten: false },
  { name: "each one written", isEachWritten: true },
];

interface Measured {
  readonly rowsPerSecond: number;
  readonly walBytesPerSecond: number;
  readonly latenciesMs: readonly number[];
}

export const heartbeats: Bench = {
  name: "heartbeats",
  about: "what the heartbeats of 10,000 agents every 30 s write, beside writing each one",
  async run({ isSmoke, log }) {
    const agents = isSmoke ? 300 : 10_000;
    const seconds = isSmoke ? 2 : 2 * everySeconds;
    const site = await Site.open(agents);
    try {
      const figures: Figure[] = [];
      const found: Measured[] = [];
      for (const mode of modes) {
        const measured = await site.listen(mode, agents / everySeconds, seconds);
        found.push(measured);
        const { rowsPerSecond, walBytesPerSecond, latenciesMs } = measured;
        log(`${mode.name}: ${latenciesMs.length} heartbeats in ${seconds} s`);
        figures.push(
          { what: `rows written, ${mode.name}`, value: rowsPerSecond, unit: "1/s" },
          { what: `write-ahead log, ${mode.name}`, value: walBytesPerSecond / 1e6, unit: "MB/s" },
          { what: `p99 of a heartbeat, ${mode.name}`, value: percentile(latenciesMs, 0.99), unit: "ms" },
        );
      }
      const [now, each] = found as [Measured, Measured];
      if (each.rowsPerSecond === 0) throw new Error("the mode that writes each heartbeat wrote none");
      const share = (what: keyof Omit<Measured, "latenciesMs">) => now[what] / each[what];
      figures.push(
        { what: "rows, to writing each one", value: share("rowsPerSecond"), unit: "x", atMost: 0.01 },
        { what: "write-ahead log, to writing each one", value: share("walBytesPerSecond"), unit: "x", atMost: 0.05 },
      );
      return figures;
    } finally {
      await site.close();
    }
  },
};

/** A broker over a database with running agents that nothing else happens to. */
class Site {
  private rowsWritten = 0;
  private readonly tokens = new NodeTokens(new Uint8Array(32).fill(7));
  private readonly signed = new Map<string, string>();
  private readonly broker: Broker;

  private constructor(
    private readonly ledger: GroupCommitLedger,
    private readonly sql: Client,
    readonly close: () => Promise<void>,
  ) {
    const shared = { clock: realClock, rng: createRng(), catalog: cloudCatalog(), tokens: this.tokens };
    this.broker = new Broker({ ...shared, ledger, requesters: new Requesters(), wake: () => undefined });
    const commit = ledger.commit.bind(ledger);
    ledger.commit = (changes: readonly Change[]) => {
      this.rowsWritten += changes.filter(({ kind }) => kind !== "decision").length;
      return commit(changes);
    };
  }

  static async open(agents: number): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), "headroom-bench-heartbeats-"));
    const server = await startEmbeddedPostgres({ folder });
    const { connectionString } = server;
    let lost: Error | undefined;
    const onLost = (error: Error): void => void (lost ??= error);
    const ring = { keys: [secretsKey(randomBytes(sealingKeyBytes))] };
    const sealer = createRowSealer({ ring, pathsOf: sealedFields(cloudCatalog()) });
    const store = await PostgresStore.open({ connectionString, clock: realClock, holder: "bench", sealer, onLost });
    const state = new HotState();
    const ledger = new GroupCommitLedger({ state, store, onLost });
    const sql = new Client({ connectionString });
    await sql.connect();
    const site = new Site(ledger, sql, async () => {
      await sql.end();
      await store.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
      if (lost) throw lost;
    });
    const nowMs = realClock.now();
    const rows = [...definitionRows(nowMs), ...agentRows({ nodes: agents, sessionsPerNode: 0, nowMs })];
    for (let start = 0; start < rows.length; start += 1000) await ledger.commit(rows.slice(start, start + 1000));
    site.sign();
    return site;
  }

  /** So many heartbeats a second from all agents in turn. */
  async listen({ isEachWritten }: Mode, perSecond: number, seconds: number): Promise<Measured> {
    // Else the server would still be tidying up after the rows that were put in before, and write a log of that.
    await this.sql.query("vacuum");
    await this.sql.query("checkpoint");
    const before = { rows: this.rowsWritten, wal: await this.walBytes() };
    const nodeIds = [...this.signed.keys()];
    const latenciesMs: number[] = [];
    const pending = new Set<Promise<void>>();
    const beganMs = performance.now();
    for (let sent = 0; ;) {
      const passedMs = performance.now() - beganMs;
      if (passedMs >= seconds * 1000) break;
      for (; sent < (passedMs / 1000) * perSecond; sent += 1) {
        const beat = this.beat(nodeIds[sent % nodeIds.length]!, isEachWritten).then((ms) => void latenciesMs.push(ms));
        pending.add(beat);
        void beat.finally(() => pending.delete(beat));
      }
      await pause(sliceMs);
    }
    await Promise.all(pending);
    const wal = await this.walBytes();
    return {
      rowsPerSecond: (this.rowsWritten - before.rows) / seconds,
      walBytesPerSecond: (wal - before.wal) / seconds,
      latenciesMs,
    };
  }

  private async beat(nodeId: string, isWritten: boolean): Promise<number> {
    const beganMs = performance.now();
    const row = await this.broker.heartbeat(this.signed.get(nodeId)!, nodeId, beatOfAgent);
    if (isWritten) await this.ledger.commit([{ kind: "put", table: "node", row }]);
    return performance.now() - beganMs;
  }

  private sign(): void {
    const nowMs = realClock.now();
    for (const nodeId of this.ledger.state.nodes.keys()) {
      const token = this.tokens.issue({ nodeId, purpose: "agent", nowMs, expiresAtMs: nowMs + 86_400_000 });
      this.signed.set(nodeId, token);
    }
  }

  private async walBytes(): Promise<number> {
    const { rows } = await this.sql.query<{ bytes: string }>(
      "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as bytes",
    );
    return Number(rows[0]!.bytes);
  }
}
