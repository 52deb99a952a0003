/** The model of the score on traces that are small enough for a head. */
import assert from "node:assert/strict";
import { between, clairvoyantHours, staticStandby, StaticScores } from "../../bench/score/baselines";
import { play } from "../../bench/score/play";
import { dayNightStandby, ScheduleSearch } from "../../bench/score/schedule";
import { demandOf } from "../support/demand";
import type { TraceSession } from "../../runtime/model/demand-trace";

const session = (arrivalSeconds: number, durationSeconds: number): TraceSession => ({
  arrivalSeconds,
  durationSeconds,
});
const options = { bootSeconds: 300, warmUpSeconds: 0, withinSeconds: 0 };

describe("score", () => {
  it("lets who finds nothing wait for a boot, and counts idle and booting VMs until the last arrival", () => {
    const score = play([session(1000, 100), session(3000, 10)], staticStandby(0), options);

    // The first boots from 1000 to 1300, runs to 1400 and is idle for the back-off of 900 s, which the minute of 2340 sees.
    assert.deepEqual([score.sessions, score.waitingShare, score.meanWaitSeconds], [1, 1, 300]);
    assert.equal(score.idleHours * 3600, 300 + 940);
    assert.equal(score.busyHours * 3600, 100);
  });

  it("keeps a standby that is there before anybody comes", () => {
    const score = play(
      [session(1000, 100), session(3000, 10), session(3001, 10), session(3002, 1)],
      staticStandby(1),
      options,
    );

    // Only the first of the three that come at once finds a VM; the last ends the play before it starts.
    assert.deepEqual([score.sessions, score.waitingShare], [2, 0]);
    // One from the start; from 1000 a second one, which the session's VM makes one too many from 1100 to 2040.
    assert.equal(Math.round(score.idleHours * 3600), 3000 + 940 + 1 + 2);
  });

  it("serves who came first first, and takes the VM that became free last", () => {
    const starts: number[] = [];
    const policy = { ...staticStandby(0), onStart: (_at: number, waited: number) => starts.push(waited) };

    play([session(0, 1000), session(10, 1000), session(20, 1000), session(5000, 1)], policy, options);

    assert.deepEqual(starts, [300, 300, 300]);
  });

  it("counts nothing of the warm-up, and waits up to `within` for nothing", () => {
    const sessions = [session(0, 10), session(5000, 10), session(9000, 10)];
    const score = play(sessions, staticStandby(0), { ...options, warmUpSeconds: 4000, withinSeconds: 300 });

    assert.deepEqual([score.sessions, score.waitingShare], [1, 0]);
    assert.equal(play(sessions, staticStandby(0), { ...options, warmUpSeconds: 4000 }).waitingShare, 1);
  });

  it("bounds the cost by a boot or the gap of each VM between two uses", () => {
    // The second use comes 100 s after the first has ended, the third 5000 s after that; the fourth needs a VM of its own.
    const sessions = [session(0, 100), session(200, 100), session(5300, 100), session(5350, 100)];

    assert.equal(Math.round(clairvoyantHours(sessions, options) * 3600), 300 + 100 + 300 + 300);
    assert.equal(Math.round(clairvoyantHours(sessions, { ...options, warmUpSeconds: 5000 }) * 3600), 600);
  });

  it("interpolates the cost between two whole standbys by the logarithm of the share", () => {
    const score = (waitingShare: number, idleHours: number) => ({
      ...{ waitingShare, idleHours, idleOverhead: idleHours / 100 },
      ...{ sessions: 1, busyHours: 1, meanWaitSeconds: 0 },
    });

    const cost = between(score(0.08, 10), score(0.02, 20), 0.04);

    assert.equal(Math.round(cost.idleHours * 1000), 15_000);
    assert.equal(Math.round(cost.idleOverhead * 1000), 150);
  });

  it("finds a schedule that is cheaper than static standby where few come by night", () => {
    const sessions = demandOf("classroom", { days: 14, seed: 3 });
    const statics = new StaticScores(sessions, options);
    const schedule = new ScheduleSearch(sessions, options, 0, statics).at(0.05);

    assert.ok(schedule.idleHours < 0.85 * statics.at(0.05).idleHours, schedule.chosen);
  });

  it("changes a schedule's standby at its hours of the local clock", () => {
    const policy = dayNightStandby({ dayFree: 5, nightFree: 1, fromHour: 8, toHour: 18 }, 6 * 3_600_000);

    const free = [0, 7199, 7200, 12 * 3600 - 1, 12 * 3600].map((at) => policy.wanted(at).free);

    assert.deepEqual(free, [1, 1, 5, 5, 1]);
  });
});
