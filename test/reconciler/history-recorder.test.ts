/** One sample in each minute while somebody leads, and an honest gap where none could be written. */
import assert from "node:assert/strict";
import { HistoryRecorder } from "../../runtime/reconciler/history-recorder";
import { minuteMs } from "../../runtime/model/sample";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryDisk, MemoryStore } from "../../runtime/store/memory";
import { SampleReader, type SampleRow } from "../../runtime/store/sample-rows";
import { UnavailableError } from "../../runtime/model/errors";
import { agentConfigDoc, aNode, aState, definitionChanges } from "../support/builders";
import { startMs, VirtualClock } from "../support/virtual-clock";

function lead(disk = new MemoryDisk(), clock = new VirtualClock(startMs + 17_000)) {
  const store = new MemoryStore({ disk });
  const state = aState();
  const ledger = new GroupCommitLedger({ state, store, onLost: () => undefined });
  const warnings: string[] = [];
  let isBroken = false;
  const history = {
    addSample: (row: SampleRow) =>
      isBroken ? Promise.reject(new UnavailableError("broken")) : store.history.addSample(row),
  };
  const log = { warn: (_fields: object, message: string) => void warnings.push(message) };
  const recorder = new HistoryRecorder({ ledger, history, clock, log });
  const setBroken = (broken: boolean): void => void (isBroken = broken);
  return { store, disk, clock, ledger, recorder, warnings, setBroken };
}

const minutesIn = (rows: readonly SampleRow[]): number[] => rows.map(({ atMs }) => (atMs - startMs) / minuteMs);
const all = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 10_000 };

describe("the history recorder", () => {
  it("takes one sample at once and one in each minute, as the state is then", async () => {
    const { recorder, clock, store, ledger } = lead();
    await ledger.commit(definitionChanges({ configs: [agentConfigDoc()] }));
    recorder.start();
    await clock.advance(90_000);
    await ledger.commit([{ kind: "put", table: "node", row: aNode({ status: "running" }) }]);
    await clock.advance(180_000);
    recorder.stop();
    await clock.advance(600_000);

    const rows = await store.history.samples(all);
    assert.deepEqual(minutesIn(rows), [0, 1, 2, 3, 4]);
    const reader = new SampleReader();
    const ready = rows.map((row) => reader.read(row)!.series[0]!.values.nodesReady);
    assert.deepEqual(ready, [0, 0, 1, 1, 1]);
  });

  it("leaves a gap where a sample can't be written, says so, and goes on with a whole one", async () => {
    const { recorder, clock, store, setBroken, warnings } = lead();
    recorder.start();
    await clock.advance(70_000);
    setBroken(true);
    await clock.advance(120_000);
    setBroken(false);
    await clock.advance(120_000);
    recorder.stop();

    const rows = await store.history.samples(all);
    assert.deepEqual(minutesIn(rows), [0, 1, 4, 5]);
    assert.deepEqual(
      rows.map(({ isWhole }) => isWhole),
      [true, false, true, false],
    );
    assert.equal(warnings.length, 2);
  });

  it("writes nothing once another leads, and the next leader's first sample is whole", async () => {
    const first = lead();
    first.recorder.start();
    await first.clock.advance(60_000);
    const second = lead(first.disk, first.clock);
    await first.clock.advance(60_000);
    assert.deepEqual(minutesIn(await second.store.history.samples(all)), [0, 1]);
    first.recorder.stop();
    second.recorder.start();
    await first.clock.advance(60_000);
    second.recorder.stop();

    const rows = await second.store.history.samples(all);
    assert.deepEqual(minutesIn(rows), [0, 1, 2, 3]);
    assert.equal(rows[2]!.isWhole, true);
  });
});
