/** Check-in and interruption as startup scripts send them, over HTTP. */
import assert from "node:assert/strict";
import type { TokenPurpose } from "../../runtime/broker/node-tokens";
import type { Lane, Node } from "../../runtime/model/state";
import { Api, aNode } from "./harness";

describe("calls of nodes", () => {
  let api: Api;
  before(async () => {
    api = await Api.start();
    await api.furnish();
  });
  after(() => api.close());

  async function put(changes: Partial<Node>): Promise<void> {
    await api.leader.ledger.commit([{ kind: "put", table: "node", row: aNode(changes) }]);
  }

  function tokenOf(nodeId: string, purpose: TokenPurpose = "checkin", lifeMs = 60_000): string {
    const nowMs = Date.now();
    return api.tokens.issue({ nodeId, purpose, expiresAtMs: nowMs + lifeMs, nowMs });
  }

  const starting = { status: "starting", readyWhen: "checkin", runningSinceMs: undefined } as const;
  const statusOf = (nodeId: string) => api.leader.ledger.state.nodes.get(nodeId)!;

  /** Word for word what the documentation of the call shows. */
  const example = { status: "running", status_message: "Initialization Complete", status_progress: "100" };

  it("takes the check-in as the documentation shows it, the token in the query", async () => {
    await put({ nodeId: "node-q", ...starting });
    const path = `/api/set_server_status?token=${tokenOf("node-q")}`;
    const reply = await api.request(path, { method: "POST", body: example });
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual([statusOf("node-q").status, statusOf("node-q").progressPercent], ["running", 100]);
    assert.equal(statusOf("node-q").progressMessage, "Initialization Complete");
  });

  it("takes progress as a number or as text from 0 to 100, and the token as bearer", async () => {
    await put({ nodeId: "node-p", ...starting });
    const key = tokenOf("node-p");
    for (const [progress, percent] of [
      [25, 25],
      ["30", 30],
      ["42.5", 42.5],
      [0, 0],
      ["60%", 60],
    ] as const) {
      const body = { status: "starting", status_progress: progress };
      const reply = await api.request("/api/set_server_status", { method: "POST", key, body });
      assert.equal(reply.status, 200, `${progress}: ${reply.text}`);
      assert.equal(statusOf("node-p").progressPercent, percent);
    }
    for (const progress of [-1, 101, "101", "many", "", [], true]) {
      const body = { status: "starting", status_progress: progress };
      const reply = await api.request("/api/set_server_status", { method: "POST", key, body });
      assert.equal(reply.status, 400, `${JSON.stringify(progress)}: ${reply.text}`);
      assert.equal(reply.body["path"], "status_progress");
    }
  });

  it("refuses an unknown status with 400 and the path", async () => {
    const key = tokenOf("node-1");
    for (const status of ["ready", "RUNNING", "", 1, undefined]) {
      const reply = await api.request("/api/set_server_status", { method: "POST", key, body: { ...example, status } });
      assert.deepEqual([reply.status, reply.body["path"]], [400, "status"], String(status));
    }
  });

  it("refuses a token of another purpose, an expired one, a wrong one and none with 401", async () => {
    const good = tokenOf("node-1");
    const tokens = [tokenOf("node-1", "agent"), tokenOf("node-1", "checkin", -1_000), `${good}x`, "nonsense"];
    for (const key of [...tokens, undefined]) {
      const reply = await api.request("/api/set_server_status", { method: "POST", key, body: example });
      assert.equal(reply.status, 401, reply.text);
    }
  });

  it("a replay after the node runs changes nothing", async () => {
    await put({ nodeId: "node-r", ...starting });
    const key = tokenOf("node-r");
    const send = (status: string) => api.request("/api/set_server_status", { method: "POST", key, body: { status } });
    assert.equal((await send("running")).status, 200);
    const before = statusOf("node-r");
    for (const status of ["starting", "failed", "running"])
      assert.deepEqual((await send(status)).body, { nodeId: "node-r", status: "running" });
    assert.equal(statusOf("node-r"), before);
  });

  it("answers 410 to the late check-in of a node that is destroyed or gone", async () => {
    await put({ nodeId: "node-d", status: "destroying" });
    for (const nodeId of ["node-d", "node-gone"]) {
      const key = tokenOf(nodeId);
      const reply = await api.request("/api/set_server_status", { method: "POST", key, body: example });
      assert.deepEqual([reply.status, reply.body["code"]], [410, "gone"]);
    }
  });

  it("drains a node that its cloud takes back, by its agent token or its check-in token, and never by another's", async () => {
    for (const purpose of ["agent", "checkin"] as const) {
      const nodeId = `node-i-${purpose}`;
      await put({ nodeId });
      const path = `/api/v1/nodes/${nodeId}/interruption`;
      const foreign = await api.request(path, { method: "POST", key: tokenOf("node-1", purpose), body: {} });
      assert.equal(foreign.status, 401);
      const body = { deadline: "2031-01-01T08:22:00Z", message: "spot" };
      const key = tokenOf(nodeId, purpose);
      for (const time of [1, 2]) {
        const reply = await api.request(path, { method: "POST", key, body });
        assert.deepEqual(reply.body, { nodeId, status: "draining" }, `${time}: ${reply.text}`);
      }
      assert.equal(statusOf(nodeId).interruption!.deadlineMs, Date.UTC(2031, 0, 1, 8, 22));
      const node = await api.client("viewer").node(nodeId);
      assert.match(node.reason.text, /^the cloud takes it back at 2031-01-01T08:22:00.000Z \(spot\)/);
    }
  });

  it("reads JSON whatever the type of the body is called, also without one", async () => {
    for (const type of ["application/x-www-form-urlencoded", "text/plain", "text/json; charset=utf-16", "", "x"]) {
      await put({ nodeId: "node-t", ...starting });
      const options = { method: "POST", key: tokenOf("node-t"), headers: { "content-type": type }, body: example };
      const reply = await api.request("/api/set_server_status", options);
      assert.equal(reply.status, 200, `${type}: ${reply.text}`);
      assert.equal(statusOf("node-t").status, "running");
      await put({ nodeId: "node-t" });
      const path = "/api/v1/nodes/node-t/heartbeat";
      const beat = await api.request(path, { ...options, key: tokenOf("node-t", "agent"), body: { gpus: 1 } });
      assert.equal(beat.status, 200, `${type}: ${beat.text}`);
    }
  });

  it("shows the containers that a node has counted, and writes no row for them", async () => {
    await put({ nodeId: "node-c", readyWhen: "heartbeat" });
    const path = "/api/v1/nodes/node-c/heartbeat";
    const key = tokenOf("node-c", "agent");
    const rows = () => JSON.stringify([...api.disk.rows]);
    const written = rows();
    for (const containers of [3, 0, 12]) {
      assert.equal((await api.request(path, { method: "POST", key, body: { containers } })).status, 200);
      assert.equal((await api.client("viewer").node("node-c")).containers, containers);
    }
    assert.equal(rows(), written);
    const wrong = await api.request(path, { method: "POST", key, body: { containers: -1 } });
    assert.deepEqual([wrong.status, wrong.body["path"]], [400, "containers"]);
  });

  it("refuses an interruption at no time", async () => {
    const key = tokenOf("node-1", "agent");
    const path = "/api/v1/nodes/node-1/interruption";
    for (const deadline of ["soon", "2031-01-01", "2031-13-01T00:00:00Z", 5]) {
      const reply = await api.request(path, { method: "POST", key, body: { deadline } });
      assert.deepEqual([reply.status, reply.body["path"]], [400, "deadline"], String(deadline));
    }
  });
});

describe("orders of operators over the API", () => {
  let api: Api;
  before(async () => {
    api = await Api.start();
    await api.furnish();
  });
  after(() => api.close());

  it("drains and undrains a node, and says why it can't", async () => {
    const client = api.client("operator");
    assert.equal((await client.drainNode("node-1")).status, "draining");
    assert.equal((await client.drainNode("node-1")).reason.code, "held", "twice is harmless");
    assert.equal((await client.undrainNode("node-1")).status, "running");
    await api.leader.ledger.commit([
      { kind: "put", table: "node", row: aNode({ nodeId: "node-2", status: "failed" }) },
    ]);
    await assert.rejects(client.drainNode("node-2"), /node node-2 is failed; only a node that runs can be drained/);
    await assert.rejects(client.undrainNode("node-2"), /node node-2 is failed, not draining/);
    await assert.rejects(client.drainNode("node-9"), /there is no node "node-9"/);
  });

  it("forgets a node that is lost, another only by force, and tells which sessions ended", async () => {
    const client = api.client("operator");
    const { ledger } = api.leader;
    const lane: Lane = {
      laneId: "l-9",
      autoscaleConfig: "agents-eu",
      stack: "l-9",
      desiredRevision: 4,
      appliedRevision: 4,
    };
    await ledger.commit([
      { kind: "put", table: "lane", row: { ...lane, strangers: ["n-stranger"] } },
      { kind: "put", table: "node", row: aNode({ nodeId: "node-7", status: "missing", laneId: "l-9" }) },
      { kind: "put", table: "node", row: aNode({ nodeId: "node-8", status: "running", laneId: "l-9" }) },
    ]);
    assert.deepEqual(await client.forgetNode("node-7", false), { nodeId: "node-7", sessions: [] });
    await assert.rejects(client.forgetNode("node-8", false), /node node-8 is running; without force/);
    assert.deepEqual(await client.forgetNode("node-8", true), { nodeId: "node-8", sessions: [] });
    await assert.rejects(client.forgetNode("node-8", true), /there is no node "node-8"/);
    const shown = (await client.lanes()).find(({ laneId }) => laneId === "l-9");
    assert.deepEqual([shown?.forgotten, shown?.strangers], [["node-7", "node-8"], ["n-stranger"]]);
    assert.equal((await client.status()).lanes.strangers, 1);
    assert.match((await client.explain("node", "node-7")).decisions.at(-1)!.reason.text, /given up by request/);
  });

  it("lists VMs that nobody knows once they are certain", async () => {
    const client = api.client("operator");
    const seen = { accountId: "vm-here-1", vmProvider: "here", place: { region: "r1" }, firstSeenMs: 5, lastSeenMs: 9 };
    const certain = { ...seen, orphanId: "vm-here-1/i-2", vmId: "i-2", nodeId: "n-x", firstSeenMs: 3, reportedAtMs: 9 };
    await api.leader.ledger.commit([
      { kind: "put", table: "orphan", row: { ...seen, orphanId: "vm-here-1/i-1", vmId: "i-1" } },
      { kind: "put", table: "orphan", row: certain },
    ]);
    assert.deepEqual(await client.orphans(), [certain]);
    assert.equal((await client.status()).orphans, 1);
  });

  it("shows and explains a node that was made from an older definition", async () => {
    const client = api.client("operator");
    await api.leader.ledger.commit([
      { kind: "put", table: "node", row: aNode({ nodeId: "node-3", specDigest: "old" }) },
    ]);
    assert.equal((await client.node("node-3")).isOutdated, true);
    const { reasons } = await client.explain("node", "node-3");
    assert.match(reasons[1]!.text, /made from an older definition .*; it stays \(onSpecChange: keep\)/);
    assert.equal((await client.node("node-1")).isOutdated, false);
  });
});
