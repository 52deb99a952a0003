/** What VMs, users and clouds have written does nothing in an operator's terminal, whichever command shows it. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { aLane, aNode, Api } from "../api/harness";
import type { Change } from "../../runtime/model/changes";
import type { Decision, Session } from "../../runtime/model/state";
import { headroom } from "./headroom";

/** Clears the screen, fills the clipboard, forges a row of a table, colours by an 8-bit code, turns text round. */
const hostile = "x\x1b[2J\x1b]52;c;aGk=\x07\r\nn-forged  agents  running\u009b31m\u202etxt\u2066\x7fy";
const acting = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

const reason = { code: "test", text: `it said ${hostile}`, numbers: { userId: hostile, workspace: hostile } };
const session: Session = {
  ...{ sessionId: "s1", workspace: "office", userId: hostile, status: "running", sequence: 1 },
  ...{ requestedAtMs: 1, assignedAtMs: 1, nodeId: "node-1", reason },
  needs: { cores: 1, memoryBytes: 2 ** 30, gpus: 0 },
};
const decision = (subject: Decision["subject"], subjectId: string, index: number): Change => ({
  kind: "decision",
  decision: { decisionId: `000000000000${index}`, atMs: Date.now(), subject, subjectId, event: "failed", reason },
});

const commands: readonly (readonly string[])[] = [
  ["status"],
  ["sessions"],
  ["sessions", "s1"],
  ["session", "watch", "s1"],
  ["nodes"],
  ["nodes", "node-1"],
  ["nodes", "drain", "node-1", "--dry-run"],
  ["nodes", "delete", "node-1", "--dry-run"],
  ["nodes", "forget", "node-1", "--dry-run"],
  ["explain", "node", "node-1"],
  ["explain", "node", "node-gone"],
  ["explain", "session", "s1"],
  ["explain", "config", "agents-eu"],
  ["lanes"],
  ["orphans"],
  ["staging"],
  ["plan"],
  ["sessions", hostile.replaceAll("\0", "")],
  ["session", "request", "--workspace", hostile, "--user", hostile],
  ["no-such-command", hostile],
  [hostile],
];

describe("headroom in a terminal", function () {
  this.timeout(120_000);
  let api: Api;
  before(async () => {
    api = await Api.start();
    await api.furnish();
    await api.leader.ledger.commit([
      { kind: "put", table: "node", row: aNode({ reason, progressMessage: hostile }) },
      { kind: "put", table: "lane", row: aLane() },
      { kind: "put", table: "session", row: session },
      decision("node", "node-1", 1),
      decision("node", "node-gone", 2),
      decision("session", "s1", 3),
    ]);
  });
  after(() => api.close());

  it("acts on nothing that others have written, whatever the command, and a line break forges no row", async () => {
    const shown = new Map<string, string>();
    for (const command of commands) {
      const { stdout, stderr } = await headroom(["--endpoint", api.url, "--key", api.keys.admin, ...command]);
      const text = stdout + stderr;
      const name = JSON.stringify(command);
      assert.ok(!acting.test(text), `${name} prints ${JSON.stringify(text)}`);
      // The command line is whoever runs it's own.
      assert.ok(
        command.includes(hostile) || !/^n-forged/m.test(text),
        `${name} prints a forged row: ${JSON.stringify(text)}`,
      );
      shown.set(command.join(" "), text);
    }
    for (const command of ["sessions", "nodes", "explain node node-1", "session watch s1"]) {
      assert.match(shown.get(command)!, /\\u001b\[2J/, `${command} shows what was written`);
    }
  });

  it("gets with --json the very text, written so that it does not act", async () => {
    for (const command of [["sessions"], ["nodes", "node-1"], ["explain", "session", "s1"]]) {
      const { stdout } = await headroom(["--endpoint", api.url, "--key", api.keys.admin, "--json", ...command]);
      assert.ok(!acting.test(stdout), JSON.stringify(stdout));
      assert.ok(JSON.stringify(JSON.parse(stdout)).includes(JSON.stringify(hostile).slice(1, -1)), command.join(" "));
    }
  });

  it("finds no line of a log that acts", () => {
    assert.ok(!acting.test(api.logLines.join("").replaceAll("\n", "")));
  });

  it("is written to in one file only", () => {
    const folder = join(__dirname, "..", "..", "..", "runtime", "cli");
    const writers = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && file !== "output.ts")
      .filter((file) => /process\.(stdout|stderr)\.write|\bconsole\./.test(readFileSync(join(folder, file), "utf8")));

    assert.deepEqual(writers, []);
  });
});
