/** The Linux agent that hears from the cloud that the VM is taken back, and tells Headroom. */
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Node } from "../../runtime/model/state";
import { aNode, Api } from "../api/harness";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";
import { AgentFolder } from "./agent-process";
import { LoopbackServer, type Asked, type Reply } from "./loopback-server";

type Cloud = "aws" | "azure" | "gcp";
const none: Reply = { status: 404, body: "" };

/** A metadata service that says nothing until it is told to. */
class Metadata {
  isTaken = false;
  tokens = 0;
  readonly answers: Readonly<Record<Cloud, (asked: Asked) => Reply>> = {
    aws: ({ method, target, headers }) => {
      if (target === "/latest/api/token") {
        const isGood = method === "PUT" && headers["x-aws-ec2-metadata-token-ttl-seconds"] !== undefined;
        return isGood ? { status: 200, body: `token-${(this.tokens += 1)}` } : { status: 400 };
      }
      // Each token is good once.
      if (headers["x-aws-ec2-metadata-token"] !== `token-${this.tokens}` || this.used === this.tokens)
        return { status: 401 };
      this.used = this.tokens;
      if (target !== "/latest/meta-data/spot/instance-action" || !this.isTaken) return none;
      return { status: 200, body: '{"action": "terminate", "time": "2031-03-01T08:22:00Z"}' };
    },
    azure: ({ target, headers }) => {
      if (headers["metadata"] !== "true") return { status: 400 };
      if (target.startsWith("/metadata/instance/compute/name?")) return { status: 200, body: "vm-7" };
      const event = (type: string, name: string, notBefore: string) => ({
        EventId: "e",
        EventType: type,
        ResourceType: "VirtualMachine",
        Resources: [name],
        EventStatus: "Scheduled",
        NotBefore: notBefore,
      });
      const others = [event("Preempt", "vm-77", ""), event("Reboot", "vm-7", "")];
      const ours = event("Preempt", "vm-7", "Sat, 01 Mar 2031 08:22:00 GMT");
      const Events = this.isTaken ? [...others, ours] : others;
      return { status: 200, body: JSON.stringify({ DocumentIncarnation: 1, Events }) };
    },
    gcp: ({ target, headers }) => {
      const isGood = headers["metadata-flavor"] === "Google" && target === "/computeMetadata/v1/instance/preempted";
      return isGood ? { status: 200, body: this.isTaken ? "TRUE" : "FALSE" } : { status: 403 };
    },
  };
  private used = 0;
}

describe("notices of clouds on Linux", function () {
  this.timeout(120_000);
  let api: Api;
  let folder: AgentFolder;
  let metadata: Metadata;
  const servers: LoopbackServer[] = [];
  const serve = async (answer: Parameters<typeof LoopbackServer.start>[0]) => {
    const server = await LoopbackServer.start(answer);
    servers.push(server);
    return server;
  };
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
    const row = aNode({ nodeId: "node-s", status: "running" });
    await api.leader.ledger.commit([{ kind: "put", table: "node", row }]);
    folder = new AgentFolder(newOpenFolder("headroom-agents-"));
    metadata = new Metadata();
  });
  afterEach(async () => {
    await folder.close();
    for (const server of servers.splice(0)) await server.close();
    await api.close();
    removeFolder(folder.path);
  });

  function settle(cloud: string, conf: Readonly<Record<string, string>>, upstream = api.url): void {
    const token = api.tokens.issue({
      ...{ nodeId: "node-s", purpose: "agent" },
      ...{ expiresAtMs: Date.now() + 600_000, nowMs: Date.now() },
    });
    folder.settle({ upstream, nodeId: "node-s", token, conf: { HEADROOM_CLOUD: cloud, ...conf } });
  }
  const node = (): Node => api.leader.ledger.state.nodes.get("node-s")!;

  for (const cloud of ["aws", "azure", "gcp"] as const) {
    it(`of ${cloud} drain the node with the cloud's own time, and nothing before`, async () => {
      const server = await serve((asked) => metadata.answers[cloud](asked));
      settle(cloud, { HEADROOM_METADATA: server.url });
      const agent = folder.start("notices");
      await until("it has asked several times", () => server.asked.length > 6);
      assert.equal(node().status, "running", agent.said);

      metadata.isTaken = true;

      assert.equal(await agent.ended, 0, agent.said);
      assert.equal(node().status, "draining");
      const { deadlineMs, noticedAtMs } = node().interruption!;
      if (cloud === "gcp") assert.ok(Math.abs(deadlineMs - noticedAtMs - 30_000) < 3_000);
      else assert.equal(deadlineMs, Date.UTC(2031, 2, 1, 8, 22));
    });
  }

  it("are asked of the VM's own metadata and never through the proxy, by which Headroom is told", async () => {
    const server = await serve((asked) => metadata.answers.gcp(asked));
    const proxy = await serve(() => ({ status: 200 }));
    metadata.isTaken = true;
    const conf = { HEADROOM_METADATA: server.url, http_proxy: proxy.url, HTTP_PROXY: proxy.url, all_proxy: proxy.url };
    settle("gcp", conf, "http://headroom.invalid");

    const agent = folder.start("notices");

    assert.equal(await agent.ended, 0, agent.said);
    assert.deepEqual(
      proxy.asked.map(({ target }) => target),
      ["http://headroom.invalid/api/v1/nodes/node-s/interruption"],
    );
    assert.ok(server.asked.length > 0);
  });

  it("are waited for when the metadata service fails or says nonsense", async () => {
    const troubles: Reply[] = [undefined, { status: 500 }, { status: 200, body: "<html>" }, { status: 429 }];
    const server = await serve((asked, count) =>
      count <= troubles.length ? troubles[count - 1] : metadata.answers.gcp(asked),
    );
    settle("gcp", { HEADROOM_METADATA: server.url });
    const agent = folder.start("notices");
    await until("it still asks", () => server.asked.length > troubles.length + 2);
    assert.equal(node().status, "running", agent.said);
    metadata.isTaken = true;
    assert.equal(await agent.ended, 0, agent.said);
    assert.equal(node().status, "draining");
  });

  it("of Oracle come as a shutdown of the system, which an end of the agent alone is not", async () => {
    for (const { state, jobs, status } of [
      { state: "running", jobs: "", status: "running" },
      { state: "stopping", jobs: "12 reboot.target start waiting", status: "running" },
      { state: "stopping", jobs: "12 poweroff.target start waiting", status: "draining" },
    ]) {
      folder.program("systemctl", `case $1 in list-jobs) echo '${jobs}' ;; *) echo ${state}; exit 1 ;; esac`);
      const waits = join(folder.path, "waits");
      rmSync(waits, { force: true });
      folder.program("sleep", `touch ${waits}\nexec /bin/sleep "$@"`);
      settle("oci", {});
      const agent = folder.start("notices");
      await until("it waits", () => existsSync(waits));
      agent.terminate();
      assert.equal(await agent.ended, 143, agent.said);
      assert.equal(node().status, status, `${state} ${jobs}: ${agent.said}`);
    }
    assert.match(node().reason.text, /Oracle shuts this VM down/);
  });

  it("of a cloud that tells none are refused with the names of those that do", async () => {
    settle("digitalocean", {});
    const agent = folder.start("notices");
    assert.equal(await agent.ended, 1);
    assert.match(agent.said, /HEADROOM_CLOUD is "digitalocean"; notices are told by aws, azure, gcp and oci/);
  });
});
