import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { adviceFor } from "../../runtime/api/explain/advice";
import { digest } from "./bad-input/run";
import { aSession } from "../support/builders";
import { aNode, Api } from "./harness";

describe("explain", () => {
  let api: Api;
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
  });
  afterEach(() => api.close());

  const put = (kind: string, doc: Record<string, unknown>) =>
    api.request(`/api/v1/definitions/${kind}/${String(doc["name"])}`, {
      method: "PUT",
      key: api.keys.operator,
      body: { doc, owner: "test" },
    });
  const config = (changes: object) =>
    put("autoscaleConfig", {
      ...{ name: "agents-eu", type: "dockerAgent", pool: "agents", zone: "eu", vmProvider: "here" },
      ...changes,
    });
  const ask = (subject: "node" | "session" | "config", id: string) => api.client("viewer").explain(subject, id);
  const told = async (subject: "node" | "session" | "config", id: string) =>
    (await ask(subject, id)).sentences.join("\n");

  it("tells why a node is alive: who is on it", async () => {
    const { sessionId } = await api.client("broker").requestSession({ workspace: "office", userId: "ada" });

    const { sentences, wouldChange } = await ask("node", "node-1");

    assert.match(
      sentences.join("\n"),
      new RegExp(`It is alive because 1 session is on it: ${sessionId} \\(office of ada, assigned\\)`),
    );
    assert.match(wouldChange.join("\n"), /when the last one has ended and nothing else has needed it for 15m/);
  });

  it("tells why an idle node is alive: which standby or floor would fall short without it, and what would change that", async () => {
    await config({ standbyCores: 3 });
    const standby = await ask("node", "node-1");
    assert.match(
      standby.sentences.join("\n"),
      /without it something would be missing: 0 cores free of 3 cores wanted on standby/,
    );
    assert.match(standby.wouldChange.join("\n"), /a lower standby/);

    await config({ minNodes: 1 });
    const floor = await ask("node", "node-1");
    assert.match(floor.sentences.join("\n"), /0 of the 1 node that must always be there/);
    assert.match(floor.wouldChange.join("\n"), /a lower minNodes \(now 1\)/);
  });

  it("tells when a node that nobody needs will drain", async () => {
    const { ledger, clock } = api.leader;
    const excessSinceMs = clock.now() - 60_000;
    await ledger.commit([{ kind: "put", table: "configState", row: { autoscaleConfig: "agents-eu", excessSinceMs } }]);

    const text = await told("node", "node-1");

    const at = new Date(excessSinceMs + 15 * 60_000).toISOString().slice(0, 19).replace("T", " ");
    assert.match(text, new RegExp(`nobody needs it; it drains at ${at} UTC`));
  });

  it("tells of a coming node what it waits for and until when", async () => {
    const row = aNode({ nodeId: "n-coming", status: "starting", progressPercent: 40, readyWhen: "checkin" });
    await api.leader.ledger.commit([{ kind: "put", table: "node", row }]);

    const { sentences, wouldChange } = await ask("node", "n-coming");

    assert.match(sentences.join("\n"), /The VM exists at 127\.0\.0\.9; it waits for its check-in, which is at 40 %/);
    assert.match(wouldChange.join("\n"), /it is failed and replaced \(provisionTimeout 10m\)/);
  });

  it("tells of a node that was not heard yet where VMs call, until it was heard", async () => {
    const home = api.leader.ledger.state.zones.get(aNode().zone)!.upstreamAuthAddress;
    for (const readyWhen of ["checkin", "heartbeat", "probe"] as const) {
      const unheard = { lastHeartbeatMs: undefined, progressPercent: undefined };
      const silent = aNode({
        ...unheard,
        nodeId: `n-${readyWhen}`,
        status: "starting",
        readyWhen,
        connectionPort: 3389,
      });
      const heard = { ...silent, nodeId: `h-${readyWhen}`, progressPercent: 10 };
      for (const row of [silent, heard]) await api.leader.ledger.commit([{ kind: "put", table: "node", row }]);

      const says = async (id: string) => (await told("node", id)).includes(`VMs call ${home}`);
      assert.equal(await says(silent.nodeId), readyWhen !== "probe", readyWhen);
      assert.equal(await says(heard.nodeId), false, readyWhen);
    }
  });

  it("tells of a session that has its node who sets it to running, how its user gets in, and until when", async () => {
    const { ledger, clock } = api.leader;
    for (const startTimeout of ["10m", "90s", "0s"]) {
      await config({ startTimeout });
      const sessionId = `ready-${startTimeout}`;
      const row = aSession({ sessionId, nodeId: "node-1", status: "assigned", assignedAtMs: clock.now() });
      await ledger.commit([{ kind: "put", table: "session", row }]);

      const { sentences, wouldChange } = await ask("session", sessionId);

      const path = `/api/v1/sessions/${sessionId}`;
      assert.ok(sentences.join().includes(`GET ${path}/connection says how to get in`));
      assert.ok(sentences.join().includes(`sets it to running: PUT ${path}/status`));
      assert.match(wouldChange.join(), new RegExp(`set to running, .*\\(startTimeout ${startTimeout}\\)`));
      await ledger.commit([{ kind: "put", table: "session", row: { ...row, status: "running" } }]);
      assert.doesNotMatch(await told("session", sessionId), /sets it to running/);
    }
  });

  it("tells of a node that waits for a slot its place, and no time-out, because none applies", async () => {
    const row = aNode({ nodeId: "n-waits", status: "requested" });
    await api.leader.ledger.commit([{ kind: "put", table: "node", row }]);
    Object.assign(api.leader, { slotWaitOf: () => ({ position: 3, waiting: 7, inUse: 4, slots: 4 }) });

    const { sentences, wouldChange } = await ask("node", "n-waits");

    assert.match(sentences.join("\n"), /The lane is number 3 of 7 that wait for a slot; 4 of 4 slots are in use/);
    assert.doesNotMatch(wouldChange.join("\n"), /provisionTimeout/);
  });

  it("tells of a node that keeps its room for whom, of the session which node, and of a later one who comes first", async () => {
    const { ledger, clock } = api.leader;
    const before = clock.now() - 20 * 60_000;
    const needs = { ...api.leader.ledger.state.nodes.get("node-1")!.shape! };
    const holder = aSession({ nodeId: "node-1", needs: { ...needs, cores: 1 }, requestedAtMs: before + 1 });
    const waiting = aSession({ sessionId: "waits-long", needs, requestedAtMs: before });
    const reservation = { sinceMs: before, nodeIds: ["node-1"] };
    const later = aSession({ sessionId: "came-later", needs: { cores: 1, memoryBytes: 0, gpus: 0 } });
    const rows = [holder, { ...waiting, reservation }, { ...later, requestedAtMs: clock.now() }];
    await config({ maxNodes: 1 });
    await ledger.commit(rows.map((row) => ({ kind: "put", table: "session", row })));

    assert.match(await told("node", "node-1"), /Session waits-long waits for 20 min and was passed over/);
    assert.match(
      await told("session", "waits-long"),
      /max nodes.*so node node-1 keeps the room that comes free for it/,
    );
    const { candidates } = await ask("session", "came-later");
    const text = candidates?.find(({ id }) => id === "node-1")?.reason.text ?? "";
    assert.match(text, /keeps its room for session waits-long, which was requested earlier/);
  });

  it("tells of a static member that it is never destroyed", async () => {
    const member = { name: "m", zone: "eu", address: "10.0.0.1", cores: 4, memory: "8GiB" };
    await put("pool", { name: "agents", type: "dockerAgent", staticMembers: [member] });

    assert.match(await told("node", "static:agents:m"), /static member: Headroom neither creates nor destroys it/);
  });

  it("tells of a node that is gone when and why it went", async () => {
    const entries = [
      { event: "requested", text: "2 cores short" },
      { event: "draining", text: "idle and not needed for 15m" },
      { event: "gone", text: "everything of it is deleted" },
    ];
    await api.leader.ledger.commit(
      entries.map(({ event, text }, index) => ({
        kind: "decision",
        decision: {
          decisionId: `00000000000000${index}-000000-abcd`,
          atMs: 1_700_000_000_000 + index * 3_600_000,
          subject: "node",
          subjectId: "n-gone",
          event,
          reason: { code: event, text, numbers: {} },
        },
      })),
    );

    const { summary, sentences } = await ask("node", "n-gone");

    assert.match(summary, /node n-gone is gone/);
    assert.match(
      sentences.join("\n"),
      /The first entry about it is from 2023-11-14 22:13:20 UTC \(requested\): 2 cores short/,
    );
    assert.match(
      sentences.join("\n"),
      /It went because at 2023-11-14 23:13:20 UTC it became draining: idle and not needed for 15m/,
    );
  });

  it("tells why a session is waiting: its place, what each place has, and what would change it", async () => {
    await put("vmProviderConfig", { name: "here", kind: "local", maxInstances: 1, settings: {} });
    const client = api.client("broker");
    for (let count = 0; count < 4; count += 1)
      await client.requestSession({ workspace: "office", userId: `u${count}` });
    const waiting = await client.requestSession({ workspace: "office", userId: "late" });
    assert.equal(waiting.status, "queued");

    const { sentences, wouldChange } = await ask("session", waiting.sessionId);

    const text = sentences.join("\n");
    assert.match(text, /at place 1 of 1 in the queue of its pools/);
    assert.match(text, /It waits because VM provider config "here" has 1 of at most 1 instance \(max instances\)/);
    assert.match(
      text,
      /In pool "agents", zone "eu": 1 node \(1 running\); none of the running ones takes it: 1 has less than /,
    );
    assert.match(wouldChange.join("\n"), /raise maxInstances of VM provider config "here" \(now 1\)/);
  });

  it("tells of a refused session who asked for what, and why it was refused", async () => {
    const response = await api.request("/api/v1/sessions", {
      method: "POST",
      key: api.keys.broker,
      body: { workspace: "office", userId: "ada" },
    });
    assert.equal(response.status, 201);
    await config({ enabled: false });
    await api.leader.ledger.commit([{ kind: "delete", table: "node", id: "node-1" }]);
    const refused = await api.request("/api/v1/sessions", {
      method: "POST",
      key: api.keys.broker,
      body: { workspace: "office", userId: "bob" },
    });
    assert.equal(refused.status, 422, refused.text);

    const { summary, sentences, wouldChange } = await ask("session", String(refused.body["sessionId"]));

    assert.match(summary, /was refused: autoscale config "agents-eu" is disabled/);
    assert.match(sentences[0]!, /user "bob" asked for workspace "office"/);
    assert.deepEqual(wouldChange, ['enable autoscale config "agents-eu" (enabled: true)']);
  });

  it("tells why a config does not scale, and what would change it", async () => {
    await config({ standbyCores: 100, maxNodes: 1 });

    const { sentences, wouldChange } = await ask("config", "agents-eu");

    const text = sentences.join("\n");
    assert.match(text, /It has 1 node \(1 running\); at least 0, at most 1\./);
    assert.match(
      text,
      /of 100 cores wanted on standby; autoscale config "agents-eu" has 1 of at most 1 node \(max nodes\)/,
    );
    assert.match(wouldChange.join("\n"), /raise maxNodes of autoscale config "agents-eu" \(now 1\)/);
  });

  it("and the dry run never write anything", async () => {
    await config({ standbyCores: 3 });
    await api.client("broker").requestSession({ workspace: "office", userId: "ada" });
    await api.leader.ledger.settled();
    const disk = () => JSON.stringify([[...api.disk.rows], api.disk.decisions]);
    const before = { state: digest(api.leader.ledger.state), disk: disk() };

    const plan = await api.client("viewer").plan();
    await ask("node", "node-1");
    await ask("config", "agents-eu");
    await api.leader.ledger.settled();

    assert.ok(plan.configs.length > 0);
    assert.deepEqual({ state: digest(api.leader.ledger.state), disk: disk() }, before);
  });

  it("has advice for every reason that keeps a config from making a node", () => {
    const source = ["config/mode", "planning/create-blocks", "planning/route-blocks"]
      .map((name) => readFileSync(join(__dirname, "..", "..", "..", "runtime", "planner", `${name}.ts`), "utf8"))
      .join("\n");
    const codes = [...source.matchAll(/code: "(\w+)"/g)].map((match) => match[1]!);
    const notBlocks = ["fallback"];

    const missing = new Set(
      codes.filter((code) => !adviceFor({ code, text: "", numbers: {} }) && !notBlocks.includes(code)),
    );

    assert.ok(codes.length > 8);
    assert.deepEqual([...missing], []);
  });
});
