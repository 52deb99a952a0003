import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../../runtime/executor/engine-choice";
import { laneFolder, openCrypter, passphraseFile } from "../../runtime/executor/installation";
import { until } from "../support/until";
import { aNode, aRequest, enginesHere, Heard, openBench, type Bench } from "./bench";
import { thingsOf } from "./toy-cloud";

for (const kind of ["embedded", "official"] as const) {
  describe(`updates of a lane with the ${kind} engine`, () => {
    let engine: Engine;
    let bench: Bench;

    before(async function () {
      const found = (await enginesHere()).find((candidate) => candidate.kind === kind);
      if (found === undefined) return this.skip();
      engine = found;
      bench = await openBench(engine, { slots: 2, warmSpares: 2 });
    });
    afterEach(() => bench?.world.release());
    after(async () => {
      await bench?.close();
    });

    const nodes = (...ids: string[]) => ids.map((id) => aNode(id, bench.world));
    const idsOf = (present: readonly { nodeId: string }[] | undefined) => present?.map(({ nodeId }) => nodeId).sort();

    it("creates three nodes with one engine process and tells their addresses", async () => {
      const heard = new Heard();

      const result = await bench.pool.update(aRequest(nodes("a1", "a2", "a3"), "a"), heard.hear);

      assert.equal(result.outcome, "succeeded", result.message);
      assert.deepEqual(idsOf(result.present), ["a1", "a2", "a3"]);
      assert.deepEqual(
        heard.kinds().filter((text) => text === "started"),
        ["started"],
      );
      assert.equal(heard.kinds()[0], "started");
      for (const node of result.present ?? []) {
        assert.match(node.address ?? "", /^10\.0\.0\.\d+$/);
        assert.ok(heard.events.some((event) => event.kind === "nodeCreated" && event.address === node.address));
      }
    });

    it("tells what was made for a node, and how long that took", async () => {
      const heard = new Heard();
      const startedAtMs = Date.now();

      await bench.pool.update(aRequest(nodes("t1"), "t"), heard.hear);

      const [made] = heard.events.flatMap((event) => (event.kind === "nodeCreated" ? [event] : []));
      const [step, ...others] = made?.steps ?? [];
      assert.deepEqual(others, []);
      assert.equal(step?.type, "toy:index:Thing");
      assert.ok(startedAtMs <= step.startedAtMs && step.startedAtMs <= step.endedAtMs && step.endedAtMs <= Date.now());
    });

    it("removes one node and leaves the others untouched", async () => {
      const before = thingsOf(bench.world.folder);
      const heard = new Heard();

      const result = await bench.pool.update(aRequest(nodes("a1", "a3"), "a", 2, ["a2"]), heard.hear);

      assert.deepEqual(idsOf(result.present), ["a1", "a3"]);
      assert.deepEqual(
        thingsOf(bench.world.folder).sort(byNode),
        before.filter(({ nodeId }) => nodeId !== "a2").sort(byNode),
      );
      assert.ok(heard.kinds().includes("nodeDeleted a2"));
    });

    // The official engine records the component first, and compares what exists meanwhile.
    if (kind === "embedded") {
      it("makes what comes first in the request without waiting for what exists", async () => {
        const old = ["n1", "n2"].map((id) => aNode(id, bench.world, { diffDelayMs: 1 }));
        await bench.pool.update(aRequest(old, "n"), () => undefined);
        const before = bench.world.calls().calls.length;
        bench.world.hold();

        const update = bench.pool.update(aRequest([...nodes("n3"), ...old], "n", 2), () => undefined);

        const callsOf = (call: string) =>
          bench.world
            .calls()
            .calls.slice(before)
            .filter((made) => made["call"] === call);
        await until("the create, while what exists is compared", () => callsOf("create").length > 0);
        assert.ok(String(callsOf("check")[0]!["urn"]).endsWith("::n3"));
        bench.world.release();
        assert.deepEqual(idsOf((await update).present), ["n1", "n2", "n3"]);
      });
    }

    it("keeps a node as it was born when its desired record changes", async () => {
      const before = thingsOf(bench.world.folder);
      const changed = nodes("a1", "a3").map((node) => ({ ...node, startupScript: "echo another" }));

      const result = await bench.pool.update(aRequest(changed, "a", 3), () => undefined);

      assert.equal(result.outcome, "succeeded");
      assert.deepEqual(thingsOf(bench.world.folder), before);
    });

    it("creates the siblings of a node whose create fails, and says why that one failed", async () => {
      const heard = new Heard();
      const failing = aNode("a9", bench.world, { fail: "create" });

      const result = await bench.pool.update(aRequest([...nodes("a1", "a3", "a4"), failing], "a", 4), heard.hear);

      assert.equal(result.outcome, "failed");
      assert.deepEqual(idsOf(result.present), ["a1", "a3", "a4"]);
      const failed = heard.events.filter((event) => event.kind === "nodeFailed");
      assert.deepEqual(failed, [
        { kind: "nodeFailed", nodeId: "a9", class: "CAPACITY", message: "no capacity for this size" },
      ]);
    });

    it("gives a node its DNS record after its address, and removes it with the node", async () => {
      const dns = {
        kind: "local" as const,
        settings: { world: bench.world.folder },
        baseDomainName: "example.test",
        ttlSeconds: 60,
      };
      const named = { ...aNode("d1", bench.world), dns };

      const made = await bench.pool.update(aRequest([named], "d"), () => undefined);
      const [d1] = made.present ?? [];
      const record = bench.world
        .ids()
        .map((id) => bench.world.get(id))
        .find((thing) => thing?.inputs["record"]);

      assert.equal(d1?.dnsName, "d1.example.test");
      assert.equal(record?.inputs["target"], d1?.address);

      await bench.pool.update(aRequest([], "d", 2, ["d1"]), () => undefined);
      assert.ok(!bench.world.ids().some((id) => bench.world.get(id)?.inputs["record"] !== undefined));
    });

    it("starts a burst on another lane at once while the first lane's create takes long", async () => {
      const slow = new Heard();
      bench.world.hold();
      const first = bench.pool.update(aRequest([aNode("s1", bench.world, { delayMs: 1 })], "s"), slow.hear);
      await until("the slow create", () => slow.kinds().includes("nodeCreating s1"));

      const second = await bench.pool.update(aRequest(nodes("q1"), "q"), () => undefined);

      assert.deepEqual(idsOf(second.present), ["q1"]);
      assert.ok(!slow.kinds().includes("nodeCreated s1"), "the fast lane must not wait for the slow one");
      bench.world.release();
      await first;
    });

    it("refuses a new node with unreadable settings, and touches no other", async () => {
      const before = thingsOf(bench.world.folder);
      const heard = new Heard();
      const broken = { ...aNode("a8", bench.world), settings: { wrold: "typo" } };

      const result = await bench.pool.update(aRequest([...nodes("a1", "a3", "a4"), broken], "a", 5), heard.hear);

      assert.equal(result.outcome, "failed");
      assert.match(result.message ?? "", /a8.*wrold: unknown field/);
      assert.deepEqual(idsOf(result.present), ["a1", "a3", "a4"]);
      const failed = heard.kinds().filter((kind) => kind.startsWith("nodeFailed"));
      assert.deepEqual(failed, ["nodeFailed a8"]);
      assert.deepEqual(thingsOf(bench.world.folder), before);
    });

    it("keeps secrets out of argv, of logs and of every file but the encrypted ones", async () => {
      const heard = new Heard();
      const secret = aNode("x1", bench.world, { token: "account-secret", delayMs: 1 });
      bench.world.hold();
      const running = bench.pool.update(aRequest([secret], "x"), heard.hear);
      await until("the create", () => heard.kinds().includes("nodeCreating x1"));

      const visible = process.platform === "linux" ? processesOf(heard.enginePid()) : "";
      bench.world.release();
      await running;

      const everything = filesBelow(bench.installation.dataFolder)
        .map((file) => readFileSync(file, "utf8"))
        .join("\n");
      for (const text of ["account-secret", "script-secret-of-x1"]) {
        assert.ok(!visible.includes(text), `${text} in argv or environment`);
        assert.ok(!everything.includes(text), `${text} in a file`);
      }
      const passphrase = readFileSync(passphraseFile(bench.installation), "utf8");
      assert.ok(!visible.includes(passphrase), "the passphrase in argv or environment");
      assert.equal(statSync(passphraseFile(bench.installation)).mode & 0o077, 0);
    });

    it("writes a configuration that the engine itself reads", async () => {
      const folder = laneFolder(bench.installation, "x");
      const crypter = await openCrypter(bench.installation);
      const file = readFileSync(join(folder, "Pulumi.x.yaml"), "utf8");
      const { config } = JSON.parse(file) as { config: Record<string, { secure: string }> };
      const sealed = config["headroom-nodes:x1"]?.secure ?? "";

      assert.equal((JSON.parse(crypter.decrypt(sealed)) as { nodeId: string }).nodeId, "x1");
      if (kind === "embedded") return;
      const read = execFileSync(engine.command, ["config", "get", "headroom-nodes:x1", "--stack", "x"], {
        cwd: folder,
        encoding: "utf8",
        env: {
          ...process.env,
          PULUMI_BACKEND_URL: bench.installation.backendUrl,
          PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile(bench.installation),
          PULUMI_SKIP_UPDATE_CHECK: "true",
        },
      });
      assert.equal((JSON.parse(read) as { startupScript: string }).startupScript, "echo script-secret-of-x1");
    });

    it("keeps the history and the logs of a lane short", async () => {
      for (let revision = 2; revision <= 4; revision += 1) {
        await bench.pool.update(aRequest(nodes("x1"), "x", revision), () => undefined);
      }
      const history = join(bench.installation.dataFolder, "state", ".pulumi", "history", "headroom-nodes", "x");
      const kept = bench.installation.historyKept;

      assert.ok(readdirSync(history).filter((name) => name.endsWith(".history.json")).length <= kept);
      assert.ok(
        readdirSync(laneFolder(bench.installation, "x")).filter((name) => name.endsWith(".log")).length <= kept * 2 + 1,
      );
    });

    it("refuses to remove a lane that is not empty, and leaves no file of an empty one", async () => {
      await assert.rejects(bench.pool.removeStack("a", "a", 1), /is not empty: a1, a3, a4/);

      await bench.pool.update(aRequest([], "a", 6, ["a1", "a3", "a4"]), () => undefined);
      await bench.pool.removeStack("a", "a", 1);

      const left = filesBelow(bench.installation.dataFolder).filter(
        (file) =>
          /[/]a([/.]|$)/.test(file.slice(bench.installation.dataFolder.length)) && !file.includes("engine-home"),
      );
      assert.deepEqual(left, []);
    });
  });
}

function byNode(a: { nodeId: string }, b: { nodeId: string }): number {
  return a.nodeId < b.nodeId ? -1 : 1;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Arguments and environment of a process and of all that belong to its session. */
function processesOf(leader: number): string {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const fields = readText(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
      return Number(pid) === leader || Number(fields[3]) === leader;
    })
    .map((pid) => readText(`/proc/${pid}/cmdline`) + readText(`/proc/${pid}/environ`))
    .join("\n");
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
