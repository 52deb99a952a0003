/** What the server makes of HTTP itself, seen from a socket. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { deflateSync, gzipSync, brotliCompressSync } from "node:zlib";
import { bodyValuesMax } from "../../runtime/api/body";
import { Api } from "./harness";

const placeBody = JSON.stringify({ workspace: "office", userId: "ada" });

describe("a request", () => {
  let api: Api;
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
  });
  afterEach(() => api.close());

  function place(body: Buffer | string, headers: Record<string, string> = {}): Promise<Response> {
    const authorization = `Bearer ${api.keys.broker}`;
    return fetch(`${api.url}/api/v1/sessions`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json", ...headers },
      body,
    });
  }

  it("may be packed in three ways, and in no other", async () => {
    const packers = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
    for (const [encoding, pack] of Object.entries(packers)) {
      assert.equal((await place(pack(placeBody), { "content-encoding": encoding })).status, 201, encoding);
    }
    assert.equal((await place(placeBody, { "content-encoding": "constructor" })).status, 415);
    assert.equal((await place(placeBody, { "content-encoding": "gzip" })).status, 400);
  });

  it("is UTF-8, with or without a byte order mark", async () => {
    for (const type of ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']) {
      assert.equal((await place(placeBody, { "content-type": type })).status, 201, type);
    }
    assert.equal((await place(`\ufeff${placeBody}`)).status, 201);
    assert.equal((await place(placeBody, { "content-type": "application/json; charset=utf-16" })).status, 415);
    assert.equal((await place(placeBody, { "content-type": "application/jsonp" })).status, 415);
  });

  it("is refused for more values than can be judged at once, however they are nested", async () => {
    const flat = JSON.stringify(Array.from({ length: bodyValuesMax + 1 }, () => 1));
    const nested = JSON.stringify(Array.from({ length: bodyValuesMax / 2 + 1 }, () => ({ a: [] })));
    for (const body of [flat, nested]) {
      const reply = await place(body);
      assert.equal(reply.status, 413);
      assert.match(await reply.text(), new RegExp(`too many values; at most ${bodyValuesMax}`));
    }
  });

  it("by HEAD gets the head of what GET gets", async () => {
    const get = await fetch(`${api.url}/healthz`);
    const head = await fetch(`${api.url}/healthz`, { method: "HEAD" });

    assert.equal(head.status, 200);
    assert.equal(head.headers.get("content-length"), get.headers.get("content-length"));
    assert.equal(await head.text(), "");
  });

  it("for a path that only resembles a route finds nothing", async () => {
    for (const path of ["/", "/healthz/", "//healthz", "/api/v1/nodes/", "/api/v1/nodes//", "/api/v1", "/healthz/x"]) {
      const reply = await api.request(path, { key: api.keys.admin });
      assert.equal(reply.status, 404, path);
    }
  });

  it("may name scheme and host in its target", async () => {
    const [answer] = await talk(api, [`GET http://localhost:1/healthz?x=1 HTTP/1.1\r\nhost: localhost\r\n\r\n`]);

    assert.match(answer!, /^HTTP\/1\.1 400 [^]*"path":"x"/);
  });

  it("that is refused before its body was read leaves the connection to the next one", async () => {
    const body = "x".repeat(100_000);
    const head = `host: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    const answers = await talk(api, [
      `POST /api/v1/sessions HTTP/1.1\r\n${head}${body}`,
      `GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n`,
    ]);

    assert.match(answers[0]!, /^HTTP\/1\.1 401 /);
    assert.match(answers[1]!, /^HTTP\/1\.1 200 /);
  });

  it("whose body grows beyond the limit is refused without a length too", async () => {
    const head = "host: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    const chunk = `1000\r\n${"1".repeat(4096)}\r\n`;
    const [answer] = await talk(api, [`POST /api/v1/nodes/n/heartbeat HTTP/1.1\r\n${head}${chunk.repeat(5)}0\r\n\r\n`]);

    assert.match(answer!, /^HTTP\/1\.1 413 /);
  });

  it("that breaks off is nobody's fault", async () => {
    const { port } = new URL(api.url);
    const head = `authorization: Bearer ${api.keys.broker}\r\ncontent-type: application/json\r\ncontent-length: 50\r\n`;
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), "127.0.0.1", () => {
        socket.write(`POST /api/v1/sessions HTTP/1.1\r\nhost: x\r\n${head}\r\n{"work`, () => socket.destroy());
      });
      socket.once("close", () => resolve());
    });
    while (!api.logLines.some((line) => line.includes('"path":"/api/v1/sessions"'))) {
      await new Promise((wake) => setImmediate(wake));
    }

    assert.ok(!api.logLines.some((line) => line.includes('"level":"error"')), api.logLines.join(""));
    assert.equal((await place(placeBody)).status, 201);
  });
});

/** The answers to requests that are sent one behind the other on one connection. */
async function talk(api: Api, requests: readonly string[]): Promise<string[]> {
  const { port } = new URL(api.url);
  const received = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(requests.join("")));
    let text = "";
    socket.on("data", (data) => {
      text += data.toString();
      if (text.split(/(?=HTTP\/1\.1 \d{3} )/).length === requests.length && text.endsWith("}")) socket.destroy();
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
  return received.split(/(?=HTTP\/1\.1 \d{3} )/);
}
