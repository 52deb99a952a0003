/** How users get into their sessions, over HTTP: who is told what, when, and where it does not show. */
import assert from "node:assert/strict";
import type { ServerConfigDoc } from "../support/builders";
import type { NodeSecrets } from "../../runtime/model/connection-rows";
import { connectionSecretsOf, nodeConnectionOf } from "../../runtime/model/connection";
import { parseDefinition } from "../../runtime/model/config";
import type { Node } from "../../runtime/model/state";
import { rsaKey } from "../support/private-keys";
import { aNode, Api, type Reply } from "./harness";

const mark = "hunter2-secret";
const plainKey = rsaKey();

type Fields = Partial<ServerConfigDoc>;

/** A server of a config that says this, and a session of this user on it. */
class Site {
  readonly api: Api;
  private servers = 0;

  private constructor(api: Api) {
    this.api = api;
  }

  static async open(): Promise<Site> {
    const site = new Site(await Api.start());
    await site.api.furnish();
    await site.declare("pool", { name: "servers", type: "server" });
    return site;
  }

  async declare(
    kind: "pool" | "autoscaleConfig" | "workspace",
    doc: { readonly name: string } & Record<string, unknown>,
  ): Promise<void> {
    await this.api.client("operator").putDefinition({ kind, name: doc.name, doc: { ...doc }, owner: "test" });
  }

  /** The id of a session on a server of its own. */
  async enter(fields: Fields, userId = "ann", node: Partial<Node> = {}): Promise<string> {
    const name = `desks-${(this.servers += 1)}`;
    await this.declare("pool", { name, type: "server" });
    const config = { name, type: "server", pool: name, zone: "eu", vmProvider: "here", ...fields };
    await this.declare("autoscaleConfig", config);
    await this.declare("workspace", { name, pools: [name], kind: "desktop", cores: 1, memory: "1GiB" });
    const server = parseDefinition("autoscaleConfig", config);
    assert.ok(server.type === "server");
    const row = aNode({
      nodeId: `n-${name}`,
      pool: name,
      autoscaleConfig: name,
      address: "10.0.0.7",
      sessionsMax: 5,
      usersMax: 5,
      isReusable: true,
      connectionPort: server.connectionPort,
      connection: nodeConnectionOf(server),
      ...node,
    });
    const secrets = connectionSecretsOf(server);
    const kept: NodeSecrets[] = secrets ? [{ nodeId: row.nodeId, ...secrets }] : [];
    await this.api.leader.ledger.commit([
      { kind: "put", table: "node", row },
      ...kept.map((each) => ({ kind: "put", table: "nodeSecrets", row: each }) as const),
    ]);
    return (await this.api.client("broker").requestSession({ workspace: name, userId })).sessionId;
  }

  ask(sessionId: string, query = ""): Promise<Reply> {
    return this.api.request(`/api/v1/sessions/${sessionId}/connection${query}`, { key: this.api.keys.broker });
  }

  async connection(sessionId: string): Promise<Record<string, unknown>> {
    const reply = await this.ask(sessionId);
    assert.equal(reply.status, 200, reply.text);
    return reply.body["connection"] as Record<string, unknown>;
  }

  putKey(userId: string, body: object): Promise<Reply> {
    const path = `/api/v1/users/${encodeURIComponent(userId)}/ssh-key`;
    return this.api.request(path, { method: "PUT", key: this.api.keys.broker, body });
  }
}

describe("a session's connection", () => {
  let site: Site;
  before(async () => {
    site = await Site.open();
  });
  after(() => site.api.close());

  it("with static credentials is what was declared", async () => {
    const connectionInfo = { "ignore-cert": true };
    const fields = { connectionUsername: "ann", connectionPassword: mark, connectionInfo };
    assert.deepEqual(await site.connection(await site.enter(fields)), {
      ...{ type: "rdp", host: "10.0.0.7", port: 3389, credentialType: "static" },
      ...{ userName: "ann", password: mark, info: connectionInfo },
    });
  });

  it("names the DNS name where there is one, and the host of an address with a port", async () => {
    assert.equal(
      (await site.connection(await site.enter({}, "ann", { dnsName: "n1.example.com" })))["host"],
      "n1.example.com",
    );
    for (const [address, host] of [
      ["[2001:db8::1]", "2001:db8::1"],
      ["desk.example.com:3390", "desk.example.com"],
    ]) {
      assert.equal((await site.connection(await site.enter({}, "ann", { address })))["host"], host);
    }
  });

  it("with a private key has it with its passphrase", async () => {
    const connectionPrivateKey = rsaKey({ passphrase: mark });
    const fields: Fields = { connectionType: "ssh", connectionUsername: "ann", connectionPrivateKey };
    const { port, userName, privateKey, passphrase } = await site.connection(
      await site.enter({ ...fields, connectionPrivateKeyPassphrase: mark }),
    );
    assert.deepEqual([port, userName, privateKey, passphrase], [22, "ann", connectionPrivateKey, mark]);
  });

  it("with sso has the user's own name by the rule of the domain, with smartcard and promptUser none", async () => {
    const nameWith = async (fields: Fields) =>
      (await site.connection(await site.enter(fields, "CORP\\john@x.com")))["userName"];
    const sso = { connectionCredentialType: "sso" } as const;
    assert.equal(await nameWith(sso), "CORP\\john@x.com");
    assert.equal(await nameWith({ ...sso, connectionSsoDomain: "localhost" }), "john");
    assert.equal(await nameWith({ ...sso, connectionSsoDomain: "ACME\\" }), "ACME\\john");
    assert.equal(await nameWith({ ...sso, connectionSsoDomain: "corp.example.com" }), "john@corp.example.com");
    for (const connectionCredentialType of ["smartcard", "promptUser"] as const) {
      const connection = await site.connection(await site.enter({ connectionCredentialType }));
      assert.deepEqual(Object.keys(connection).sort(), ["credentialType", "host", "port", "type"]);
    }
  });

  it("with useUserSshKey has that user's key, and without one a sentence says so", async () => {
    const fields: Fields = { connectionType: "ssh", connectionCredentialType: "sso", useUserSshKey: true };
    const sessionId = await site.enter(fields, "key user@example.com");
    const refused = await site.ask(sessionId);
    assert.equal(refused.status, 409);
    assert.match(
      String(refused.body["message"]),
      /"key user@example.com" has none; PUT \/api\/v1\/users\/key%20user%40/,
    );

    assert.equal((await site.putKey("key user@example.com", { privateKey: plainKey })).status, 200);

    const { userName, privateKey, password } = await site.connection(sessionId);
    assert.deepEqual([userName, privateKey, password], ["key user@example.com", plainKey.trim(), undefined]);
  });

  it("of a static member is what its pool says now", async () => {
    const member = { name: "m1", zone: "eu", address: "10.1.1.1:3390", cores: 4, memory: "8GiB" };
    const pool = (fields: object) => ({ name: "fixed", type: "server", staticMembers: [{ ...member, ...fields }] });
    await site.declare("pool", pool({ connectionUsername: "ann", connectionPassword: "first" }));
    await site.declare("workspace", { name: "fixed", pools: ["fixed"], kind: "desktop", cores: 1, memory: "1GiB" });
    const { sessionId } = await site.api.client("broker").requestSession({ workspace: "fixed", userId: "ann" });
    const { host, port, password } = await site.connection(sessionId);
    assert.deepEqual([host, port, password], ["10.1.1.1", 3390, "first"]);

    await site.declare("pool", pool({ connectionUsername: "ann" }));

    assert.equal("password" in (await site.connection(sessionId)), false);
  });

  it("is that of the node's birth, whatever its config says since; of a node of an older version the config's", async () => {
    const born: Fields = { connectionUsername: "ann", connectionPassword: "first" };
    const [kept, older] = [await site.enter(born), await site.enter(born, "ann", { connection: undefined })];
    for (const index of [1, 0]) {
      const name = site.api.leader.ledger.state.sessions.get([kept, older][index]!)!.workspace;
      const config = { name, type: "server", pool: name, zone: "eu", vmProvider: "here" };
      await site.declare("autoscaleConfig", { ...config, connectionUsername: "bob", connectionPassword: "second" });
    }

    assert.equal((await site.connection(kept))["password"], "first");
    assert.equal((await site.connection(older))["userName"], "bob");
  });

  it("is refused clearly: not yet with the phase, no more, never heard of, and to smaller scopes", async () => {
    const sessionId = await site.enter({ connectionUsername: "ann", connectionPassword: mark });
    const name = site.api.leader.ledger.state.sessions.get(sessionId)!.workspace;
    const waiting = await site.api.client("broker").requestSession({ workspace: name, userId: "ann" });
    assert.equal(waiting.status, "queued", "one desktop per user");
    const early = await site.ask(waiting.sessionId);
    assert.deepEqual([early.status, early.body["code"]], [409, "notReady"]);
    assert.match(String(early.body["message"]), /no node yet, it is (queued|provisioning)/);
    assert.match(early.headers.get("retry-after")!, /^\d+$/);

    await site.api.client("broker").releaseSession(sessionId);

    const late = await site.ask(sessionId);
    assert.deepEqual([late.status, late.body["code"]], [410, "gone"]);
    assert.equal((await site.ask("s-nobody")).status, 404);
    const path = `/api/v1/sessions/${sessionId}/connection`;
    assert.equal((await site.api.request(path, { key: site.api.keys.viewer })).status, 403);
  });

  it("is kept nowhere and shown nowhere else: cache, lists, events, explanations, journal, log", async () => {
    const secrets = [mark, "info-secret", plainKey.split("\n")[3]!];
    const fields: Fields = { connectionType: "ssh", connectionUsername: "ann", connectionPassword: mark };
    const connectionInfo = { "sftp-password": "info-secret" };
    const sessionId = await site.enter({ ...fields, connectionPrivateKey: plainKey, connectionInfo });
    const reply = await site.ask(sessionId);
    for (const secret of secrets) assert.ok(JSON.stringify(reply.body).includes(secret.slice(0, 40)));
    assert.equal(reply.headers.get("cache-control"), "no-store");

    const { api } = site;
    const { workspace, nodeId } = api.leader.ledger.state.sessions.get(sessionId)!;
    const paths = ["sessions", `sessions/${sessionId}`, "nodes", `nodes/${nodeId}`, `explain/session/${sessionId}`];
    paths.push(`explain/node/${nodeId}`, `explain/config/${workspace}`, "decisions?limit=1000", "status");
    for (const kind of ["autoscaleConfig", "pool"]) paths.push(`definitions/${kind}`);
    const shown = await Promise.all(paths.map((path) => api.request(`/api/v1/${path}`, { key: api.keys.admin })));
    const everything = JSON.stringify([shown.map(({ text }) => text), api.logLines, [...api.disk.decisions]]);
    for (const secret of secrets) assert.ok(!everything.includes(secret), secret.slice(0, 20));
    const told = api.disk.decisions.filter(
      ({ event, subjectId }) => event === "connectionTold" && subjectId === sessionId,
    );
    assert.equal(told.length, 1);
    assert.match(told[0]!.reason.text, /\(ssh\) was told to API key "broker-key"/);
  });

  it("has a limit of its own per key", async () => {
    const { api } = site;
    const { key } = await api.client("admin").createApiKey({ name: "greedy", scope: "broker" });
    const path = "/api/v1/sessions/s-nobody/connection";
    let last = 404;
    for (let count = 0; count < 1300 && last === 404; count += 1) last = (await api.request(path, { key })).status;
    assert.equal(last, 429);
    assert.equal((await api.request("/api/v1/sessions", { key })).status, 200, "other requests go on");
    assert.equal((await site.ask("s-nobody")).status, 404, "other keys go on");
  });
});

describe("a user's SSH key", () => {
  let site: Site;
  before(async () => {
    site = await Site.open();
  });
  after(() => site.api.close());

  it("goes in and is shown by its fingerprint only, until it is deleted", async () => {
    const { api } = site;
    const path = "/api/v1/users/CORP%5Cann/ssh-key";
    const ask = (method: string) => api.request(path, { method, key: api.keys.broker });
    assert.equal((await ask("GET")).status, 404);

    const put = await site.putKey("CORP\\ann", { privateKey: plainKey });

    const read = await ask("GET");
    assert.deepEqual([put.status, read.status], [200, 200]);
    assert.deepEqual(put.body, read.body);
    const sshKey = read.body["sshKey"] as Record<string, unknown>;
    assert.equal(sshKey["userId"], "CORP\\ann");
    assert.match(String(sshKey["fingerprint"]), /^SHA256:[A-Za-z0-9+/]{43}$/);
    assert.ok(![put.text, read.text, ...api.logLines].join().includes("PRIVATE KEY"));
    assert.equal((await ask("DELETE")).status, 204);
    assert.equal((await ask("GET")).status, 404);
  });

  it("is refused as that of a config would be, and never told", async () => {
    const bad: [string, object][] = [
      ["privateKey", { privateKey: rsaKey({ bits: 1024 }) }],
      ["privateKey", { privateKey: mark }],
      ["privateKey", { privateKey: [mark] }],
      ["passphrase", { privateKey: rsaKey({ passphrase: mark }), passphrase: "wrong-secret" }],
      ["passphrase", { privateKey: plainKey, passphrase: { deep: mark } }],
    ];
    for (const [path, body] of bad) {
      const reply = await site.putKey("ann", body);
      assert.deepEqual([reply.status, reply.body["path"]], [400, path]);
      assert.ok(!/hunter2|wrong-secret|BEGIN [^`]*\n/.test(reply.text), reply.text);
    }
    assert.equal((await site.putKey("a\u0000b", { privateKey: plainKey })).status, 400);
    const any = { privateKey: rsaKey({ bits: 3072 }), takesAnyKey: true };
    assert.equal((await site.putKey("ann", any)).status, 200);
  });
});
