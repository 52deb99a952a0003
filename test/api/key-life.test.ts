/** A key that was deleted is gone for good: by no file, no repeated request and no open stream is it good again. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { createApiKey, hashApiKey } from "../../runtime/api/api-keys";
import { revocationOf, revokedKeysMax, seedAdminKey } from "../../runtime/api/api-key-life";
import type { ApiKey, ApiScope } from "../../runtime/model/state";
import { HotState } from "../../runtime/store/hot-state";
import { until } from "../support/until";
import { Api, type Reply } from "./harness";

describe("the life of API keys", () => {
  let api: Api;
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
  });
  afterEach(() => api.close());

  const create = (
    body: { name: string; scope: ApiScope },
    idempotencyKey = "k1",
    key = api.keys.admin,
  ): Promise<Reply> =>
    api.request("/api/v1/api-keys", { method: "POST", key, body, headers: { "idempotency-key": idempotencyKey } });

  it("does not begin again by a repeated request, whatever its body, also after a restart", async () => {
    const body = { name: "ci", scope: "viewer" } as const;
    const first = await create(body);
    await api.client("admin").deleteApiKey("ci");

    for (const again of [body, { name: "ci", scope: "admin" }, { name: "other", scope: "operator" }] as const) {
      const reply = await create(again);
      assert.equal(reply.status, 409, reply.text);
      assert.match(reply.text, /was deleted; use a new one/);
    }
    await api.restart();
    assert.equal((await create(body)).status, 409);
    assert.equal((await api.request("/api/v1/nodes", { key: String(first.body["key"]) })).status, 401);

    const fresh = await create(body, "k2");
    assert.equal(fresh.status, 201);
    assert.notEqual(fresh.body["key"], first.body["key"]);
  });

  it("gives another key for another body, another request, another caller and each time that it was deleted", async () => {
    const admin = api.client("admin");
    const { key: second } = await admin.createApiKey({ name: "second", scope: "admin" });
    const keys = new Set<unknown>();
    const count = 6;
    for (let index = 0; index < count; index += 1) {
      const reply = await create(
        { name: "ci", scope: index % 2 ? "viewer" : "broker" },
        `k${index >> 1}`,
        index % 2 ? second : api.keys.admin,
      );
      assert.equal(reply.status, 201, reply.text);
      keys.add(reply.body["key"]);
      await admin.deleteApiKey("ci");
    }
    assert.equal(keys.size, count);
  });

  it("is not told from the request alone: the same in another installation gives another key", async () => {
    const body = { name: "ci", scope: "viewer" } as const;
    const other = await Api.start();
    try {
      const there = await other.request("/api/v1/api-keys", {
        ...{ method: "POST", key: other.keys.admin, body, headers: { "idempotency-key": "k1" } },
      });
      assert.notEqual(there.body["key"], (await create(body)).body["key"]);
    } finally {
      await other.close();
    }
  });

  it("shows the key in an answer that nobody keeps", async () => {
    const reply = await create({ name: "ci", scope: "viewer" });
    assert.equal(reply.headers.get("cache-control"), "no-store");
    const stored = JSON.stringify([...api.disk.rows.values(), ...api.disk.decisions]);
    assert.ok(!stored.includes(String(reply.body["key"])));
  });

  it("ends with its event streams, those of others go on", async () => {
    const admin = api.client("admin");
    const { key } = await admin.createApiKey({ name: "short", scope: "viewer" });
    const { sessionId } = await queuedSession();
    const listen = async (by: string) => {
      const response = await fetch(`${api.url}/api/v1/sessions/${sessionId}/events`, {
        headers: { authorization: `Bearer ${by}` },
      });
      const reader = response.body!.getReader();
      let isOver = false;
      const ended = (async () => {
        while (!(await reader.read()).done);
        isOver = true;
      })();
      return { reader, ended, isOver: () => isOver };
    };
    const [revoked, other] = [await listen(key), await listen(api.keys.viewer)];
    await until("both listen", () => api.feed.size === 2);

    await admin.deleteApiKey("short");
    // Another key of the same name is another key.
    await admin.createApiKey({ name: "short", scope: "viewer" });

    await until("the stream of the deleted key has ended", () => revoked.isOver() && api.feed.size === 1);
    assert.equal(other.isOver(), false);
    await other.reader.cancel();
    await other.ended;
  });

  async function queuedSession(): Promise<{ sessionId: string }> {
    const broker = api.client("broker");
    for (;;) {
      const session = await broker.requestSession({ workspace: "office", userId: "ada" });
      if (session.status === "queued") return session;
    }
  }

  it("ends while a body is still on its way: what then arrives does nothing", async () => {
    const admin = api.client("admin");
    const { key } = await admin.createApiKey({ name: "slow", scope: "broker" });
    const body = JSON.stringify({ workspace: "office", userId: "eve" });
    const head = [
      "POST /api/v1/sessions HTTP/1.1",
      "host: x",
      `authorization: Bearer ${key}`,
      "content-type: application/json",
      `content-length: ${body.length}`,
      "expect: 100-continue",
    ].join("\r\n");
    let text = "";
    const socket = connect(Number(new URL(api.url).port), "127.0.0.1", () => socket.write(`${head}\r\n\r\n`));
    socket.on("data", (data) => (text += data.toString()));
    try {
      await until("the head was let in", () => text.startsWith("HTTP/1.1 100 "));
      await admin.deleteApiKey("slow");
      socket.write(body);
      await until("the request is answered", () => text.includes('"code"'));

      assert.match(text, /HTTP\/1\.1 401 [^]*key \\"slow\\" was deleted/);
      assert.deepEqual(await admin.sessions(), []);
    } finally {
      socket.destroy();
    }
  });

  it("leaves one admin key of two that delete each other at the same time", async () => {
    const { key } = await api.client("admin").createApiKey({ name: "second", scope: "admin" });
    const remove = (name: string, by: string) => api.request(`/api/v1/api-keys/${name}`, { method: "DELETE", key: by });

    const statuses = await Promise.all([remove("second", api.keys.admin), remove("admin-key", key)]);

    assert.deepEqual(statuses.map(({ status }) => status).sort(), [204, 401]);
  });

  it("of a kept answer is the key's own: a later key of the same name does not get it", async () => {
    const admin = api.client("admin");
    const ask = async (key: string) =>
      (
        await api.request("/api/v1/sessions", {
          ...{ method: "POST", key, headers: { "idempotency-key": "k1" } },
          body: { workspace: "office", userId: "ada" },
        })
      ).text;
    const first = await admin.createApiKey({ name: "portal", scope: "broker" });
    const answer = await ask(first.key);
    assert.equal(await ask(first.key), answer);
    await admin.deleteApiKey("portal");
    const second = await admin.createApiKey({ name: "portal", scope: "broker" });

    assert.notEqual(await ask(second.key), answer);
  });
});

describe("the admin key of a data folder", () => {
  const nowMs = 1;
  const mine = createApiKey();
  const other: ApiKey = { name: "ops", scope: "admin", hash: hashApiKey(createApiKey()), createdAtMs: 0 };

  it("is taken by a database without keys, once, and by one with keys only where the operator says so", () => {
    const state = new HotState();
    const seed = (isAccepted: boolean) => seedAdminKey(mine, { state, nowMs, isAccepted });
    const { changes, outcome } = seed(false);
    assert.equal(outcome, "seeded");
    state.apply(changes);
    assert.equal(state.apiKeys.get("admin")?.hash, hashApiKey(mine));
    assert.equal(seed(true).outcome, "known");

    const used = new HotState();
    used.apply([{ kind: "put", table: "apiKey", row: { ...other, name: "admin" } }]);
    assert.equal(seedAdminKey(mine, { state: used, nowMs, isAccepted: false }).outcome, "not asked for");
    used.apply(seedAdminKey(mine, { state: used, nowMs, isAccepted: true }).changes);
    assert.equal(used.apiKeys.size, 2, "beside the one of the same name");
  });

  it("that was deleted is never taken again, not even where the operator says so or no key is left", () => {
    const state = new HotState();
    state.apply(seedAdminKey(mine, { state, nowMs, isAccepted: false }).changes);
    state.apply([{ kind: "put", table: "apiKey", row: other }]);
    state.apply(revocationOf(state.apiKeys.get("admin")!, state, nowMs));
    for (const left of [[], revocationOf(other, state, nowMs)]) {
      state.apply(left);
      for (const isAccepted of [false, true]) {
        const { changes, outcome } = seedAdminKey(mine, { state, nowMs, isAccepted });
        assert.deepEqual([changes, outcome], [[], "deleted"]);
      }
    }
  });

  it("is remembered among the newest deleted keys, of which there is a limit", () => {
    const state = new HotState();
    for (let index = 0; index < revokedKeysMax; index += 1) {
      state.apply([{ kind: "put", table: "revokedKey", row: { hash: `h${index}`, name: "x", revokedAtMs: index } }]);
    }
    state.apply(revocationOf(other, state, nowMs));
    assert.equal(state.revokedKeys.size, revokedKeysMax);
    assert.ok(state.revokedKeys.has(other.hash) && !state.revokedKeys.has("h0"));
  });
});
