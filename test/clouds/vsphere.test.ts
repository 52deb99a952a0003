/** What is particular to vSphere: sessions, lists, VMware Tools. Without an engine; `conformance.test.ts` has one. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { findVmsOf, listVmsOf, notesForm } from "../../provider/clouds/vsphere/find";
import { guestKernel, type GuestInputs } from "../../provider/clouds/vsphere/guest-resource";
import { scriptKey } from "../../provider/clouds/vsphere/guest-script";
import { VCenter } from "../../provider/clouds/vsphere/vcenter";
import type { KernelContext } from "../../provider/resource-kernel";
import { passwordOf, userOf, VimFault } from "./emulated-vcenter-users";
import { EmulatedVSphere } from "./emulated-vsphere";
import { vmProviderOf } from "./registered";

const provider = vmProviderOf("vsphere");
const installation = "inst-1";

describe("vSphere", () => {
  let cloud: EmulatedVSphere;
  const lines: string[] = [];
  const context: KernelContext = {
    owner: "",
    isPreview: false,
    signal: new AbortController().signal,
    log: (line) => void lines.push(line),
  };
  beforeEach(async () => {
    cloud = new EmulatedVSphere();
    await cloud.vim.listen();
    lines.length = 0;
  });
  afterEach(() => cloud.close());

  const access = (key = "K1") => ({
    ...{ vcenterAddress: "127.0.0.1", vcenterPort: cloud.vim.port, username: userOf(key), password: passwordOf(key) },
    verifySsl: false,
  });
  const place = (over: object = {}) => ({ ...access(), datacenter: "DC1", ...over });
  const list = (knownIds: readonly string[] = [], over: object = {}) =>
    listVmsOf({ installationId: installation, knownIds }, place(over));

  describe("a session", () => {
    it("is ended with its work, also when that fails, and each password is told once", async () => {
      await list();
      await assert.rejects(
        VCenter.with(access(), async () => Promise.reject(new Error("no work"))),
        /no work/,
      );

      assert.equal(cloud.vim.openSessions, 0);
      assert.equal(cloud.vim.calls.filter((method) => method === "Login").length, 2);
    });

    it("is not begun where the certificate is nobody's, unless any is taken", async () => {
      await assert.rejects(list([], { verifySsl: true }), /no answer from vCenter to Login: .*self.signed/i);
      assert.deepEqual(cloud.vim.calls, []);
    });

    it("says who vCenter is, and what it is", async () => {
      const { instanceUuid, fullName } = await VCenter.with(access(), async (vcenter) => vcenter.identity());

      assert.deepEqual([instanceUuid, fullName], [cloud.access.home, "VMware vCenter Server 8.0.2"]);
    });

    for (const [what, fault, says] of [
      [
        "a locked account",
        new VimFault("InvalidLogin", "Cannot complete login."),
        /InvalidLogin: Cannot complete login/,
      ],
      [
        "a lacking privilege",
        new VimFault(
          "NoPermission",
          "Permission to perform this operation was denied.",
          '<object type="Folder">group-d1</object><privilegeId>System.View</privilegeId>',
        ),
        /NoPermission: Permission .* \(System\.View on Folder group-d1\)/,
      ],
    ] as const) {
      it(`tells ${what} by the fault's name and its object`, async () => {
        cloud.vim.refuses = (method) => (method === "RetrievePropertiesEx" ? fault : undefined);
        await assert.rejects(list(), says);
      });
    }
  });

  describe("VMs by node id", () => {
    const find = (...nodeIds: string[]) => findVmsOf(nodeIds, place());

    it("are found by their names, whatever page they stand on, and templates are none", async () => {
      const vmIds = Array.from({ length: 250 }, (_, number) => cloud.launch({ nodeId: `n-${number}`, installation }));
      cloud.home.addTemplate("vm-90", "n-400");

      assert.deepEqual(await find("n-249", "n-400", "n-0"), [
        { nodeId: "n-0", id: vmIds[0] },
        { nodeId: "n-249", id: vmIds[249] },
      ]);
    });

    it("are found when the clone has ended after the plugin gave up, with the notes of the template", async () => {
      const vm = cloud.home.addVm({
        name: "n-late",
        annotation: "The master.\nheadroom-node=n-old headroom-installation=inst-9",
      });

      assert.deepEqual(await find("n-late", "n-old"), [{ nodeId: "n-late", id: vm.uuid }]);
    });

    it("are no answer while one of them is still being cloned", async () => {
      cloud.home.addVm({ name: "n-young", isBeingMade: true });

      await assert.rejects(find("n-young"), /VM "n-young" is still being made/);
      assert.deepEqual(await find("n-other"), []);
    });

    it("are no answer to an account that may not see the datacenter or read a VM", async () => {
      await assert.rejects(
        findVmsOf(["n-a"], place({ datacenter: "DC9" })),
        /datacenter "DC9" is not there, or this account may not see it/,
      );
      cloud.access.take("K1", "System.Read");
      await assert.rejects(find("n-a"), /lacks System\.Read on datacenter "DC1"/);
    });
  });

  describe("a list", () => {
    it("has clones that people made of a node's VM by hand neither as the node nor as an orphan", async () => {
      const vmId = cloud.launch({ nodeId: "n-a", installation });
      const identity = { nodeId: "n-a", installation, zone: "home", pool: "agents", config: "agents-main" };
      cloud.vmOf(vmId).annotation = notesForm.write(identity, "Somebody's notes.");
      cloud.home.addVm({ name: "n-a-debug", annotation: cloud.vmOf(vmId).annotation });

      assert.deepEqual(await list(), [{ vmId, nodeId: "n-a", installation }]);
    });

    it("has a known VM that was renamed, that lost its notes, or that was moved to another datacenter", async () => {
      const vmIds = ["n-a", "n-b", "n-c"].map((nodeId) => cloud.launch({ nodeId, installation }));
      cloud.vmOf(vmIds[0]!).name = "mine";
      cloud.vmOf(vmIds[1]!).annotation = "";
      cloud.vmOf(vmIds[2]!).parent = "group-v122";

      const listed = await list([...vmIds, cloud.unknownVmId]);

      assert.deepEqual(listed.map(({ vmId }) => vmId).sort(), vmIds.toSorted());
    });

    it("fails as a whole when the connection breaks in the middle", async () => {
      for (let number = 0; number < 150; number += 1) cloud.launch({ nodeId: `n-${number}`, installation });
      cloud.vim.losesAnswer = (method) => method === "ContinueRetrievePropertiesEx";

      await assert.rejects(list(), /no answer from vCenter to ContinueRetrievePropertiesEx/);
    });
  });

  describe("VMware Tools", () => {
    const script = "#!/bin/sh\necho begun > /dev/null\ntrue";
    const aVm = (nodeId: string, text = script): string => {
      const vmId = cloud.launch({ nodeId, installation });
      cloud.vmOf(vmId).guest.start({ [scriptKey]: gzipSync(text).toString("base64") });
      return vmId;
    };
    const inputs = (nodeId: string, vmId: string, over: Partial<GuestInputs> = {}): GuestInputs => ({
      ...{ nodeId, vmId, osType: "linux" as const, access: access(), waitSeconds: 5 },
      program: { script, username: "root", password: "guest-password" },
      ...over,
    });
    const make = (nodeId: string, vmId: string, over: Partial<GuestInputs> = {}) =>
      guestKernel.create({ ...inputs(nodeId, vmId, over) }, context);
    const scripts = (vmId: string) => cloud.vmOf(vmId).guest.scripts;

    it("tell the address of the VM's own adapter, not of bridges in the guest, and run the script", async () => {
      const vmId = aVm("n-a");

      const { id, outputs } = await make("n-a", vmId);

      assert.deepEqual(outputs, { nodeId: "n-a", vmId, address: cloud.vmOf(vmId).guest.address });
      assert.equal(id, vmId);
      assert.deepEqual(scripts(vmId), [script]);
      assert.equal(cloud.vmOf(vmId).guest.guestInfo[scriptKey], "", "nobody in the guest can read it any more");
      assert.match(lines.join(), /has ended well/);
      assert.equal(cloud.vim.openSessions, 0);
    });

    it("run it on Windows by PowerShell", async () => {
      const vmId = aVm("n-w", "#ps1_sysnative\nexit 0");

      await make("n-w", vmId, { osType: "windows" });

      assert.deepEqual(scripts(vmId), ["#ps1_sysnative\nexit 0"]);
    });

    for (const osType of ["linux", "windows"] as const) {
      it(`run it once, also when the answer was lost and it is asked for again [${osType}]`, async () => {
        const vmId = aVm("n-a");
        cloud.vim.losesAnswer = (method) => method === "StartProgramInGuest";
        await assert.rejects(make("n-a", vmId, { osType }), /no answer from vCenter to StartProgramInGuest/);
        cloud.vim.losesAnswer = () => false;

        await make("n-a", vmId, { osType });

        assert.deepEqual(scripts(vmId), [script]);
      });
    }

    it("run a script by what its first line names, and by bash without one", async () => {
      for (const [nodeId, text] of [
        ["n-sh", '#!/bin/sh\ntest -z "$BASH_VERSION"'],
        ["n-bash", 'test -n "$BASH_VERSION"'],
      ] as const) {
        const vmId = aVm(nodeId, text);
        await make(nodeId, vmId, { program: { script: text, username: "root", password: "guest-password" } });
        assert.deepEqual(scripts(vmId), [text]);
      }
    });

    it("fail the node with what a failed script printed last, without its long words", async () => {
      const text = "#!/bin/sh\nTOKEN=abcdefghijkl\necho could not reach $TOKEN >&2\nexit 3";
      const vmId = aVm("n-a", text);

      const made = make("n-a", vmId, { program: { script: text, username: "root", password: "guest-password" } });

      await assert.rejects(made, (error: Error) => {
        assert.match(
          error.message,
          /VsphereScriptFailed: .*node n-a failed: exit code 3; it printed last: could not reach \[secret\]/,
        );
        assert.equal(provider.classify(error.message), "CONFIG");
        return true;
      });
    });

    it("refuse an account that the guest does not know, in words without its password", async () => {
      const vmId = aVm("n-a");

      const made = make("n-a", vmId, { program: { script, username: "root", password: "another-password" } });

      await assert.rejects(made, (error: Error) => {
        assert.match(error.message, /VsphereGuestLogin: .*refused guestUsername and guestPassword/);
        assert.ok(!error.message.includes("another-password"));
        return provider.classify(error.message) === "CONFIG";
      });
      assert.deepEqual(scripts(vmId), []);
    });

    it("that are not there fail the node when the time is over: once is passing trouble", async () => {
      const vmId = aVm("n-a");
      cloud.vmOf(vmId).guest.hasTools = false;

      await assert.rejects(make("n-a", vmId, { waitSeconds: 0 }), (error: Error) => {
        assert.match(
          error.message,
          /VsphereToolsSilent: .*did not answer within 0 s.*allow more time with toolsTimeout/,
        );
        return provider.classify(error.message) === "TRANSIENT";
      });
    });

    it("are not asked for a script that the guest reads itself", async () => {
      const vmId = aVm("n-a");
      const own = inputs("n-a", vmId);

      const { outputs } = await guestKernel.create({ ...own, program: undefined }, context);

      assert.equal(outputs["address"], cloud.vmOf(vmId).guest.address);
      assert.ok(!cloud.vim.calls.includes("StartProgramInGuest"));
    });

    it("run nothing in a VM of another name, nor in one that is gone", async () => {
      const vmId = aVm("n-b");

      await assert.rejects(make("n-a", vmId), /VsphereVmForeign: the VM with the UUID .* is called "n-b", and not n-a/);
      await assert.rejects(make("n-a", cloud.unknownVmId), /VsphereVmGone: /);
      assert.deepEqual(scripts(vmId), []);
    });

    it("are left alone in a preview", async () => {
      const { outputs } = await guestKernel.create({ ...inputs("n-a", "unknown") }, { ...context, isPreview: true });

      assert.ok("address" in outputs);
      assert.deepEqual(cloud.vim.calls, []);
    });
  });
});
