/** How the Linux agents call: again and again while nobody answers, through proxies, past no bad certificate, without a trace. */
import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { createServer } from "node:http";
import { join } from "node:path";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { newSelfSigned } from "../support/self-signed";
import { until } from "../support/until";
import { AgentFolder } from "./agent-process";
import { LoopbackServer, type Reply } from "./loopback-server";

describe("a Linux agent that calls Headroom", function () {
  this.timeout(120_000);
  let folder: AgentFolder;
  const closing: (() => Promise<void>)[] = [];
  const serve = async (...args: Parameters<typeof LoopbackServer.start>) => {
    const server = await LoopbackServer.start(...args);
    closing.push(() => server.close());
    return server;
  };
  beforeEach(() => {
    folder = new AgentFolder(newOpenFolder("headroom-agents-"));
  });
  afterEach(async () => {
    await folder.close();
    for (const close of closing.splice(0)) await close();
    removeFolder(folder.path);
  });

  const ready = () => folder.start("checkin", ["100", "ready"]);

  it("tries again until it is answered, whatever went wrong, and not sooner than it was told", async () => {
    const troubles: Reply[] = [
      undefined,
      { status: 503, body: '{"code":"unavailable"}' },
      { status: 500 },
      { status: 408 },
      { status: 429, headers: { "retry-after": "1" } },
      { status: 502, body: "<html>" },
    ];
    const times: number[] = [];
    const server = await serve((_asked, count) => {
      times.push(Date.now());
      return count <= troubles.length ? troubles[count - 1] : { status: 200 };
    });
    folder.settle({ upstream: server.url });

    const agent = ready();

    assert.equal(await agent.ended, 0, agent.said);
    assert.equal(server.asked.length, troubles.length + 1);
    assert.ok(times[5]! - times[4]! >= 1000, "Retry-After");
    assert.match(agent.said, /no answer yet, trying again/);
    assert.equal(agent.said.split("trying again").length, 2, "told once");
  });

  it("waits for a Headroom that is not there yet", async () => {
    const first = await LoopbackServer.start(() => ({ status: 200 }));
    const { port } = first;
    await first.close();
    folder.settle({ upstream: `http://127.0.0.1:${port}` });
    const agent = ready();
    await agent.says(/no answer yet/);
    const later = createServer((_request, response) => response.end("{}"));
    closing.push(() => new Promise((done) => later.close(() => done())));

    later.listen(port, "127.0.0.1");

    assert.equal(await agent.ended, 0, agent.said);
  });

  it("gives up what is refused, with the reason, and goes on with a script when only progress could not be told", async () => {
    const server = await serve(() => ({ status: 400, body: '{"message":"status: got 1"}' }));
    folder.settle({ upstream: server.url });
    const refused = ready();
    assert.equal(await refused.ended, 1);
    assert.match(refused.said, /was refused: 400 .*status: got 1/);
    const progress = folder.start("checkin", ["40", "installing"]);
    assert.equal(await progress.ended, 0, progress.said);
    assert.equal(server.asked.length, 2);
  });

  it("ends with a code of its own when the node is gone", async () => {
    const server = await serve(() => ({ status: 410, body: '{"message":"node node-1 was destroyed"}' }));
    folder.settle({ upstream: server.url });
    for (const agent of [ready(), folder.start("heartbeat"), folder.start("accounts")]) {
      assert.equal(await agent.ended, 10, agent.said);
      assert.match(agent.said, /this node is gone: 410 .*was destroyed/);
    }
  });

  it("refuses a certificate that nobody has signed, unless it is given as one to trust", async () => {
    const pair = newSelfSigned();
    const server = await serve(() => ({ status: 200 }), pair);
    const upstream = server.url.replace("https://", "");
    // What a user of the VM has set for his own curl counts for nothing.
    writeFileSync(join(folder.path, ".curlrc"), "insecure\n");
    folder.settle({ upstream });
    const agent = ready();
    await agent.says(/certificate/i);
    assert.equal(server.asked.length, 0);
    agent.kill("SIGKILL");

    folder.settle({ upstream, conf: { HEADROOM_CA_FILE: folder.secret("ca.pem", pair.cert) } });
    const trusting = ready();
    assert.equal(await trusting.ended, 0, trusting.said);
    assert.equal(server.asked.length, 1);
  });

  it("calls through a proxy where one is set, also with TLS", async () => {
    const pair = newSelfSigned();
    const server = await serve(() => ({ status: 200 }), pair);
    const plain = await serve(() => ({ status: 200 }));
    const tunnels: string[] = [];
    const proxy = createServer((_request, response) => response.writeHead(200).end("{}"));
    const proxied: string[] = [];
    proxy.on("request", ({ url }) => proxied.push(url ?? ""));
    proxy.on("connect", ({ url = "" }, socket) => {
      tunnels.push(url);
      const [host, port] = url.split(":");
      const upstream = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(socket).pipe(upstream);
      });
      for (const each of [upstream, socket]) each.on("error", () => (upstream.destroy(), socket.destroy()));
    });
    await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
    closing.push(() => (proxy.closeAllConnections(), new Promise((done) => proxy.close(() => done()))));
    const address = `http://127.0.0.1:${(proxy.address() as { port: number }).port}`;

    folder.settle({
      upstream: server.url,
      conf: { https_proxy: address, HEADROOM_CA_FILE: folder.secret("ca.pem", pair.cert) },
    });
    assert.equal(await ready().ended, 0);
    assert.deepEqual(tunnels, [`127.0.0.1:${server.port}`]);
    assert.equal(server.asked.length, 1);

    folder.settle({ upstream: plain.url, conf: { http_proxy: address } });
    assert.equal(await ready().ended, 0);
    assert.deepEqual(proxied, [`${plain.url}/api/set_server_status`]);
    assert.equal(plain.asked.length, 0, "the proxy answered itself");
  });

  it("shows its token to Headroom alone: in no command line, and from no file that others could read", async () => {
    const server = await serve(() => ({ status: 200 }));
    const seen = join(folder.path, "arguments");
    folder.settle({ upstream: server.url, checkinToken: "secret.token-of.the_node" });
    for (const name of ["curl", "awk", "sed", "cat", "tr", "find"]) {
      folder.program(name, `printf '%s ' "$@" >>${seen}\nPATH=${process.env["PATH"]} exec ${name} "$@"`);
    }

    const agent = ready();

    assert.equal(await agent.ended, 0, agent.said);
    assert.equal(server.asked[0]!.headers.authorization, "Bearer secret.token-of.the_node");
    assert.match(readFileSync(seen, "utf8"), /set_server_status/);
    assert.doesNotMatch(readFileSync(seen, "utf8"), /token-of/);
    assert.doesNotMatch(agent.said, /token-of/);

    for (const mode of [0o644, 0o640, 0o602, 0o601]) {
      chmodSync(join(folder.path, "checkin-token"), mode);
      const open = ready();
      assert.equal(await open.ended, 1, open.said);
      assert.match(open.said, /token file .* is open to others; set its mode to 600/);
    }
    folder.secret("checkin-token", "not a token\nat all");
    chmodSync(join(folder.path, "checkin-token"), 0o600);
    assert.equal(await ready().ended, 1);
    assert.equal(server.asked.length, 1);
  });

  it("leaves nothing in the temporary folder, also when it is ended", async () => {
    const server = await serve(() => ({ status: 200 }));
    folder.settle({ upstream: server.url });
    assert.equal(await ready().ended, 0);
    const agent = folder.start("heartbeat");
    await until("it has called", () => server.asked.length > 1);
    agent.terminate();
    assert.equal(await agent.ended, 143, agent.said);
    assert.deepEqual(
      readdirSync(folder.path).filter((name) => name.startsWith("headroom.")),
      [],
    );
  });
});
