import assert from "node:assert/strict";
import fc from "fast-check";
import { BugError, UnavailableError } from "../../runtime/model/errors";
import { HotState } from "../../runtime/store/hot-state";
import type { Change } from "../../runtime/model/changes";
import { batchChangesMax, GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryDisk, MemoryStore } from "../../runtime/store/memory";
import { aNode, decided, putNode, putSession } from "./rows";

/** A ledger whose store waits for {@link World.letWrite} before each transaction. */
interface World {
  readonly disk: MemoryDisk;
  readonly ledger: GroupCommitLedger;
  /** Changes of each transaction that reached the store. */
  readonly transactions: (readonly Change[])[];
  readonly lost: Error[];
  /** Lets the next transaction happen, or fail; resolves when the store has it. */
  letWrite(failure?: Error): Promise<void>;
}

function aWorld({ limit }: { limit?: number } = {}): World {
  const disk = new MemoryDisk();
  const transactions: (readonly Change[])[] = [];
  const lost: Error[] = [];
  const gates: ((failure?: Error) => void)[] = [];
  const arrivals: (() => void)[] = [];
  const beforeWrite = async (changes: readonly Change[]): Promise<void> => {
    transactions.push(changes);
    const gate = new Promise<void>((resolve, reject) =>
      gates.push((failure) => (failure ? reject(failure) : resolve())),
    );
    arrivals.shift()?.();
    await gate;
  };
  const store = new MemoryStore({ disk, beforeWrite });
  const onLost = (error: Error): void => void lost.push(error);
  const ledger = new GroupCommitLedger({ state: new HotState(), store, onLost, waitingChangesMax: limit });
  const letWrite = async (failure?: Error): Promise<void> => {
    if (gates.length === 0) await new Promise<void>((resolve) => arrivals.push(resolve));
    gates.shift()!(failure);
  };
  return { disk, ledger, transactions, lost, letWrite };
}

describe("GroupCommitLedger", () => {
  it("applies a commit to memory at once and resolves when it is durable", async () => {
    const { ledger, disk, letWrite } = aWorld();
    let isDurable = false;
    const commit = ledger.commit([putSession()]).then(() => (isDurable = true));

    assert.equal(ledger.state.sessions.size, 1);
    assert.equal(disk.rows.size, 0);
    assert.equal(isDurable, false);
    await letWrite();
    await commit;
    assert.equal(disk.rows.size, 1);
  });

  it("puts all commits that arrive while a transaction runs into the next one, in order", async () => {
    const { ledger, transactions, letWrite } = aWorld();
    const first = ledger.commit([putSession({ sessionId: "s1" })]);
    await letWrite();
    await first;
    const second = ledger.commit([putSession({ sessionId: "s2" })]);
    await new Promise((resolve) => setImmediate(resolve));
    const later = ["s3", "s4", "s5"].map((sessionId) => ledger.commit([putSession({ sessionId }), decided()]));
    await letWrite();
    await second;
    await letWrite();
    await Promise.all(later);

    assert.deepEqual(
      transactions.map((changes) => changes.length),
      [1, 1, 6],
    );
    assert.deepEqual(transactions[2]![2], putSession({ sessionId: "s4" }));
  });

  it("never splits a commit, however long, and keeps transactions short otherwise", async () => {
    const { ledger, transactions, letWrite } = aWorld();
    const commits = [1, batchChangesMax * 2, batchChangesMax - 1, 1, 1].map((length) =>
      ledger.commit(Array.from({ length }, (_, index) => putNode({ nodeId: `n${index}` }))),
    );
    for (let written = 0; written < 4; written += 1) await letWrite();
    await Promise.all(commits);

    assert.deepEqual(
      transactions.map((changes) => changes.length),
      [1, batchChangesMax * 2, batchChangesMax, 1],
    );
  });

  it("rejects every waiting commit and all later ones when a write fails, and says so once", async () => {
    const { ledger, disk, lost, letWrite } = aWorld();
    const first = ledger.commit([putSession({ sessionId: "s1" })]);
    await new Promise((resolve) => setImmediate(resolve));
    const second = ledger.commit([putSession({ sessionId: "s2" })]);
    const settled = ledger.settled();
    const failure = new Error("the disk is gone");
    await letWrite(failure);
    const results = await Promise.allSettled([first, second, settled]);

    for (const result of results) {
      assert.equal(result.status, "rejected");
      assert.ok(result.reason instanceof UnavailableError);
    }
    await assert.rejects(ledger.commit([putSession({ sessionId: "s3" })]), UnavailableError);
    await assert.rejects(ledger.settled(), UnavailableError);
    assert.equal(ledger.state.sessions.has("s3"), false);
    assert.deepEqual(lost, [failure]);
    assert.equal(disk.rows.size, 0);
  });

  it("is lost when a commit can't be applied, after what was on its way became durable", async () => {
    const { ledger, disk, lost, letWrite } = aWorld();
    const first = ledger.commit([putSession({ sessionId: "s1" })]);
    await new Promise((resolve) => setImmediate(resolve));
    const bad = ledger.commit([{ kind: "put", table: "nothing" as "node", row: aNode() }]);
    await assert.rejects(bad, BugError);
    await letWrite();
    await first;

    assert.equal(disk.rows.size, 1);
    assert.equal(lost.length, 1);
    await assert.rejects(ledger.commit([putSession()]), UnavailableError);
  });

  it("refuses commits beyond its limit without applying them, and takes them again later", async () => {
    const { ledger, lost, letWrite } = aWorld({ limit: 2 });
    const taken = [ledger.commit([putSession({ sessionId: "s1" })]), ledger.commit([putSession({ sessionId: "s2" })])];

    await assert.rejects(ledger.commit([putSession({ sessionId: "s3" })]), /2 changes wait .* 2 may; try again soon/);
    assert.equal(ledger.state.sessions.has("s3"), false);
    await letWrite();
    await Promise.all(taken);
    const again = ledger.commit([putSession({ sessionId: "s3" })]);
    await letWrite();
    await again;
    assert.deepEqual(lost, []);
  });

  it("takes a commit larger than its limit, also while others wait", async () => {
    for (const size of [4, 5, 50]) {
      const { ledger, disk, letWrite } = aWorld({ limit: 4 });
      const first = ledger.commit([putSession({ sessionId: "s1" }), putSession({ sessionId: "s2" })]);
      await new Promise((resolve) => setImmediate(resolve));
      const nodes = Array.from({ length: size }, (_, index) => putNode({ nodeId: `n${index}` }));

      const large = ledger.commit(nodes);
      await assert.rejects(ledger.commit([putSession({ sessionId: "s3" })]), /try again soon/);
      await letWrite();
      await letWrite();

      await Promise.all([first, large]);
      assert.equal(disk.rows.size, 2 + size);
    }
  });

  it("settles at once when idle, else after all commits so far", async () => {
    const { ledger, letWrite } = aWorld();
    await ledger.settled();
    const order: string[] = [];
    const commit = ledger.commit([putSession()]).then(() => order.push("commit"));
    const settled = ledger.settled().then(() => order.push("settled"));
    await letWrite();
    await Promise.all([commit, settled]);

    assert.deepEqual(order, ["commit", "settled"]);
  });

  const seed = Number(process.env["HEADROOM_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  it(`keeps memory and store equal for any interleaving, and nothing acknowledged is ever missing (seed ${seed})`, async () => {
    const step = fc.record({
      id: fc.nat(5),
      kind: fc.constantFrom("put", "end", "delete"),
      turns: fc.nat(2),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(60), async (steps, failsAt) => {
        const disk = new MemoryDisk();
        let writes = 0;
        const failing = (): void => {
          writes += 1;
          if (writes === failsAt) throw new Error("failed on purpose");
        };
        const store = new MemoryStore({ disk, beforeWrite: () => new Promise(setImmediate), afterWrite: failing });
        const ledger = new GroupCommitLedger({ state: new HotState(), store, onLost: () => undefined });
        const acknowledged = new Set<number>();
        const commits: Promise<unknown>[] = [];
        for (const [index, { id, kind, turns }] of steps.entries()) {
          const sessionId = `s${id}`;
          const status = kind === "end" ? "ended" : "queued";
          const change: Change =
            kind === "delete" ? { kind, table: "session", id: sessionId } : putSession({ sessionId, status });
          const decisionId = String(index).padStart(4, "0");
          commits.push(
            ledger.commit([change, decided({ decisionId })]).then(
              () => acknowledged.add(index),
              () => undefined,
            ),
          );
          for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
        }
        await Promise.all(commits);
        const found = await new MemoryStore({ disk }).decisions({ limit: 100 });
        const reloaded = new HotState();
        reloaded.apply(await new MemoryStore({ disk }).load());

        for (const index of acknowledged) {
          assert.ok(found.some(({ decisionId }) => decisionId === String(index).padStart(4, "0")));
        }
        if (acknowledged.size === steps.length)
          assert.deepEqual(new Map(reloaded.sessions), new Map(ledger.state.sessions));
      }),
      { seed, numRuns: 200 },
    );
  });
});
