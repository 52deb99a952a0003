/** Startup scripts that a node fetches, because they are longer than its cloud takes. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Draft } from "../../runtime/model/draft";
import { NodeTokens } from "../../runtime/broker/node-tokens";
import type { Node } from "../../runtime/model/state";
import { moveNode } from "../../runtime/planner/lifecycle/transitions";
import { Journal } from "../../runtime/model/journal";
import { bootstrapOf } from "../../runtime/model/script-bootstrap";
import { realClock } from "../../runtime/model/real-clock";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { SeededRng } from "../support/virtual-clock";
import { aNode, Api } from "./harness";

const script = `#!/bin/sh
# €, "quotes", \\ and $(nothing)
printf '%s' "$0 as it is" >ran
`;

describe("a startup script that is fetched", function () {
  this.timeout(60_000);
  let api: Api;
  let folder: string;
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
    folder = newOpenFolder("headroom-fetch-");
  });
  afterEach(async () => {
    await api.close();
    removeFolder(folder);
  });

  const nodeId = "node-f";
  async function put(changes: Partial<Node>): Promise<void> {
    const row = aNode({ nodeId, status: "starting", runningSinceMs: undefined, fetchedScript: script, ...changes });
    await api.leader.ledger.commit([{ kind: "put", table: "node", row }]);
  }
  const tokenOf = (id: string, purpose: "checkin" | "agent" = "checkin", tokens: NodeTokens = api.tokens) =>
    tokens.issue({ nodeId: id, purpose, expiresAtMs: Date.now() + 60_000, nowMs: Date.now() });
  const ask = (key: string | undefined, id = nodeId) => api.request(`/api/v1/nodes/${id}/startup-script`, { key });

  it("is given with the node's check-in token while the node comes up, as often as an answer was lost", async () => {
    for (const status of ["requested", "provisioning", "starting"] as const) {
      await put({ status });
      for (const time of [1, 2]) {
        const reply = await ask(tokenOf(nodeId));
        assert.equal(reply.status, 200, `${status} ${time}: ${reply.text}`);
        assert.equal(Buffer.from(String(reply.body["script"]), "base64").toString(), script);
        assert.equal(reply.headers.get("cache-control"), "no-store");
      }
    }
  });

  it("is refused once the node has checked in, when it is gone, and where there is none", async () => {
    for (const changes of [
      { status: "running" },
      { status: "starting", runningSinceMs: 5 },
      { status: "failed" },
      { status: "draining" },
      { status: "destroying" },
    ] as const) {
      await put(changes);
      assert.equal((await ask(tokenOf(nodeId))).status, 410, JSON.stringify(changes));
    }
    assert.equal((await ask(tokenOf("node-none"), "node-none")).status, 410);
    await put({ fetchedScript: undefined });
    assert.equal((await ask(tokenOf(nodeId))).status, 404);
  });

  it("is given to nobody else: no token, another node's, another purpose, an operator's key", async () => {
    await put({});
    const foreign = new NodeTokens(Buffer.alloc(32, 1));
    for (const key of [
      undefined,
      tokenOf("node-1"),
      tokenOf(nodeId, "agent"),
      tokenOf(nodeId, "checkin", foreign),
      api.keys.admin,
    ]) {
      assert.equal((await ask(key)).status, 401);
    }
  });

  it("is nowhere to be read: not with the node, in lists, explanations or the journal, and its row loses it", async () => {
    await put({});
    const viewer = api.client("admin");
    const shown = JSON.stringify([
      await viewer.node(nodeId),
      await viewer.nodes(),
      await viewer.explain("node", nodeId),
      (await api.request("/api/v1/decisions?limit=1000", { key: api.keys.admin })).body,
    ]);
    assert.ok(shown.includes(nodeId) && !shown.includes("as it is") && !shown.includes("fetchedScript"));

    const draft = new Draft(api.leader.ledger.state);
    const context = { draft, journal: new Journal(realClock, new SeededRng(1)), nowMs: Date.now() };
    moveNode(context, draft.node(nodeId)!, "provisioning", { code: "x", text: "x", numbers: {} });
    assert.equal(draft.node(nodeId)!.fetchedScript, script);
    moveNode(context, draft.node(nodeId)!, "running", { code: "x", text: "x", numbers: {} });
    assert.ok(!("fetchedScript" in draft.node(nodeId)!));
  });

  /** As a VM runs it, in the test's folder. */
  function boot(digest: string, at: { readonly url: string } = api): Promise<number | null> {
    const text = bootstrapOf("linux", {
      ...{ nodeId, token: tokenOf(nodeId), isLocal: true, digest },
      upstreamAuthAddress: at.url.replace("http://", ""),
    })
      // Where it is run must be seen, and nobody waits for half an hour.
      .replace("mktemp -d", `mktemp -d ${folder}/XXXXXX`)
      .replace('rm -rf "$folder"', `mv "$folder"/ran ${folder}/ran`)
      .replace("-lt 40", "-lt 3")
      .replace(/sleep "\$pause"/, "sleep 0.05");
    const child = spawn("sh", ["-c", text], { stdio: "ignore", env: { PATH: process.env["PATH"] } });
    return new Promise((done) => child.once("exit", (code) => done(code)));
  }
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

  it("is run by its bootstrap, by the interpreter that it names", async () => {
    await put({});
    assert.equal(await boot(sha256(script)), 0);
    assert.equal(readFileSync(join(folder, "ran"), "utf8"), "./script as it is");
    await put({ fetchedScript: `#!/usr/bin/env python3\nopen("ran", "w").write("by python")\n` });
    assert.equal(await boot(sha256(`#!/usr/bin/env python3\nopen("ran", "w").write("by python")\n`)), 0);
    assert.equal(readFileSync(join(folder, "ran"), "utf8"), "by python");
  });

  it("is not run when it is another than the node was made with, and tried again when it can't be had", async () => {
    await put({ fetchedScript: script.replace("as it is", "as it was not") });
    assert.equal(await boot(sha256(script)), 1);
    await put({});
    let asked = 0;
    const flaky = createServer((_request, response) => {
      asked += 1;
      const body = JSON.stringify({ script: Buffer.from(script).toString("base64") });
      if (asked === 1) response.writeHead(503).end("{}");
      else if (asked === 2)
        response.writeHead(200, { "content-length": body.length }).write(body.slice(0, 40), () => response.destroy());
      else response.end(body);
    });
    await new Promise<void>((done) => flaky.listen(0, "127.0.0.1", done));
    try {
      assert.equal(
        await boot(sha256(script), { url: `http://127.0.0.1:${(flaky.address() as { port: number }).port}` }),
        0,
      );
      assert.equal(asked, 3);
    } finally {
      flaky.close();
    }
  });
});
