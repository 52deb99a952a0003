/** The Linux agents against Headroom's own API. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TokenPurpose } from "../../runtime/broker/node-tokens";
import type { Node } from "../../runtime/model/state";
import { aNode, Api } from "../api/harness";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";
import { AgentFolder } from "./agent-process";

describe("the Linux agents with Headroom's API", function () {
  this.timeout(120_000);
  let api: Api;
  let folder: AgentFolder;
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
    folder = new AgentFolder(newOpenFolder("headroom-agents-"));
  });
  afterEach(async () => {
    await folder.close();
    await api.close();
    removeFolder(folder.path);
  });

  const nodeId = "node-a";
  const tokenOf = (purpose: TokenPurpose) =>
    api.tokens.issue({ nodeId, purpose, expiresAtMs: Date.now() + 600_000, nowMs: Date.now() });
  async function begin(changes: Partial<Node>, conf: Readonly<Record<string, string>> = {}): Promise<void> {
    const starting = { status: "starting", runningSinceMs: undefined, address: "10.0.0.9" } as const;
    const row = aNode({ nodeId, ...starting, ...changes });
    await api.leader.ledger.commit([{ kind: "put", table: "node", row }]);
    folder.settle({ upstream: api.url, nodeId, token: tokenOf("agent"), checkinToken: tokenOf("checkin"), conf });
  }
  const node = () => api.leader.ledger.state.nodes.get(nodeId)!;

  it("check a server in, with its progress and whatever it says", async () => {
    await begin({ readyWhen: "checkin" });
    const message = `installing "Büro"\n\\ and more`;
    assert.equal(await folder.start("checkin", ["40", message]).ended, 0);
    assert.deepEqual(
      [node().status, node().progressPercent, node().progressMessage],
      ["starting", 40, 'installing "Büro" \\ and more'],
    );
    assert.equal(await folder.start("checkin", ["100", "ready"]).ended, 0);
    assert.equal(node().status, "running");
    assert.equal(await folder.start("checkin", ["100", "ready"]).ended, 0, "twice is harmless");
  });

  it("give a server up that can't be set up", async () => {
    await begin({ readyWhen: "checkin" });
    assert.equal(await folder.start("checkin", ["--failed", "no licence"]).ended, 0);
    assert.equal(node().status, "failed");
    assert.match(node().reason.text, /no licence/);
    for (const words of [[], ["101", "x"], ["-1"], ["all"], ["--done"]]) {
      assert.equal(await folder.start("checkin", words).ended, 2, words.join(" "));
    }
  });

  it("check a docker agent in when its engine answers, tell what it has, and go on", async () => {
    await begin({ readyWhen: "heartbeat", shape: undefined, declared: {} }, { HEADROOM_PROC: folder.path });
    writeFileSync(join(folder.path, "meminfo"), "MemFree: 1 kB\nMemTotal:        8000000 kB\n");
    folder.program("getconf", "echo 6");
    folder.program(
      "docker",
      `test -e ${folder.path}/engine || exit 1\ntest "$1" != ps || cat ${folder.path}/containers`,
    );

    const agent = folder.start("heartbeat");
    await agent.says(/engine does not answer yet/);
    assert.equal(node().status, "starting");
    writeFileSync(join(folder.path, "containers"), "0a1b\n2c3d\n");
    writeFileSync(join(folder.path, "engine"), "");

    await until("it is running", () => node().status === "running");
    assert.deepEqual(node().reported, { cores: 6, memoryBytes: 8_000_000 * 1024, gpus: 0 });
    await until("its containers are told", () => node().containers === 2);
    const firstMs = node().lastHeartbeatMs!;
    await until("it goes on", () => node().lastHeartbeatMs! > firstMs);

    folder.program("nvidia-smi", "printf '0\\n1\\n'");
    await until("the GPUs have appeared", () => node().reported?.gpus === 2);
    writeFileSync(join(folder.path, "containers"), "");
    await until("the containers have gone", () => node().containers === 0);
    folder.program("nvidia-smi", "echo 'No devices were found'; exit 6");
    await until("the GPUs are gone", () => node().reported?.gpus === 0);
  });

  it("go on when Headroom restarts", async () => {
    await begin({ readyWhen: "heartbeat" });
    const agent = folder.start("heartbeat");
    await until("it is running", () => node().status === "running");
    await agent.says(/Headroom knows this node/);
    await api.restart(Number(new URL(api.url).port));
    const restartedMs = Date.now();
    await until("it is heard again", () => (node().lastHeartbeatMs ?? 0) > restartedMs);
  });
});
