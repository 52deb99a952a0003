/** The last days as the API tells them: sums, steps, gaps, days of a calendar, prices. */
import assert from "node:assert/strict";
import {
  minuteMs,
  sampleValueNames,
  type Sample,
  type SampleSeries,
  type SampleValues,
} from "../../runtime/model/sample";
import type { CostView, HistoryView } from "../../runtime/api/history-contracts";
import { packSample } from "../../runtime/store/sample-rows";
import { Api } from "./harness";

const noValues = Object.fromEntries(sampleValueNames.map((name) => [name, 0])) as unknown as SampleValues;

function series(autoscaleConfig: string, values: Partial<SampleValues>, pool = "agents"): SampleSeries {
  return { autoscaleConfig, pool, zone: "eu", values: { ...noValues, nodesMax: null, costPerHour: null, ...values } };
}

/** A minute in the past, a while before now. */
const firstMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 10 * 3_600_000;

describe("the history", () => {
  let api: Api;
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
  });
  afterEach(() => api.close());

  async function record(
    minutes: readonly number[],
    at: (minute: number) => SampleSeries[],
    fromMs = firstMs,
  ): Promise<void> {
    let before: Sample | undefined;
    for (const minute of minutes) {
      const sample = { atMs: fromMs + minute * minuteMs, series: at(minute) };
      await api.leader.store.history.addSample(packSample(sample, before));
      before = sample;
    }
  }

  async function ask<T>(path: string): Promise<T> {
    const reply = await api.request(path, { key: api.keys.viewer });
    assert.equal(reply.status, 200, reply.text);
    return reply.body as T;
  }

  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

  it("adds configs up, tells the mean or the greatest of a step, and each config by itself", async () => {
    await record(range(0, 10), (minute) => [
      series("a", { demandSessions: minute, nodesMax: 4 }),
      series("b", { demandSessions: 10 }),
      series("c", { demandSessions: 100 }, "other"),
    ]);
    const span = `from=${firstMs}&to=${firstMs + 10 * minuteMs}&step=300&values=demandSessions,nodesMax`;

    const mean = await ask<HistoryView>(`/api/v1/history?${span}&pool=agents`);
    assert.deepEqual(mean.series, [{ values: { demandSessions: [12, 17], nodesMax: [4, 4] } }]);
    assert.deepEqual([mean.minutes, mean.stepSeconds], [[5, 5], 300]);
    assert.deepEqual(mean.timesMs, [firstMs, firstMs + 300_000]);
    assert.equal(mean.recordedFromMs, firstMs);

    const max = await ask<HistoryView>(`/api/v1/history?${span}&of=max`);
    assert.deepEqual(max.series[0]!.values["demandSessions"], [114, 119]);

    const each = await ask<HistoryView>(`/api/v1/history?${span}&by=config`);
    assert.deepEqual(
      each.series.map(({ autoscaleConfig, values }) => [autoscaleConfig, values["demandSessions"]]),
      [
        ["a", [2, 7]],
        ["b", [10, 10]],
        ["c", [100, 100]],
      ],
    );
    const one = await ask<HistoryView>(`/api/v1/history?${span}&config=c`);
    assert.deepEqual(one.series[0]!.values, { demandSessions: [100, 100], nodesMax: [null, null] });
  });

  it("tells a gap as a gap: no number is made up for it, whatever was before and behind", async () => {
    await record([...range(0, 3), ...range(7, 9)], () => [series("a", { waiting: 5 })]);

    const told = await ask<HistoryView>(
      `/api/v1/history?from=${firstMs}&to=${firstMs + 10 * minuteMs}&step=60&values=waiting`,
    );

    assert.deepEqual(told.minutes, [1, 1, 1, 0, 0, 0, 0, 1, 1, 0]);
    assert.deepEqual(told.series[0]!.values["waiting"], [5, 5, 5, null, null, null, null, 5, 5, null]);
  });

  it("tells of nothing that it is none, and only of what is not known nothing", async () => {
    await record([0, 1], () => []);

    const path = `/api/v1/history?from=${firstMs}&to=${firstMs + 3 * minuteMs}&step=60&values=vms,nodesMax`;
    const { series: told } = await ask<HistoryView>(path);

    assert.deepEqual(told, [{ values: { vms: [0, 0, null], nodesMax: [null, null, null] } }]);
  });

  it("begins anywhere in the past, also where the last whole row is an hour ago", async () => {
    await record(range(1, 130), (minute) => [series("a", { vms: minute < 50 ? 1 : 2 })]);
    for (const from of [1, 30, 59, 60, 61, 100, 119, 128]) {
      const path = `/api/v1/history?from=${firstMs + from * minuteMs}&to=${firstMs + (from + 1) * minuteMs}&step=60&values=vms`;
      const { series: told, minutes } = await ask<HistoryView>(path);
      assert.deepEqual([told[0]!.values["vms"], minutes], [[from < 50 ? 1 : 2], [1]], `from minute ${from}`);
    }
  });

  it("chooses a step that a screen can show, and refuses what is too much by name", async () => {
    const whole = await ask<HistoryView>(`/api/v1/history?from=${firstMs - 13 * 86_400_000}`);
    assert.ok(whole.timesMs.length <= 500 && whole.timesMs.length > 100, String(whole.timesMs.length));
    for (const [query, field] of [
      [`from=${firstMs}&to=${firstMs}`, "to"],
      [`from=${firstMs - 13 * 86_400_000}&step=60`, "step"],
      ["step=90", "step"],
      ["values=nothing", "values"],
      ["from=-1", "from"],
      ["to=1e99", "to"],
    ]) {
      const reply = await api.request(`/api/v1/history?${query}`, { key: api.keys.viewer });
      assert.deepEqual([reply.status, reply.body["path"]], [400, field], reply.text);
    }
  });

  it("refuses an answer of too many numbers instead of making it", async () => {
    const many = range(0, 60).map((index) => series(`c${index}`, {}));
    await record(range(0, 2), () => many);

    const path = `/api/v1/history?by=config&from=${firstMs}&to=${firstMs + 500 * minuteMs}&step=60`;
    const reply = await api.request(path, { key: api.keys.viewer });

    assert.deepEqual([reply.status, reply.body["path"]], [400, "values"], reply.text.slice(0, 200));
  });

  it("counts hours of VMs and their cost in days of a calendar, and tells how much of each day is known", async () => {
    // The clock goes from 2:00 to 3:00: the day has 23 hours.
    const dayMs = Date.parse("2026-03-29T00:00:00+01:00");
    const values = { vms: 3, vmsInUse: 2, vmsStandby: 1, costPerHour: 0.3 };
    await record(range(-60, 23 * 60), () => [series("a", values)], dayMs);

    const path = `/api/v1/cost?timezone=Europe/Berlin&from=${dayMs - 3_600_000}&to=${dayMs + 3_600_000}`;
    const { days, prices, unpriced } = await ask<CostView>(path);

    assert.deepEqual(
      days.map(({ date, minutes, vmHours, cost }) => [date, minutes, vmHours.inUse, vmHours.standby, cost]),
      [
        ["2026-03-28", 60, 2, 1, 0.3],
        ["2026-03-29", 23 * 60, 46, 23, 6.9],
      ],
    );
    assert.equal(days[1]!.toMs - days[1]!.fromMs, 23 * 3_600_000);
    assert.deepEqual([prices, unpriced], [[], ["here"]]);
  });

  it("knows what VMs cost now from what is declared, and says nothing where nothing is", async () => {
    assert.equal((await ask<CostView>("/api/v1/cost")).ratePerHour, undefined);
    const doc = { name: "here", kind: "local", maxInstances: 9, hourlyCost: 0.125, settings: { region: "r1" } };
    await api.client("operator").putDefinition({ kind: "vmProviderConfig", name: "here", doc, owner: "test" });

    const { ratePerHour, prices } = await ask<CostView>("/api/v1/cost");

    assert.deepEqual([ratePerHour, prices], [0.125, [{ vmProvider: "here", hourlyCost: 0.125 }]]);
    const accounts = await ask<{ accounts: { hourlyCost: number; instances: number }[] }>("/api/v1/accounts");
    assert.deepEqual([accounts.accounts[0]!.hourlyCost, accounts.accounts[0]!.instances], [0.125, 1]);

    const other = { ...doc, name: "there", hourlyCost: 0.2, currency: "EUR" };
    await api.client("operator").putDefinition({ kind: "vmProviderConfig", name: "there", doc: other, owner: "test" });
    const mixed = await ask<CostView>("/api/v1/cost");
    assert.deepEqual([mixed.ratePerHour, mixed.currency, mixed.prices.length], [undefined, undefined, 2]);
  });
});
