/** Small requests that would become large or slow, and bodies and paths that reach for what is behind them. */
import assert from "node:assert/strict";
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import { bodyBytesMax, nodeBodyBytesMax } from "../../runtime/api/contracts";
import { Api, type Reply } from "../api/harness";

/** Longer than any single request may take on a busy machine, and far shorter than a bomb that goes off. */
const limitMs = 5_000;

describe("bombs", () => {
  let api: Api;
  before(async () => {
    api = await Api.start();
    await api.furnish();
  });
  after(() => api.close());

  async function send(path: string, body: Buffer | string, headers: Record<string, string> = {}): Promise<Reply> {
    const startedMs = performance.now();
    const response = await fetch(api.url + path, {
      method: path.endsWith("check") || path.endsWith("sessions") || path.includes("heartbeat") ? "POST" : "PUT",
      headers: { authorization: `Bearer ${api.keys.operator}`, "content-type": "application/json", ...headers },
      body,
    });
    const text = await response.text();
    assert.ok(performance.now() - startedMs < limitMs, "it took too long");
    assert.ok(text.length < 100_000, "the answer is a bomb itself");
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: JSON.parse(text) as Record<string, unknown>,
    };
  }

  const zone = "/api/v1/definitions/zone/bomb";
  const doc = (inner: string): string => `{"owner":"test","doc":${inner}}`;
  const texts: Readonly<Record<string, readonly [string, ...number[]]>> = {
    "100,000 lists in each other": ["[".repeat(100_000), 400],
    "100,000 closed lists in each other": [doc("[".repeat(100_000) + "]".repeat(100_000)), 400, 413],
    "50,000 objects in each other": [doc('{"a":'.repeat(50_000) + "1" + "}".repeat(50_000)), 400, 413],
    "200,000 empty objects": [doc(`[${"{},".repeat(200_000)}{}]`), 413],
    "100,000 fields of one object": [doc(`{${Array.from({ length: 100_000 }, (_, i) => `"${i}":1`).join()}}`), 413],
    "one field 80,000 times": [doc(`{${'"a":1,'.repeat(80_000)}"a":1}`), 400, 413],
    "a million blanks": [`${" ".repeat(1_000_000)}{}`, 400],
    "a number of 100,000 digits": [doc(`{"name":${"9".repeat(100_000)}}`), 400],
    "a number with an exponent": [doc('{"name":1e999999999}'), 400],
    "a name of a megabyte": [doc(`{"name":"${"a".repeat(1_000_000)}"}`), 400],
    "100,000 escapes": [doc(`{"name":"${"\\u0041".repeat(100_000)}"}`), 400],
    "40,000 backslashes and quotes": [doc(`{"name":"${'\\\\\\"'.repeat(40_000)}"}`), 400],
    "more than the limit": [doc(`{"name":"${"a".repeat(bodyBytesMax)}"}`), 413],
    "a text that a pattern could stumble over": [
      doc(`{"name":"bomb","upstreamAuthAddress":"${"a-".repeat(149)}"}`),
      400,
    ],
    "host labels without end": [doc(`{"name":"bomb","upstreamAuthAddress":"${"a.".repeat(149)}!"}`), 400],
  };
  for (const [name, [text, ...statuses]] of Object.entries(texts)) {
    it(`does not go off: ${name}`, async () => {
      const reply = await send(zone, text);
      assert.ok(statuses.includes(reply.status), `${reply.status} ${reply.text.slice(0, 300)}`);
    });
  }

  const packers = {
    gzip: (bytes: Buffer) => gzipSync(bytes, { level: 1 }),
    deflate: (bytes: Buffer) => deflateSync(bytes, { level: 1 }),
    br: (bytes: Buffer) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  };
  const large = Buffer.alloc(100 * 2 ** 20, "a");
  for (const [encoding, pack] of Object.entries(packers)) {
    it(`does not go off: 100 MB packed with ${encoding}, for callers and for nodes`, async () => {
      const packed = pack(large);
      assert.ok(packed.length < bodyBytesMax);
      const before = process.memoryUsage().rss;
      const reply = await send(zone, packed, { "content-encoding": encoding });
      assert.equal(reply.status, 413);
      assert.ok(process.memoryUsage().rss - before < 50 * 2 ** 20, "it was unpacked");
      const node = await send("/api/v1/nodes/n/heartbeat", pack(Buffer.alloc(nodeBodyBytesMax + 1, "a")), {
        "content-encoding": encoding,
      });
      assert.equal(node.status, 413);
    });
  }

  it("does not go off: a bomb in a bomb is no JSON", async () => {
    const reply = await send(zone, gzipSync(gzipSync(Buffer.alloc(2 ** 20))), { "content-encoding": "gzip" });
    assert.equal(reply.status, 400);
    assert.equal((await send(zone, gzipSync("{}"), { "content-encoding": "gzip, gzip" })).status, 415);
  });

  it("does not go off: 20,000 warnings or problems are told in a few lines", async () => {
    for (const text of ["{bad ".repeat(20_000), "}".repeat(20_000), "{{".repeat(20_000) + "{"]) {
      const body = { kind: "autoscaleConfig", owner: "t", doc: { name: "x", type: "server", startupScript: { text } } };
      const reply = await send("/api/v1/definitions/check", JSON.stringify(body));
      assert.equal(reply.status, 200);
    }
  });

  const prototypes = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"];
  it("reaches nothing behind the objects: names that JavaScript gives a meaning", async () => {
    const reach = '{"polluted":true,"prototype":{"polluted":true},"scope":"admin","local":true}';
    for (const name of prototypes) {
      for (const [path, text] of [
        [
          zone,
          `{"owner":"test","doc":{"name":"bomb","upstreamAuthAddress":"127.0.0.1:1","local":true,"${name}":${reach}}}`,
        ],
        [zone, `{"owner":"test","doc":{"name":"bomb"},"${name}":${reach}}`],
        ["/api/v1/sessions", `{"workspace":"office","userId":"eve","${name}":${reach}}`],
        ["/api/v1/sessions", `{"workspace":"office","userId":"eve","permissions":{"${name}":${reach}}}`],
        ["/api/v1/sessions", `{"workspace":"${name}","userId":"eve"}`],
        ["/api/v1/definitions/check", `{"kind":"${name}","owner":"t","doc":${reach}}`],
        [
          "/api/v1/definitions/vmProviderConfig/x",
          `{"owner":"t","doc":{"name":"x","kind":"${name}","maxInstances":1,"settings":{}}}`,
        ],
      ] as const) {
        const reply = await send(path, text);
        assert.ok(reply.status === 400 || reply.status === 404, `${path} ${text}: ${reply.text}`);
      }
    }
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    assert.equal(Object.keys(Object.prototype).length, 0);
  });

  it("reaches nothing behind the objects: such names in paths and queries", async () => {
    for (const name of prototypes) {
      for (const path of [
        `/api/v1/definitions/${name}`,
        `/api/v1/definitions/zone/${name}`,
        `/api/v1/nodes/${name}`,
        `/api/v1/explain/${name}/x`,
        `/api/v1/decisions?${name}=1`,
        `/api/v1/decisions?${name}[a]=1`,
        `/${name}`,
        `/api/v1/${name}`,
      ]) {
        const { status } = await api.request(path, { key: api.keys.viewer });
        assert.ok(status === 400 || status === 404, `${path}: ${status}`);
      }
    }
  });

  it("reaches no other route: dots, doubled and escaped slashes, backslashes, NULs and parameters in paths", async () => {
    const tricks = [
      "/healthz/../api/v1/nodes",
      "/./api/v1/nodes",
      "//api/v1/nodes",
      "/api//v1/nodes",
      "/api/v1/nodes/",
    ];
    tricks.push("/%61pi/v1/nodes", "/api%2fv1%2fnodes", "/api/v1/nodes;x=y", "/api\\v1\\nodes", "/api/v1/nodes%00");
    tricks.push(
      "/API/v1/nodes",
      "/api/v1/nodes#",
      "/api/v1/nodes%20",
      "/api/v1/nodes/%2e%2e",
      "/api/v1/nodes/..;/lanes",
    );
    tricks.push(
      "/api/v1/nodes/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
      "/..%c0%af..%c0%afetc/passwd",
      "/api/v1/definitions/zone/..%2fpool",
    );
    const { hostname, port } = new URL(api.url);
    const { request } = await import("node:http");
    for (const path of tricks) {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const headers = { authorization: `Bearer ${api.keys.admin}` };
        const sent = request({ hostname, port, path, headers, agent: false }, (response) => {
          response.resume().on("end", () => resolve(response.statusCode));
        });
        sent.on("error", reject).end();
      });
      assert.ok(status === 404 || status === 400, `${path}: ${status}`);
    }
  });

  it("fills no memory: 200 kept answers take less than a megabyte", async () => {
    const { ledger } = api.leader;
    const ask = (index: number) =>
      api.request("/api/v1/sessions", {
        ...{ method: "POST", key: api.keys.broker, headers: { "idempotency-key": `k${index}` } },
        body: { workspace: "office", userId: `user-${index}` },
      });
    for (let index = 0; index < 200; index += 1) await ask(index);
    assert.ok(ledger.state.idempotentBytes.value < 200 * 4_000, "an answer is a few kB at most");
  });
});
