/** The stream of what has changed: whole once, then each change once, durable, bounded, resumed or begun anew. */
import assert from "node:assert/strict";
import { readEvents } from "../../runtime/api/event-source";
import type { FleetEvent } from "../../runtime/api/fleet-event-contracts";
import { ChangedIds, FleetChanges } from "../../runtime/api/fleet-changes";
import { FleetFeed } from "../../runtime/api/fleet-feed";
import type { RouteContext } from "../../runtime/api/route";
import { realClock } from "../../runtime/model/real-clock";
import { HotState } from "../../runtime/store/hot-state";
import { until } from "../support/until";
import { Api, aNode } from "./harness";

interface Told {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: FleetEvent;
}

interface Watch {
  readonly status: number;
  readonly told: Told[];
  readonly chunks: () => number;
  readonly ended: Promise<void>;
  cut(): void;
}

describe("the stream of events", () => {
  let api: Api;
  const cuts: (() => void)[] = [];
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
  });
  afterEach(async () => {
    for (const cut of cuts.splice(0)) cut();
    await api.close();
  });

  async function watch(options: { lastEventId?: string; key?: string } = {}): Promise<Watch> {
    const { lastEventId, key = api.keys.viewer } = options;
    const abort = new AbortController();
    cuts.push(() => abort.abort());
    const response = await fetch(`${api.url}/api/v1/events`, {
      headers: {
        authorization: `Bearer ${key}`,
        ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
      },
      signal: abort.signal,
    });
    const told: Told[] = [];
    let chunks = 0;
    const read = async (): Promise<void> => {
      if (!response.body || response.status !== 200) return;
      for await (const { event, id, data } of readEvents(response.body, () => (chunks += 1))) {
        told.push({ event, id, data: JSON.parse(data) as FleetEvent });
      }
    };
    const ended = read().catch((error: unknown) => {
      if (!abort.signal.aborted) throw error;
    });
    return { status: response.status, told, chunks: () => chunks, ended, cut: () => abort.abort() };
  }

  const putNode = (nodeId: string, changes: Parameters<typeof aNode>[0] = {}) =>
    api.leader.ledger.commit([{ kind: "put", table: "node", row: aNode({ nodeId, ...changes }) }]);
  const last = ({ told }: Watch): FleetEvent => told.at(-1)!.data;

  it("begins with everything and then tells each change once, with counts as they are", async () => {
    const seen = await watch();
    await until("the beginning", () => seen.told.length === 1);
    assert.equal(seen.told[0]!.event, "whole");
    assert.deepEqual(last(seen).configs, [
      { autoscaleConfig: "agents-eu", nodes: { running: 1 }, sessions: 0, waiting: 0 },
    ]);
    const { sessionId } = await api.client("broker").requestSession({ workspace: "office", userId: "ada" });
    await until("the session", () => seen.told.some(({ data }) => data.changed["session"]?.includes(sessionId)));
    assert.deepEqual([last(seen).configs[0]!.sessions, last(seen).sessions], [1, { assigned: 1 }]);
    assert.ok(last(seen).changed["decision"]!.length > 0);
    await putNode("node-2", { status: "starting" });
    await until("the node", () => last(seen).changed["node"]?.includes("node-2"));

    assert.deepEqual(last(seen).nodes, { running: 1, starting: 1 });
    assert.deepEqual(last(seen).configs[0]!.nodes, { running: 1, starting: 1 });
    assert.ok(seen.told.slice(1).every(({ event, id, data }) => event === "change" && id === data.revision));
    await api.leader.ledger.commit([{ kind: "delete", table: "node", id: "node-2" }]);
    await until("its end", () => last(seen).nodes["starting"] === undefined);
    assert.deepEqual(last(seen).configs[0]!.nodes, { running: 1 });
    assert.deepEqual(last(seen).changed["node"], ["node-2"]);
  });

  it("tells a burst in a few events, names at most 200 of a kind, and says of which there were more", async () => {
    const seen = await watch();
    await until("the beginning", () => seen.told.length === 1);
    for (let index = 0; index < 500; index += 1) void putNode(`burst-${index}`);
    await until("all of it", () => last(seen).nodes["running"] === 501);

    assert.ok(seen.told.length <= 6, `${seen.told.length} events`);
    assert.ok(seen.told.some(({ data }) => data.many.includes("node")));
    for (const { data } of seen.told) for (const ids of Object.values(data.changed)) assert.ok(ids.length <= 200);
  });

  it("goes on where a client has stopped, and begins anew for one that missed too much or has seen another term", async () => {
    const first = await watch();
    await until("the beginning", () => first.told.length === 1);
    await putNode("seen");
    await until("a change", () => first.told.length === 2);
    first.cut();
    await first.ended;
    await putNode("missed-1");
    await putNode("missed-2");

    const again = await watch({ lastEventId: first.told[1]!.id! });
    await until("what was missed", () => again.told.length > 0);
    assert.equal(again.told[0]!.event, "change");
    const missed = () => again.told.flatMap(({ data }) => data.changed["node"] ?? []);
    await until("both", () => missed().length >= 2);
    assert.deepEqual(missed().sort(), ["missed-1", "missed-2"]);

    for (const lastEventId of ["1-999999", "99-1", "nonsense", ""]) {
      const anew = await watch({ lastEventId });
      await until("everything", () => anew.told.length > 0);
      assert.equal(anew.told[0]!.event, "whole", lastEventId);
      anew.cut();
      await until("one less", () => api.fleetFeed.size === 1);
    }
  });

  it("tells nothing of signs of life, and shows that it lives by comments", async () => {
    const seen = await watch();
    await until("the beginning", () => seen.told.length === 1);
    const node = api.leader.ledger.state.nodes.get("node-1")!;
    api.leader.ledger.state.noteSignOfLife({ ...node, lastHeartbeatMs: Date.now() + 5 });
    const before = seen.chunks();
    await until("two comments", () => seen.chunks() >= before + 2);

    assert.equal(seen.told.length, 1);
  });

  it("ends when this process leads no more or anew, and when the key is deleted", async () => {
    const { current } = api;
    const first = await watch();
    await until("the beginning", () => first.told.length === 1);
    api.current = { message: "another leads" };
    await first.ended;
    api.current = current;
    const second = await watch();
    await until("the beginning", () => second.told.length === 1);
    await api.lead();
    await second.ended;
    const third = await watch();
    await until("the beginning", () => third.told.length === 1);
    assert.equal(third.told[0]!.event, "whole");
    await api.client("admin").deleteApiKey("viewer-key");
    await third.ended;
    await until("nobody listens", () => api.fleetFeed.size === 0);
  });

  it("has so many streams for each key and no more, and forgets those that vanish", async () => {
    const streams = await Promise.all([watch(), watch(), watch()]);
    await until("all begin", () => streams.every(({ told }) => told.length === 1));
    const refused = await watch();
    assert.equal(refused.status, 503);
    const other = await watch({ key: api.keys.operator });
    assert.equal(other.status, 200);
    streams[0]!.cut();
    await until("one less", () => api.fleetFeed.size === 3);
    assert.equal((await watch()).status, 200);
  });
});

describe("what has changed", () => {
  it("is kept for a while and never grows without end", () => {
    const state = new HotState();
    const changes = new FleetChanges(state);
    for (let step = 1; step <= 1_000; step += 1) {
      for (let index = 0; index < 300; index += 1) changes.note("session", `${step}-${index}`);
      assert.ok(changes.endStep());
    }
    assert.equal(changes.since(1), undefined);
    assert.equal(changes.since(1_001), undefined);
    assert.deepEqual([...changes.since(999)!.many], ["session"]);
    assert.ok(changes.since(1_000)!.isEmpty);
    assert.equal(changes.endStep(), false);
  });

  it("of several steps is all of it, and what was too much in one is too much in all", () => {
    const [few, many] = [new ChangedIds(), new ChangedIds()];
    few.add("node", "a");
    few.add("lane", "l");
    for (let index = 0; index < 201; index += 1) many.add("node", `n${index}`);
    few.addAll(many);
    assert.deepEqual([few.byKind(), [...few.many]], [{ lane: ["l"] }, ["node"]]);
  });
});

describe("event streams that never opened", () => {
  it("count as long as their term lasts, and no longer: the store that they waited for was lost", async () => {
    const api = await Api.start();
    try {
      const apiKey = { name: "page" };
      const contextOf = (leader: object) =>
        ({ backend: { clock: realClock }, leader: () => leader, apiKey }) as unknown as RouteContext;
      const feed = new FleetFeed({ streamsOfKeyMax: 1 });
      feed.answer(contextOf(api.leader));

      assert.throws(() => feed.answer(contextOf(api.leader)), /key "page" has 1 event streams open/);
      feed.answer(contextOf({ ...api.leader }));
    } finally {
      await api.close();
    }
  });
});
