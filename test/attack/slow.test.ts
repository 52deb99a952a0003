/** Connections that are opened and not used, or used as slowly as they may be: none is kept. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { get } from "node:http";
import { connect, type Socket } from "node:net";
import { listen, type Listening, type TimeOuts } from "../../runtime/api/listen";
import { until } from "../support/until";

const timeOuts: TimeOuts = { headersTimeout: 300, requestTimeout: 500, connectionsCheckingInterval: 50 };

describe("slow callers", () => {
  let listening: Listening;
  let sockets: Socket[] = [];
  const descriptors = (): number => readdirSync("/proc/self/fd").length;

  before(async () => {
    const body = "x".repeat(64 * 1024);
    listening = await listen({
      ...{ host: "127.0.0.1", port: 0, timeOuts },
      app: (request, response) => void request.resume().on("end", () => response.end(body)),
    });
  });
  after(() => listening.close(100));
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
  });

  /** Opened, and left open on this side whatever the other does: half-open. */
  async function open(count: number, bytes: string, port = listening.port): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      socket.on("error", () => undefined);
      sockets.push(socket);
      await once(socket, "connect");
      if (bytes !== "") socket.write(bytes);
    }
  }

  const attacks = {
    "say nothing": "",
    "begin a line and stop": "GET / HT",
    "send headers and never the last line": "GET / HTTP/1.1\r\nhost: x\r\nx-a: b\r\n",
    "announce a body and never send it": "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n",
    "send half a chunk": "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nffff\r\nhalf",
    "send what is no HTTP": "\x16\x03\x01\x00\x00hello",
  };
  for (const [name, bytes] of Object.entries(attacks)) {
    it(`that ${name} lose their connections, though they never close their own end`, async () => {
      const count = 300;
      const before = descriptors();
      await open(count, bytes);
      // Both ends are in this process. Ours stay: what goes must be the server's.
      await until("the server has let go of all", () => descriptors() <= before + count + 5);
      assert.ok(sockets.every((socket) => !socket.destroyed || socket.errored !== null));
    });
  }

  it("that send a byte at a time are cut off when the whole takes too long", async () => {
    await open(20, "GET / HTTP/1.1\r\nhost: x\r\n");
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write("a");
    }, 20);
    try {
      const told = sockets.map(
        (socket) => new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString()))),
      );
      for (const text of await Promise.all(told)) assert.match(text, /^HTTP\/1\.1 408 /);
    } finally {
      clearInterval(drip);
    }
  });

  it("beyond the limit of connections find it closed, and are let in again when others go", async () => {
    const connectionsMax = 50;
    // With the usual time-outs: however slow this machine is, nobody else is cut off meanwhile.
    const limited = await listen({
      ...{ host: "127.0.0.1", port: 0, connectionsMax },
      app: (_request, response) => void response.end("let in"),
    });
    try {
      await open(connectionsMax, "", limited.port);
      const late = connect({ port: limited.port, host: "127.0.0.1" }).on("error", () => undefined);
      sockets.push(late);
      late.resume();
      await once(late, "close");

      for (const socket of sockets) socket.destroy();
      await until("there is room again", () => isLetIn(limited.url));
    } finally {
      await limited.close(100);
    }
  });
});

/** By Node's own client: `fetch` waits for ever for an answer on a connection that was closed as soon as it was open. */
function isLetIn(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false }, (response) => resolve(response.resume().statusCode === 200));
    request.once("error", () => resolve(false));
  });
}
