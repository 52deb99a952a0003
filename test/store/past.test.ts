/** The past is read alike from both stores: each answer of PostgreSQL is that of the store in memory. */
import assert from "node:assert/strict";
import { UnavailableError } from "../../runtime/model/errors";
import type { Decision } from "../../runtime/model/state";
import type { DecisionFilters } from "../../runtime/store/history-store";
import { MemoryStore } from "../../runtime/store/memory";
import { PostgresStore } from "../../runtime/store/postgres";
import { connect } from "../../runtime/store/postgres-connection";
import type { SampleRow } from "../../runtime/store/sample-rows";
import { newDatabase } from "../support/postgres";
import { realClock } from "../../runtime/model/real-clock";
import { SeededRng } from "../support/virtual-clock";
import { aDecision, aSealer, decided } from "./rows";

const seed = Number(process.env["HEADROOM_SEED"] ?? Math.floor(Math.random() * 1_000_000));

const subjects = ["node", "session", "config", "lane"] as const;
const ids = ["a", "b", "agents", "ü\u0000\ud800"];
const texts = ["Node a has 3 cores free", "100%_done", "Größe fehlt", "\ue000 und \u0000"];

function someDecision(index: number, rng: SeededRng): Decision {
  const pick = <T>(items: readonly T[]): T => items[rng.below(items.length)]!;
  const numbers: Record<string, string | number> = {};
  if (rng.below(2) === 0) numbers[pick(["autoscaleConfig", "nodeId", "sessionId", "laneId"])] = pick(ids);
  if (rng.below(3) === 0) numbers["nodeId"] = rng.below(5);
  if (rng.below(2) === 0) numbers["waitedMs"] = rng.below(3) === 0 ? "long" : rng.below(90_000);
  return aDecision({
    decisionId: `${String(index).padStart(8, "0")}-0`,
    atMs: 1_000 * index,
    subject: pick(subjects),
    subjectId: pick(ids),
    event: pick(["placed", "waits", "created"]),
    reason: { code: pick(["maxNodes", "newNode"]), text: pick(texts), numbers },
  });
}

function someFilters(rng: SeededRng): DecisionFilters {
  const pick = <T>(items: readonly T[]): T => items[rng.below(items.length)]!;
  const chance = <T>(value: T): T | undefined => (rng.below(4) === 0 ? value : undefined);
  return {
    subject: chance(pick(subjects)),
    event: chance(pick(["placed", "waits", "none"])),
    code: chance(pick(["maxNodes", "newNode"])),
    config: chance(pick(ids)),
    configNodes: chance(["a", "b"]),
    node: chance(pick(ids)),
    session: chance(pick(ids)),
    lane: chance(pick(ids)),
    text: chance(pick(["CORES", "%_", "größe", "agents", "\u0000"])),
  };
}

const aRow = (minute: number): SampleRow => ({
  ...{ atMs: minute * 60_000, isWhole: minute % 2 === 0 },
  doc: { series: [["agents-ü", "p", "z", minute, null, 0.5]] },
});
const all = { fromMs: 0, toMs: 1e15, limit: 1_000 };

describe("the past in the store", () => {
  let connectionString: string;
  let postgres: PostgresStore;
  let memory: MemoryStore;
  beforeEach(async () => {
    connectionString = await newDatabase();
    const options = { connectionString, clock: realClock, holder: "test", onLost: () => undefined, sealer: aSealer() };
    postgres = await PostgresStore.open(options);
    memory = new MemoryStore();
  });
  afterEach(() => postgres.close());

  it(`is searched by any filters, in both directions, page by page (seed ${seed})`, async () => {
    const rng = new SeededRng(seed);
    const changes = Array.from({ length: 300 }, (_nothing, index) => decided(someDecision(index, rng)));
    await Promise.all([postgres.write(changes), memory.write(changes)]);
    for (let round = 0; round < 60; round += 1) {
      const filters = someFilters(rng);
      const order = rng.below(2) === 0 ? "newest" : "oldest";
      const found: Decision[] = [];
      let from: string | undefined;
      do {
        const search = { ...filters, order, from, limit: 1 + rng.below(40) } as const;
        const page = await postgres.history.searchDecisions(search);
        assert.deepEqual(page, await memory.history.searchDecisions(search), JSON.stringify(search));
        found.push(...page.decisions);
        from = page.next;
      } while (from !== undefined);
      const whole = await memory.history.searchDecisions({ ...filters, order, limit: 1_000 });
      assert.deepEqual(found, whole.decisions, JSON.stringify(filters));
    }
  });

  it(`is counted by time and event as one would by hand (seed ${seed})`, async () => {
    const rng = new SeededRng(seed);
    const decisions = Array.from({ length: 300 }, (_nothing, index) => someDecision(index, rng));
    await Promise.all([postgres, memory].map((store) => store.write(decisions.map((each) => decided(each)))));
    for (let round = 0; round < 30; round += 1) {
      const fromMs = 1_000 * rng.below(200);
      const counting = { ...someFilters(rng), fromMs, toMs: fromMs + 90_000, stepMs: 7_000 };

      const counted = await postgres.history.countDecisions(counting);

      assert.deepEqual(counted, await memory.history.countDecisions(counting), JSON.stringify(counting));
    }
    const { counts } = await postgres.history.countDecisions({ fromMs: 10_000, toMs: 20_000, stepMs: 60_000 });
    assert.equal(
      counts.reduce((sum, { count }) => sum + count, 0),
      10,
    );
  });

  it(`tells placements with their waits, and nothing of what an entry does not say (seed ${seed})`, async () => {
    const rng = new SeededRng(seed);
    const decisions = Array.from({ length: 300 }, (_nothing, index) => someDecision(index, rng));
    await Promise.all([postgres, memory].map((store) => store.write(decisions.map((each) => decided(each)))));
    for (const span of [
      { fromMs: 0, toMs: 1e15 },
      { fromMs: 40_000, toMs: 41_000 },
      { fromMs: 50_000, toMs: 130_000 },
      { fromMs: 1e14, toMs: 1e15 },
    ]) {
      const found = await postgres.history.placements(span);

      assert.deepEqual(found, await memory.history.placements(span), JSON.stringify(span));
      const placed = decisions.filter(
        ({ subject, event, atMs }) =>
          subject === "session" && event === "placed" && atMs >= span.fromMs && atMs < span.toMs,
      );
      assert.equal(found.placements.length, placed.length);
      const waits = placed
        .map(({ reason }) => reason.numbers["waitedMs"])
        .filter((waited) => typeof waited === "number");
      assert.deepEqual(found.placements.flatMap(({ waitedMs }) => waitedMs ?? []).toReversed(), waits);
    }
  });

  it("keeps one sample of a minute, the first, and gives them back in time", async () => {
    for (const { history } of [postgres, memory]) {
      assert.equal(await history.firstSampleMs(), undefined);
      for (const minute of [3, 1, 2]) await history.addSample(aRow(minute));
      await history.addSample({ ...aRow(2), doc: {} });
      assert.deepEqual(await history.samples(all), [aRow(1), aRow(2), aRow(3)]);
      assert.deepEqual(await history.samples({ fromMs: 60_001, toMs: 180_000, limit: 5 }), [aRow(2)]);
      assert.deepEqual(await history.samples({ ...all, limit: 2 }), [aRow(1), aRow(2)]);
      assert.equal(await history.firstSampleMs(), 60_000);
      assert.equal(await history.dropSamples(120_000), 1);
      assert.deepEqual(await history.samples(all), [aRow(2), aRow(3)]);
    }
  });

  it("takes no sample of a runtime that leads no more, and is pruned with the journal", async () => {
    await postgres.history.addSample(aRow(1));
    await postgres.history.addSample(aRow(9));
    assert.equal(await postgres.prune(120_000), 1);
    assert.deepEqual(await postgres.history.samples(all), [aRow(9)]);
    const client = await connect(connectionString);
    await client.query("update headroom.lease set epoch = epoch + 1, holder = 'another'");
    await client.end();
    memory.disk.epoch += 1;

    for (const { history } of [postgres, memory]) await assert.rejects(history.addSample(aRow(10)), UnavailableError);

    assert.deepEqual(await postgres.history.samples(all), [aRow(9)]);
  });

  it("costs a fleet of 50 configs at rest next to nothing, and a busy one little", async () => {
    const numbers = (index: number, minute: number) => Array.from({ length: 23 }, (_, place) => index * place + minute);
    const series = (minute: number) =>
      Array.from({ length: 50 }, (_, index) => [`config-${index}`, "agents", "eu", ...numbers(index, minute)] as const);
    for (let minute = 0; minute < 60; minute += 1) {
      const isWhole = minute === 0;
      const doc = isWhole ? { series: series(0) } : {};
      await postgres.history.addSample({ atMs: minute * 60_000, isWhole, doc });
    }
    for (let minute = 60; minute < 120; minute += 1) {
      await postgres.history.addSample({ atMs: minute * 60_000, isWhole: true, doc: { series: series(minute) } });
    }
    const client = await connect(connectionString);
    const bytesOf = async (from: number, to: number): Promise<number> => {
      const { rows } = await client.query<{ bytes: number }>(
        "select sum(pg_column_size(s.*))::int as bytes from headroom.sample s where at >= $1 and at < $2",
        [from * 60_000, to * 60_000],
      );
      return rows[0]!.bytes;
    };
    const [rest, busy] = [await bytesOf(0, 60), await bytesOf(60, 120)];
    await client.end();

    // In 14 days: 336 such hours.
    assert.ok(rest < 12_000 && busy < 600_000, `an hour at rest ${rest} bytes, a busy one ${busy}`);
  });
});
