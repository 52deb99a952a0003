import assert from "node:assert/strict";
import { keepAnswer, type KeptMax } from "../../runtime/api/idempotency";
import { HotState } from "../../runtime/store/hot-state";
import { Api } from "./harness";

const body = { workspace: "office", userId: "ada" };

describe("an idempotency key", () => {
  let api: Api;
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
  });
  afterEach(() => api.close());

  const post = (key: string, changes: { body?: unknown; apiKey?: string } = {}) =>
    api.request("/api/v1/sessions", {
      method: "POST",
      key: changes.apiKey ?? api.keys.broker,
      body: changes.body ?? body,
      headers: { "idempotency-key": key },
    });

  it("makes one session of many requests, also at the same time, with one and the same answer", async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => post("k1")));
    const later = await post("k1");

    assert.deepEqual(new Set(replies.map((reply) => reply.text)), new Set([later.text]));
    assert.equal(later.status, 201);
    assert.equal((await api.client("viewer").sessions()).length, 1);
  });

  it("gives the same answer after the runtime was killed and started again", async () => {
    const first = await post("k1");
    await api.restart();

    const again = await post("k1");

    assert.equal(again.status, first.status);
    assert.deepEqual(again.body, first.body);
    assert.equal((await api.client("viewer").sessions()).length, 1);
  });

  it("gives the answer of the request even when the session has changed since", async () => {
    const first = await post("k1");
    const { sessionId } = first.body["session"] as { sessionId: string };
    await api.client("broker").releaseSession(sessionId);

    assert.deepEqual((await post("k1")).body, first.body);
  });

  it("is refused with another body", async () => {
    await post("k1");

    const other = await post("k1", { body: { ...body, userId: "bob" } });

    assert.equal(other.status, 409);
    assert.match(String(other.body["message"]), /another body/);
  });

  it("takes the same body with its fields in another order", async () => {
    const first = await post("k1");

    assert.deepEqual((await post("k1", { body: { userId: "ada", workspace: "office" } })).body, first.body);
  });

  it("belongs to its caller: another API key may use the same", async () => {
    await post("k1");
    const other = await post("k1", { apiKey: api.keys.admin });

    assert.equal(other.status, 201);
    assert.equal((await api.client("viewer").sessions()).length, 2);
  });

  it("keeps no answer of a refused request", async () => {
    const refused = await post("k1", { body: { workspace: "unknown", userId: "ada" } });
    assert.ok(refused.status >= 400 && refused.status < 500, refused.text);

    assert.equal((await post("k1")).status, 201);
  });

  it("must be visible ASCII of at most 200 characters", async () => {
    for (const key of ["x".repeat(201), "a b"]) {
      const reply = await post(key);
      assert.equal(reply.status, 400);
      assert.equal(reply.body["path"], "Idempotency-Key");
    }
  });

  it("gives the same API key again without its plain text being kept", async () => {
    const create = () =>
      api.request("/api/v1/api-keys", {
        method: "POST",
        key: api.keys.admin,
        body: { name: "ci", scope: "viewer" },
        headers: { "idempotency-key": "k1" },
      });
    const first = await create();
    await api.restart();
    const again = await create();

    assert.equal(first.status, 201);
    assert.deepEqual(again.body, first.body);
    const stored = JSON.stringify([...api.disk.rows.values()]);
    assert.ok(!stored.includes(String(first.body["key"])));
    assert.equal((await api.request("/api/v1/nodes", { key: String(first.body["key"]) })).status, 200);
  });

  it("of an API key is refused for another name", async () => {
    const create = (name: string) =>
      api.request("/api/v1/api-keys", {
        method: "POST",
        key: api.keys.admin,
        body: { name, scope: "viewer" },
        headers: { "idempotency-key": "k1" },
      });
    await create("one");

    assert.equal((await create("two")).status, 409);
  });
});

describe("kept answers", () => {
  const nowMs = 1_000_000;
  const answerOf = (size: number) => ({ status: 201, body: { text: "x".repeat(size) } });
  const keep = (state: HotState, key: string, size: number, max: KeptMax) =>
    state.apply(keepAnswer({ key, body: {}, answer: answerOf(size) }, state, nowMs, max));

  it("stay within their limit of bytes, whatever their sizes: the oldest go, as many as are in the way", () => {
    const max = { answers: 1_000, bytes: 50_000 };
    const state = new HotState();
    for (let index = 0; index < 400; index += 1) {
      keep(state, `k${index}`, (index * 7919) % 12_000, max);
      assert.ok(state.idempotentBytes.value <= max.bytes, `${state.idempotentBytes.value} after ${index}`);
      assert.ok(state.idempotentAnswers.has(`k${index}`));
    }
    assert.ok(state.idempotentAnswers.size > 2);
    const keys = [...state.idempotentAnswers.keys()].map((key) => Number(key.slice(1)));
    assert.deepEqual(
      keys,
      [...keys.keys()].map((index) => 400 - keys.length + index),
      "the newest stay",
    );
  });

  it("stay within their number, and the sum of their bytes follows each that comes or goes", () => {
    const state = new HotState();
    for (let index = 0; index < 50; index += 1) keep(state, `k${index}`, 10, { answers: 10, bytes: 1e9 });
    assert.equal(state.idempotentAnswers.size, 10);
    for (const id of [...state.idempotentAnswers.keys()]) {
      state.apply([{ kind: "delete", table: "idempotentAnswer", id }]);
    }
    assert.equal(state.idempotentBytes.value, 0);
  });
});
