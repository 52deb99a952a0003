/** Counters against the journal, which tells the same story in another way: over runs in which much goes wrong. */
import assert from "node:assert/strict";
import { failureClasses, type Decision } from "../../runtime/model/state";
import { bootPhases, requestOutcomes } from "../../runtime/metrics/table";
import { BusyWorld } from "./busy-world";
import { readMetrics, type MetricsText } from "./metrics-text";

const seeds = [1, 2, 3, 4, 5, 6];

/** Entries of the journal about one kind of thing, with the one before of the same thing. */
function storyOf(decisions: readonly Decision[], subject: Decision["subject"]) {
  const last = new Map<string, Decision>();
  return decisions
    .filter((decision) => decision.subject === subject)
    .map((decision) => {
      const before = last.get(decision.subjectId);
      last.set(decision.subjectId, decision);
      return { ...decision, code: decision.reason.code, before: before?.event };
    });
}

function count<T>(items: readonly T[], is: (item: T) => boolean): number {
  return items.filter(is).length;
}

describe("counters", () => {
  for (const seed of seeds) {
    describe(`of a random run with seed ${seed} equal what the journal says`, () => {
      let busy: BusyWorld;
      let text: MetricsText;
      let decisions: readonly Decision[] = [];
      before(async function () {
        this.timeout(60_000);
        busy = await BusyWorld.start(seed);
        await busy.live(150);
        text = readMetrics(await busy.scrape());
        decisions = busy.world.disk.decisions;
      });
      after(() => busy.world.stop());

      it("requests by outcome, and their waits", () => {
        const sessions = storyOf(decisions, "session");
        const requested = {
          placed: count(sessions, (it) => it.event === "placed" && it.before === undefined),
          staged: count(sessions, (it) => it.event === "placed" && it.before === "staged"),
          queued: count(sessions, (it) => it.event === "queued" && it.before === undefined),
          refused: count(sessions, (it) => it.event === "refused"),
        };

        for (const outcome of requestOutcomes) {
          assert.equal(text.sum("headroom_session_requests_total", { outcome }), requested[outcome], outcome);
        }
        const served = count(sessions, ({ event }) => event === "placed");
        assert.equal(text.sum("headroom_session_wait_duration_seconds_count"), served);
        const fromQueue = served - requested.placed - requested.staged;
        assert.equal(text.sum("headroom_session_wait_duration_seconds_count", { source: "queued" }), fromQueue);
        assert.ok(requested.queued > 0 && requested.refused > 0 && served > 0, "the run was too quiet");
      });

      it("ends of sessions by reason", () => {
        const ends = storyOf(decisions, "session").filter(({ event }) => event === "ended");

        assert.equal(text.sum("headroom_sessions_ended_total"), ends.length);
        const released = { reason: "released" };
        assert.equal(
          text.sum("headroom_sessions_ended_total", released),
          count(ends, ({ code }) => code === "released"),
        );
      });

      it("nodes made, failed by class, destroyed by reason, and their boots", () => {
        const nodes = storyOf(decisions, "node");
        const made = count(nodes, ({ before, event }) => before === undefined && event === "requested");
        const destroyed = nodes.filter(({ event }) => event === "destroying");
        const failed = count(nodes, ({ event }) => event === "failed");

        assert.equal(text.sum("headroom_nodes_created_total"), made);
        for (const code of new Set(destroyed.map((it) => it.code))) {
          assert.equal(
            text.sum("headroom_nodes_destroyed_total", { reason: code }),
            count(destroyed, (it) => it.code === code),
            code,
          );
        }
        assert.equal(text.sum("headroom_node_failures_total"), failed);
        const byClass = failureClasses.map((each) => text.sum("headroom_node_failures_total", { class: each }));
        assert.ok(byClass.filter((failures) => failures > 0).length > 1, `failures by class: ${byClass.join()}`);
        const ready = count(nodes, ({ event, before }) => event === "running" && before === "starting");
        const boots = bootPhases.map((phase) => text.sum("headroom_node_boot_duration_seconds_count", { phase }));
        assert.deepEqual(boots, [count(nodes, ({ event }) => event === "starting"), ready]);
      });

      it("decisions by subject and code", () => {
        const told = text.series.filter(({ name }) => name === "headroom_decisions_total");

        assert.ok(told.length > 10);
        for (const { labels, value } of told) {
          const same = (it: Decision) => it.subject === labels["subject"] && it.reason.code === labels["code"];
          assert.equal(value, count(decisions, same), JSON.stringify(labels));
        }
        assert.equal(text.sum("headroom_decisions_total"), decisions.length);
      });

      it("updates of lanes", () => {
        const updates = count(decisions, ({ subject, event }) => subject === "lane" && event === "updating");

        assert.equal(text.sum("headroom_lane_update_duration_seconds_count", { kind: "update" }), updates);
        assert.ok(text.sum("headroom_update_failures_total") > 0);
        assert.deepEqual(busy.troubles, []);
      });
    });
  }
});
