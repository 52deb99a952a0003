/** Every request that changes something may be sent twice: it honours an idempotency key, or the second has no effect. */
import assert from "node:assert/strict";
import { canonicalJson } from "../../runtime/api/digest";
import { Api, loseNode } from "./harness";
import { nameOf, samples, type Sample } from "./samples";

/** Another good body for the same key, of each route that honours one. */
const otherBodies: Readonly<Record<string, unknown>> = {
  "post /api/v1/sessions": { workspace: "office", userId: "bob" },
  "post /api/v1/api-keys": { name: "else", scope: "viewer" },
};
const tokens: Readonly<Record<string, "agent" | "checkin">> = {
  "post /api/set_server_status": "checkin",
  "post /api/v1/nodes/{id}/heartbeat": "agent",
  "post /api/v1/nodes/{id}/interruption": "agent",
  "post /api/v1/nodes/{id}/accounts": "agent",
};
/** Each route that changes something. A new one needs a sample. */
const changing: Readonly<Record<string, Sample>> = {
  ...Object.fromEntries(Object.entries(samples).filter(([name]) => !name.startsWith("get "))),
  "delete /api/v1/definitions/{kind}/{name}": { path: "/api/v1/definitions/workspace/office?owner=test" },
};

describe("repeated requests", () => {
  let api: Api;
  let sessionId = "";
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
    await loseNode(api);
    sessionId = (await api.client("broker").requestSession({ workspace: "office", userId: "eve" })).sessionId;
  });
  afterEach(() => api.close());

  async function send(name: string, { path, body }: Sample, headers: Record<string, string> = {}) {
    const token = tokens[name];
    const nowMs = Date.now();
    const issued = { nodeId: "node-1", expiresAtMs: nowMs + 60_000, nowMs };
    const key = token === undefined ? api.keys.admin : api.tokens.issue({ ...issued, purpose: token });
    const method = name.split(" ")[0]!.toUpperCase();
    return api.request(path.replace("SESSION", sessionId), { method, key, body, headers });
  }

  /** All rows without their times. */
  async function effects(): Promise<string> {
    const { ledger } = api.leader;
    await ledger.settled();
    const { state } = ledger;
    const maps = [state.definitions, state.nodes, state.sessions, state.configStates, state.apiKeys, state.userKeys];
    return canonicalJson(maps.map((map) => [...map])).replace(/"\w+Ms":\d+/g, "");
  }

  it("are decided for every route that changes something", async () => {
    const names = api.routes.filter(({ method }) => method !== "get").map(nameOf);

    assert.deepEqual(names.sort(), Object.keys(changing).sort());
    const withKey = api.routes.filter(({ takesIdempotencyKey }) => takesIdempotencyKey).map(nameOf);
    assert.deepEqual(withKey.sort(), Object.keys(otherBodies).sort());
  });

  for (const [name, sample] of Object.entries(changing)) {
    if (name in otherBodies) continue;
    it(`have no further effect: ${name}`, async () => {
      const first = await send(name, sample);
      assert.ok(first.status < 300, `${first.status} ${first.text}`);
      const after = await effects();

      const second = await send(name, sample);

      assert.ok(second.status < 300 || second.status === 404, `${second.status} ${second.text}`);
      assert.equal(await effects(), after);
    });
  }

  for (const [name, otherBody] of Object.entries(otherBodies)) {
    const sample = changing[name]!;
    const headers = { "idempotency-key": "the-key" };

    it(`with one idempotency key make one thing and get one answer, also at the same time: ${name}`, async () => {
      const replies = await Promise.all(Array.from({ length: 12 }, () => send(name, sample, headers)));
      const after = await effects();
      await api.restart();
      const later = await send(name, sample, headers);

      assert.ok(later.status < 300, later.text);
      assert.deepEqual(new Set([...replies, later].map(({ text }) => text)).size, 1);
      assert.equal(await effects(), after);
    });

    it(`with one idempotency key and another body are refused and do nothing: ${name}`, async () => {
      await send(name, sample, headers);
      const after = await effects();

      const other = await send(name, { ...sample, body: otherBody }, headers);

      assert.equal(other.status, 409, other.text);
      assert.equal(other.body["code"], "conflict");
      assert.equal(await effects(), after);
    });
  }
});
