/** Spend is what the lives of all nodes cost, whatever happens between: restarts, other leaders, clocks that are set, prices edited. */
import assert from "node:assert/strict";
import type { Change } from "../../runtime/model/changes";
import { paidUntil, rateOf, type Price } from "../../runtime/model/node-cost";
import { quarterMs, quartersOfDay } from "../../runtime/model/spend";
import { spendChanges } from "../../runtime/model/spend-companion";
import type { Node, NodeStatus } from "../../runtime/model/state";
import { BudgetBook } from "../../runtime/planner/budget/position";
import { Periods } from "../../runtime/planner/budget/period";
import { spendDue } from "../../runtime/reconciler/spend";
import { HotState } from "../../runtime/store/hot-state";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryDisk, MemoryStore } from "../../runtime/store/memory";
import { agentConfigDoc, aNode, budgetDoc, definitionChanges, vmProviderDoc } from "../support/builders";
import { SeededRng, startMs } from "../support/virtual-clock";

const second = 1_000;
const hour = 3_600_000;

/** One runtime after the other on one disk. */
class Runtimes {
  nowMs = startMs;
  private readonly disk = new MemoryDisk();
  private ledger!: GroupCommitLedger;

  static async start(): Promise<Runtimes> {
    const runtimes = new Runtimes();
    await runtimes.restart();
    return runtimes;
  }

  get state(): HotState {
    return this.ledger.state;
  }

  /** What was durable is all that is left. */
  async restart(): Promise<void> {
    const store = new MemoryStore({ disk: this.disk });
    const state = new HotState();
    state.apply(await store.load());
    const accompany = (changes: readonly Change[], before: HotState): Change[] =>
      spendChanges(changes, before, this.nowMs);
    this.ledger = new GroupCommitLedger({ state, store, onLost: assert.fail, accompany });
  }

  commit(...changes: Change[]): Promise<void> {
    return this.ledger.commit(changes);
  }

  /** As each pass of the reconciler. */
  async pass(): Promise<void> {
    const due = spendDue(this.state, this.nowMs);
    if (due.length > 0) await this.commit(...due);
  }

  async put(node: Node): Promise<void> {
    await this.commit({ kind: "put", table: "node", row: node });
  }
}

/** Every instant of every node, reckoned at once: what the ledger must come to. */
class Recomputation {
  readonly quarters = new Map<string, number>();
  private readonly lives = new Map<
    string,
    { config: string; vmProvider: string; sinceMs: number; seenMs: number; paidMs: number }
  >();

  constructor(private readonly prices: ReadonlyMap<string, Price>) {}

  begin(nodeId: string, config: string, vmProvider: string, nowMs: number): void {
    this.lives.set(nodeId, { config, vmProvider, sinceMs: nowMs, seenMs: nowMs, paidMs: nowMs });
  }

  end(nodeId: string, nowMs: number): void {
    this.see(nowMs);
    this.lives.delete(nodeId);
  }

  /** Call before anything changes: until now everything was as it was. */
  see(nowMs: number): void {
    for (const life of this.lives.values()) {
      const price = this.prices.get(life.vmProvider);
      const rate = rateOf("running", price);
      while (life.seenMs < nowMs) {
        const quarter = Math.floor(life.seenMs / quarterMs);
        const nextMs = Math.min(nowMs, (quarter + 1) * quarterMs);
        const paidMs = Math.max(life.paidMs, paidUntil({ power: "running", sinceMs: life.sinceMs }, nextMs, price));
        if (rate === undefined) this.add(`${life.config} unpriced ${quarter}`, (nextMs - life.seenMs) / second);
        else this.add(`${life.config} ${price?.currency ?? ""} ${quarter}`, (rate * (paidMs - life.paidMs)) / hour);
        [life.seenMs, life.paidMs] = [nextMs, paidMs];
      }
    }
  }

  private add(key: string, amount: number): void {
    if (amount > 0) this.quarters.set(key, (this.quarters.get(key) ?? 0) + amount);
  }
}

function ledgerOf(state: HotState): Map<string, number> {
  const quarters = new Map<string, number>();
  for (const { day, autoscaleConfig, currency, amounts, unpricedSeconds } of state.spendDays.values()) {
    const add = (what: string, index: string, value: number): void => {
      const key = `${autoscaleConfig} ${what} ${day * quartersOfDay + Number(index)}`;
      quarters.set(key, (quarters.get(key) ?? 0) + value);
    };
    for (const [index, amount] of Object.entries(amounts)) add(currency, index, amount);
    for (const [index, seconds] of Object.entries(unpricedSeconds)) add("unpriced", index, seconds);
  }
  return quarters;
}

function assertSame(ledger: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>, where: string): void {
  assert.deepEqual([...ledger.keys()].sort(), [...expected.keys()].sort(), where);
  for (const [key, value] of expected) {
    const got = ledger.get(key)!;
    assert.ok(Math.abs(got - value) < 1e-6 * Math.max(1, value), `${where}: ${key} is ${got}, not ${value}`);
  }
}

const living: readonly NodeStatus[] = [
  "provisioning",
  "starting",
  "running",
  "missing",
  "draining",
  "dead",
  "destroying",
  "failed",
];

function somePrice(rng: SeededRng): Price {
  return {
    ...(rng.below(4) === 0 ? {} : { hourlyCost: 1 + rng.below(9) }),
    ...(rng.below(3) === 0 ? { currency: "EUR" } : {}),
    billingGranularity: (["second", "minute", "hour"] as const)[rng.below(3)]!,
    billingMinimum: rng.below(2) * 60,
  };
}

function pricedDoc(name: string, { billingMinimum = 0, ...price }: Price) {
  const given = Object.fromEntries(Object.entries(price).filter(([, value]) => value !== undefined));
  return vmProviderDoc({ name, ...given, billingMinimum: `${billingMinimum}s` });
}

async function runHistory(seed: number, steps: number): Promise<void> {
  const rng = new SeededRng(seed);
  const runtimes = await Runtimes.start();
  const prices = new Map<string, Price>([
    ["vms", { hourlyCost: 3 }],
    ["others", {}],
  ]);
  const expected = new Recomputation(prices);
  const declare = (): Change[] => {
    const vmProviders = [...prices].map(([name, price]) => pricedDoc(name, price));
    const configs = [agentConfigDoc({ fallbackVmProviders: ["others"] }), agentConfigDoc({ name: "more" })];
    return definitionChanges({ vmProviders, configs, budgets: [budgetDoc()] });
  };
  await runtimes.commit(...declare());
  await runtimes.pass();
  const nodes = new Map<string, Node>();
  for (let step = 0; step < steps; step += 1) {
    // Mostly a tick, now and then a long silence, a clock that is set back or forward.
    const kind = rng.below(30);
    const passed = kind === 0 ? rng.below(9 * hour) : kind === 1 ? -rng.below(2 * hour) : rng.below(200 * second);
    if (passed < 0) {
      // What was not counted when the clock is set back is counted when it has caught up, if the node is still there then.
      await runtimes.pass();
      runtimes.nowMs += 300 * second;
      expected.see(runtimes.nowMs);
      await runtimes.pass();
    }
    runtimes.nowMs += passed;
    const now = runtimes.nowMs;
    expected.see(now);
    const choice = rng.below(10);
    const known = [...nodes.values()][rng.below(Math.max(1, nodes.size))];
    if (choice <= 2) {
      const nodeId = `n${step}`;
      const [autoscaleConfig, vmProvider] =
        rng.below(3) > 0 ? ["agents", rng.below(2) ? "vms" : "others"] : ["more", "vms"];
      const node = aNode({ nodeId, autoscaleConfig, vmProvider, status: "requested" });
      nodes.set(nodeId, node);
      await runtimes.put(node);
    } else if (choice <= 6 && known) {
      const status = rng.below(8) === 0 ? "requested" : living[rng.below(living.length)]!;
      const [had, has] = [known.status !== "requested", status !== "requested"];
      nodes.set(known.nodeId, { ...known, status });
      if (has && !had) expected.begin(known.nodeId, known.autoscaleConfig!, known.vmProvider!, now);
      if (had && !has) expected.end(known.nodeId, now);
      await runtimes.put({ ...known, status });
    } else if (choice === 7 && known) {
      expected.end(known.nodeId, now);
      nodes.delete(known.nodeId);
      await runtimes.commit({ kind: "delete", table: "node", id: known.nodeId });
    } else if (choice === 8 && rng.below(4) === 0) {
      prices.set(rng.below(2) ? "vms" : "others", somePrice(rng));
      await runtimes.commit(...declare());
    } else if (choice === 9 && rng.below(3) === 0) await runtimes.restart();
    if (rng.below(3) === 0) await runtimes.pass();
  }
  // A clock that is behind is only noted by the first pass.
  for (let pass = 0; pass < 2; pass += 1) {
    runtimes.nowMs += hour;
    expected.see(runtimes.nowMs);
    await runtimes.pass();
  }
  assertSame(ledgerOf(runtimes.state), expected.quarters, `seed ${seed}`);
}

describe("spend", () => {
  it("equals a recomputation from all lives of nodes, over random histories", async () => {
    for (let seed = 1; seed <= 60; seed += 1) await runHistory(seed, 150);
  });

  it("is told between two counts as if all were counted just then", async () => {
    const runtimes = await Runtimes.start();
    const priced = {
      vmProviders: [vmProviderDoc({ hourlyCost: 2 })],
      configs: [agentConfigDoc()],
      budgets: [budgetDoc()],
    };
    await runtimes.commit(...definitionChanges(priced));
    await runtimes.pass();
    await runtimes.put(aNode());
    runtimes.nowMs += 5.5 * hour;

    const [before] = new BudgetBook().positions(runtimes.state, runtimes.nowMs);
    await runtimes.pass();
    const [after] = new BudgetBook().positions(runtimes.state, runtimes.nowMs);

    assert.deepEqual([before!.spent, after!.spent], [11, 11]);
  });

  it("of a budget that comes later, or is edited, begins with what its scope has cost already", async () => {
    const runtimes = await Runtimes.start();
    const configs = [agentConfigDoc(), agentConfigDoc({ name: "more" })];
    const vmProviders = [
      vmProviderDoc({ hourlyCost: 2 }),
      vmProviderDoc({ name: "euro", hourlyCost: 1, currency: "EUR" }),
    ];
    await runtimes.commit(...definitionChanges({ vmProviders, configs }));
    await runtimes.pass();
    await runtimes.put(aNode({ nodeId: "a" }));
    await runtimes.put(aNode({ nodeId: "b", autoscaleConfig: "more" }));
    await runtimes.put(aNode({ nodeId: "c", vmProvider: "euro" }));
    runtimes.nowMs += 4 * hour;

    const spentOf = async (budget: Parameters<typeof budgetDoc>[0]): Promise<readonly unknown[]> => {
      await runtimes.commit(...definitionChanges({ vmProviders, configs, budgets: [budgetDoc(budget)] }));
      const [position] = new BudgetBook().positions(runtimes.state, runtimes.nowMs);
      return [position!.spent, [...position!.foreign]];
    };
    assert.deepEqual(await spentOf({}), [16, [["EUR", 4]]]);
    assert.deepEqual(await spentOf({ autoscaleConfig: "more" }), [8, []]);
    assert.deepEqual(await spentOf({ currency: "EUR", pool: "agents" }), [4, [["", 16]]]);
    assert.deepEqual(await spentOf({ vmProvider: "euro", currency: "EUR", zone: "eu" }), [4, []]);
  });

  it("is not counted while there is neither a price nor a budget", async () => {
    const runtimes = await Runtimes.start();
    await runtimes.commit(...definitionChanges({ configs: [agentConfigDoc()] }));
    await runtimes.put(aNode());
    await runtimes.pass();
    assert.deepEqual([runtimes.state.vmLives.size, runtimes.state.spendMark], [0, undefined]);

    await runtimes.commit(...definitionChanges({ vmProviders: [vmProviderDoc({ hourlyCost: 1 })] }));
    await runtimes.pass();
    assert.deepEqual([...runtimes.state.vmLives.keys()], ["n1"]);

    await runtimes.commit(...definitionChanges({ vmProviders: [vmProviderDoc()] }));
    await runtimes.pass();
    assert.deepEqual([runtimes.state.vmLives.size, runtimes.state.spendMark], [0, undefined]);
  });
});

describe("the period of a budget", () => {
  const iso = (per: "day" | "week" | "month", timezone: string, at: string): string[] => {
    const { startMs: from, endMs } = new Periods().at({ per, timezone }, Date.parse(at));
    return [from, endMs].map((ms) => new Date(ms).toISOString().slice(0, 16));
  };
  const cases: readonly (readonly [string, "day" | "week" | "month", string, string, string, string])[] = [
    ["a day of UTC", "day", "UTC", "2026-01-14T12:00Z", "2026-01-14T00:00", "2026-01-15T00:00"],
    ["its first instant", "day", "UTC", "2026-01-14T00:00Z", "2026-01-14T00:00", "2026-01-15T00:00"],
    ["a day of 23 hours", "day", "Europe/Berlin", "2026-03-29T12:00Z", "2026-03-28T23:00", "2026-03-29T22:00"],
    [
      "a day that begins when the clock is put forward",
      "day",
      "America/Santiago",
      "2026-09-06T12:00Z",
      "2026-09-06T04:00",
      "2026-09-07T03:00",
    ],
    [
      "a day of a zone that is 5:45 ahead",
      "day",
      "Asia/Kathmandu",
      "2026-01-14T12:00Z",
      "2026-01-13T18:15",
      "2026-01-14T18:15",
    ],
    [
      "the day before one that the calendar left out",
      "day",
      "Pacific/Apia",
      "2011-12-30T09:00Z",
      "2011-12-29T10:00",
      "2011-12-30T10:00",
    ],
    ["a week from Monday on", "week", "UTC", "2026-01-18T23:59Z", "2026-01-12T00:00", "2026-01-19T00:00"],
    [
      "a week with a change of the clock",
      "week",
      "Europe/Berlin",
      "2026-03-25T12:00Z",
      "2026-03-22T23:00",
      "2026-03-29T22:00",
    ],
    ["a month", "month", "Europe/Berlin", "2026-03-31T21:59Z", "2026-02-28T23:00", "2026-03-31T22:00"],
    ["December", "month", "UTC", "2026-12-31T12:00Z", "2026-12-01T00:00", "2027-01-01T00:00"],
  ];
  for (const [name, per, timezone, at, from, to] of cases) {
    it(`is ${name}`, () => assert.deepEqual(iso(per, timezone, at), [from, to]));
  }
});
