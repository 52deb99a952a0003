import assert from "node:assert/strict";
import fc from "fast-check";
import { reserveOf, SlotScheduler, type SlotKind, type SlotNeed } from "../../runtime/executor/slot-scheduler";
import { VirtualClock } from "../support/virtual-clock";

const minute = 60_000;

/** Lanes that hold a slot do so until {@link Bench.end}. */
class Bench {
  readonly clock = new VirtualClock();
  readonly granted: string[] = [];
  readonly scheduler: SlotScheduler;

  constructor(readonly slots: number) {
    this.scheduler = new SlotScheduler({
      slots,
      clock: this.clock,
      onGranted: (laneId) => void this.granted.push(laneId),
    });
  }

  /** The lane's name tells its account and its config: `account/config/number`. */
  ask(laneId: string, kind: SlotKind = "create", isAwaited = true): boolean {
    const isGranted = this.scheduler.acquire(laneId, needOf(laneId, kind, isAwaited));
    if (isGranted) this.granted.push(laneId);
    return isGranted;
  }

  askMany(tenant: string, count: number, kind: SlotKind = "create", isAwaited = true): number {
    return [...Array(count).keys()].filter((index) => this.ask(`${tenant}/${index}`, kind, isAwaited)).length;
  }

  end(laneId: string, hasFailed = false): string[] {
    const before = this.granted.length;
    this.scheduler.leave(laneId, hasFailed);
    return this.granted.slice(before);
  }
}

function needOf(laneId: string, kind: SlotKind, isAwaited: boolean): SlotNeed {
  const [account = "", config = ""] = laneId.split("/");
  return { kind, account, config, isAwaited };
}

interface Drawn {
  readonly tenant: string;
  readonly kind: SlotKind;
  readonly isAwaited: boolean;
  /** How long it holds its slot. */
  readonly seconds: number;
  readonly hasFailed: boolean;
  /** Until the next one asks. */
  readonly gap: number;
}

describe("slot scheduler", () => {
  it("gives one account all slots while nobody else needs one, and the others their share as slots come free", () => {
    const bench = new Bench(4);

    assert.equal(bench.askMany("a/x", 10), 4);
    // One in reserve for each account that holds nothing; more of them wait.
    assert.equal(bench.askMany("b/y", 3), 1);
    const next = [0, 1].flatMap((index) => bench.end(`a/x/${index}`));

    assert.deepEqual(next, ["b/y/1"], "the first slot that comes free only ends the use of the reserve");
    assert.deepEqual(bench.scheduler.waitOf("a/x/4"), {
      position: 1,
      waiting: 7,
      inUse: 4,
      slots: 4,
      inUseByAccount: 2,
    });
  });

  it("gives an account of many configs no more than its share: accounts count before configs", () => {
    const bench = new Bench(4);
    for (const lane of ["a/1/0", "a/2/0", "a/3/0", "b/1/0"]) assert.ok(bench.ask(lane));
    // A config that holds nothing, of the account that holds three; then one that holds a slot, of the account that holds one.
    bench.askMany("a/4", 3, "create");
    bench.askMany("b/1", 3, "create");

    // What the reserve has lent comes back first.
    const next = ["a/1/0", "a/2/0", "a/3/0"].flatMap((lane) => bench.end(lane));

    assert.match(next[0] ?? "nobody", /^b\/1\//, next.join());
  });

  it("serves those whom people wait for first, then other creates, then deletes, then removals", () => {
    const bench = new Bench(1);
    bench.ask("a/x/0");
    bench.ask("a/x/remove", "remove", false);
    bench.ask("a/x/delete", "delete", false);
    bench.ask("a/x/standby", "create", false);
    bench.ask("a/x/people", "create", true);

    const order = ["0", "people", "standby", "delete"].flatMap((name) => bench.end(`a/x/${name}`));

    assert.deepEqual(order, ["a/x/people", "a/x/standby", "a/x/delete", "a/x/remove"]);
  });

  it("lets a delete that has waited long come before the creates that go on coming", () => {
    const bench = new Bench(1);
    bench.ask("a/x/0");
    bench.ask("a/x/delete", "delete", false);
    bench.clock.jump(5 * minute);
    bench.ask("a/x/1");

    assert.deepEqual(bench.end("a/x/0"), ["a/x/delete"]);
  });

  for (const kind of ["delete", "remove", "recover"] as const) {
    it(`never lets hanging ${kind}s keep a create waiting, of the same account or of another`, () => {
      for (const slots of [1, 2, 3, 4, 5, 8, 16]) {
        const bench = new Bench(slots);

        for (const tenant of ["a/x", "a/y", "b/z", "c/z"]) bench.askMany(tenant, slots, kind, false);

        assert.ok(bench.ask("a/w/0"), `${slots} slots, a new config of an account that hangs`);
        assert.ok(bench.ask("d/v/0"), `${slots} slots, another account`);
      }
    });
  }

  it("has a slot in reserve for a config and for an account that hold none while hanging creates fill all others", () => {
    for (const slots of [1, 2, 4, 16]) {
      const bench = new Bench(slots);
      bench.askMany("a/x", slots * 2);

      assert.ok(bench.ask("a/y/0"), "another config of the same account");
      const isLast = reserveOf(slots) === 2;
      assert.equal(bench.ask("a/z/0"), !isLast, "the last one is not for an account that holds some");
      assert.ok(bench.ask("b/x/0"), "another account");
    }
  });

  it("leaves a config whose updates come to nothing again and again a quarter of the slots, until one gets through", () => {
    const bench = new Bench(8);
    for (const index of [0, 1, 2]) {
      bench.ask(`a/x/${index}`);
      bench.end(`a/x/${index}`, true);
    }

    assert.equal(bench.askMany("a/x", 8), 2);
    assert.equal(bench.askMany("a/y", 8), 6, "another config of the same account is not limited");

    assert.deepEqual(bench.end("a/x/0"), ["a/x/2"]);
  });

  it("counts a lane's newest need, and keeps its place in the queue", () => {
    const bench = new Bench(1);
    bench.ask("a/x/0");
    bench.ask("a/x/1", "delete", false);
    bench.ask("a/x/2");
    bench.ask("a/x/1", "create", true);

    assert.deepEqual(bench.end("a/x/0"), ["a/x/1"]);
    bench.scheduler.leave("a/x/2");
    assert.equal(bench.scheduler.waitOf("a/x/2"), undefined);
  });

  const tenants = ["a/x", "a/y", "b/x", "c/z"];
  const anAsk = fc.record({
    tenant: fc.constantFrom(...tenants),
    kind: fc.constantFrom<SlotKind>("create", "create", "create", "delete", "recover", "remove"),
    isAwaited: fc.boolean(),
    seconds: fc.integer({ min: 1, max: 600 }),
    hasFailed: fc.boolean(),
    gap: fc.integer({ min: 0, max: 60 }),
  });

  it("starves nobody, leaves no slot free that somebody may have, and keeps its limits, whoever asks for what", async () => {
    const run = async (slots: number, asks: readonly Drawn[]): Promise<void> => {
      const clock = new VirtualClock();
      const holding = new Map<string, SlotNeed>();
      const waiting = new Map<string, SlotNeed>();
      const details = new Map(asks.map((ask, index) => [`${ask.tenant}/${index}`, ask]));
      const begin = (laneId: string): void => {
        const need = waiting.get(laneId);
        assert.ok(need, `${laneId} holds a slot that it did not wait for`);
        waiting.delete(laneId);
        holding.set(laneId, need);
        const { seconds, hasFailed } = details.get(laneId)!;
        clock.after(seconds * 1000, () => {
          holding.delete(laneId);
          scheduler.leave(laneId, hasFailed);
          checkLimits();
        });
      };
      const checkLimits = (): void => {
        const held = [...holding.values()];
        assert.ok(held.length <= slots + reserveOf(slots), `${held.length} slots in use`);
        const deletes = held.filter(({ kind }) => kind !== "create");
        assert.ok(deletes.length <= Math.max(1, slots - 1), `${deletes.length} may hang`);
        const isIdle = held.length === 0;
        assert.ok(!isIdle || waiting.size === 0, `${waiting.size} wait while all slots are free`);
        const isCreateWaiting = [...waiting].some(([, { kind }]) => kind === "create");
        const isEveryoneWell = asks.every(({ hasFailed }) => !hasFailed);
        assert.ok(!isEveryoneWell || !isCreateWaiting || held.length >= slots, "a create waits beside a free slot");
      };
      const scheduler: SlotScheduler = new SlotScheduler({ slots, clock, onGranted: begin });
      for (const [laneId, { kind, isAwaited, gap }] of details) {
        const need = needOf(laneId, kind, isAwaited);
        waiting.set(laneId, need);
        if (scheduler.acquire(laneId, need)) begin(laneId);
        checkLimits();
        await clock.advance(gap * 1000);
      }
      await clock.advance(asks.length * 600_000);
      assert.deepEqual([...waiting.keys()], []);
      assert.deepEqual([...holding.keys()], []);
    };
    const property = fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.array(anAsk, { maxLength: 40 }), run);
    await fc.assert(property, { numRuns: 60 });
  });

  it("serves an account that asks now and then beside one that never stops asking", async () => {
    const clock = new VirtualClock();
    const asked = new Map<string, number>();
    const waits: number[] = [];
    const begin = (laneId: string): void => {
      if (laneId.startsWith("b/")) waits.push(clock.now() - asked.get(laneId)!);
      clock.after(90_000, () => {
        scheduler.leave(laneId, false);
        if (laneId.startsWith("a/")) ask(`${laneId}+`);
      });
    };
    const ask = (laneId: string): void => {
      asked.set(laneId, clock.now());
      if (scheduler.acquire(laneId, needOf(laneId, "create", true))) begin(laneId);
    };
    const scheduler: SlotScheduler = new SlotScheduler({ slots: 4, clock, onGranted: begin });
    for (let index = 0; index < 40; index += 1) ask(`a/x/${index}`);

    for (let round = 0; round < 10; round += 1) {
      await clock.advance(4 * minute);
      ask(`b/y/${round}`);
    }
    await clock.advance(10 * minute);

    assert.deepEqual(waits, Array(10).fill(0));
  });
});
