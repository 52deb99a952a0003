/** Whatever is sent, nobody but us is to blame for a 5xx: so there is none. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Route } from "../../runtime/api/route";
import { Api } from "./harness";

const names = fc.constantFrom("eu", "agents", "here", "agents-eu", "office", "other", "constructor", "toString");

/** Documents close to good ones: each field good, of the wrong type, missing, or strange. */
function near(good: Readonly<Record<string, unknown>>): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(good).map(([name, value]): [string, fc.Arbitrary<unknown>] => [
    name,
    fc.oneof({ weight: 6, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: fc.jsonValue() }, names),
  ]);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] });
}

const docs: Readonly<Record<string, fc.Arbitrary<Record<string, unknown>>>> = {
  zone: near({ name: "eu", upstreamAuthAddress: "10.0.0.1:443", local: true, loadStrategy: "mostLoad" }),
  pool: near({
    name: "agents",
    type: "server",
    staticMembers: [{ name: "m", zone: "eu", address: "10.0.0.1", cores: 4, memory: "8GiB" }],
  }),
  workspace: near({ name: "office", pools: ["agents"], zones: ["eu"], kind: "desktop", cores: 1, memory: "2GiB" }),
  vmProviderConfig: near({ name: "here", kind: "local", maxInstances: 3, settings: { region: "x", password: "y" } }),
  dnsProviderConfig: near({ name: "here", kind: "aws", settings: { region: "x" } }),
  autoscaleConfig: near({
    name: "agents-eu",
    type: "server",
    pool: "agents",
    zone: "eu",
    vmProvider: "here",
    minNodes: 1,
    maxNodes: 2,
    connectionType: "rdp",
    downscaleBackoff: "5m",
    startupScript: { text: "echo {server_id} {{x}}", osType: "linux" },
    minimumAvailableSessions: 2,
  }),
  schedule: near({
    name: "office-hours",
    autoscaleConfig: "agents-eu",
    days: ["mon"],
    start: "08:00",
    end: "18:00",
    timezone: "Europe/Berlin",
    minNodes: 1,
  }),
  stagingConfig: near({
    name: "offices",
    zone: "eu",
    workspace: "office",
    pool: "agents",
    autoscaleConfig: "agents-eu",
    sessions: 3,
    expiration: "1h",
    permissions: { audio: false, microphone: true },
  }),
};

describe("the API under strange input", function () {
  this.timeout(120_000);
  let api: Api;
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
  });
  afterEach(() => api.close());

  it("answers every body, path and query without a 5xx", async () => {
    const routes = api.routes.filter(({ access }) => access !== "public");
    const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), names);
    const request = fc.record({
      route: fc.constantFrom<Route>(...routes),
      parameters: fc.array(text, { minLength: 2, maxLength: 2 }),
      query: fc.dictionary(text, text, { maxKeys: 3 }),
      body: fc.oneof(fc.jsonValue(), fc.object({ withNullPrototype: false })),
      idempotencyKey: fc.option(fc.string()),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ route, parameters, query, body, idempotencyKey }) => {
        const filled = [...parameters];
        const path = route.path.replace(/\{\w+\}/g, () => encodeURIComponent(toWellFormed(filled.shift()!)) || "x");
        const search = Object.entries(query).map((pair) => pair.map((part) => encodeURIComponent(toWellFormed(part))));
        const headers: Record<string, string> =
          idempotencyKey !== null && /^[\x20-\x7e]*$/.test(idempotencyKey) ? { "idempotency-key": idempotencyKey } : {};
        const reply = await api.request(`${path}?${search.map((pair) => pair.join("=")).join("&")}`, {
          method: route.method.toUpperCase(),
          key: api.keys.admin,
          headers,
          ...(route.method === "get" ? {} : { body: JSON.stringify(body) ?? "null" }),
        });
        assert.ok(reply.status < 500, `${route.method} ${path}: ${reply.status} ${reply.text}`);
        if (reply.status >= 400) assert.equal(typeof reply.body["message"], "string");
      }),
      { numRuns: 400 },
    );
  });

  it("answers every near-good definition without a 5xx, and goes on working", async () => {
    const change = fc.constantFrom(...Object.keys(docs)).chain((kind) => fc.tuple(fc.constant(kind), docs[kind]!));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        for (const [kind, doc] of changes) {
          const name = typeof doc["name"] === "string" ? doc["name"] : "eu";
          const body = { doc, owner: "test" };
          const path = `/api/v1/definitions/${kind}/${encodeURIComponent(name)}`;
          const replies = [
            await api.request("/api/v1/definitions/check", {
              method: "POST",
              key: api.keys.viewer,
              body: {
                kind,
                pending: changes.map(([other, pending]) => ({ kind: other, doc: pending, owner: "t" })),
                ...body,
              },
            }),
            await api.request(path, { method: "PUT", key: api.keys.operator, body }),
            await api.request("/api/v1/plan", { key: api.keys.viewer }),
            await api.request("/api/v1/sessions", {
              method: "POST",
              key: api.keys.broker,
              body: { workspace: "office", userId: "ada" },
            }),
          ];
          for (const reply of replies) assert.ok(reply.status < 500, `${kind} ${JSON.stringify(doc)}: ${reply.text}`);
        }
      }),
      { numRuns: 100 },
    );
  });
});

/** Lone surrogates can't be put into a URL at all. */
function toWellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "?");
}
