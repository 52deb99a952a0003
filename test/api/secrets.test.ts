import assert from "node:assert/strict";
import { createHash, getHashes } from "node:crypto";
import { canonicalJson, shownDigestOf } from "../../runtime/api/digest";
import { Api } from "./harness";

describe("secrets", () => {
  let api: Api;
  before(async () => {
    api = await Api.start();
    await api.furnish();
  });
  after(() => api.close());

  const stored = (): string => JSON.stringify([...api.disk.rows.values(), ...api.disk.decisions]);

  it("of API keys are kept as hashes only", async () => {
    const { key } = await api.client("admin").createApiKey({ name: "made", scope: "broker" });

    for (const plain of [key, ...Object.values(api.keys)]) assert.ok(!stored().includes(plain));
    assert.match(key, /^hr_[A-Za-z0-9_-]{43}$/);
  });

  it("of deleted API keys open nothing any more", async () => {
    const admin = api.client("admin");
    const { key } = await admin.createApiKey({ name: "short-lived", scope: "viewer" });
    assert.equal((await api.request("/api/v1/nodes", { key })).status, 200);

    await admin.deleteApiKey("short-lived");

    assert.equal((await api.request("/api/v1/nodes", { key })).status, 401);
  });

  it("never reach the log: tokens of the query, keys, bodies", async () => {
    const nowMs = Date.now();
    const token = api.tokens.issue({
      nodeId: "node-1",
      purpose: "checkin",
      expiresAtMs: nowMs + 60_000,
      nowMs,
    });
    const path = `/api/set_server_status?token=${token}`;
    const good = { status: "running", status_message: "x", status_progress: "100" };
    assert.equal((await api.request(path, { method: "POST", body: good })).status, 200);
    await api.request(path, { method: "POST", body: { status: "wrong-status-value" } });
    await api.request(`/nowhere?token=${token}`, { key: api.keys.admin });
    await api.request("/api/v1/nodes", { key: `${api.keys.admin}x` });

    const log = api.logLines.join("");
    assert.match(log, /"path":"\/api\/set_server_status"/);
    for (const secret of [token, ...Object.values(api.keys), "wrong-status-value"]) {
      assert.ok(!log.includes(secret), `the log has ${secret}`);
    }
  });

  it("of settings and scripts are in no answer", async () => {
    const paths = [
      "/api/v1/definitions/vmProviderConfig",
      "/api/v1/definitions/vmProviderConfig/here",
      "/api/v1/nodes",
      "/api/v1/nodes/node-1",
      "/api/v1/explain/node/node-1",
      "/api/v1/status",
    ];
    for (const path of paths) {
      const reply = await api.request(path, { key: api.keys.admin });
      assert.equal(reply.status, 200, path);
      assert.ok(!reply.text.includes("hunter2-secret"), path);
      assert.ok(!reply.text.includes("token-in-script"), path);
    }
    const { doc } = (await api.client("viewer").definition("vmProviderConfig", "here"))!;
    assert.deepEqual(doc["settings"], { region: "r1", password: "[secret]" });
  });

  it("of autoscale configs are in no answer, no problem and no warning", async () => {
    const client = api.client("operator");
    const doc = (connectionPassword: string) => ({
      ...{ name: "secretive", type: "server", pool: "servers", zone: "eu", vmProvider: "here" },
      ...{ connectionUsername: "ann", connectionPassword },
      startupScript: { text: "echo {connection_password}" },
    });
    await client.putDefinition({ kind: "pool", name: "servers", doc: { name: "servers", type: "server" }, owner: "t" });
    const put = await client.putDefinition({
      ...{ kind: "autoscaleConfig", name: "secretive", owner: "t" },
      doc: doc("hunter2-'secret"),
    });
    const read = (await client.definition("autoscaleConfig", "secretive"))!;
    for (const view of [put, read]) {
      assert.equal(view.doc["connectionPassword"], "[secret]");
      assert.deepEqual(view.doc["startupScript"], { text: "[secret]" });
    }
    const { warnings } = await client.checkDefinition({
      ...{ kind: "autoscaleConfig", owner: "t" },
      doc: doc("hunter2-'secret"),
    });
    assert.match(warnings[0]!.message, /\{connection_password\} holds a quote/);
    const tooLong = doc(`hunter2-secret${"x".repeat(2000)}`);
    const { problems } = await client.checkDefinition({ kind: "autoscaleConfig", owner: "t", doc: tooLong });
    assert.equal(problems[0]!.path, "connectionPassword");
    const answers = [
      ...[put, read, warnings, problems],
      ...(await Promise.all([client.definitions("autoscaleConfig"), client.explain("config", "secretive")])),
    ];
    assert.ok(!JSON.stringify([answers, api.logLines]).includes("hunter2"));
  });

  it("show in the digest when they change", async () => {
    const client = api.client("operator");
    const put = (password: string) =>
      client.putDefinition({
        kind: "vmProviderConfig",
        name: "here",
        doc: { name: "here", kind: "local", maxInstances: 9, settings: { region: "r1", password } },
        owner: "test",
      });
    const before = await put("one");
    const changed = await put("two");
    const back = await put("one");

    assert.notEqual(before.digest, changed.digest);
    assert.equal(before.digest, back.digest);
    assert.deepEqual(before.doc, changed.doc);
  });

  it("can't be tried against the digest that is shown", async () => {
    const doc = { name: "tried", kind: "local", maxInstances: 9, settings: { region: "r1", password: "guessable" } };
    const definition = { kind: "vmProviderConfig" as const, name: "tried", doc, owner: "test" };
    await api.client("operator").putDefinition(definition);
    const { digest } = (await api.client("viewer").definition("vmProviderConfig", "tried"))!;

    const texts = [doc, definition, doc.settings].flatMap((value) => [JSON.stringify(value), canonicalJson(value)]);
    for (const text of [...texts, "guessable"]) {
      for (const hash of getHashes().filter((name) => /^(sha|md5|blake)/i.test(name))) {
        const outputLength = /shake/i.test(hash) ? { outputLength: 32 } : undefined;
        assert.notEqual(createHash(hash, outputLength).update(text).digest("hex"), digest, `${hash} of ${text}`);
      }
    }
    const bySomebodyElse = shownDigestOf(doc, Buffer.alloc(32, 8));
    assert.notEqual(bySomebodyElse, digest);
    assert.equal(bySomebodyElse.length, digest.length);
  });
});
