/** No answer leaves the process that tells of something a crash could take back. */
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { until } from "../support/until";
import { Api } from "./harness";
import { nameOf, samples } from "./samples";

const tokens: Readonly<Record<string, "agent" | "checkin">> = {
  "post /api/set_server_status": "checkin",
  "post /api/v1/nodes/{id}/heartbeat": "agent",
  "post /api/v1/nodes/{id}/interruption": "agent",
  "get /api/v1/nodes/{id}/startup-script": "checkin",
};

describe("what is not durable yet", () => {
  let api: Api;
  let sessionId = "";
  /** Lets the writes happen that are held back. */
  let release = (): void => undefined;
  /** How often somebody asked the ledger to wait. */
  let waits = 0;
  const cut = new AbortController();

  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
    await api
      .client("operator")
      .putDefinition({ kind: "pool", name: "other", doc: { name: "other", type: "server" }, owner: "t" });
    sessionId = (await api.client("broker").requestSession({ workspace: "office", userId: "eve" })).sessionId;
  });
  afterEach(() => api.close());
  after(() => cut.abort());

  /** The disk stands still, and one change of everybody's waits for it. */
  function holdWrites(): void {
    const { ledger, store } = api.leader;
    const write = store.write.bind(store);
    const released = new Promise<void>((resolve) => (release = resolve));
    store.write = async (changes) => {
      await released;
      return write(changes);
    };
    const commit = ledger.commit.bind(ledger);
    ledger.commit = (changes) => {
      waits += 1;
      return commit(changes);
    };
    const session = ledger.state.sessions.get(sessionId)!;
    void ledger.commit([{ kind: "put", table: "session", row: { ...session, status: "running" } }]);
    waits = 0;
  }

  async function send(name: string): Promise<number> {
    const { path, body } = samples[name]!;
    const token = tokens[name];
    const nowMs = Date.now();
    const issued = { nodeId: "node-1", expiresAtMs: nowMs + 60_000, nowMs };
    const key = token === undefined ? api.keys.admin : api.tokens.issue({ ...issued, purpose: token });
    const response = await fetch(api.url + path.replace("SESSION", sessionId), {
      method: name.split(" ")[0]!.toUpperCase(),
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", connection: "close" },
      signal: cut.signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.status;
  }

  async function assertHeld(sent: Promise<unknown>): Promise<void> {
    let isAnswered = false;
    void sent.then(() => (isAnswered = true));
    await until("it is answered or waits", () => isAnswered || waits > 0);
    for (let turn = 0; turn < 100; turn += 1) await nextTurn();
    assert.ok(!isAnswered, "answered before the change is durable");
    release();
  }

  for (const name of Object.keys(samples)) {
    const isOfNoState = /^get \/(healthz|livez|readyz|metrics|api\/docs.*|api\/v1\/openapi\.json)$/.test(name);
    it(`${isOfNoState ? "does not hold up" : "is not told by"} ${name}`, async () => {
      assert.ok(api.routes.some((route) => nameOf(route) === name));
      holdWrites();

      const sent = send(name);
      if (!isOfNoState) await assertHeld(sent);
      assert.ok((await sent) < 500);
      release();
    });
  }

  it("is not told by the second of two equal requests, whether it repeats a key, a check-in or an order", async () => {
    const repeats = [
      "post /api/set_server_status",
      "put /api/v1/sessions/{id}/status",
      "post /api/v1/nodes/{id}/drain",
    ];
    for (const name of repeats) {
      holdWrites();
      const first = send(name);
      await until("the first waits", () => waits > 0);
      waits = 0;
      const second = send(name);
      await assertHeld(second);
      assert.deepEqual(await Promise.all([first, second]), [200, 200]);
    }
  });

  for (const [name, table, id] of [
    ["get /api/v1/nodes/{id}", "node", "node-1"],
    ["get /api/v1/definitions/{kind}/{name}", "definition", "pool/agents"],
    ["post /api/v1/sessions", "definition", "workspace/office"],
  ] as const) {
    it(`is not told by the refusal of ${name}`, async () => {
      holdWrites();
      void api.leader.ledger.commit([{ kind: "delete", table, id }]);
      waits = 0;

      const sent = send(name);
      await assertHeld(sent);

      assert.equal(await sent, 404);
    });
  }
});
