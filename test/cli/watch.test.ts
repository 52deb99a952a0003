import assert from "node:assert/strict";
import { stagingDoc } from "../support/builders";
import { Api } from "../api/harness";
import { until } from "../support/until";
import { headroom } from "./headroom";

describe("headroom session watch", () => {
  let api: Api;
  before(async () => {
    api = await Api.start();
    await api.furnish();
  });
  after(() => api.close());

  const run = (...args: string[]) => headroom([...args, "--endpoint", api.url, "--key", api.keys.admin]);

  it("shows each step of a session as a line of its own where there is no terminal, until it runs", async () => {
    const { sessionId } = await api.client("broker").requestSession({ workspace: "office", userId: "ada" });
    const watching = run("session", "watch", sessionId);
    await until("it follows", () => api.feed.size > 0);
    await api.client("broker").setSessionStatus(sessionId, "running");
    const { code, stdout, stderr } = await watching;

    assert.equal(code, 0, stderr);
    const [first, second] = stdout.trim().split("\n");
    assert.match(
      first!,
      new RegExp(`^${sessionId} assigned, starting, on node-1 at 127.0.0.9: node node-1 .* had room`),
    );
    assert.match(second!, new RegExp(`^${sessionId} running, on node-1`));
  });

  it("ends with 4 and the reason when the session ended without having run", async () => {
    const { sessionId } = await api.client("broker").requestSession({ workspace: "office", userId: "eve" });
    await api.client("broker").releaseSession(sessionId);
    const { code, stdout } = await run("session", "watch", sessionId);

    assert.equal(code, 4);
    assert.match(stdout, /ended, .*: released by request/);
    assert.equal((await run("session", "watch", "nothing")).code, 4);
  });

  it("follows a request at once with --watch, as JSON lines with --json", async () => {
    const watching = run(
      "session",
      "request",
      "--workspace",
      "office",
      "--user",
      "bob",
      "--watch",
      "--json",
      "--allow",
      "webcam",
    );
    await until("it follows", () => api.feed.size > 0);
    const session = [...api.leader.ledger.state.sessions.values()].find(({ userId }) => userId === "bob")!;
    await api.client("broker").setSessionStatus(session.sessionId, "running");
    const { code, stdout } = await watching;

    assert.equal(code, 0);
    assert.equal(session.permissions!.webcam, true);
    const statuses = stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { status: string }).status);
    assert.deepEqual(statuses, ["assigned", "running"]);
  });

  it("headroom staging shows what is ready and what is wanted; explain says why", async () => {
    assert.match((await run("staging")).stdout, /no staging configs/);
    const doc = stagingDoc({ sessions: 99 });
    await api.client("operator").putDefinition({ kind: "stagingConfig", name: "offices", doc, owner: "t" });
    const { stdout } = await run("staging");
    const explained = await run("explain", "staging", "offices");

    assert.match(stdout, /^STAGING +WORKSPACE +ZONE +READY +EXPIRES IN +REASON\noffices +office +eu +0\/99 /);
    assert.match(explained.stdout, /^staging config offices: staged: 0 of 99 sessions/);
    assert.match(explained.stdout, /declared/);
  });
});
