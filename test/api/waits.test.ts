/** How long sessions waited: reckoned from what the journal says, and from nothing else. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { WaitsView } from "../../runtime/api/history-contracts";
import { waitsOf } from "../../runtime/api/waits";
import { placementOf } from "../../runtime/store/history-store";
import { Api } from "./harness";

const placed = (waits: readonly (number | undefined)[]) =>
  waits.map((waitedMs, index) => placementOf(index, `s${index}`, "c", waitedMs));

describe("waits", () => {
  it("are told by the nearest rank; what is not known counts as no wait and as no session served at once", () => {
    assert.deepEqual(waitsOf([]), { sessions: 0, unknown: 0, waited: 0 });
    assert.deepEqual(waitsOf(placed([undefined])), { sessions: 1, unknown: 1, waited: 0 });
    const atOnce = { sessions: 2, unknown: 0, waited: 0, p50Ms: 0, p95Ms: 999, longestMs: 999 };
    assert.deepEqual(waitsOf(placed([0, 999])), atOnce);
    const some = waitsOf(placed([undefined, 60_000, 0, 1_000, 0]));
    assert.deepEqual(some, {
      ...{ sessions: 5, unknown: 1, waited: 2, p50Ms: 0, p95Ms: 60_000, longestMs: 60_000, longestSession: "s1" },
    });
    const hundred = waitsOf(placed(Array.from({ length: 100 }, (_nothing, index) => (index + 1) * 1_000)));
    assert.deepEqual([hundred.p50Ms, hundred.p95Ms, hundred.longestMs], [50_000, 95_000, 100_000]);
  });

  it("are such that the share is at or below each, and fewer are below it, in any order (property)", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { minLength: 1, maxLength: 60 }), (waits) => {
        const { p50Ms, p95Ms, longestMs } = waitsOf(placed(waits));
        for (const [share, atMs] of [
          [0.5, p50Ms!],
          [0.95, p95Ms!],
          [1, longestMs!],
        ] as const) {
          assert.ok(waits.filter((each) => each <= atMs).length >= share * waits.length);
          assert.ok(waits.filter((each) => each < atMs).length < share * waits.length);
        }
        assert.deepEqual(waitsOf(placed(waits.toReversed())).p95Ms, p95Ms);
      }),
    );
  });

  it("come with each placement, also of one that waited; a config's are its own", async () => {
    const api = await Api.start();
    try {
      await api.furnish();
      const ask = async (query: string): Promise<WaitsView> => {
        const reply = await api.request(`/api/v1/waits${query}`, { key: api.keys.viewer });
        assert.equal(reply.status, 200, reply.text);
        return reply.body as WaitsView;
      };
      const before = await ask("");
      const body = { workspace: "office", userId: "ada" };
      const made = await api.request("/api/v1/sessions", { method: "POST", key: api.keys.broker, body });
      assert.ok(made.status < 300, made.text);

      const after = await ask("");

      assert.equal(after.sessions, before.sessions + 1);
      assert.equal(after.unknown, 0);
      assert.equal(after.p50Ms, 0);
      assert.equal(after.longestSession, undefined);
      const { session } = made.body as { session: { sessionId: string } };
      const { autoscaleConfig } = api.leader.ledger.state.nodes.get(
        api.leader.ledger.state.sessions.get(session.sessionId)!.nodeId!,
      )!;
      const ofConfigs = await Promise.all(
        [...api.leader.ledger.state.autoscaleConfigs.keys()].map(async (name): Promise<[string, number]> => [
          name,
          (await ask(`?config=${name}`)).sessions,
        ]),
      );
      assert.deepEqual(
        ofConfigs.filter(([, sessions]) => sessions > 0),
        autoscaleConfig === undefined ? [] : [[autoscaleConfig, after.sessions]],
      );
      const refused = await api.request("/api/v1/waits?from=5&to=5", { key: api.keys.viewer });
      assert.equal(refused.status, 400);
      assert.match(refused.text, /must be after `from`/);
    } finally {
      await api.close();
    }
  });
});
