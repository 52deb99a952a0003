/** A replica that does not lead, when the leader goes, hangs or changes: what is held, what is sent again, what is refused. */
import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { HeadroomClient } from "../../runtime/api/client";
import { readEvents, type ServerEvent } from "../../runtime/api/event-source";
import { Role } from "../../runtime/api/role";
import { TlsCertificate } from "../../runtime/api/tls-certificate";
import { createLogger } from "../../runtime/api/log";
import { realClock } from "../../runtime/model/real-clock";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../support/free-port";
import { removeFolder } from "../support/remove-folder";
import { newSelfSigned } from "../support/self-signed";
import { until } from "../support/until";
import { Api } from "./harness";
import { forwarderOf, StandbyApi } from "./standby";

/** Takes requests and does what a test wants with their connections. */
class BrokenLeader {
  readonly sockets: Socket[] = [];
  requests = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(onRequest: (socket: Socket) => void): Promise<BrokenLeader> {
    const server = createServer((socket) => {
      broken.sockets.push(socket);
      socket.on("error", () => undefined);
      socket.on("data", () => {
        broken.requests += 1;
        onRequest(socket);
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const broken = new BrokenLeader(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return broken;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

const order = { workspace: "office", userId: "ada" };

describe("a replica whose leader goes", () => {
  let api: Api;
  let standby: StandbyApi;
  const opened: { close(): unknown }[] = [];
  beforeEach(async () => {
    api = await Api.start({ forwarding: forwarderOf(new Role({ message: "leads" })) });
    await api.furnish();
    standby = await StandbyApi.start({ message: "nobody leads yet" });
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
    await Promise.all([standby.close(), api.close()]);
  });

  function client(url = standby.url): HeadroomClient {
    return new HeadroomClient({ endpoint: url, apiKey: api.keys.broker, retries: 0 });
  }

  function sessions(): number {
    return api.leader.ledger.state.sessions.size;
  }

  async function broken(onRequest: (socket: Socket) => void): Promise<BrokenLeader> {
    const leader = await BrokenLeader.start(onRequest);
    opened.push(leader);
    return leader;
  }

  it("holds what comes while nobody leads, and does each once when somebody does", async () => {
    const placed = Promise.all([1, 2, 3].map(() => client().requestSession(order)));
    standby.role.become({ message: "another leads", leaderUrl: `http://127.0.0.1:${await freePort()}` });
    standby.follow(api.url);

    assert.equal((await placed).length, 3);
    assert.equal(sessions(), 3);
  });

  it("answers what it held itself when it comes to lead", async () => {
    const dead = await broken((socket) => socket.destroy());
    standby.follow(dead.url);
    const placed = client().requestSession(order, "once");
    const read = client().sessions();
    const warnings: string[] = [];
    const warn = (warning: Error): void => void warnings.push(warning.name);
    process.on("warning", warn);
    await until("both were tried again and again", () => dead.requests > 30);
    process.off("warning", warn);
    assert.deepEqual(warnings, [], "what an attempt listens to outlives it");
    standby.role.become(api.leader);

    assert.equal((await placed).status, "assigned");
    assert.ok((await read).length <= 1);
    assert.equal(sessions(), 1);
  });

  it("sends again what may be done twice, after a connection that broke in the middle", async () => {
    const dying = await broken((socket) => socket.destroy());
    standby.follow(dying.url);
    const calls = [client().requestSession(order, "the-key"), client().sessions(), client().releaseSession("none")];
    const settled = Promise.allSettled(calls);
    await until("all were tried", () => dying.requests >= calls.length);
    standby.follow(api.url);
    const outcomes = await settled;

    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected"],
    );
    assert.match(String((outcomes[2] as PromiseRejectedResult).reason), /NotFoundError/);
    assert.equal(sessions(), 1);
  });

  it("does not send again what may have been done, and says so", async () => {
    const dying = await broken((socket) => socket.destroy());
    standby.follow(dying.url);
    await assert.rejects(
      client().requestSession(order),
      /went away while it had this request .*; it may have been done: .* send an Idempotency-Key/,
    );
    assert.equal(dying.requests, 1);
  });

  it("gives up a leader that hangs when another leads, and sends again what may be done twice", async () => {
    const hanging = await broken(() => undefined);
    standby.follow(hanging.url);
    const repeated = client().requestSession(order, "the-key");
    const lost = assert.rejects(client().requestSession(order), /another runtime leads by now.*may have been done/);
    await until("both were sent", () => hanging.requests >= 2);
    standby.follow(api.url);

    assert.equal((await repeated).status, "assigned");
    await lost;
    assert.equal(sessions(), 1);
  });

  it("holds for a limited time and a limited number, and then tells the caller to come again", async () => {
    const short = await StandbyApi.start({ message: "nobody leads yet" }, { holdMs: 300 });
    const narrow = await StandbyApi.start({ message: "nobody leads yet" }, { holdMs: 60_000, heldMax: 1 });
    opened.push(short, narrow);
    await assert.rejects(client(short.url).sessions(), /nobody leads yet; try again soon/);

    const first = client(narrow.url).sessions();
    const refused = client(narrow.url).sessions();
    const sooner = await Promise.race([
      refused.then(() => "answered").catch((error: Error) => error.message),
      first.then(() => "answered").catch((error: Error) => error.message),
    ]);
    assert.match(sooner, /nobody leads yet; try again soon/);
    narrow.follow(api.url);
    await Promise.allSettled([first, refused]);
  });

  it("refuses at once, in its words, while it takes no part", async () => {
    standby.role.become({ message: "its passphrase is another one", takesNoPart: true });
    await assert.rejects(client().sessions(), /its passphrase is another one/);
  });

  it("streams a session's events, ends the stream with the leader, and the next tells nothing twice", async () => {
    standby.follow(api.url);
    for (const userId of ["a", "b", "c", "d"]) await client().requestSession({ workspace: "office", userId });
    const { sessionId } = await client().requestSession(order);
    const events: ServerEvent[] = [];
    const watch = async (): Promise<number> => {
      const last = events.at(-1)?.id;
      const response = await fetch(`${standby.url}/api/v1/sessions/${sessionId}/events`, {
        headers: {
          authorization: `Bearer ${api.keys.viewer}`,
          ...(last === undefined ? {} : { "last-event-id": last }),
        },
      });
      if (response.status === 200) for await (const event of readEvents(response.body!)) events.push(event);
      return response.status;
    };
    const first = watch();
    await until("the first event came", () => events.length === 1);
    const { current } = api;
    api.current = { message: "lost its lease" };
    assert.equal(await first, 200);

    api.current = current;
    const second = watch();
    await client().releaseSession(sessionId);
    assert.equal(await second, 200);
    assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
    assert.equal(events.at(-1)?.event, "end");
    assert.equal(await watch(), 204);
  });

  it("lets go of the leader's stream when the caller has gone", async () => {
    standby.follow(api.url);
    for (const userId of ["a", "b", "c", "d"]) await client().requestSession({ workspace: "office", userId });
    const { sessionId } = await client().requestSession(order);
    const cut = new AbortController();
    const response = await fetch(`${standby.url}/api/v1/sessions/${sessionId}/events`, {
      headers: { authorization: `Bearer ${api.keys.viewer}` },
      signal: cut.signal,
    });
    assert.equal(response.status, 200);
    await until("the leader streams", () => api.feed.size === 1);
    cut.abort();
    await until("the leader's stream is closed", () => api.feed.size === 0);
  });

  it("by https believes a leader of the same certificate or of a signer that it knows, and nobody else", async () => {
    const folder = mkdtempSync(join(tmpdir(), "headroom-forwarding-"));
    try {
      const load = async (name: string): Promise<TlsCertificate> => {
        const { cert, key } = newSelfSigned();
        const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
        writeFileSync(certFile, cert);
        writeFileSync(keyFile, key);
        return TlsCertificate.load({ certFile, keyFile }, { clock: realClock, log: createLogger({ level: "silent" }) });
      };
      const [certificate, other] = [await load("one"), await load("two")];
      const secure = await Api.start({ certificate, forwarding: forwarderOf(new Role({ message: "leads" })) });
      opened.push(secure);
      const ask = async (trust: object): Promise<number> => {
        const present = { message: "another leads", leaderUrl: secure.url };
        const replica = await StandbyApi.start(present, { holdMs: 100, trust });
        opened.push(replica);
        const headers = { authorization: `Bearer ${secure.keys.viewer}` };
        const response = await fetch(`${replica.url}/api/v1/nodes`, { headers });
        if (response.status === 503) assert.match(await response.text(), /certificate/);
        return response.status;
      };
      assert.equal(await ask({}), 503);
      assert.equal(await ask({ certificate: other }), 503);
      assert.equal(await ask({ certificate }), 200);
      assert.equal(await ask({ certificate: other, ca: certificate.pair.cert }), 200);
    } finally {
      removeFolder(folder);
    }
  });
});
