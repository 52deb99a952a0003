/** Runs small enough to be reckoned by hand, and what holds for every run. */
import assert from "node:assert/strict";
import { SeededRng } from "../../runtime/sim/rng";
import type { VariantResult } from "../../runtime/simulate/result";
import { agentSite, demandOf, playSite, serverSite } from "./site";

/** Wakes are gathered for 20 ms before the node is asked for. */
const bootSeconds = 60.02;

function near(found: number, wanted: number, within: number): void {
  assert.ok(Math.abs(found - wanted) <= within, `${found} is not ${wanted} within ${within}`);
}

function checkSums({ vmHours, waits }: VariantResult): void {
  const { total, session, standby, booting, excess, leaving } = vmHours;
  near(session + standby + booting + excess + leaving, total, 1e-6);
  assert.equal(waits.served + waits.refused + waits.unfinished, waits.sessions);
  for (const hours of [session, standby, booting, excess, leaving]) assert.ok(hours >= -1e-9);
}

function randomDemand(seed: number, sessions: number) {
  const rng = new SeededRng(seed);
  let at = 0;
  const rows = Array.from({ length: sessions }, (): [number, number] => {
    at += rng.exponentialMs(90_000) / 1000;
    return [Math.round(at), 60 + Math.round(rng.exponentialMs(1_200_000) / 1000)];
  });
  return demandOf(rows, Math.ceil(at / 3600) + 1);
}

describe("a simulated run", () => {
  it("lets a lone session wait for exactly one boot", async () => {
    const { waits, vmHours, cost, peakNodes, worstMoments } = await playSite(serverSite(), demandOf([[600, 1800]]));

    assert.equal(waits.sessions, 1);
    assert.equal(waits.waited, 1);
    assert.equal(waits.longestSeconds, bootSeconds);
    assert.equal(waits.longest[0]?.userId, "user-1");
    assert.equal(peakNodes, 1);
    near(vmHours.booting, 60 / 3600, 1 / 3600);
    near(vmHours.session, 0.5, 1 / 3600);
    // The back-off, one look of the reconciler, and the delete.
    near(vmHours.standby + vmHours.excess, 0.25, 10 / 3600);
    near(vmHours.leaving, 10 / 3600, 10 / 3600);
    near(cost.amounts[""] ?? 0, vmHours.total * 0.5, 1e-9);
    assert.equal(worstMoments.length, 1);
    assert.equal(worstMoments[0]?.sessions, 1);
    assert.match(worstMoments[0].reason, /node/);
  });

  it("lets nobody wait where one is kept free, and makes the next one meanwhile", async () => {
    const site = serverSite({ minimumAvailableSessions: 1 });
    const { waits, peakNodes } = await playSite(
      site,
      demandOf([
        [600, 1800],
        [700, 1800],
        [2600, 60],
      ]),
    );

    assert.deepEqual([waits.served, waits.waited, waits.longestSeconds], [3, 0, 0]);
    assert.equal(peakNodes, 3);
  });

  it("puts sessions on an agent until it is full", async () => {
    const five: [number, number][] = [0, 0, 0, 0, 0].map((_, index) => [600 + index, 1800]);
    const { waits, peakNodes } = await playSite(agentSite(), demandOf(five));

    assert.deepEqual([waits.served, peakNodes], [5, 2]);
    assert.equal(waits.longestSeconds, bootSeconds);
  });

  it("never has more nodes than the caps allow; who waits too long is refused with the reason", async () => {
    const site = serverSite({ maxNodes: 1, queueTimeout: "10m" });
    const { waits, peakNodes, refusals } = await playSite(
      site,
      demandOf([
        [600, 7200],
        [601, 60],
      ]),
    );

    assert.equal(peakNodes, 1);
    assert.deepEqual([waits.served, waits.refused], [1, 1]);
    assert.equal(refusals[0]?.code, "queueTimeout");
    assert.match(refusals[0].text, /at most 1 node/);
  });

  it("tells what has no price, and never as 0", async () => {
    const { cost, vmHours } = await playSite(serverSite({}, {}), demandOf([[600, 1800]]));

    assert.deepEqual(cost.amounts, {});
    assert.deepEqual(cost.unpriced, ["vms"]);
    near(cost.unpricedHours, vmHours.total, 1e-9);
  });

  it("opens and closes with a schedule", async () => {
    const schedule = {
      ...{ name: "morning", autoscaleConfig: "desktops", days: ["mon"], start: "01:00", end: "02:00" },
      ...{ timezone: "UTC", leadTime: "0s", minNodes: 2 },
    };
    const site = [...serverSite(), { kind: "schedule" as const, name: "morning", doc: schedule }];
    const { vmHours, peakNodes, waits } = await playSite(site, demandOf([[3720, 600]]));

    assert.equal(peakNodes, 2);
    assert.equal(waits.waited, 0);
    near(vmHours.total, 2, 0.6);
  });

  it("gives every VM-hour one use and every session one end", async () => {
    let waited = 0;
    for (const seed of [1, 2]) {
      for (const site of [serverSite({ minimumAvailableSessions: 2, maxNodes: 6 }), agentSite({ standbyCores: 2 })]) {
        const result = await playSite(site, randomDemand(seed, 60), { boot: { lowSeconds: 30, highSeconds: 200 } });
        checkSums(result);
        waited += result.waits.waited;
      }
    }
    assert.ok(waited > 0, "nobody waited in any run");
  });

  it("gives the same result for the same input, and another one for another seed", async () => {
    const run = (seed: number) =>
      playSite(serverSite(), randomDemand(4, 40), { seed, boot: { lowSeconds: 30, highSeconds: 300 } });
    const [first, again, other] = [await run(1), await run(1), await run(2)];

    assert.deepEqual(first, again);
    assert.notDeepEqual(first.waits, other.waits);
  });

  it("takes boots as they were measured, unless a range is asked for", async () => {
    const measured = { measuredBoots: { desktops: [200] } };
    const asMeasured = await playSite(serverSite(), demandOf([[600, 60]]), { boot: undefined, ...measured });
    const asAsked = await playSite(serverSite(), demandOf([[600, 60]]), measured);

    assert.deepEqual([asMeasured.waits.longestSeconds, asAsked.waits.longestSeconds], [200.02, bootSeconds]);
  });

  it("learns for a wait objective as the service does: weeks on, few wait whom a shadow lets wait", async () => {
    const days = 35;
    const rows = Array.from({ length: days }, (_, day) => day)
      .filter((day) => day % 7 < 5)
      .flatMap((day) => [0, 40, 80, 120, 160, 200].map((at): [number, number] => [day * 86_400 + 32_400 + at, 3_600]));
    const ask = (mode: string) =>
      playSite(
        serverSite({ waitObjective: { share: "5%", mode }, downscaleBackoff: "auto" }),
        demandOf(rows, days * 24),
      );

    const [shadow, followed] = [await ask("shadow"), await ask("replace")];

    checkSums(followed);
    assert.equal(shadow.waits.shareWaited, 1);
    assert.ok(followed.waits.shareWaited < 0.7, `${followed.waits.shareWaited} waited`);
    assert.ok(followed.vmHours.total < 4 * followed.vmHours.session, "it is no floor for day and night");
  });

  it("makes no node for a budget that is spent, and says who waited for that", async () => {
    const budget = { name: "all", amount: 1, currency: "EUR", per: "day", onReached: "noNewNodes" };
    const priced = serverSite({ queueTimeout: "1h" }, { hourlyCost: 0.5, currency: "EUR" });
    const site = [...priced, { kind: "budget", name: "all", doc: budget } as const];
    const rows = [0, 1, 2, 3, 6, 7].map((at): [number, number] => [at * 3_600, 1_800]);

    const { waits, cost, refusals } = await playSite(site, demandOf(rows, 12));

    assert.ok(waits.served >= 2 && waits.served < rows.length, `${waits.served} served`);
    assert.equal(waits.refused, rows.length - waits.served);
    assert.equal(refusals[0]?.code, "queueTimeout");
    assert.ok((cost.amounts["EUR"] ?? 0) < 1.5, JSON.stringify(cost));
  });
});
