/** What the cost page and the lanes' chart work out, without a browser. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { CostView, HistoryView } from "../../dashboard/model/answers";
import { costTotals, dayBars, providerRates, rateRows, vmUses } from "../../dashboard/model/cost-rows";
import { ganttRows, place, updateEndedCode, type GanttBar } from "../../dashboard/model/lane-gantt";
import { describeBar, layOut, sumOf } from "../../dashboard/model/stacked-bars";
import type { DecisionView } from "../../runtime/api/contracts";

const dayMs = 86_400_000;

function day(index: number, over: Partial<CostView["days"][number]> = {}): CostView["days"][number] {
  const vmHours = { inUse: 6, standby: 2, excess: 1, booting: 0.5, leaving: 0.5 };
  const [fromMs, toMs] = [index * dayMs, (index + 1) * dayMs];
  return { date: `day ${index}`, fromMs, toMs, minutes: 1440, vmHours, unpricedVmHours: 0, ...over };
}

function history(series: readonly { config: string; pool: string; values: Record<string, (number | null)[]> }[]) {
  const shared = { nowMs: 0, fromMs: 0, toMs: 60_000, stepSeconds: 60, timesMs: [0], minutes: [1] };
  const made = series.map(({ config, pool, values }) => ({ autoscaleConfig: config, pool, zone: "z", values }));
  return { ...shared, series: made } satisfies HistoryView;
}

describe("cost", () => {
  it("counts what has no price apart: no amount is made up of it", () => {
    const days = [day(0, { cost: 3 }), day(1, { unpricedVmHours: 10 }), day(2, { cost: 1.5, unpricedVmHours: 4 })];
    assert.deepEqual(costTotals({ days }), { vmHours: 30, idleShare: 0.4, cost: 4.5, unpricedVmHours: 14 });
    assert.equal(costTotals({ days: [day(0)] }).cost, undefined);
    assert.equal(costTotals({ days: [] }).idleShare, undefined);
  });

  it("says of a day how much of it is known, and nothing of one that is whole or has just begun", () => {
    const nowMs = 2 * dayMs + 90 * 60_000;
    const days = [day(0), day(1, { minutes: 1000 }), day(2, { minutes: 89 })];
    const bars = dayBars({ nowMs, timezone: "UTC", days, prices: [], unpriced: [] });
    assert.deepEqual(
      bars.map(({ note }) => note),
      [undefined, "1000 of 1440 minutes are known", undefined],
    );
    assert.deepEqual(bars[0]!.values, [6, 2, 1, 0.5, 0.5]);
    assert.match(describeBar(bars[1]!, vmUses, "VM-hours"), /^10 VM-hours: with a session 6, .*; 1000 of 1440/);
  });

  it("of an hour now is told by zone, pool and config, the dearest first, without a price last", () => {
    const told = history([
      { config: "a", pool: "p", values: { vms: [2], costPerHour: [0.5], vmsUnpriced: [0] } },
      { config: "b", pool: "p", values: { vms: [3], costPerHour: [null], vmsUnpriced: [3] } },
      { config: "c", pool: "q", values: { vms: [1], costPerHour: [2], vmsUnpriced: [0] } },
      { config: "d", pool: "q", values: { vms: [0], costPerHour: [null], vmsUnpriced: [0] } },
    ]);
    assert.deepEqual(
      rateRows(told, "config").map(({ name, costPerHour }) => [name, costPerHour]),
      [
        ["c", 2],
        ["a", 0.5],
        ["b", undefined],
      ],
    );
    assert.deepEqual(rateRows(told, "pool"), [
      { name: "q", vms: 1, costPerHour: 2, vmsUnpriced: 0 },
      { name: "p", vms: 5, costPerHour: 0.5, vmsUnpriced: 3 },
    ]);
    assert.deepEqual(
      providerRates([
        { vmProvider: "free", instances: 0, hourlyCost: 9 },
        { vmProvider: "unknown", instances: 4 },
        { vmProvider: "known", instances: 3, hourlyCost: 0.5 },
      ]),
      [
        { name: "known", vms: 3, costPerHour: 1.5, vmsUnpriced: 0 },
        { name: "unknown", vms: 4, costPerHour: undefined, vmsUnpriced: 4 },
      ],
    );
  });

  it("is drawn in parts that lie beside each other and end where all of them end (property)", () => {
    const parts = vmUses.slice(0, 3);
    const values = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(fc.array(values, { maxLength: 8 }), (all) => {
        const bars = all.map((each, index) => ({ name: String(index), values: each }));
        const most = Math.max(0, ...all.map((each) => sumOf(each)));
        for (const [index, drawn] of layOut(bars, parts).entries()) {
          let end = 0;
          for (const { fromPercent, widthPercent, value } of drawn) {
            assert.ok(Math.abs(fromPercent - end) < 1e-6 && value > 0);
            end = fromPercent + widthPercent;
          }
          assert.ok(most === 0 ? drawn.length === 0 : Math.abs(end - (100 * sumOf(all[index]!)) / most) < 1e-6);
        }
      }),
    );
  });
});

describe("updates of lanes over time", () => {
  const ended = (laneId: string, atMs: number, numbers: Record<string, string | number>): DecisionView => ({
    ...{ decisionId: `${laneId}${atMs}`, atMs, subject: "lane", subjectId: laneId, event: "updated" },
    reason: { code: updateEndedCode, text: "told", numbers },
  });
  const time = { fromMs: 1_000, toMs: 2_000 };

  it("are those of the time, open ones with them, the lane at work first", () => {
    const rows = ganttRows(
      [
        ended("late", 1_900, { revision: 4, startedAtMs: 1_800, outcome: "succeeded" }),
        ended("late", 1_200, { revision: 3, startedAtMs: 500, outcome: "failed" }),
        ended("old", 900, { revision: 1, startedAtMs: 800, outcome: "succeeded" }),
        ended("moment", 1_500, { revision: 2, outcome: "succeeded" }),
        { ...ended("other", 1_500, {}), reason: { code: "engine", text: "", numbers: {} } },
      ],
      [
        { laneId: "busy", openRevision: 9, openSinceMs: 1_100 },
        { laneId: "ahead", openRevision: 2, openSinceMs: 1_300, takesNodes: true },
        { laneId: "idle" },
      ],
      time,
    );
    assert.deepEqual(
      rows.map(({ laneId, bars }) => [laneId, bars.map(({ outcome, revision }) => `${revision} ${outcome}`)]),
      [
        ["ahead", ["2 waits"]],
        ["busy", ["9 runs"]],
        ["late", ["3 failed", "4 succeeded"]],
        ["moment", ["2 succeeded"]],
      ],
    );
  });

  it("stay inside of the time, wide enough to be seen, whatever it is (property)", () => {
    fc.assert(
      fc.property(fc.nat(3_000), fc.option(fc.nat(3_000), { nil: undefined }), (fromMs, lasts) => {
        const toMs = lasts === undefined ? undefined : fromMs + lasts;
        if ((toMs ?? time.toMs) < time.fromMs || fromMs > time.toMs) return;
        const bar: GanttBar = { revision: 1, fromMs, toMs, outcome: "runs", text: "" };
        const { left, width } = place(bar, time);
        assert.ok(left >= 0 && width > 0 && left + width <= 100 + 1e-9, `${left} ${width}`);
      }),
    );
  });
});
