/** A call that shows a node's token and is refused leaves a line in the journal of its node. */
import assert from "node:assert/strict";
import type { TokenPurpose } from "../../runtime/broker/node-tokens";
import { RefusedCalls } from "../../runtime/broker/refused-calls";
import { NodeTokens } from "../../runtime/broker/node-tokens";
import type { Change } from "../../runtime/model/changes";
import type { Node } from "../../runtime/model/state";
import { SeededRng, startMs, VirtualClock } from "../support/virtual-clock";
import { until } from "../support/until";
import { aNode, Api, tokenSecret, type RequestOptions } from "./harness";

describe("a refused call of a node", () => {
  let api: Api;
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
  });
  afterEach(() => api.close());

  const put = (changes: Partial<Node>) =>
    api.leader.ledger.commit([{ kind: "put", table: "node", row: aNode(changes) }]);
  function tokenOf(nodeId: string, purpose: TokenPurpose = "checkin", lifeMs = 60_000): string {
    const nowMs = Date.now();
    return api.tokens.issue({ nodeId, purpose, expiresAtMs: nowMs + lifeMs, nowMs });
  }
  const linesOf = async (nodeId: string) => {
    const decisions = await api.leader.store.decisions({ subject: "node", subjectId: nodeId, limit: 100 });
    return decisions.filter(({ event }) => event === "callRefused").map(({ reason }) => reason.text);
  };
  const told = (nodeId: string) => until("its journal tells it", async () => (await linesOf(nodeId))[0]);

  const checkin = "/api/set_server_status";
  const running = { status: "running" };
  const cases: readonly {
    readonly name: string;
    readonly path: string;
    readonly options: (nodeId: string) => RequestOptions;
    readonly status: number;
    readonly line: RegExp;
  }[] = [
    {
      name: "with a body that is no JSON",
      path: checkin,
      options: (id) => ({ key: tokenOf(id), body: "status=running" }),
      status: 400,
      line: /^its call POST \/api\/set_server_status was refused with 400: the body is not JSON/,
    },
    {
      name: "with a wrong field",
      path: checkin,
      options: (id) => ({ key: tokenOf(id), body: { status: "ready" } }),
      status: 400,
      line: /refused with 400: status: got "ready"/,
    },
    {
      name: "with a token for something else",
      path: "/api/v1/nodes/node-x/heartbeat",
      options: (id) => ({ key: tokenOf(id, "checkin"), body: {} }),
      status: 401,
      line: /heartbeat was refused with 401: the node token is not valid for agent/,
    },
    {
      name: "with a token that has expired",
      path: checkin,
      options: (id) => ({ key: tokenOf(id, "checkin", -1000), body: running }),
      status: 401,
      line: /refused with 401/,
    },
    {
      name: "for another node",
      path: "/api/v1/nodes/node-1/heartbeat",
      options: (id) => ({ key: tokenOf(id, "agent"), body: {} }),
      status: 401,
      line: /refused with 401: this token does not speak for node node-1/,
    },
    {
      name: "by a method that is not there",
      path: "/api/v1/nodes/node-x/heartbeat",
      options: (id) => ({ method: "PUT", key: tokenOf(id, "agent"), body: {} }),
      status: 405,
      line: /PUT .* refused with 405/,
    },
    {
      name: "at an address that is not there",
      path: "/api/v1/nodes/node-x/alive",
      options: (id) => ({ key: tokenOf(id, "agent"), body: {} }),
      status: 404,
      line: /refused with 404/,
    },
    {
      name: "that is too large",
      path: checkin,
      options: (id) => ({ key: tokenOf(id), body: { ...running, status_message: "x".repeat(20_000) } }),
      status: 413,
      line: /refused with 413/,
    },
  ];
  for (const { name, path, options, status, line } of cases) {
    it(`${name} is told in its journal and by explain`, async () => {
      await put({ nodeId: "node-x", status: "starting", readyWhen: "checkin", runningSinceMs: undefined });

      const reply = await api.request(path, { method: "POST", ...options("node-x") });

      assert.equal(reply.status, status, reply.text);
      assert.match(await told("node-x"), line);
      const { sentences } = await api.client("viewer").explain("node", "node-x");
      assert.match(sentences.join("\n"), /its call .* was refused with/);
      assert.deepEqual(await linesOf("node-1"), [], "nobody else's");
    });
  }

  it("with the token in the query is told without it", async () => {
    await put({ nodeId: "node-x", status: "destroying" });
    const token = tokenOf("node-x");

    const reply = await api.request(`${checkin}?token=${token}`, { method: "POST", body: running });

    assert.equal(reply.status, 410);
    const line = await told("node-x");
    assert.match(line, /^its call POST \/api\/set_server_status was refused with 410/);
    assert.ok(!line.includes(token));
  });

  it("with a token that is not ours leaves nothing, whatever it says", async () => {
    const good = tokenOf("node-1");
    const foreign = new NodeTokens(Buffer.alloc(32, 9));
    const tokens = [
      `${good.slice(0, -2)}xx`,
      "nonsense",
      "a.b.c",
      foreign.issue({ nodeId: "node-1", purpose: "checkin", expiresAtMs: Date.now() + 60_000, nowMs: Date.now() }),
    ];
    for (const key of tokens) {
      assert.equal((await api.request(checkin, { method: "POST", key, body: running })).status, 401);
    }
    // One that leaves a line, behind all of them.
    await api.request(checkin, { method: "POST", key: good, body: {} });
    await told("node-1");

    assert.equal((await linesOf("node-1")).length, 1);
  });
});

describe("refused calls", () => {
  it("of one node and kind are told once in a minute, others for themselves", async () => {
    const clock = new VirtualClock();
    const lines: string[] = [];
    const ledger = {
      commit: async (changes: readonly Change[]) => {
        for (const change of changes) if (change.kind === "decision") lines.push(change.decision.subjectId);
      },
    };
    const tokens = new NodeTokens(tokenSecret);
    const calls = new RefusedCalls({ ledger: ledger as never, clock, rng: new SeededRng(1), tokens });
    const token = (nodeId: string) =>
      tokens.issue({ nodeId, purpose: "agent", expiresAtMs: startMs + 1000, nowMs: startMs });
    const refuse = (nodeId: string, code: string) =>
      calls.note(token(nodeId), { call: "POST /", status: 400, code, message: "no" });

    for (let time = 0; time < 50; time++) await refuse("n1", "config");
    await refuse("n1", "gone");
    await refuse("n2", "config");
    assert.deepEqual(lines, ["n1", "n1", "n2"]);

    await clock.advance(60_000);
    for (let time = 0; time < 50; time++) await refuse("n1", "config");
    assert.deepEqual(lines, ["n1", "n1", "n2", "n1"]);
  });
});
