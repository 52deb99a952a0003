import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { connect } from "node:net";
import { SetupError } from "../../runtime/model/errors";
import { listen } from "../../runtime/api/listen";
import { Api } from "./harness";

describe("the HTTP server", () => {
  let api: Api;
  before(async () => {
    api = await Api.start();
    await api.furnish();
  });
  after(() => api.close());

  const put = (doc: unknown) =>
    api.request("/api/v1/definitions/pool/agents", { method: "PUT", key: api.keys.admin, body: doc });

  it("refuses JSON that could not be kept, with the path", async () => {
    const deep = `{"owner":"t","doc":${'{"a":'.repeat(5000)}1${"}".repeat(5000)}}`;
    assert.match(String((await put(deep)).body["message"]), /deeper than 40/);

    const wrong: [string, string][] = [
      ['{"owner":"t","doc":{"name":"a\\u0000b"}}', "doc.name"],
      ['{"owner":"t","doc":{"name":"\\ud800"}}', "doc.name"],
      ['{"owner":"t","doc":{"list":[1,1e999]}}', "doc.list[1]"],
      ['{"owner":"t","doc":{"a":{"__proto__":{"x":1}}}}', "doc.a"],
    ];
    for (const [body, path] of wrong) {
      const reply = await put(body);
      assert.equal(reply.status, 400, body);
      assert.equal(reply.body["path"], path, body);
    }
  });

  it("takes very deep arrays as bad input, not as a fault", async () => {
    const nested = (depth: number) => put(`{"owner":"t","doc":{"a":${"[".repeat(depth)}${"]".repeat(depth)}}}`);

    assert.equal((await nested(40_000)).status, 400);
    assert.equal((await nested(100_000)).status, 413, "more values than a body may have");
  });

  it("answers what is no HTTP with a JSON error", async () => {
    const { port } = new URL(api.url);
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1", () => socket.write("NONSENSE\r\n\r\n"));
      let received = "";
      socket.on("data", (data) => (received += data.toString()));
      socket.on("close", () => resolve(received));
      socket.on("error", reject);
    });

    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.match(text, /\{"code":"config"/);
  });

  it("answers unknown routes and bad escapes with JSON and no stack trace", async () => {
    const unknown = await api.request("/api/v1/nothing", { key: api.keys.admin });
    assert.equal(unknown.status, 404);
    assert.deepEqual(Object.keys(unknown.body).sort(), ["code", "message", "path"]);

    const escaped = await api.request("/api/v1/nodes/%E0%A4%A", { key: api.keys.admin });
    assert.equal(escaped.status, 400);
    assert.ok(!escaped.text.includes("at "), escaped.text);
  });

  it("reads no body of callers without a key", async () => {
    const reply = await api.request("/api/v1/sessions", { method: "POST", body: "{ not json" });

    assert.equal(reply.status, 401);
  });

  it("takes compressed bodies only up to the limit after unpacking", async () => {
    const { gzipSync } = await import("node:zlib");
    const packed = gzipSync(JSON.stringify({ workspace: "x".repeat(3_000_000), userId: "ada" }));
    const response = await fetch(`${api.url}/api/v1/sessions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${api.keys.broker}`,
        "content-type": "application/json",
        "content-encoding": "gzip",
      },
      body: packed,
    });

    assert.equal(response.status, 413);
  });

  it("answers a fault of ours with a request id and a constant message, and logs it", async () => {
    const { current } = api;
    const leader = { ...api.leader, plan: () => failWith("inner detail") };
    api.current = leader;
    const reply = await api.request("/api/v1/plan", { key: api.keys.viewer });
    api.current = current;

    assert.equal(reply.status, 500);
    assert.deepEqual(Object.keys(reply.body).sort(), ["code", "message", "requestId"]);
    assert.ok(!reply.text.includes("inner detail"));
    const line = api.logLines.find((logged) => logged.includes(`"requestId":"${String(reply.body["requestId"])}"`))!;
    assert.match(line, /inner detail/);
  });

  it("answers 503 with the leader's address while it stands by, and is healthy", async () => {
    const { current } = api;
    api.current = { message: "another runtime leads", leaderUrl: "http://10.0.0.1:8700" };
    const refused = await api.request("/api/v1/nodes", { key: api.keys.viewer });
    const health = await api.request("/healthz");
    api.current = current;

    assert.equal(refused.status, 503);
    assert.equal(refused.body["code"], "unavailable");
    assert.equal(refused.body["leader"], "http://10.0.0.1:8700");
    assert.equal(refused.headers.get("retry-after"), "1");
    assert.equal(health.status, 200);
    assert.equal(health.body["status"], "standby");
  });

  it("limits the requests of one address when asked to", async () => {
    const limited = await Api.start({ requestsPerMinute: 3 });
    try {
      for (let count = 0; count < 3; count += 1) assert.equal((await limited.request("/healthz")).status, 200);
      const reply = await limited.request("/healthz");

      assert.equal(reply.status, 429);
      assert.equal(reply.body["code"], "rateLimited");
      assert.ok(reply.headers.get("retry-after"));
    } finally {
      await limited.close();
    }
  });

  it("answers HEAD like GET without a body, and refuses it for a stream of events, which has no end", async () => {
    const { sessionId } = await api.client("broker").requestSession({ workspace: "office", userId: "ada" });
    const head = (path: string) =>
      fetch(api.url + path, {
        method: "HEAD",
        headers: { authorization: `Bearer ${api.keys.viewer}` },
        signal: AbortSignal.timeout(10_000),
      });

    assert.equal((await head(`/api/v1/sessions/${sessionId}`)).status, 200);
    const refused = await head(`/api/v1/sessions/${sessionId}/events`);
    assert.equal(refused.status, 405);
    assert.equal(refused.headers.get("allow"), "GET");
  });

  it("cuts off with 408 who does not send the request to its end, before and after the headers", async () => {
    const timeOuts = { headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 50 };
    const app: RequestListener = (request, response) => void request.resume().on("end", () => response.end());
    const listening = await listen({ host: "127.0.0.1", port: 0, app, timeOuts });
    try {
      for (const begun of [
        "POST / HTTP/1.1\r\nhost: x\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf",
      ]) {
        const text = await new Promise<string>((resolve, reject) => {
          const socket = connect(listening.port, "127.0.0.1", () => socket.write(begun));
          let received = "";
          socket.on("data", (data) => (received += data.toString()));
          socket.on("close", () => resolve(received));
          socket.on("error", reject);
        });
        assert.match(text, /^HTTP\/1\.1 408 .*"code":"timeout"/s);
      }
    } finally {
      await listening.close(100);
    }
  });

  it("sends headers that keep browsers from doing harm", async () => {
    const { headers } = await api.request("/healthz");

    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
    assert.equal(headers.get("x-powered-by"), null);
  });

  it("says in one sentence that the port is taken", async () => {
    const port = Number(new URL(api.url).port);

    await assert.rejects(
      listen({ host: "127.0.0.1", port, app: () => undefined }),
      (error) => error instanceof SetupError && error.message.includes(`port ${port} on 127.0.0.1 is taken`),
    );
  });
});

function failWith(message: string): never {
  throw new Error(message);
}
