import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Api, aNode } from "../api/harness";
import { headroom, withFolder } from "./headroom";

const commands = [
  ["serve"],
  ["status"],
  ["nodes"],
  ["nodes", "drain"],
  ["nodes", "undrain"],
  ["nodes", "delete"],
  ["nodes", "forget"],
  ["orphans"],
  ["sessions"],
  ["lanes"],
  ["lanes", "close"],
  ["plan"],
  ["explain"],
  ["doctor"],
  ["session", "request"],
  ["session", "release"],
  ["session", "watch"],
  ["staging"],
  ["import"],
  ["import", "kasm"],
  ["completion"],
  ["version"],
];

describe("headroom", () => {
  it("explains every command with an example and the global options", async () => {
    for (const command of commands) {
      const { code, stdout } = await headroom([...command, "--help"]);
      assert.equal(code, 0, command.join(" "));
      assert.match(stdout, /Example:\n {2}\$ headroom /, command.join(" "));
      assert.match(stdout, /--endpoint <url>/, command.join(" "));
    }
  });

  it("starts without loading the database client, the SDK of Pulumi or Express", async () => {
    const script = `import { createRequire } from "node:module";
      const { cache } = createRequire(process.cwd() + "/");
      process.on("exit", () => {
        const heavy = Object.keys(cache).filter((file) => /node_modules.(pg|@pulumi|zod|pino)[\\\\/]/.test(file));
        console.log("heavy:" + JSON.stringify(heavy.slice(0, 3)));
      });`;
    const { execFileSync } = await import("node:child_process");
    const main = join(__dirname, "..", "..", "runtime", "cli", "main.js");
    const hook = `data:text/javascript,${encodeURIComponent(script)}`;
    const output = execFileSync(process.execPath, ["--import", hook, main, "--help"], { encoding: "utf8" });

    assert.match(output, /Usage: headroom/);
    assert.match(output, /heavy:\[\]/);
  });

  it("refuses a command that does not exist also where help is asked for, and says what was meant", async () => {
    for (const args of [
      ["stats", "--help"],
      ["help", "stats"],
      ["-h", "stats"],
      ["--json", "stats", "--help"],
    ]) {
      const { code, stderr } = await headroom(args);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, /unknown command 'stats'\s+\(Did you mean status\?\)/, args.join(" "));
    }
    for (const args of [["status", "--help"], ["help", "status"], ["--help"], ["help"], ["nodes", "drain", "-h"]]) {
      assert.equal((await headroom(args)).code, 0, args.join(" "));
    }
  });

  it("ends with 2 for what it does not understand", async () => {
    for (const args of [["bogus"], ["serve", "--port", "abc"], ["explain", "thing", "x"], ["status", "--bogus"], []]) {
      const { code, stderr, stdout } = await headroom(args);
      assert.equal(code, 2, args.join(" "));
      assert.ok(stderr.length + stdout.length > 0);
      assert.ok(!stderr.includes("    at "), stderr);
    }
  });

  it("ends with 3 and one sentence naming the endpoint when nothing answers there", async () => {
    await withFolder(async (folder) => {
      const args = ["status", "--endpoint", "http://127.0.0.1:1", "--data-folder", folder];
      const { code, stderr, stdout } = await headroom(args);

      assert.equal(code, 3);
      assert.match(stderr, /^headroom: the Headroom runtime at http:\/\/127\.0\.0\.1:1 can't be reached: .*\n$/);
      assert.equal(stdout, "");
      assert.match((await headroom([...args, "--verbose"])).stderr, /\n {4}at /);
    });
  });

  it("says what to do about a missing key, and sends the local key nowhere else", async () => {
    const api = await Api.start();
    try {
      await withFolder(async (folder) => {
        const args = ["nodes", "--endpoint", api.url, "--data-folder", folder];
        const { code, stderr } = await headroom(args);
        assert.equal(code, 4);
        assert.match(stderr, /needs an API key; give a key with --key or HEADROOM_API_KEY/);

        writeFileSync(join(folder, "admin-key"), `${api.keys.admin}\n`);
        assert.equal((await headroom(args)).code, 0);
      });
    } finally {
      await api.close();
    }
  });

  it("ends with 2 for an endpoint that is none", async () => {
    const { code, stderr } = await headroom(["status", "--endpoint", "nonsense", "--key", "x"]);

    assert.equal(code, 2);
    assert.match(stderr, /"nonsense" is not an endpoint/);
  });

  describe("against a runtime", () => {
    let api: Api;
    before(async () => {
      api = await Api.start();
      await api.furnish();
    });
    after(() => api.close());

    const run = (...args: string[]) =>
      headroom(args, { HEADROOM_ENDPOINT: api.url, HEADROOM_API_KEY: api.keys.operator });

    it("requests, shows, explains and releases a session", async () => {
      const requested = await run("session", "request", "--workspace", "office", "--user", "ada", "--json");
      assert.equal(requested.code, 0, requested.stderr);
      const { sessionId, status } = JSON.parse(requested.stdout) as { sessionId: string; status: string };
      assert.equal(status, "assigned");
      assert.match((await run("sessions")).stdout, new RegExp(`^SESSION .*\n${sessionId} +office +ada +assigned`));
      assert.match((await run("nodes")).stdout, /^NODE +CONFIG +STATUS .*\nnode-1 +agents-eu +running/);
      const explained = await run("explain", "session", sessionId);
      assert.match(explained.stdout, new RegExp(`^session ${sessionId} is assigned: `));
      const shown = await run("sessions", sessionId);
      assert.match(shown.stdout, /^status +assigned$/m);
      assert.match(shown.stdout, /^reason +node node-1 of pool "agents" had room for /m);
      assert.match(shown.stdout, /^requestedAt +\d{4}-\d{2}-\d{2}T[\d:.]+Z$/m);
      const released = await run("session", "release", sessionId);
      assert.match(released.stdout, /status +ended/);
      assert.equal((await run("sessions")).stdout, "no sessions\n");
    });

    it("prints tables for people and one JSON value with --json", async () => {
      for (const args of [["status"], ["nodes"], ["sessions"], ["lanes"], ["plan", "--dry-run"], ["nodes", "node-1"]]) {
        const people = await run(...args);
        assert.equal(people.code, 0, people.stderr);
        const programs = await run(...args, "--json");
        assert.doesNotThrow(() => JSON.parse(programs.stdout) as unknown, args.join(" "));
      }
    });

    it("drains, undrains and deletes a node; says before what it would do; deletes only with --yes", async () => {
      assert.match(
        (await run("nodes", "drain", "node-1", "--dry-run")).stdout,
        /would take no new session; .*; nothing was changed\n$/,
      );
      assert.match(
        (await run("nodes", "drain", "node-1")).stdout,
        /^node node-1 is draining with 0 sessions: drained by request/,
      );
      assert.match((await run("nodes", "undrain", "node-1")).stdout, /^node node-1 is running/);
      const careless = await run("nodes", "delete", "node-1");
      assert.equal(careless.code, 2);
      assert.match(careless.stderr, /destroys its VM; add --yes to do it, or --dry-run/);
      assert.match(
        (await run("nodes", "delete", "node-1", "--dry-run")).stdout,
        /its VM would be destroyed at once; nothing was changed/,
      );
      assert.match((await run("nodes", "node-1")).stdout, /status +running/);
      await api.leader.ledger.commit([
        { kind: "put", table: "node", row: { ...aNode(), nodeId: "node-2", status: "failed" } },
      ]);
      assert.match((await run("nodes", "delete", "node-2", "--yes")).stdout, /^node node-2 is destroying/);
    });

    it("forgets a node only with --yes, a running one only with --force, and lists VMs that nobody knows", async () => {
      await api.leader.ledger.commit([
        { kind: "put", table: "node", row: { ...aNode(), nodeId: "node-5", status: "running" } },
      ]);
      const careless = await run("nodes", "forget", "node-5");
      assert.equal(careless.code, 2);
      assert.match(careless.stderr, /leaves its VM to itself; add --yes to do it, or --dry-run/);
      assert.match(
        (await run("nodes", "forget", "node-5", "--dry-run")).stdout,
        /would be given up; .*nothing was changed/,
      );
      const refused = await run("nodes", "forget", "node-5", "--yes");
      assert.deepEqual([refused.code, /is running; without force/.test(refused.stderr)], [4, true]);
      const forgotten = await run("nodes", "forget", "node-5", "--yes", "--force");
      assert.match(forgotten.stdout, /^node node-5 is forgotten; 0 sessions ended with it/);
      assert.equal((await run("orphans")).stdout, "no orphans\n");
      const seen = { accountId: "vm-here-1", vmProvider: "here", firstSeenMs: 5, lastSeenMs: 9, reportedAtMs: 9 };
      const row = { ...seen, place: { region: "r1" }, orphanId: "vm-here-1/i-2", vmId: "i-2", nodeId: "n-x" };
      await api.leader.ledger.commit([{ kind: "put", table: "orphan", row }]);
      assert.match((await run("orphans")).stdout, /^VM +NODE .*\ni-2 +n-x +here +r1/);
      assert.match((await run("status")).stdout, /orphans +1 VM that nobody knows/);
    });

    it("ends with 4 when the runtime refuses", async () => {
      const missing = await run("explain", "node", "nowhere");
      assert.equal(missing.code, 4);
      assert.match(missing.stderr, /^headroom: there is no node nowhere/);
      const refused = await run("session", "request", "--workspace", "unknown", "--user", "ada");
      assert.equal(refused.code, 4);
    });

    it("tells of a refused session where to read more, in sentences, and writes them as JSON too", async () => {
      const operator = api.client("operator");
      const doc = { name: "huge", pools: ["unused"], cores: 1, memory: "1GiB" };
      await operator.putDefinition({
        kind: "pool",
        name: "unused",
        doc: { name: "unused", type: "dockerAgent" },
        owner: "test",
      });
      await operator.putDefinition({ kind: "workspace", name: "huge", doc, owner: "test" });

      const refused = await run("session", "request", "--workspace", "huge", "--user", "ada");
      assert.equal(refused.code, 4);
      const id = /more about it: headroom explain session (\S+)\n$/.exec(refused.stderr)![1]!;
      const people = await run("explain", "session", id);
      assert.match(
        people.stdout,
        /asked for workspace "huge"[^]*What would change it:\n {2}- [^]*What happened \(newest last\):/,
      );
      const programs = JSON.parse((await run("explain", "session", id, "--json")).stdout) as { sentences: string[] };
      assert.ok(programs.sentences.length > 1);
    });

    it("ends with 2 when a value is refused", async () => {
      const { code, stderr } = await run("session", "request", "--workspace", "NOT-A-NAME", "--user", "ada");

      assert.equal(code, 2);
      assert.match(stderr, /workspace: got "NOT-A-NAME"/);
    });

    it("finds a running runtime with doctor", async () => {
      const { stdout } = await run("doctor", "--json");
      const { findings } = JSON.parse(stdout) as { findings: { check: string; isGood: boolean; detail: string }[] };

      assert.match(findings.find(({ check }) => check === "runtime")!.detail, /^leader 0\.0\.0 at http/);
    });
  });

  it("finds with doctor what is wrong, says what to do, and ends with 3", async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await withFolder(async (folder) => {
        const key = join(folder, "admin-key");
        writeFileSync(key, "hr_x\n", { mode: 0o644 });
        const args = ["doctor", "--data-folder", folder, "--endpoint", `http://127.0.0.1:${port}`];
        const { code, stdout } = await headroom(args);

        assert.equal(code, 3);
        assert.match(stdout, /^ok +node +v\d+/m);
        assert.match(stdout, /^fail +keys .*run chmod 600/m);
        assert.match(stdout, new RegExp(`^fail +runtime +port ${port} is taken`, "m"));
      });
    } finally {
      server.close();
    }
  });

  it("finds with doctor a proxy that would lead a pulumi command astray, and tells its credentials to nobody", async () => {
    const proxy = "http://ann:hush-hush@proxy.example:3128";
    const { stdout, code } = await headroom(["doctor"], { http_proxy: proxy, NO_PROXY: "localhost,127.0.0.1" });
    const aroundIt = await headroom(["doctor"], { http_proxy: proxy, no_proxy: "127.0.0.1" });

    assert.equal(code, 3);
    assert.match(stdout, /^fail +proxy +http_proxy=http:\/\/\.\.\.@proxy\.example:3128 .*export no_proxy=/m);
    assert.match(aroundIt.stdout, /^ok +proxy +http_proxy=http:\/\/\.\.\.@proxy\.example:3128/m);
    assert.ok(!(stdout + aroundIt.stdout).includes("hush"));
  });

  it("finds with doctor a folder that can't be made", async () => {
    const { stdout, code } = await headroom(["doctor", "--data-folder", "/proc/headroom"]);

    assert.equal(code, 3);
    assert.match(stdout, /^fail +data folder +\/proc\/headroom can't be written/m);
  });
});
