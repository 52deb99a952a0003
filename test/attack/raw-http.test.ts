/** Requests that two readers could understand differently, and such as no reader should take: none has an effect. */
import assert from "node:assert/strict";
import { Api } from "../api/harness";
import { head, speak, statusesOf } from "./wire";

const order = JSON.stringify({ workspace: "office", userId: "eve" });

describe("raw HTTP", () => {
  let api: Api;
  before(async () => {
    const timeOuts = { headersTimeout: 400, requestTimeout: 600, connectionsCheckingInterval: 100 };
    api = await Api.start({ timeOuts });
    await api.furnish();
  });
  after(() => api.close());

  const port = (): number => Number(new URL(api.url).port);
  const sessions = (): number => api.leader.ledger.state.sessions.size;
  const bearer = (): string => `authorization: Bearer ${api.keys.broker}`;
  const post = (...more: readonly string[]): string =>
    head("POST /api/v1/sessions HTTP/1.1", "host: x", bearer(), "content-type: application/json", ...more);
  const get = (...more: readonly string[]): string => head("GET /healthz HTTP/1.1", "host: x", ...more);
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
  const hidden = (): string => post(`content-length: ${order.length}`) + order;

  /** What is sent, and the statuses that may come back; an empty list: closed without a word. */
  const attacks: Readonly<Record<string, readonly [() => string, ...(readonly number[])[]]>> = {
    "length and chunks, length first": [
      () => post(`content-length: ${order.length}`, "transfer-encoding: chunked") + chunk(order) + "0\r\n\r\n",
      [400],
    ],
    "chunks and length, with a request hidden in the rest": [
      () => post("transfer-encoding: chunked", "content-length: 4") + "0\r\n\r\n" + hidden(),
      [400],
    ],
    "two lengths that differ": [() => post(`content-length: ${order.length}`, "content-length: 0") + order, [400]],
    "two lengths that agree": [
      () => post(`content-length: ${order.length}`, `content-length: ${order.length}`) + order,
      [400],
    ],
    "a length in a list": [() => post(`content-length: ${order.length}, ${order.length}`) + order, [400]],
    "a length with a sign": [() => post(`content-length: +${order.length}`) + order, [400]],
    "a negative length": [() => post("content-length: -1") + order, [400]],
    "a hexadecimal length": [() => post("content-length: 0x2f") + order, [400]],
    "a length with a blank inside": [() => post("content-length: 4 7") + order, [400]],
    "a length beyond all numbers": [() => post("content-length: 99999999999999999999999") + order, [400]],
    "an empty length": [() => post("content-length:") + order, [400], [400, 400], [415, 400], [400, 408]],
    "chunks that are no last coding": [
      () => post("transfer-encoding: chunked, identity") + chunk(order) + "0\r\n\r\n",
      [400],
    ],
    "a coding that only resembles chunks": [
      () => post("transfer-encoding: xchunked") + chunk(order) + "0\r\n\r\n",
      [400],
    ],
    "a coding behind a vertical tab": [
      () => post("transfer-encoding: \x0bchunked") + chunk(order) + "0\r\n\r\n",
      [400],
    ],
    "a coding on a folded line": [
      () => post("transfer-encoding:\r\n chunked") + chunk(order) + "0\r\n\r\n",
      [400],
      [201, 400],
      [201, 408],
    ],
    "a coding twice": [
      () => post("transfer-encoding: chunked", "transfer-encoding: identity") + chunk(order) + "0\r\n\r\n",
      [400],
    ],
    "a chunk of more than fits a number": [
      () => post("transfer-encoding: chunked") + `fffffffffffffffff\r\n${order}`,
      [400],
    ],
    "a chunk of a negative length": [() => post("transfer-encoding: chunked") + `-1\r\n${order}`, [400]],
    "a chunk with blanks before its length": [
      () => post("transfer-encoding: chunked") + ` 2\r\n{}\r\n0\r\n\r\n`,
      [400],
    ],
    "a chunk whose end is another line end": [
      () => post("transfer-encoding: chunked") + `${order.length.toString(16)}\n${order}\r\n0\r\n\r\n`,
      [400],
    ],
    "a chunk that is longer than it says": [
      () => post("transfer-encoding: chunked") + `2\r\n${order}\r\n0\r\n\r\n`,
      [400],
    ],
    "chunk extensions without end": [
      () => post("transfer-encoding: chunked") + `2;${"a=b;".repeat(30_000)}\r\n{}\r\n0\r\n\r\n`,
      [400],
      [413],
      [],
    ],
    "trailers that would let somebody in": [
      () =>
        head(
          "POST /api/v1/sessions HTTP/1.1",
          "host: x",
          "content-type: application/json",
          "transfer-encoding: chunked",
          "connection: close",
        ) + `${chunk(order)}0\r\n${bearer()}\r\n\r\n`,
      [401],
    ],
    "lines that end with a line feed alone": [() => hidden().replaceAll("\r\n", "\n"), [400]],
    "lines that end with a carriage return alone": [() => hidden().replaceAll("\r\n", "\r"), [400], [408]],
    "a header's name with a blank behind it": [
      () => head("GET /api/v1/nodes HTTP/1.1", "host: x", `authorization : Bearer ${api.keys.viewer}`),
      [400],
    ],
    "a header without a name": [() => head("GET /healthz HTTP/1.1", "host: x", ": nothing"), [400]],
    "a NUL in a header": [() => get("x-y: a\0b"), [400]],
    "a header that breaks its line": [() => get("x-y: a\rtransfer-encoding: chunked"), [400]],
    "no host": [() => head("GET /healthz HTTP/1.1"), [400]],
    "two hosts": [() => get("host: y", "connection: close"), [400], [200]],
    "a version that was never made": [() => head("GET /healthz HTTP/9.9", "host: x"), [400]],
    "a version that is no number": [() => head("GET /healthz HTTP/x.y", "host: x"), [400]],
    "no version": [() => "GET /healthz\r\n\r\n", [200], [400]],
    "the first bytes of HTTP/2": [() => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]],
    "the first bytes of TLS": [() => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400]],
    "a method in small letters": [() => head("get /healthz HTTP/1.1", "host: x"), [400]],
    "a method that nobody knows": [() => head("EVIL /healthz HTTP/1.1", "host: x"), [400]],
    "CONNECT to another host": [() => head("CONNECT 169.254.169.254:80 HTTP/1.1", "host: x"), []],
    "TRACE, to see the key": [
      () => head("TRACE /api/v1/nodes HTTP/1.1", "host: x", bearer(), "connection: close"),
      [405],
    ],
    "an upgrade to WebSocket": [
      () =>
        head(
          "GET /healthz HTTP/1.1",
          "host: x",
          "connection: upgrade, close",
          "upgrade: websocket",
          "sec-websocket-key: x",
        ),
      [200],
    ],
    "an upgrade to HTTP/2": [
      () =>
        head(
          "GET /healthz HTTP/1.1",
          "host: x",
          "connection: Upgrade, HTTP2-Settings, close",
          "upgrade: h2c",
          "http2-settings: AAMAAABk",
        ),
      [200],
    ],
    "a target that names another host": [
      () => head("GET http://evil.example/api/v1/nodes HTTP/1.1", "host: x", "connection: close"),
      [401],
    ],
    "a target with a user": [
      () => head("GET http://admin:x@127.0.0.1/api/v1/nodes HTTP/1.1", "host: x", "connection: close"),
      [401],
    ],
    "a target of another scheme": [
      () => head("GET file:///etc/passwd HTTP/1.1", "host: x", "connection: close"),
      [404],
      [400],
    ],
    "the target *": [() => head("OPTIONS * HTTP/1.1", "host: x", "connection: close"), [404]],
    "a target of 20 kB": [() => head(`GET /${"a".repeat(20_000)} HTTP/1.1`, "host: x"), [431]],
    "a header of 20 kB": [() => get(`x-y: ${"a".repeat(20_000)}`), [431]],
    "5,000 headers": [() => get(...Array.from({ length: 5_000 }, (_, index) => `x-${index}: y`)), [431]],
    "an expectation that nobody knows": [() => get("expect: 200-ok", "connection: close"), [417]],
    "a key on a folded line": [
      () => head("GET /api/v1/nodes HTTP/1.1", "host: x", `authorization: Bearer\r\n ${api.keys.viewer}`),
      [400],
      [200, 408],
    ],
    "two keys, of which the second is good": [
      () =>
        head(
          "GET /api/v1/nodes HTTP/1.1",
          "host: x",
          "authorization: Bearer hr_wrong",
          `authorization: Bearer ${api.keys.viewer}`,
          "connection: close",
        ),
      [401],
    ],
    "a request hidden in a body that nobody reads": [
      () => get(`content-length: ${hidden().length}`, "connection: close") + hidden(),
      [200],
    ],
    "a method by another header": [
      () =>
        head(
          "GET /api/v1/api-keys/viewer-key HTTP/1.1",
          "host: x",
          `authorization: Bearer ${api.keys.admin}`,
          "x-http-method-override: DELETE",
          "connection: close",
        ),
      [405],
    ],
    "a path by another header": [
      () =>
        head(
          "GET /healthz HTTP/1.1",
          "host: x",
          "x-original-url: /api/v1/nodes",
          "x-rewrite-url: /api/v1/nodes",
          "connection: close",
        ),
      [200],
    ],
  };

  for (const [name, [bytes, ...allowed]] of Object.entries(attacks)) {
    it(`is answered or cut off, and changes nothing: ${name}`, async () => {
      const before = sessions();
      const text = await speak(port(), bytes());

      const statuses = statusesOf(text);
      assert.ok(
        allowed.some((expected) => expected.join() === statuses.join()),
        `${statuses.join(", ")}\n${text.slice(0, 500)}`,
      );
      const isPlaced = statuses.includes(201);
      assert.equal(sessions() - before, isPlaced ? 1 : 0);
      assert.ok(!text.includes(api.keys.broker) && !text.includes(api.keys.viewer), "a key came back");
      assert.ok(!api.logLines.some((line) => line.includes('"level":"error"')), api.logLines.join(""));
      assert.equal((await api.request("/healthz")).status, 200);
    });
  }
});
