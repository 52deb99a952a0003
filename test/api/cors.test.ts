/** Scripts of other origins: those that a zone names may call the API, with a key that they hold and nothing else. */
import assert from "node:assert/strict";
import { Api } from "./harness";

const portal = "https://portal.example.com";

describe("origins", () => {
  let api: Api;
  before(async () => {
    api = await Api.start();
    await api.furnish();
  });
  after(() => api.close());

  const allow = (...allowedOrigins: string[]) =>
    api.client("operator").putDefinition({
      ...{ kind: "zone", name: "eu", owner: "test" },
      doc: { name: "eu", upstreamAuthAddress: "127.0.0.1:1", local: true, allowedOrigins },
    });
  const preflight = (origin: string, path = "/api/v1/sessions") =>
    api.request(path, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
    });
  const told = (headers: Headers): string[] =>
    [...headers.keys()].filter((name) => name.startsWith("access-control-") || name === "vary");

  it("are told nothing where no zone names any", async () => {
    await allow();
    const reply = await preflight(portal);
    assert.equal(reply.status, 405);
    assert.deepEqual(told(reply.headers), []);
    const get = await api.request("/api/v1/sessions", { key: api.keys.viewer, headers: { origin: portal } });
    assert.deepEqual([get.status, told(get.headers)], [200, []]);
  });

  it("that a zone names may ask, by preflight and for real, and read refusals too", async () => {
    await allow("https://other.example.com", portal);
    for (const path of ["/api/v1/sessions", "/api/v1/definitions/zone/eu", "/nowhere"]) {
      const reply = await preflight(portal, path);
      assert.equal(reply.status, 204);
      assert.equal(reply.headers.get("access-control-allow-origin"), portal);
      assert.match(reply.headers.get("access-control-allow-methods")!, /\bPOST\b.*\bDELETE\b/);
      for (const name of ["authorization", "content-type", "idempotency-key"]) {
        assert.ok(reply.headers.get("access-control-allow-headers")!.split(", ").includes(name));
      }
    }
    for (const [key, status] of [
      [api.keys.viewer, 200],
      [undefined, 401],
    ] as const) {
      const reply = await api.request("/api/v1/sessions", { key, headers: { origin: portal } });
      assert.equal(reply.status, status);
      assert.equal(reply.headers.get("access-control-allow-origin"), portal);
      assert.equal(reply.headers.get("vary"), "origin");
      assert.equal(reply.headers.get("access-control-allow-credentials"), null);
    }
  });

  it("that only resemble one are told nothing but that answers differ by origin", async () => {
    await allow(portal);
    const strangers = [
      "https://portal.example.com.evil.org",
      "http://portal.example.com",
      "https://evil.org",
      "null",
      "*",
    ];
    strangers.push("https://portal.example.com:8443", "https://PORTAL.example.com", "https://portal.example.com/", "");
    for (const origin of strangers) {
      const reply = await api.request("/healthz", { headers: { origin } });
      assert.deepEqual(told(reply.headers), ["vary"], origin);
      assert.equal((await preflight(origin)).status, 405, origin);
    }
  });

  it("get no preflight without asking for one, and OPTIONS stays no method of a route", async () => {
    await allow(portal);
    const reply = await api.request("/api/v1/sessions", { method: "OPTIONS", headers: { origin: portal } });
    assert.equal(reply.status, 405);
  });

  it("that a preflight was good for still need a key", async () => {
    await allow(portal);
    const reply = await api.request("/api/v1/sessions", {
      ...{ method: "POST", headers: { origin: portal }, body: { workspace: "office", userId: "ada" } },
    });
    assert.equal(reply.status, 401);
  });
});
