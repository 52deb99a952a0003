/** A budget in a running runtime: from the first node to the end of its money, and into the next day. */
import assert from "node:assert/strict";
import { viewBudgets } from "../../runtime/api/budgets";
import { forecastOf } from "../../runtime/planner/budget/forecast";
import { BudgetBook } from "../../runtime/planner/budget/position";
import { World } from "../reconciler/world";
import { agents } from "../reconciler/questions";
import { budgetDoc, vmProviderDoc } from "../support/builders";
import { startMs } from "../support/virtual-clock";

const minute = 60_000;
const hour = 60 * minute;

describe("a budget in a running runtime", () => {
  let world: World;
  afterEach(async () => {
    await world.stop();
    assert.deepEqual(world.errors, []);
  });
  const viewNow = () => viewBudgets(world.state, world.clock.now())[0]!;

  it("counts nodes from their making on, makes none when it is spent, cuts nobody off, and opens with the next day", async () => {
    world = await World.start({
      vmProviders: [vmProviderDoc({ hourlyCost: 20 })],
      configs: [agents({ queueTimeout: "2h" })],
      // In Magadan the day has one hour left.
      budgets: [budgetDoc({ amount: 10, onReached: "noNewNodes", timezone: "Asia/Magadan" })],
    });
    const first = await world.broker.requestSession({ workspace: "office", userId: "ann" });
    await world.broker.requestSession({ workspace: "office", userId: "bob" });
    await world.clock.advance(2 * minute);
    const { nodes, ratePerHour, forecast, percent } = viewNow();
    assert.deepEqual([nodes, ratePerHour, forecast.basis, percent < 8], [1, 20, "rate", true]);
    assert.ok(Math.abs(forecast.spent - 20) < 0.2, String(forecast.spent));

    await world.clock.advance(30 * minute);
    assert.deepEqual([viewNow().isReached, viewNow().blocks, viewNow().told], [true, "newNodes", [50, 80, 100]]);
    await world.broker.requestSession({ workspace: "office", userId: "eve" });
    await world.clock.advance(10 * minute);
    const [waiting] = world.state.queue();
    assert.equal(waiting!.reason.code, "budget");
    assert.equal(waiting!.reason.numbers["opensAtMs"], startMs + hour);
    assert.equal(world.state.nodes.size, 1);
    const session = first.kind === "refused" ? assert.fail() : first.session;
    assert.notEqual(world.state.sessions.get(session.sessionId)?.nodeId, undefined);

    await world.clock.advance(25 * minute);
    assert.deepEqual([world.state.queue().length, world.state.nodes.size, viewNow().isReached], [0, 2, false]);
  });

  it("is expected to cost what the same times of the last weeks have cost, once there is a week", async () => {
    world = await World.start({
      vmProviders: [vmProviderDoc({ hourlyCost: 2 })],
      configs: [agents()],
      budgets: [budgetDoc({ per: "week" })],
    });
    const day = 24 * hour;
    const mark = { sinceMs: world.clock.now() - 15 * day, countedMs: world.clock.now(), count: 9 };
    await world.ledger.commit([{ kind: "put", table: "spendMark", row: mark }]);
    const today = Math.floor(world.clock.now() / day);
    const where = { autoscaleConfig: "agents", pool: "agents", zone: "eu", vmProvider: "vms", currency: "" };
    for (let back = 1; back <= 14; back += 1) {
      // 7 in each day of the last week, 3 in each of the one before, all in the last quarter of an hour.
      const row = { spendId: `d${back}`, day: today - back, ...where, unpricedSeconds: {} };
      await world.ledger.commit([
        { kind: "put", table: "spendDay", row: { ...row, amounts: { 95: back <= 7 ? 7 : 3 } } },
      ]);
    }

    const [position] = new BudgetBook().positions(world.state, world.clock.now());
    const forecast = forecastOf(position!, world.state, world.clock.now());

    // Of this week Monday and Tuesday are over; the evenings of Wednesday to Sunday are still to come.
    assert.equal(position!.spent, 14);
    assert.deepEqual(forecast, { spent: 14 + 5 * 5, basis: "lastWeeks", weeks: 2 });
  });
});
