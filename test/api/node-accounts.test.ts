/** Accounts for sessions: what the service in a VM is told, what it says, and what the session's user gets of it. */
import assert from "node:assert/strict";
import { SessionAccounts } from "../../runtime/broker/session-accounts";
import { Draft } from "../../runtime/model/draft";
import { realClock } from "../../runtime/model/real-clock";
import type { Node } from "../../runtime/model/state";
import { rsaKey } from "../support/private-keys";
import { aNode, Api, type Reply } from "./harness";

interface Told {
  readonly version: string;
  readonly accounts: readonly {
    readonly accountId: string;
    readonly userName: string;
    readonly password: string;
    readonly publicKey?: string;
  }[];
}

const dynamicServer: Partial<Node> = {
  nodeId: "n-dyn",
  pool: "servers",
  sessionsMax: 50,
  usersMax: 50,
  isReusable: true,
  connection: { type: "ssh", port: 22, credentialType: "dynamic", useUserSshKey: true },
};

/** Names as Windows and Linux both take them. */
const goodName = /^hr-[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

describe("accounts of a node", () => {
  let api: Api;
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
    const client = api.client("operator");
    await client.putDefinition({ kind: "pool", name: "servers", doc: { name: "servers", type: "server" }, owner: "t" });
    const workspace = { name: "desk", pools: ["servers"], kind: "desktop", cores: 1, memory: "1GiB" };
    await client.putDefinition({ kind: "workspace", name: "desk", doc: workspace, owner: "t" });
    await api.leader.ledger.commit([
      {
        kind: "put",
        table: "node",
        row: aNode({ ...dynamicServer, autoscaleConfig: undefined, readyWhen: "declared" }),
      },
    ]);
  });
  afterEach(() => api.close());

  function call(method: "GET" | "POST", options: { query?: string; body?: object } = {}): Promise<Reply> {
    const nowMs = Date.now();
    const token = api.tokens.issue({ nodeId: "n-dyn", purpose: "agent", expiresAtMs: nowMs + 60_000, nowMs });
    const headers = { authorization: `Bearer ${token}` };
    return api.request(`/api/v1/nodes/n-dyn/accounts${options.query ?? ""}`, { method, headers, body: options.body });
  }

  async function told(query = ""): Promise<Told> {
    const reply = await call("GET", { query });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.headers.get("cache-control"), "no-store");
    return reply.body as unknown as Told;
  }

  async function enter(userId: string): Promise<string> {
    const session = await api.client("broker").requestSession({ workspace: "desk", userId });
    assert.equal(session.status, "assigned");
    return session.sessionId;
  }

  const connection = (sessionId: string) =>
    api.request(`/api/v1/sessions/${sessionId}/connection`, { key: api.keys.broker });

  it("are one for each session, with names and passwords that Linux and Windows take", async () => {
    const users = ["ann", "ann", "CORP\\Björn Ünsal", "x".repeat(200), "???", "root", "ann@example.com", "-a-"];
    for (const userId of users) await enter(userId);

    const { accounts } = await told();

    assert.equal(accounts.length, users.length);
    assert.equal(new Set(accounts.map(({ userName }) => userName)).size, users.length, "no two are alike");
    for (const { userName, password } of accounts) {
      assert.match(userName, goodName);
      assert.ok(userName.length <= 20, userName);
      assert.match(password, /^[A-Za-z0-9._+-]{20}$/);
      for (const kind of [/[a-z]/, /[A-Z]/, /[0-9]/, /[._+-]/]) assert.match(password, kind);
    }
    assert.equal(accounts.filter(({ userName }) => userName.startsWith("hr-ann-")).length, 3);
    assert.ok(accounts.some(({ userName }) => userName.startsWith("hr-bjo-rn-u-nsa")));
  });

  it("are what the session's user gets, once the node has said that it made them; before that he is asked to wait", async () => {
    const sessionId = await enter("ann");
    const early = await connection(sessionId);
    assert.deepEqual([early.status, early.body["code"]], [409, "notReady"]);
    assert.match(early.headers.get("retry-after")!, /^\d+$/);
    const [account] = (await told()).accounts;

    const reply = await call("POST", { body: { present: [account!.accountId] } });

    assert.equal(reply.status, 200, reply.text);
    const { userName, password } = (await connection(sessionId)).body["connection"] as Record<string, unknown>;
    assert.deepEqual([userName, password], [account!.userName, account!.password]);
    await call("POST", { body: { present: [] } });
    assert.equal((await connection(sessionId)).status, 409, "the node has lost it");
  });

  it("leave the list with their session, and stay over a restart", async () => {
    const [first, second] = [await enter("ann"), await enter("bob")];
    const before = await told();
    await call("POST", { body: { present: before.accounts.map(({ accountId }) => accountId) } });
    await api.restart();
    assert.deepEqual(await told(), before);
    assert.equal((await connection(first)).status, 200);

    await api.client("broker").releaseSession(first);

    const after = await told();
    assert.notEqual(after.version, before.version);
    assert.equal(after.accounts.length, 1);
    assert.equal((await connection(second)).status, 200);
    await api.client("broker").releaseSession(second);
    assert.deepEqual((await told()).accounts, []);
    assert.equal(api.leader.ledger.state.sessionAccountsOf("n-dyn").size, 0);
  });

  it("are waited for by the version: the answer comes with the change, and not before", async () => {
    const { version } = await told();
    let isAnswered = false;
    const waiting = told(`?after=${version}`).then((answer) => {
      isAnswered = true;
      return answer;
    });
    // Other requests come and go meanwhile.
    for (let count = 0; count < 5; count += 1) await told();
    assert.equal(isAnswered, false);

    await enter("ann");

    const { accounts, version: next } = await waiting;
    assert.equal(accounts.length, 1);
    assert.notEqual(next, version);
    assert.equal((await told("?after=some-other")).version, next, "an unknown version is answered at once");
  });

  it("are not waited for any more when this runtime stops to lead", async () => {
    const { version } = await told();
    const waiting = call("GET", { query: `?after=${version}` });
    await told();

    api.current = { message: "another runtime leads" };

    assert.equal((await waiting).status, 503);
  });

  it("have the user's public key where users enter with their own, and he gets the private one", async () => {
    const privateKey = rsaKey();
    const path = "/api/v1/users/ann/ssh-key";
    await api.request(path, { method: "PUT", key: api.keys.broker, body: { privateKey } });
    const sessionId = await enter("ann");
    const [account] = (await told()).accounts;
    assert.match(account!.publicKey!, /^ssh-rsa AAAA/);
    await call("POST", { body: { present: [account!.accountId] } });

    const answer = (await connection(sessionId)).body["connection"] as Record<string, unknown>;

    assert.deepEqual([answer["userName"], answer["privateKey"]], [account!.userName, privateKey.trim()]);
    await api.request(path, { method: "PUT", key: api.keys.broker, body: { privateKey: rsaKey() } });
    const later = (await connection(sessionId)).body["connection"] as Record<string, unknown>;
    assert.deepEqual(
      [later["password"], later["privateKey"]],
      [account!.password, undefined],
      "a key that is not there",
    );
  });

  it("go with their node, and are in no list, journal or log", async () => {
    const sessionId = await enter("ann");
    const [account] = (await told()).accounts;
    await call("POST", { body: { present: [account!.accountId] } });
    await connection(sessionId);
    const paths = ["sessions", "nodes", "nodes/n-dyn", `explain/session/${sessionId}`, "decisions?limit=1000"];
    const shown = await Promise.all(paths.map((path) => api.request(`/api/v1/${path}`, { key: api.keys.admin })));
    const everything = JSON.stringify([shown.map(({ text }) => text), api.logLines, api.disk.decisions]);
    assert.ok(!everything.includes(account!.password));
    const draft = new Draft(api.leader.ledger.state);

    draft.deleteNode("n-dyn");
    await api.leader.ledger.commit(draft.changes);

    assert.ok(![...api.disk.rows.values()].some(({ text }) => text.includes(account!.password)));
  });

  it("are unlike from session to session, also by chance that repeats itself", async () => {
    const low = { below: () => 0, id: (length: number) => ids.shift()!.slice(0, length) };
    const ids = ["same-same", "aaaaaaaaaaaaaaa", "same-same", "other-one", "bbbbbbbbbbbbbbb", "x", "y"];
    const { ledger } = api.leader;
    const accounts = new SessionAccounts({ ledger, clock: realClock, rng: low, tokens: api.tokens });
    await enter("ann");
    await enter("ann");
    const names = (await accounts.list("n-dyn")).accounts.map(({ userName }) => userName);
    assert.equal(new Set(names).size, 2);
  });
});
