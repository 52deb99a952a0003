/** Tokens and keys in the wrong place, for somebody else, out of their time, or made by the attacker. */
import assert from "node:assert/strict";
import { createHmac, createSign, generateKeyPairSync } from "node:crypto";
import { aNode, Api, tokenSecret } from "../api/harness";

describe("token confusion", () => {
  let api: Api;
  before(async () => {
    api = await Api.start();
    await api.furnish();
    const rows = [aNode({ nodeId: "node-2" }), aNode({ nodeId: "node-3", status: "starting", readyWhen: "checkin" })];
    await api.leader.ledger.commit(rows.map((row) => ({ kind: "put", table: "node", row })));
  });
  after(() => api.close());

  const nowSeconds = Math.floor(Date.now() / 1000);
  const claims = { iss: "headroom", sub: "node-1", aud: "agent", iat: nowSeconds, exp: nowSeconds + 600 };
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const sign = (
    header: object,
    payload: object,
    secret: Uint8Array | string = tokenSecret,
    hash = "sha256",
  ): string => {
    const text = `${encode(header)}.${encode(payload)}`;
    return `${text}.${createHmac(hash, secret).update(text).digest("base64url")}`;
  };
  const good = (changes: object = {}): string => sign({ alg: "HS256", typ: "JWT" }, { ...claims, ...changes });
  const heartbeat = (authorization: string, nodeId = "node-1") =>
    api.request(`/api/v1/nodes/${nodeId}/heartbeat`, {
      method: "POST",
      body: { cores: 4 },
      headers: { authorization },
    });

  it("needs a good token to be told from: one is taken", async () => {
    assert.equal((await heartbeat(`Bearer ${good()}`)).status, 200);
  });

  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const byRsa = (header: object): string => {
    const text = `${encode(header)}.${encode(claims)}`;
    return `${text}.${createSign("sha256").update(text).sign(privateKey, "base64url")}`;
  };
  const [head, payload, signature] = good().split(".") as [string, string, string];
  const forged: Readonly<Record<string, () => string>> = {
    "no algorithm": () => `${encode({ alg: "none" })}.${payload}.`,
    "no algorithm, in other letters": () => `${encode({ alg: "nOnE" })}.${payload}.`,
    "no algorithm and a signature": () => `${encode({ alg: "none" })}.${payload}.${signature}`,
    "no signature": () => `${head}.${payload}.`,
    "no third part": () => `${head}.${payload}`,
    "a signature of something else": () => `${head}.${encode({ ...claims, sub: "node-2" })}.${signature}`,
    "another algorithm of the same family": () => sign({ alg: "HS512" }, claims, tokenSecret, "sha512"),
    "an algorithm with public keys": () => byRsa({ alg: "RS256" }),
    "its own key in the header": () => byRsa({ alg: "RS256", jwk: { kty: "RSA" } }),
    "a key to be fetched": () => byRsa({ alg: "RS256", jku: "http://127.0.0.1:1/keys", x5u: "http://127.0.0.1:1/" }),
    "a key id that is a path": () => sign({ alg: "HS256", kid: "../../dev/null" }, claims, ""),
    "an empty secret": () => sign({ alg: "HS256" }, claims, ""),
    "another secret": () => sign({ alg: "HS256" }, claims, Buffer.alloc(32, 8)),
    "an extension that must be understood": () => sign({ alg: "HS256", crit: ["x"], x: 1 }, claims),
    "another issuer": () => good({ iss: "evil" }),
    "no issuer": () => good({ iss: undefined }),
    "no audience": () => good({ aud: undefined }),
    "another audience": () => good({ aud: "checkin" }),
    "no node": () => good({ sub: undefined }),
    "a node that is no text": () => good({ sub: { $ne: "" } }),
    "no end": () => good({ exp: undefined }),
    "an end in the past": () => good({ exp: nowSeconds - 1 }),
    "an end that is text": () => good({ exp: "9999999999" }),
    "a beginning in the future": () => good({ nbf: nowSeconds + 600 }),
    "another node": () => good({ sub: "node-2" }),
    "a node's id with a blank": () => good({ sub: "node-1 " }),
    "more characters than any token has": () => "a".repeat(5_000),
    "four parts": () => `${good()}.x`,
    "parts that are no Base64": () => "%%%.%%%.%%%",
    "a payload that is no JSON": () => `${head}.${Buffer.from("}{").toString("base64url")}.${signature}`,
  };
  for (const [name, token] of Object.entries(forged)) {
    it(`gains nothing: a token with ${name}`, async () => {
      const reply = await heartbeat(`Bearer ${token()}`);
      assert.equal(reply.status, 401, reply.text);
      assert.ok(!reply.text.includes(token()));
    });
  }

  it("gains nothing: an API key of any scope as a node's token", async () => {
    for (const key of Object.values(api.keys)) assert.equal((await heartbeat(`Bearer ${key}`)).status, 401);
  });

  it("gains nothing: a node's token as an API key, on any route", async () => {
    for (const route of api.routes.filter(({ access }) => access !== "node" && access !== "public")) {
      const path = route.path
        .replace("{kind}", "zone")
        .replace("{subject}", "node")
        .replace(/\{\w+\}/g, "node-1");
      const reply = await api.request(path, {
        method: route.method.toUpperCase(),
        headers: { authorization: `Bearer ${good()}` },
        body: route.body ? {} : undefined,
      });
      assert.equal(reply.status, 401, path);
    }
  });

  it("gains nothing: a key in the query, in a cookie, in another header or scheme", async () => {
    const key = api.keys.admin;
    const basic = Buffer.from(`admin:${key}`).toString("base64");
    for (const [path, headers] of [
      [`/api/v1/nodes?token=${key}`, {}],
      [`/api/v1/nodes?access_token=${key}`, {}],
      ["/api/v1/nodes", { cookie: `authorization=Bearer ${key}; token=${key}` }],
      ["/api/v1/nodes", { "x-api-key": key }],
      ["/api/v1/nodes", { authorization: `Basic ${basic}` }],
      ["/api/v1/nodes", { authorization: key }],
      ["/api/v1/nodes", { authorization: `Bearer "${key}"` }],
      ["/api/v1/nodes", { authorization: `Bearer ${key},` }],
      ["/api/v1/nodes", { authorization: `Bearer ${key.toLowerCase()}` }],
      ["/api/v1/nodes", { "proxy-authorization": `Bearer ${key}` }],
    ] as const) {
      const reply = await api.request(path, { headers });
      assert.equal(reply.status, 401, JSON.stringify([path, Object.keys(headers)]));
      assert.ok(!reply.text.includes(key));
    }
  });

  it("gains nothing: the hash of a key, which stands in the database", async () => {
    for (const { hash } of api.leader.ledger.state.apiKeys.values()) {
      for (const key of [hash, `hr_${hash}`, `hr_${Buffer.from(hash, "hex").toString("base64url")}`]) {
        assert.equal((await api.request("/api/v1/nodes", { key })).status, 401);
      }
    }
  });

  it("gains nothing: the token of a node that is gone, or a check-in repeated for one that failed", async () => {
    assert.equal((await heartbeat(`Bearer ${good({ sub: "n-gone" })}`, "n-gone")).status, 410);
    const checkin = good({ sub: "node-3", aud: "checkin" });
    const say = (status: string) =>
      api.request(`/api/set_server_status?token=${checkin}`, { method: "POST", body: { status } });
    assert.equal((await say("failed")).status, 200);
    await say("running");
    assert.notEqual(api.leader.ledger.state.nodes.get("node-3")?.status, "running");
  });
});
