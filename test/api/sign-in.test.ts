/** Browsers that sign in: what their cookie opens, and all that it must not. */
import assert from "node:assert/strict";
import { browserHeader, signInHours, signOutsMax } from "../../runtime/api/sign-in";
import { TrustedProxies } from "../../runtime/api/trusted-proxies";
import type { ApiScope } from "../../runtime/model/state";
import { SeededRng } from "../support/virtual-clock";
import { Api, type Reply, type RequestOptions } from "./harness";

const path = "/api/v1/sign-in";
const proof = { [browserHeader]: "1" };

describe("a browser's sign-in", () => {
  let api: Api;
  beforeEach(async () => {
    api = await Api.start({ proxies: TrustedProxies.parse("127.0.0.1") });
    await api.furnish();
  });
  afterEach(() => api.close());

  async function signIn(scope: ApiScope, headers: Record<string, string> = {}): Promise<string> {
    const reply = await api.request(path, { method: "POST", key: api.keys[scope], headers });
    assert.equal(reply.status, 200, reply.text);
    const given = reply.headers.get("set-cookie")!;
    assert.match(given, /; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict/);
    assert.ok(!given.includes(api.keys[scope]), "the key itself is in the cookie");
    return given.split(";")[0]!;
  }

  const ask = (target: string, cookie: string, options: RequestOptions = {}): Promise<Reply> =>
    api.request(target, { ...options, headers: { cookie, ...options.headers } });

  it("opens what its key opens, up to operator; keys and secrets of the installation never", async () => {
    for (const scope of ["viewer", "broker", "operator", "admin"] as const) {
      const cookie = await signIn(scope);
      const who = await ask(path, cookie, { headers: proof });
      assert.equal(who.body["scope"], scope === "admin" ? "operator" : scope);
      assert.equal(who.body["name"], `${scope}-key`);
      assert.equal((await ask("/api/v1/status", cookie, { headers: proof })).status, 200);
      const drain = await ask("/api/v1/nodes/node-1/drain", cookie, { method: "POST", headers: proof });
      assert.equal(drain.status, scope === "viewer" || scope === "broker" ? 403 : 200, scope);
      for (const target of ["/api/v1/api-keys", "/api/v1/secrets"]) {
        assert.equal((await ask(target, cookie, { headers: proof })).status, 403, `${scope} ${target}`);
      }
    }
  });

  it("opens nothing without the proof that our own page asks, for reading, writing and streams of every route", async () => {
    const cookie = await signIn("operator");
    const foreign: Record<string, string>[] = [
      {},
      { origin: "https://evil.example" },
      { "sec-fetch-site": "same-origin" },
      { ...proof, "sec-fetch-site": "cross-site" },
      { ...proof, "sec-fetch-site": "same-site" },
      { ...proof, "sec-fetch-site": "none" },
      { "x-requested-with": "XMLHttpRequest" },
    ];
    const before = JSON.stringify([...api.leader.ledger.state.nodes.values()]);
    for (const route of api.routes.filter(({ access }) => access !== "public" && access !== "node")) {
      const target = route.path.replace(/\{\w+\}/g, "node-1");
      for (const headers of foreign) {
        const reply = await ask(target, cookie, { method: route.method.toUpperCase(), headers });
        assert.equal(reply.status, 403, `${route.method} ${target} with ${JSON.stringify(headers)}: ${reply.text}`);
        assert.equal(reply.headers.get("set-cookie"), null);
      }
    }
    assert.equal(JSON.stringify([...api.leader.ledger.state.nodes.values()]), before);
  });

  it("can't be asked for by another site's script: its header is no answer to any preflight", async () => {
    await api.client("operator").putDefinition({
      kind: "zone",
      name: "eu",
      doc: { name: "eu", upstreamAuthAddress: "127.0.0.1:1", local: true, allowedOrigins: ["https://portal.example"] },
      owner: "test",
    });
    for (const origin of ["https://portal.example", "https://evil.example"]) {
      const reply = await api.request("/api/v1/status", {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "GET", "access-control-request-headers": browserHeader },
      });
      assert.ok(!(reply.headers.get("access-control-allow-headers") ?? "").includes(browserHeader));
      assert.equal(reply.headers.get("access-control-allow-credentials"), null);
    }
  });

  it("is refused with any character of it changed, cut or added", async () => {
    const cookie = await signIn("operator");
    const rng = new SeededRng(Number(process.env["HEADROOM_SEED"] ?? 12));
    const [name, value] = cookie.split("=") as [string, string];
    for (let round = 0; round < 60; round += 1) {
      const at = rng.below(value.length);
      const other = "ABCDabcd0123-_"[rng.below(14)]!;
      const forged = [value.slice(0, at), `${value.slice(0, at)}${other}${value.slice(at)}`, `${value}.${value}x`];
      const changed = value.slice(0, at) + other + value.slice(at + 1);
      // The last character of a seal holds two bits that mean nothing.
      if (changed.slice(0, -1) !== value.slice(0, -1)) forged.push(changed);
      for (const text of forged) {
        const reply = await ask("/api/v1/status", `${name}=${text}`, { headers: proof });
        assert.equal(reply.status, 401, `${text} (of ${value}): ${reply.text}`);
      }
    }
  });

  it("ends with its sign-out, also where its runtime starts again, and no other's does", async () => {
    const [mine, other] = [await signIn("viewer"), await signIn("viewer")];
    const out = await ask(path, mine, { method: "DELETE", headers: proof });
    assert.deepEqual([out.status, /Max-Age=0/.test(out.headers.get("set-cookie") ?? "")], [204, true]);
    await api.restart();
    assert.equal((await ask(path, mine, { headers: proof })).status, 401);
    assert.equal((await ask(path, other, { headers: proof })).status, 200);
  });

  it("ends with more sign-outs of its key than are remembered, rather than to come back", async () => {
    const cookies: string[] = [];
    for (let count = 0; count <= signOutsMax; count += 1) cookies.push(await signIn("viewer"));
    for (const cookie of cookies) {
      assert.equal((await ask(path, cookie, { method: "DELETE", headers: proof })).status, 204);
    }
    for (const cookie of cookies) assert.equal((await ask(path, cookie, { headers: proof })).status, 401);
    assert.ok((api.leader.ledger.state.apiKeys.get("viewer-key")?.signOuts?.length ?? 0) <= signOutsMax);
    const again = await signIn("viewer");
    assert.equal((await ask(path, again, { headers: proof })).status, 200);
  });

  it("ends with its key, and another key of the same name is another one", async () => {
    const admin = api.client("admin");
    const { key } = await admin.createApiKey({ name: "screen", scope: "viewer" });
    const begun = await api.request(path, { method: "POST", key });
    const cookie = begun.headers.get("set-cookie")!.split(";")[0]!;
    await admin.deleteApiKey("screen");
    assert.equal((await ask(path, cookie, { headers: proof })).status, 401);
    await admin.createApiKey({ name: "screen", scope: "viewer" });
    assert.equal((await ask(path, cookie, { headers: proof })).status, 401);
  });

  it(`ends after ${signInHours} hours`, async () => {
    const cookie = await signIn("viewer");
    const current = api.leader;
    const later = (hours: number) => ({ ...current.clock, now: () => Date.now() + hours * 3_600_000 });
    api.current = { ...current, clock: later(signInHours - 0.1) };
    assert.equal((await ask(path, cookie, { headers: proof })).status, 200);
    api.current = { ...current, clock: later(signInHours) };
    assert.equal((await ask(path, cookie, { headers: proof })).status, 401);
  });

  it("by https is a cookie of this host alone, which plain http neither gets nor shows", async () => {
    const https = { "x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https" };
    const reply = await api.request(path, { method: "POST", key: api.keys.viewer, headers: https });
    assert.match(reply.headers.get("set-cookie")!, /^__Host-headroom=.*; Path=\/;.*; Secure$/);
    const plain = await signIn("viewer");
    assert.equal((await ask(path, plain, { headers: { ...proof, ...https } })).status, 401);
  });

  it("counts wrong and good keys alike against the caller's address, and a wrong key gets no cookie", async () => {
    const strict = await Api.start({ requestsPerMinute: 5 });
    try {
      for (let count = 0; count < 5; count += 1) {
        const reply = await strict.request(path, { method: "POST", key: `hr_${"x".repeat(43)}` });
        assert.deepEqual([reply.status, reply.headers.get("set-cookie")], [401, null]);
      }
      assert.equal((await strict.request(path, { method: "POST", key: strict.keys.viewer })).status, 429);
    } finally {
      await strict.close();
    }
  });

  it("is not asked for where a program shows its key, whatever cookie comes along", async () => {
    const cookie = await signIn("viewer");
    const reply = await ask("/api/v1/nodes/node-1/drain", cookie, { method: "POST", key: api.keys.operator });
    assert.equal(reply.status, 200);
    const who = await ask(path, "headroom=nonsense", { key: api.keys.broker });
    assert.deepEqual([who.body["scope"], "untilMs" in who.body], ["broker", false]);
  });
});
