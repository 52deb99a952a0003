import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import type { SessionView } from "../../runtime/api/contracts";
import { readEvents, type ServerEvent } from "../../runtime/api/event-source";
import { NotFoundError } from "../../runtime/model/errors";
import type { Session } from "../../runtime/model/state";
import { until } from "../support/until";
import { Api, aNode } from "./harness";

/** Resolves as soon as it is true; fails after five seconds. */
describe("session events", () => {
  let api: Api;
  const cuts: AbortController[] = [];
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
  });
  afterEach(async () => {
    for (const cut of cuts.splice(0)) cut.abort();
    await api.close();
  });

  /** Four sessions fill the node; the fifth waits. */
  async function waiting(keepalive?: string): Promise<string> {
    const client = api.client("broker");
    for (const userId of ["a", "b", "c", "d"]) await client.requestSession({ workspace: "office", userId });
    const body = { workspace: "office", userId: "ada", ...(keepalive === undefined ? {} : { keepalive }) };
    return (await client.requestSession(body)).sessionId;
  }

  interface Watch {
    readonly status: number;
    readonly headers: Headers;
    readonly events: ServerEvent[];
    readonly comments: () => number;
    readonly ended: Promise<void>;
    readonly cut: AbortController;
  }

  async function watch(sessionId: string, options: { lastEventId?: string; key?: string } = {}): Promise<Watch> {
    const { lastEventId, key = api.keys.viewer } = options;
    const cut = new AbortController();
    cuts.push(cut);
    const response = await fetch(`${api.url}/api/v1/sessions/${sessionId}/events`, {
      headers: {
        authorization: `Bearer ${key}`,
        ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
      },
      signal: cut.signal,
    });
    const events: ServerEvent[] = [];
    let chunks = 0;
    const read = async (): Promise<void> => {
      if (!response.body || response.status !== 200) return;
      for await (const event of readEvents(response.body, () => (chunks += 1))) events.push(event);
    };
    const ended = read().catch((error: unknown) => {
      if (!cut.signal.aborted) throw error;
    });
    return { status: response.status, headers: response.headers, events, comments: () => chunks, ended, cut };
  }

  const sessionOf = ({ data }: ServerEvent) => (JSON.parse(data) as { session: SessionView }).session;

  function change(sessionId: string, patch: Partial<Session>): Promise<void> {
    const session = api.leader.ledger.state.sessions.get(sessionId)!;
    return api.leader.ledger.commit([{ kind: "put", table: "session", row: { ...session, ...patch } }]);
  }

  it("tell the requester each step from the queue to the running session, and then end", async () => {
    const sessionId = await waiting();
    const { events, ended, status, headers } = await watch(sessionId);
    await until("the first event", () => events.length === 1);
    const node = aNode({ nodeId: "node-2", status: "provisioning" });
    await api.leader.ledger.commit([{ kind: "put", table: "node", row: node }]);
    await change(sessionId, {
      reason: { code: "inFlight", text: "promised", numbers: { nodeId: "node-2", autoscaleConfig: "agents-eu" } },
    });
    await until("provisioning", () => events.length === 2);
    await api.leader.ledger.commit([
      { kind: "put", table: "node", row: { ...node, status: "starting", progressPercent: 40 } },
    ]);
    await until("waiting for check-in", () => events.length === 3);
    await api.leader.ledger.commit([{ kind: "put", table: "node", row: { ...node, status: "running" } }]);
    await change(sessionId, { status: "assigned", nodeId: "node-2" });
    await until("starting", () => events.length === 4);
    await api.client("broker").setSessionStatus(sessionId, "running");
    await ended;

    assert.equal(status, 200);
    assert.match(headers.get("content-type")!, /^text\/event-stream/);
    assert.deepEqual(
      events.map((event) => [event.event, sessionOf(event).phase]),
      [
        ["session", "queued"],
        ["session", "provisioning 0/1"],
        ["session", "waiting for check-in 40%"],
        ["session", "starting"],
        ["end", "running"],
      ],
    );
    assert.equal(sessionOf(events[0]!).position, 1);
    assert.equal(new Set(events.map(({ id }) => id)).size, 5);
    assert.equal(api.feed.size, 0);
  });

  it("tell a place that moves up, and the end with its reason", async () => {
    const first = await waiting();
    const second = (await api.client("broker").requestSession({ workspace: "office", userId: "eve" })).sessionId;
    const { events, ended } = await watch(second);
    await until("the first event", () => events.length === 1);
    await api.client("broker").releaseSession(first);
    await until("the new place", () => events.length === 2);
    await api.client("broker").releaseSession(second);
    await ended;

    assert.deepEqual(
      events.map((event) => [event.event, sessionOf(event).position, sessionOf(event).endReason]),
      [
        ["session", 2, undefined],
        ["session", 1, undefined],
        ["end", undefined, "cancelled"],
      ],
    );
  });

  it("go on where they stopped: what was seen is not sent again, and after the last one there is nothing", async () => {
    const sessionId = await waiting();
    const before = await watch(sessionId);
    await until("the first event", () => before.events.length === 1);
    before.cut.abort();
    const again = await watch(sessionId, { lastEventId: before.events[0]!.id! });
    await until("a heartbeat", () => again.comments() >= 2);
    assert.equal(again.events.length, 0);
    await api.client("broker").releaseSession(sessionId);
    await again.ended;
    assert.deepEqual(
      again.events.map(({ event }) => event),
      ["end"],
    );

    const late = await watch(sessionId);
    await late.ended;
    assert.deepEqual(late.events, again.events, "who missed the end is told it");
    const over = await watch(sessionId, { lastEventId: again.events[0]!.id! });
    assert.equal(over.status, 204);
  });

  it("are kept alive while nothing happens", async () => {
    const { comments, events } = await watch(await waiting());
    await until("three heartbeats", () => comments() >= 4);

    assert.equal(events.length, 1);
  });

  it("need a key, know no session that never was, and are limited in number", async () => {
    const sessionId = await waiting();
    assert.equal((await watch(sessionId, { key: "hr_wrong" })).status, 401);
    assert.equal((await watch("nothing")).status, 404);
    for (let count = 0; count < 20; count += 1) assert.equal((await watch(sessionId)).status, 200);
    const reply = await api.request(`/api/v1/sessions/${sessionId}/events`, { key: api.keys.viewer });
    assert.equal(reply.status, 503);
    assert.match(String(reply.body["message"]), /20 event streams are open.*poll/);

    for (const cut of cuts.splice(0)) cut.abort();
    await until("no stream left", () => api.feed.size === 0);
    assert.equal((await watch(sessionId)).status, 200);
  });

  it("leave nothing behind when clients vanish without a word", async () => {
    const sessionId = await waiting();
    const { port } = new URL(api.url);
    const sockets: Socket[] = [];
    for (let count = 0; count < 15; count += 1) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => undefined);
      const head = `GET /api/v1/sessions/${sessionId}/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${api.keys.viewer}\r\n\r\n`;
      socket.write(head);
      sockets.push(socket);
    }
    await until("fifteen streams", () => api.feed.size === 15);
    for (const socket of sockets) socket.resetAndDestroy();

    await until("no stream left", () => api.feed.size === 0);
  });

  it("end when this runtime leads no more, so that clients look for the leader", async () => {
    const { events, ended } = await watch(await waiting());
    await until("the first event", () => events.length === 1);
    api.current = { message: "another runtime leads" };

    await ended;
    assert.equal(api.feed.size, 0);
  });

  it("end when this process leads anew, because what it knew of watchers is gone", async () => {
    const { events, ended } = await watch(await waiting());
    await until("the first event", () => events.length === 1);
    await api.lead();

    await ended;
    assert.equal(api.feed.size, 0);
  });

  it("count as a sign of the requester, as reading the session does", async () => {
    const sessionId = await waiting("1m");
    const { requesters } = api;
    assert.equal(requesters.lastSeenMs(sessionId, 1), undefined);
    await api.client("viewer").session(sessionId);
    assert.ok(Date.now() - requesters.lastSeenMs(sessionId, 1)! < 60_000);
    const { cut, events } = await watch(sessionId);
    await until("the first event", () => events.length === 1);
    assert.equal(requesters.lastSeenMs(sessionId, 7), 7, "now, whenever now is");
    cut.abort();
    await until("the requester is gone", () => requesters.lastSeenMs(sessionId, 7) !== 7);
  });

  it("reach a client's program as sessions, also over a restart of the runtime", async () => {
    const sessionId = await waiting();
    const seen: (string | undefined)[] = [];
    const watching = (async () => {
      for await (const { phase, status } of api.client("viewer").watchSession(sessionId)) seen.push(phase ?? status);
    })();
    await until("the first event", () => seen.length === 1);
    const { port } = new URL(api.url);
    await api.restart(Number(port));
    await until("the client is back", () => api.feed.size === 1);
    await api.client("broker").releaseSession(sessionId);
    await watching;

    assert.deepEqual(seen, ["queued", "ended"]);
    const nobody = api.client("viewer").watchSession("nothing");
    await assert.rejects(nobody.next(), NotFoundError);
  });
});

describe("an event source", () => {
  it("reads events however they are cut into pieces, and leaves comments out", async () => {
    const text =
      'retry: 1000\n\nid: 1\nevent: session\ndata: {"a":"ü"}\n\n: still here\n\ndata: two\r\ndata: lines\r\n\r\n';
    const bytes = new TextEncoder().encode(text);
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const events: ServerEvent[] = [];
      for await (const event of readEvents(pieces(bytes, size))) events.push(event);

      assert.deepEqual(events, [
        { id: "1", event: "session", data: '{"a":"ü"}' },
        { id: undefined, event: "message", data: "two\nlines" },
      ]);
    }
  });
});

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
