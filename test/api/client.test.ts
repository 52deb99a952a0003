import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { HeadroomClient } from "../../runtime/api/client";
import {
  BugError,
  ConfigError,
  ConflictError,
  NotFoundError,
  ForbiddenError,
  GoneError,
  NoCapacityError,
  UnauthorizedError,
  UnavailableError,
} from "../../runtime/model/errors";
import { Api } from "./harness";

describe("the client", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  /** A client of a server that answers as told. */
  async function against(answer: RequestListener, options: { retries?: number; timeoutMs?: number } = {}) {
    server = createServer(answer);
    await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return new HeadroomClient({ endpoint: `http://127.0.0.1:${port}/`, apiKey: "hr_x", ...options });
  }

  it("names the endpoint and the cause when nothing answers there", async () => {
    const client = new HeadroomClient({ endpoint: "http://127.0.0.1:1", retries: 0 });

    await assert.rejects(client.status(), (error) => {
      assert.ok(error instanceof UnavailableError);
      assert.match(error.message, /http:\/\/127\.0\.0\.1:1 can't be reached: .*(ECONNREFUSED|bad port)/);
      return true;
    });
  });

  it("refuses what is no endpoint", () => {
    for (const endpoint of ["", "headroom", "ftp://x", "http://user:pw@host"]) {
      assert.throws(() => new HeadroomClient({ endpoint }), ConfigError, endpoint);
    }
  });

  it("gives back the class of every error, with its problems", async () => {
    const classes = [
      [400, "config", ConfigError],
      [401, "unauthorized", UnauthorizedError],
      [403, "forbidden", ForbiddenError],
      [404, "notFound", NotFoundError],
      [409, "conflict", ConflictError],
      [410, "gone", GoneError],
      [413, "tooLarge", ConfigError],
      [422, "noCapacity", NoCapacityError],
      [429, "rateLimited", UnavailableError],
      [500, "bug", BugError],
      [503, "unavailable", UnavailableError],
    ] as const;
    for (const [status, code, expected] of classes) {
      const problems = [{ path: "a.b", message: "wrong" }];
      const client = await against(
        (_request, response) => {
          response.writeHead(status, { "content-type": "application/json" });
          response.end(JSON.stringify({ code, message: "as told", path: "a.b", problems }));
        },
        { retries: 0 },
      );
      await assert.rejects(client.requestSession({ workspace: "w", userId: "u" }), (error) => {
        assert.ok(error instanceof expected, `${status} became ${String(error)}`);
        assert.match(error.message, /as told/);
        assert.deepEqual(error.problems, problems);
        return true;
      });
      server?.close();
    }
  });

  it("says that the endpoint is something else when the answer is not ours", async () => {
    const client = await against((_request, response) => response.writeHead(502).end("<html>bad gateway"), {
      retries: 0,
    });

    await assert.rejects(client.nodes(), /answered GET \/api\/v1\/nodes with 502 and no Headroom body/);
  });

  it("repeats what may be repeated, and a session request only with an idempotency key", async () => {
    let requests = 0;
    const keys = new Set<string | string[] | undefined>();
    const client = await against((request, response) => {
      requests += 1;
      keys.add(request.headers["idempotency-key"]);
      if (requests % 2 === 1) return void response.destroy();
      response.end(JSON.stringify({ session: { sessionId: "s" }, nodes: [] }));
    });

    await client.nodes();
    assert.equal(requests, 2);
    await client.requestSession({ workspace: "w", userId: "u" }, "k1");
    assert.equal(requests, 4);
    await assert.rejects(client.requestSession({ workspace: "w", userId: "u" }), UnavailableError);
    assert.equal(requests, 5);
    assert.ok(keys.has("k1"));
  });

  it("gives up after its time-out and says so", async () => {
    const client = await against(() => undefined, { retries: 0, timeoutMs: 50 });

    await assert.rejects(client.health(), /no answer within 0.05 s/);
    server?.closeAllConnections();
  });

  it("speaks the whole API", async () => {
    const api = await Api.start();
    try {
      await api.furnish();
      const admin = api.client("admin");
      assert.equal((await admin.health()).status, "leader");
      const findings = await admin.checkDefinition({
        kind: "autoscaleConfig",
        doc: { name: "x", type: "server", pool: "later", zone: "eu", vmProvider: "here" },
        owner: "t",
        pending: [{ kind: "pool", doc: { name: "later", type: "server" }, owner: "t" }],
      });
      assert.deepEqual(findings, { problems: [], warnings: [] });
      assert.equal(await admin.definition("zone", "nowhere"), undefined);
      assert.equal((await admin.definitions("zone"))[0]?.name, "eu");
      const session = await admin.requestSession({ workspace: "office", userId: "ada" });
      assert.equal(session.node?.nodeId, "node-1");
      assert.equal((await admin.setSessionStatus(session.sessionId, "running")).status, "running");
      assert.deepEqual((await admin.node("node-1")).sessions, [session.sessionId]);
      assert.equal((await admin.releaseSession(session.sessionId)).status, "ended");
      assert.equal((await admin.session(session.sessionId)).status, "ended");
      assert.deepEqual(await admin.sessions(), []);
      assert.equal((await admin.plan()).configs[0]?.autoscaleConfig, "agents-eu");
      assert.match((await admin.explain("session", session.sessionId)).summary, /is ended/);
      const journal = await admin.decisions({ limit: 1000 });
      const behind = await admin.decisions({ after: journal[0]!.decisionId });
      assert.deepEqual(behind, journal.slice(1));
      assert.equal((await admin.status()).sessions["assigned"], undefined);
      assert.deepEqual(
        (await admin.lanes()).map(({ laneId, nodes }) => [laneId, nodes]),
        [["lane-1", 1]],
      );
      assert.ok((await admin.closeLane("lane-1")).keptClosedUntilMs! > Date.now());
      await assert.rejects(admin.closeLane("lane-2"), NotFoundError);
      await assert.rejects(admin.deleteDefinition("pool", "agents", "test"), ConflictError);
      assert.equal(await admin.deleteDefinition("workspace", "office", "test"), undefined);
      assert.equal((await admin.deleteDefinition("autoscaleConfig", "agents-eu", "test"))?.status, "draining");
      assert.equal((await admin.deleteNode("node-1")).nodeId, "node-1");
    } finally {
      await api.close();
    }
  });
});
