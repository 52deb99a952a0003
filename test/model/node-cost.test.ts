/** What a node's life costs: granularity, minimum, stopped times, and what has no price. */
import assert from "node:assert/strict";
import {
  costOfLife,
  currenciesOf,
  formatAmount,
  paidUntil,
  type NodeRun,
  type Price,
} from "../../runtime/model/node-cost";
import { SeededRng } from "../../runtime/sim/rng";

const minute = 60_000;
const hour = 60 * minute;
const ran = (fromMs: number, toMs: number): NodeRun => ({ power: "running", fromMs, toMs });
const stood = (fromMs: number, toMs: number): NodeRun => ({ power: "stopped", fromMs, toMs });

const amounts: readonly (readonly [string, readonly NodeRun[], Price, number])[] = [
  ["by the second what it ran", [ran(0, 90 * minute)], { hourlyCost: 0.1 }, 0.15],
  ["a begun hour whole", [ran(0, hour + 1)], { hourlyCost: 0.1, billingGranularity: "hour" }, 0.2],
  ["a full hour once", [ran(0, hour)], { hourlyCost: 0.1, billingGranularity: "hour" }, 0.1],
  ["a begun minute whole", [ran(0, 61_000)], { hourlyCost: 6, billingGranularity: "minute" }, 0.2],
  ["the minimum of each start", [ran(0, 5_000), ran(hour, hour + 5_000)], { hourlyCost: 60, billingMinimum: 60 }, 2],
  ["no minimum for what never ran", [ran(7, 7)], { hourlyCost: 60, billingMinimum: 60 }, 0],
  [
    "one start for runs without a gap",
    [ran(0, 10_000), ran(10_000, 20_000)],
    { hourlyCost: 60, billingMinimum: 60 },
    1,
  ],
  [
    "stopped time at its own price",
    [ran(0, hour), stood(hour, 3 * hour)],
    { hourlyCost: 1, stoppedHourlyCost: 0.1 },
    1.2,
  ],
  [
    "a new start after a stop",
    [ran(0, 1), stood(1, 2), ran(2, 3)],
    { hourlyCost: 1, stoppedHourlyCost: 0, billingGranularity: "hour" },
    2,
  ],
];

describe("the cost of a node's life", () => {
  for (const [name, runs, price, expected] of amounts) {
    it(`counts ${name}`, () => {
      const { amount, unpricedMs } = costOfLife(runs, price);

      assert.ok(Math.abs(amount - expected) < 1e-9, `${amount}, not ${expected}`);
      assert.equal(unpricedMs, 0);
    });
  }

  it("tells time without a price as that, and a price of 0 as no cost", () => {
    const runs = [ran(0, hour), stood(hour, 3 * hour)];

    assert.deepEqual(costOfLife(runs, undefined), { amount: 0, unpricedMs: 3 * hour });
    assert.deepEqual(costOfLife(runs, { hourlyCost: 1 }), { amount: 1, unpricedMs: 2 * hour });
    assert.deepEqual(costOfLife(runs, { hourlyCost: 0, stoppedHourlyCost: 0 }), { amount: 0, unpricedMs: 0 });
  });

  it("comes to the same however a life is looked at in between, and never goes back", () => {
    const rng = new SeededRng(11);
    for (let round = 0; round < 300; round += 1) {
      const price: Price = {
        hourlyCost: 1,
        billingGranularity: (["second", "minute", "hour"] as const)[rng.below(3)]!,
        billingMinimum: rng.below(3) * 100,
      };
      const run = { power: "running", sinceMs: rng.below(hour) } as const;
      let [atMs, paidMs, sum] = [run.sinceMs, run.sinceMs, 0];
      for (let look = 0; look < 20; look += 1) {
        atMs += rng.below(20 * minute);
        const nextMs = paidUntil(run, atMs, price);
        assert.ok(nextMs >= paidMs && nextMs >= atMs, `round ${round}: paid until ${nextMs} at ${atMs}`);
        sum += (nextMs - paidMs) / hour;
        paidMs = nextMs;
      }
      const { amount } = costOfLife([ran(run.sinceMs, atMs)], price);
      assert.ok(Math.abs(amount - sum) < 1e-9, `round ${round}: ${sum} in parts, ${amount} at once`);
    }
  });

  it("tells the currencies of prices apart, and amounts with theirs", () => {
    const prices = [
      { hourlyCost: 1, currency: "USD" },
      { currency: "CHF" },
      { hourlyCost: 2 },
      { stoppedHourlyCost: 1, currency: "EUR" },
    ];

    assert.deepEqual(currenciesOf(prices), ["", "EUR", "USD"]);
    assert.deepEqual(
      [formatAmount(12.5, "EUR"), formatAmount(0.0123, undefined), formatAmount(0, "EUR"), formatAmount(100, "")],
      ["12.50 EUR", "0.012", "0.00 EUR", "100.00"],
    );
  });
});
