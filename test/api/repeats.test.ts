/** Every request that changes something may be sent twice: it honours an idempotency key, or the second has no effect. */
import assert from "node:assert/strict";
import type { Route } from "../../runtime/api/route";
import { canonicalJson } from "../../runtime/api/digest";
import { Api } from "./harness";

interface Sample {
  readonly path: string;
  readonly body?: unknown;
  /** Another good body, for the same key. */
  readonly other?: unknown;
  readonly token?: "agent" | "checkin";
}

/** Each route that changes something. A new one needs a line here. */
const creates: Readonly<Record<string, Sample>> = {
  "post /api/v1/sessions": {
    path: "/api/v1/sessions",
    body: { workspace: "office", userId: "ada" },
    other: { workspace: "office", userId: "bob" },
  },
  "post /api/v1/api-keys": {
    path: "/api/v1/api-keys",
    body: { name: "made", scope: "viewer" },
    other: { name: "else", scope: "viewer" },
  },
};
const repeatable: Readonly<Record<string, Sample>> = {
  "put /api/v1/sessions/{id}/status": { path: "/api/v1/sessions/SESSION/status", body: { status: "running" } },
  "delete /api/v1/sessions/{id}": { path: "/api/v1/sessions/SESSION" },
  "post /api/set_server_status": {
    path: "/api/set_server_status",
    body: { status: "starting", status_progress: "40" },
    token: "checkin",
  },
  "post /api/v1/nodes/{id}/heartbeat": { path: "/api/v1/nodes/node-1/heartbeat", body: { cores: 4 }, token: "agent" },
  "post /api/v1/nodes/{id}/interruption": {
    path: "/api/v1/nodes/node-1/interruption",
    body: { deadline: "2031-01-01T08:22:00Z" },
    token: "agent",
  },
  "post /api/v1/nodes/{id}/drain": { path: "/api/v1/nodes/node-1/drain" },
  "post /api/v1/nodes/{id}/undrain": { path: "/api/v1/nodes/node-1/undrain" },
  "delete /api/v1/nodes/{id}": { path: "/api/v1/nodes/node-1" },
  "post /api/v1/definitions/check": {
    path: "/api/v1/definitions/check",
    body: { kind: "pool", doc: { name: "p", type: "server" }, owner: "t" },
  },
  "put /api/v1/definitions/{kind}/{name}": {
    path: "/api/v1/definitions/pool/other",
    body: { doc: { name: "other", type: "server" }, owner: "t" },
  },
  "delete /api/v1/definitions/{kind}/{name}": { path: "/api/v1/definitions/workspace/office?owner=test" },
  "delete /api/v1/api-keys/{name}": { path: "/api/v1/api-keys/viewer-key" },
};

function nameOf({ method, path }: Route): string {
  return `${method} ${path}`;
}

describe("repeated requests", () => {
  let api: Api;
  let sessionId = "";
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
    sessionId = (await api.client("broker").requestSession({ workspace: "office", userId: "eve" })).sessionId;
  });
  afterEach(() => api.close());

  async function send(name: string, { path, body, token }: Sample, headers: Record<string, string> = {}) {
    const nowMs = Date.now();
    const issued = { nodeId: "node-1", expiresAtMs: nowMs + 60_000, nowMs };
    const key = token === undefined ? api.keys.admin : await api.tokens.issue({ ...issued, purpose: token });
    const method = name.split(" ")[0]!.toUpperCase();
    return api.request(path.replace("SESSION", sessionId), { method, key, body, headers });
  }

  /** All rows without their times. */
  async function effects(): Promise<string> {
    const { ledger } = api.leader;
    await ledger.settled();
    const { state } = ledger;
    const maps = [state.definitions, state.nodes, state.sessions, state.configStates, state.apiKeys];
    return canonicalJson(maps.map((map) => [...map])).replace(/"\w+Ms":\d+/g, "");
  }

  it("are decided for every route that changes something", async () => {
    const changing = api.routes.filter(({ method }) => method !== "get").map(nameOf);

    assert.deepEqual(changing.sort(), [...Object.keys(creates), ...Object.keys(repeatable)].sort());
    const withKey = api.routes.filter(({ takesIdempotencyKey }) => takesIdempotencyKey).map(nameOf);
    assert.deepEqual(withKey.sort(), Object.keys(creates).sort());
  });

  for (const [name, sample] of Object.entries(repeatable)) {
    it(`have no further effect: ${name}`, async () => {
      const first = await send(name, sample);
      assert.ok(first.status < 300, `${first.status} ${first.text}`);
      const after = await effects();

      const second = await send(name, sample);

      assert.ok(second.status < 300 || second.status === 404, `${second.status} ${second.text}`);
      assert.equal(await effects(), after);
    });
  }

  for (const [name, sample] of Object.entries(creates)) {
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

      const other = await send(name, { ...sample, body: sample.other }, headers);

      assert.equal(other.status, 409, other.text);
      assert.equal(other.body["code"], "conflict");
      assert.equal(await effects(), after);
    });
  }
});
