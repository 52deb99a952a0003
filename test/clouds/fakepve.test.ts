/**
 * Our requests to Proxmox VE's REST API, judged by a server that is made from its published description and that nobody here
 * wrote: the Python package `fakepve`. Skipped where no Python has it; `HEADROOM_FAKEPVE` names one that does.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { ProxmoxApi } from "../../provider/clouds/proxmox/api";
import { clusterName } from "../../provider/clouds/proxmox/cluster-name";
import { findVmsOf, isFree, listVmsOf, requireVmOf } from "../../provider/clouds/proxmox/cluster-vms";
import { GuestAgent } from "../../provider/clouds/proxmox/guest-agent";
import { findTemplate } from "../../provider/clouds/proxmox/template";
import { freePort } from "../support/free-port";
import { until } from "../support/until";

const python = process.env["HEADROOM_FAKEPVE"] ?? "python3";
const range = { lower: 10_000, upper: 10_999 };

const server = `
import asyncio, sys, tempfile
from fakepve import FakePve
from fakepve.certs import make_cert
async def main():
    pve = FakePve(user='root@pam', password='secret', host='127.0.0.1', port=int(sys.argv[1]))
    pve.time_scale = 0.02
    pve.apitokens['headroom@pve!runtime'] = 'sesame'
    pve.add_vm(9000, 'ubuntu-agent', template=True, config={'cpu': 'host', 'scsi0': 'local-lvm:base-9000-disk-0,size=32G'})
    marks = {'tags': 'headroom-installation.inst-1;headroom-node.n-a', 'description': 'headroom-node=n-a headroom-installation=inst-1'}
    vm = pve.add_vm(10001, 'n-a', status='running', config={'agent': '1', **marks})
    vm.agent = {}
    pve.add_vm(10002, 'plain', status='stopped', config={})
    cert, key, _ = make_cert(tempfile.mkdtemp(), hosts=('127.0.0.1',))
    await pve.start(cert, key)
    print('ready', flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
`;

describe("requests to Proxmox VE as fakepve judges them", () => {
  let fake: ChildProcess | undefined;
  let host: string;
  let api: ProxmoxApi;
  const apiWith = (tokenValue: string) =>
    new ProxmoxApi({ host, username: "headroom@pve", tokenName: "runtime", tokenValue, verifySsl: false });
  before(async function () {
    if (spawnSync(python, ["-c", "import fakepve"]).status !== 0) return this.skip();
    const port = await freePort();
    fake = spawn(python, ["-c", server, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
    let isReady = false;
    fake.stdout!.on("data", (text: Buffer) => (isReady ||= text.includes("ready")));
    await until("fakepve listens", () => isReady);
    host = `127.0.0.1:${port}`;
    api = apiWith("sesame");
  });
  after(() => fake?.kill());

  it("the cluster, its template and its ids", async () => {
    assert.equal(await clusterName(api), "fakecluster");
    const template = await findTemplate(api, { templateName: "ubuntu-agent", clusterNode: "pve1" });
    assert.deepEqual(template, { templateId: 9000, cpu: { type: "host", flags: [], numa: false } });
    assert.deepEqual([await isFree(api, 10_001), await isFree(api, 10_003)], [false, true]);
  });

  it("VMs: found, listed, and whose they are", async () => {
    assert.deepEqual(await findVmsOf(api, ["n-a", "n-b"], range), [{ nodeId: "n-a", id: "10001" }]);
    const listed = await listVmsOf(api, { installationId: "inst-1", knownIds: ["10002", "10777"] }, range);
    assert.deepEqual(listed, [{ vmId: "10001", nodeId: "n-a", installation: "inst-1" }, { vmId: "10002" }]);
    assert.equal(await requireVmOf(api, { nodeId: "n-a", vmId: "10001" }), "pve1");
    await assert.rejects(requireVmOf(api, { nodeId: "n-b", vmId: "10001" }), /ProxmoxVmForeign/);
    assert.equal(await requireVmOf(api, { nodeId: "n-b", vmId: "10777" }), undefined);
  });

  it("the guest agent: its address, and a script of several parts", async () => {
    const limits = { pauseMsMax: 200, waitMs: 5000, signal: new AbortController().signal };
    const agent = new GuestAgent(api, { node: "pve1", vmid: 10_001 }, limits);
    assert.match(await agent.address(), /^192\.0\.2\./);
    for (const osType of ["linux", "windows"] as const) {
      const about = { nodeId: "n-a", osType, attempt: "1a2b" };
      assert.equal(await agent.runOnce("echo é\n".repeat(12_000), about), "ended");
    }
    const stopped = new GuestAgent(api, { node: "pve1", vmid: 10_002 }, { ...limits, waitMs: 300 });
    await assert.rejects(stopped.address(), /ProxmoxAgentSilent/);
  });

  it("a wrong token", async () => {
    await assert.rejects(apiWith("wrong").get("/version"), /HTTP 401 response/);
  });
});
