/** What is particular to Proxmox VE: ids, the guest agent, what a list can't say. Without an engine; `conformance.test.ts` has one. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ProxmoxApi } from "../../provider/clouds/proxmox/api";
import { findVmsOf, listVmsOf, requireVmOf } from "../../provider/clouds/proxmox/cluster-vms";
import { guestKernel, type GuestInputs } from "../../provider/clouds/proxmox/guest-resource";
import { chooseVmId, VmIdClaims } from "../../provider/clouds/proxmox/vm-id";
import { vmIdKernel } from "../../provider/clouds/proxmox/vm-id-resource";
import { cpuOf } from "../../provider/clouds/proxmox/template";
import type { KernelContext } from "../../provider/resource-kernel";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { templateName } from "./emulated-cluster";
import { EmulatedProxmox } from "./emulated-proxmox";
import { secretOf } from "./emulated-pve-tokens";
import { vmProviderOf } from "./registered";

const range = { lower: 10_000, upper: 10_999 };
const installationId = "inst-1";
const provider = vmProviderOf("proxmox");

describe("Proxmox VE", () => {
  let cloud: EmulatedProxmox;
  let folder: string;
  const lines: string[] = [];
  const context: KernelContext = {
    owner: "",
    isPreview: false,
    signal: new AbortController().signal,
    log: (line) => void lines.push(line),
  };
  beforeEach(async () => {
    cloud = new EmulatedProxmox();
    await cloud.api.listen();
    folder = newOpenFolder("headroom-proxmox-");
    process.env["PULUMI_HOME"] = folder;
    lines.length = 0;
  });
  afterEach(() => {
    delete process.env["PULUMI_HOME"];
    cloud.close();
    removeFolder(folder);
  });

  const access = (key = "K1") => ({
    host: cloud.api.host,
    username: "headroom@pve",
    tokenName: key,
    tokenValue: secretOf(key),
    verifySsl: false,
  });
  const api = (over: object = {}) => new ProxmoxApi({ ...access(), ...over });
  const settings = (over: object = {}) => ({
    ...access(),
    ...{ templateName, clusterNode: "pve1", cores: 2, memory: "4GiB" },
    ...over,
  });
  const aVm = (nodeId: string) => cloud.launch({ nodeId, installation: installationId });

  describe("ids of VMs", () => {
    const choose = (nodeId: string, within = range) =>
      chooseVmId(api(), { nodeId, range: within, claims: new VmIdClaims(cloud.api.host) });

    it("nodes that are made at once get one each, also when there are only just enough", async () => {
      const within = { lower: 10_000, upper: 10_019 };
      cloud.home.add({ vmid: 10_007 });
      const nodeIds = Array.from({ length: 19 }, (_, number) => `n-${number}`);

      const chosen = await Promise.all(nodeIds.map((nodeId) => choose(nodeId, within)));

      assert.equal(new Set(chosen).size, 19);
      assert.ok(chosen.every((vmid) => vmid >= 10_000 && vmid <= 10_019 && vmid !== 10_007));
      await assert.rejects(choose("n-more", within), /ProxmoxVmIds: no id from 10000 to 10019 is free/);
    });

    it("a node that is tried again keeps its own, before and after its VM exists", async () => {
      const first = await choose("n-a");
      assert.equal(await choose("n-a"), first);
      const vmId = aVm("n-a");
      assert.equal(await choose("n-a"), Number(vmId));
    });

    it("one that a VM has which the token may not see is never chosen", async () => {
      const own = await choose("n-a");
      new VmIdClaims(cloud.api.host).release(own, "n-a");
      cloud.home.add({ vmid: own });
      cloud.api.answers = (request) => (request === "GET /cluster/resources" ? [] : undefined);

      assert.notEqual(await choose("n-a"), own);
    });

    it("begin at places that follow from the node alone (property)", () => {
      fc.assert(
        fc.property(
          fc.string(),
          fc.integer({ min: 100, max: 5000 }),
          fc.integer({ min: 0, max: 500 }),
          (nodeId, lower, more) => {
            const order = () => [...new VmIdClaims("pve").inOrder(nodeId, { lower, upper: lower + more })];
            assert.deepEqual(order(), order());
            assert.deepEqual(
              order().sort((a, b) => a - b),
              Array.from({ length: more + 1 }, (_, step) => lower + step),
            );
          },
        ),
      );
    });

    it("are given back when the node goes, and the template's choice stands in the stack", async () => {
      const inputs = { nodeId: "n-a", access: access(), clusterNode: "pve1", templateName, ...range };
      const { id, outputs } = await vmIdKernel.create(inputs, context);
      assert.deepEqual(outputs, {
        nodeId: "n-a",
        host: cloud.api.host,
        vmId: Number(id),
        templateId: 9000,
        cpu: { type: "host", flags: ["+aes"], numa: true },
      });
      assert.deepEqual(await vmIdKernel.diff(id, inputs, { ...inputs, templateName: "other" }), {
        changes: false,
        replaces: [],
      });
      const claims = new VmIdClaims(cloud.api.host);
      assert.equal(claims.take(Number(id), "n-b"), false);
      await vmIdKernel.delete(id, outputs, context);
      assert.equal(claims.take(Number(id), "n-b"), true);
    });

    it("a template's processors are read in all their forms", () => {
      assert.deepEqual(cpuOf("host,flags=+aes;-pcid"), { type: "host", flags: ["+aes", "-pcid"] });
      assert.deepEqual(cpuOf("cputype=x86-64-v2-AES"), { type: "x86-64-v2-AES", flags: [] });
      assert.deepEqual(cpuOf(undefined), { type: "kvm64", flags: [] });
    });
  });

  describe("what VMs there are", () => {
    const find = (...nodeIds: string[]) => findVmsOf(api(), nodeIds, range);
    const list = (...knownIds: string[]) => listVmsOf(api(), { installationId, knownIds }, range);

    it("one whose clone has just ended is found by its description, or by its name, before it has tags", async () => {
      const [a, b] = [aVm("n-a"), aVm("n-b")];
      cloud.vmOf(a).tags = [];
      Object.assign(cloud.vmOf(b), { tags: [], description: "mine", name: "n-b" });

      assert.deepEqual(await find("n-a", "n-b", "n-c"), [
        { nodeId: "n-a", id: a },
        { nodeId: "n-b", id: b },
      ]);
      assert.deepEqual(await list(), [{ vmId: a, nodeId: "n-a", installation: installationId }]);
    });

    it("one that is still being cloned may be anybody's: looking for nodes fails, a list goes without it", async () => {
      const known = aVm("n-a");
      cloud.vmOf(aVm("n-b")).lock = "clone";

      await assert.rejects(find("n-b"), /VM 10001 is still being made/);
      assert.deepEqual(await list(known), [{ vmId: known, nodeId: "n-a", installation: installationId }]);
    });

    it("one on a node that is off-line is still there", async () => {
      const vmId = aVm("n-a");
      cloud.home.nodes.set("pve1", "offline");

      assert.deepEqual(await find("n-a"), [{ nodeId: "n-a", id: vmId }]);
      assert.deepEqual(await list(vmId), [{ vmId, nodeId: "n-a", installation: installationId }]);
    });

    it("one on a node that is off-line and that says nothing in the list makes looking fail", async () => {
      cloud.vmOf(aVm("n-a")).tags = [];
      cloud.home.nodes.set("pve1", "offline");

      await assert.rejects(find("n-a"), /HTTP 595 response/);
    });

    it("a token that may see none gets no empty list", async () => {
      aVm("n-a");
      cloud.access.take("K1", "VM.Audit");

      await assert.rejects(find("n-a"), /give it VM\.Audit/);
      await assert.rejects(list(), /give it VM\.Audit/);
    });

    it("a known one that the token may not see any more is not told as gone", async () => {
      const vmId = aVm("n-a");
      cloud.api.answers = (request) => (request === "GET /cluster/resources" ? [] : undefined);

      await assert.rejects(list(vmId), new RegExp(`VM ${vmId} exists, but the API token may not see it`));
    });

    it("an id that another installation's VM has got meanwhile is gone", async () => {
      const vmId = cloud.launch({ nodeId: "n-x", installation: "inst-2" });

      assert.deepEqual(await list(vmId), []);
    });

    it("a VM is the node's when its name, its tags or its description says so, and foreign when none does", async () => {
      const vmId = aVm("n-a");
      const vm = cloud.vmOf(vmId);
      const own = { name: vm.name, tags: vm.tags, description: vm.description };
      for (const left of [{ tags: own.tags }, { description: own.description }, { name: "n-a" }]) {
        Object.assign(vm, { name: "other", tags: [], description: "notes" }, left);
        assert.equal(await requireVmOf(api(), { nodeId: "n-a", vmId }), "pve1");
      }
      Object.assign(vm, { name: "other", tags: [], description: "notes" });
      await assert.rejects(
        requireVmOf(api(), { nodeId: "n-a", vmId }),
        /ProxmoxVmForeign: VM 10000 \("other"\) is not that of node n-a/,
      );
      cloud.remove(vmId);
      assert.equal(await requireVmOf(api(), { nodeId: "n-a", vmId }), undefined);
    });
  });

  describe("in the guest", () => {
    const enter = (vmId: string, over: Partial<GuestInputs> = {}) => {
      const inputs = {
        nodeId: "n-a",
        access: access(),
        vmId: Number(vmId),
        osType: "linux",
        script: "echo ran",
        waitSeconds: 10,
      };
      return guestKernel.create({ ...inputs, ...over }, context);
    };
    const begun = (vmId: string) => cloud.vmOf(vmId).guest.scripts;

    for (const osType of ["linux", "windows"] as const) {
      it(`the script runs when the agent has come, and tells the address that others reach [${osType}]`, async () => {
        const vmId = aVm("n-a");
        cloud.vmOf(vmId).guest.silentFor = 3;

        const { outputs } = await enter(vmId, { osType });

        assert.equal(outputs["address"], cloud.vmOf(vmId).guest.address);
        assert.deepEqual(begun(vmId), ["echo ran"]);
      });

      it(`a long script with any letters arrives whole [${osType}]`, async () => {
        const script = `# ${"grün + ü & 100% = \\n".repeat(6000)}\ntrue\n`;
        const vmId = aVm("n-a");

        await enter(vmId, { osType, script });

        assert.equal(begun(vmId)[0]!.replace(/^\ufeff/, ""), script);
        assert.ok(cloud.api.requests.filter((request) => request.endsWith("/agent/file-write")).length >= 4);
      });

      it(`it runs once, however often it is brought and whatever answer is lost [${osType}]`, async () => {
        const lost = new Set<string>();
        cloud.api.losesAnswer = (request) => !lost.has(request) && lost.add(request) !== undefined;
        const vmId = aVm("n-a");

        await enter(vmId, { osType });
        await enter(vmId, { osType, script: "echo another" });

        assert.deepEqual(begun(vmId), ["echo ran"]);
        assert.ok([...lost].some((request) => request.endsWith("/agent/exec")));
        assert.match(lines.join("\n"), /had been begun before/);
      });
    }

    it("nothing of the script is left in the folder, and others in the guest could not have read it", async () => {
      const vmId = aVm("n-a");
      await enter(vmId, { script: "stat -c %a . >&2; exit 3" }).then(
        () => assert.fail("it fails"),
        (error: Error) => assert.match(error.message, /exit code 3; it printed last: 700$/),
      );
      assert.deepEqual(cloud.vmOf(vmId).guest.names("/tmp"), []);
    });

    it("a script that fails says so, without its own secrets", async () => {
      const script = "password=Sesame-1234\necho $password is wrong >&2\nexit 7";
      const failed = enter(aVm("n-a"), { script });

      await assert.rejects(
        failed,
        /ProxmoxScriptFailed: the startup script failed in VM 10000: exit code 7; it printed last: \[secret\] is wrong/,
      );
    });

    it("a folder that is not there says so", async () => {
      await assert.rejects(enter(aVm("n-a"), { path: "/no/where" }), /ProxmoxScriptFolder: .*could not be made/);
    });

    it("an agent that never comes is told with what to do, after the time that the settings give", async () => {
      const vmId = aVm("n-a");
      cloud.vmOf(vmId).guest.silentFor = Infinity;

      await assert.rejects(
        enter(vmId, { waitSeconds: 0.3 }),
        /ProxmoxAgentSilent: .*within 0 s.*install and enable qemu-guest-agent/,
      );
    });

    it("an agent that refuses is not asked again and again", async () => {
      const vmId = aVm("n-a");
      cloud.access.take("K1", "VM.GuestAgent.Unrestricted");

      await assert.rejects(
        enter(vmId),
        /HTTP 403 response - Reason: Permission check failed \(\/vms\/10000, VM\.GuestAgent\.Unrestricted\)/,
      );
    });

    it("nothing is done in a VM of somebody else that has got the id, nor without a script", async () => {
      const foreign = cloud.launch({ nodeId: "n-x", installation: "inst-2" });
      await assert.rejects(enter(foreign), /ProxmoxVmForeign/);
      const vmId = aVm("n-a");
      const { outputs } = await enter(vmId, { script: "" });

      assert.equal(outputs["address"], cloud.vmOf(vmId).guest.address);
      assert.deepEqual([begun(foreign), begun(vmId)], [[], []]);
      assert.ok(!cloud.api.requests.some((request) => request.endsWith("/agent/exec")));
    });

    it("nothing that is logged or refused holds the token or the script", async () => {
      const vmId = aVm("n-a");
      const script = "echo very-secret-token; exit 1";
      const errors = await Promise.allSettled([
        enter(vmId, { script }),
        enter("10500"),
        enter(vmId, { access: access("other") }),
      ]);
      const told = [...lines, ...errors.map((result) => JSON.stringify(result, ["status", "reason", "message"]))].join(
        "\n",
      );

      assert.ok(!told.includes("very-secret-token") && !told.includes(secretOf("K1")), told);
      assert.deepEqual(await guestKernel.diff("1", { script }, { script: "other" }), { changes: false, replaces: [] });
      await guestKernel.delete(vmId, {}, context);
      assert.ok(cloud.leftovers().includes(vmId));
    });
  });

  it("a certificate that nobody trusts is refused unless the settings say so", async () => {
    await assert.rejects(api({ verifySsl: true }).get("/version"), /self-signed certificate/);
    assert.deepEqual(cloud.api.requests, []);
    const check = await provider.check(provider.settings.parse(settings({ verifySsl: true })), {});
    assert.deepEqual(
      check.findings.map(({ kind, field }) => [kind, field]),
      [["wrong", "verifySsl"]],
    );
    assert.match(check.findings[0]!.text, /is not trusted here.*set verifySsl to false/);
    assert.ok(await api().get("/version"));
  });
});
