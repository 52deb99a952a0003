import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { HotState } from "../../runtime/store/hot-state";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../runtime/store/embedded-postgres";
import { connect } from "../../runtime/store/postgres-connection";
import { PostgresStore } from "../../runtime/store/postgres";
import { withDatabase } from "../support/postgres";
import { realClock } from "../../runtime/model/real-clock";
import { until } from "../support/until";
import type { LeaderMessage } from "./leader-process";
import { putSession } from "./rows";
import { withFolder } from "./temporary-folder";

const seed = Number(process.env["HEADROOM_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** A small generator, so that a run can be repeated from its seed. */
function random(state: number): (limit: number) => number {
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % limit;
  };
}

/** What the runtime does: store and ledger for one term, and the next term when that one is lost. */
class Terms {
  readonly acknowledged = new Set<string>();
  terms = 0;
  isStopped = false;
  private ledger: GroupCommitLedger | undefined;
  private store: PostgresStore | undefined;

  constructor(private readonly server: EmbeddedPostgres) {}

  async start(): Promise<void> {
    await this.server.ensureRunning();
    const onLost = (): void => void this.restart();
    this.store = await PostgresStore.open({
      ...{ connectionString: this.server.connectionString, clock: realClock, holder: "test", onLost },
    });
    const state = new HotState();
    state.apply(await this.store.load());
    for (const id of this.acknowledged) assert.ok(state.sessions.has(id), `${id} was acknowledged and is lost`);
    this.terms += 1;
    this.ledger = new GroupCommitLedger({ state, store: this.store, onLost });
  }

  async commitForEver(name: string): Promise<void> {
    for (let sequence = 1; !this.isStopped; sequence += 1) {
      const sessionId = `${name}-${sequence}`;
      try {
        await this.ledger?.commit([putSession({ sessionId, sequence })]);
        if (this.ledger) this.acknowledged.add(sessionId);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.ledger?.settled();
    await this.store?.close();
  }

  private async restart(): Promise<void> {
    const store = this.store;
    if (!store) return;
    this.store = undefined;
    await store.close();
    for (;;) {
      try {
        return await this.start();
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

describe("durability", () => {
  it(`loses no acknowledged commit when PostgreSQL is killed three times under load (seed ${seed})`, async () => {
    const below = random(seed);
    await withFolder(async (folder) => {
      const exits: number[] = [];
      const server = await startEmbeddedPostgres({ folder, onExit: ({ pid }) => exits.push(pid) });
      const terms = new Terms(server);
      await terms.start();
      const committers = Array.from({ length: 16 }, (_, index) => terms.commitForEver(`c${index}`));
      for (let round = 1; round <= 3; round += 1) {
        const enough = terms.acknowledged.size + 100 + below(1_500);
        await until("commits go through", () => terms.terms === round && terms.acknowledged.size > enough);
        process.kill(server.pid, "SIGKILL");
        await until("the next term begins", () => terms.terms === round + 1);
      }
      const before = terms.acknowledged.size;
      await until("commits go through again", () => terms.acknowledged.size > before + 100);
      terms.isStopped = true;
      await Promise.all(committers);
      await terms.stop();
      const client = await connect(server.connectionString);
      const { rows } = await client.query<{ id: string }>("select id from headroom.session");
      await client.end();
      await server.stop();

      const stored = new Set(rows.map(({ id }) => id));
      assert.deepEqual(
        [...terms.acknowledged].filter((id) => !stored.has(id)),
        [],
      );
      assert.equal(exits.length, 3);
      console.log(`        measured: ${terms.acknowledged.size} acknowledged, 0 lost`);
    });
  });

  it("loses no acknowledged commit when the writing process is killed", async () => {
    await withDatabase(async (connectionString) => {
      const acknowledged: string[] = [];
      for (const round of ["first", "second", "third"]) {
        const writer = fork(join(__dirname, "leader-process.js"), [connectionString, "16", round]);
        const exited = once(writer, "exit");
        const enough = acknowledged.length + 500;
        writer.on("message", (message: LeaderMessage) => {
          if (message.acknowledged) acknowledged.push(message.acknowledged);
        });
        await until("commits go through", () => acknowledged.length > enough);
        writer.kill("SIGKILL");
        await exited;
      }
      const store = await PostgresStore.open({
        ...{ connectionString, clock: realClock, holder: "test", onLost: () => undefined },
      });
      const state = new HotState();
      state.apply(await store.load());
      await store.close();

      assert.deepEqual(
        acknowledged.filter((id) => !state.sessions.has(id)),
        [],
      );
    });
  });
});
