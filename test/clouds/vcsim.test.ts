/**
 * Our requests to vCenter, judged by a server that VMware's own library makes of its published types, and that nobody here wrote:
 * `vcsim` of github.com/vmware/govmomi. Skipped unless `HEADROOM_VCSIM` names its executable.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { findVmsOf, listVmsOf, notesForm } from "../../provider/clouds/vsphere/find";
import { GuestTools } from "../../provider/clouds/vsphere/guest-tools";
import { readDatacenters, readInventory, referenceTo } from "../../provider/clouds/vsphere/inventory";
import { findPlacement } from "../../provider/clouds/vsphere/placement";
import { neededPrivileges } from "../../provider/clouds/vsphere/privileges";
import { vsphereSettingsSchema, type VSphereSettings } from "../../provider/clouds/vsphere/settings";
import { Raw, elementOf, type Reference } from "../../provider/clouds/vsphere/soap";
import { VCenter } from "../../provider/clouds/vsphere/vcenter";
import type { ListedVm } from "../../runtime/model/account-questions";
import { until } from "../support/until";

const executable = process.env["HEADROOM_VCSIM"];
const templateName = "DC0_C0_RP0_VM0";
const installation = "inst-1";

describe("requests to vCenter as vcsim judges them", () => {
  let vcsim: ChildProcess | undefined;
  let port = 0;
  before(async function () {
    if (executable === undefined) return this.skip();
    vcsim = spawn(executable, ["-l", "127.0.0.1:0", "-username", "headroom", "-password", "sesame"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    vcsim.stdout!.on("data", (text: Buffer) => (printed += text.toString()));
    const address = () => /127\.0\.0\.1:(\d+)\/sdk/.exec(printed)?.[1];
    await until("vcsim listens", () => address() !== undefined);
    port = Number(address());
  });
  after(() => void vcsim?.kill());

  const settings = (over: object = {}): VSphereSettings =>
    vsphereSettingsSchema.parse({
      ...{ vcenterAddress: "127.0.0.1", vcenterPort: port, username: "headroom", password: "sesame", verifySsl: false },
      ...{ datacenter: "DC0", templateName, cpus: 2, memory: "1GiB", ...over },
    });
  const within = <Result>(work: (vcenter: VCenter) => Promise<Result>): Promise<Result> =>
    VCenter.with(settings(), work);
  const vmNamed = async (vcenter: VCenter, name: string): Promise<Reference> => {
    const vms = await vcenter.list(vcenter.rootFolder, { VirtualMachine: ["name"] });
    const found = vms.find(({ properties }) => properties.get("name")?.text === name);
    return found?.reference ?? assert.fail(`vcsim has no VM ${name}`);
  };
  const reconfigure = async (vcenter: VCenter, name: string, spec: string): Promise<void> => {
    const vm = await vmNamed(vcenter, name);
    await vcenter.call("ReconfigVM_Task", vm, { spec: new Raw(spec) });
  };

  it("a session, and who vCenter is", async () => {
    const { instanceUuid, fullName } = await within(async (vcenter) => vcenter.identity());

    assert.match(instanceUuid, /^[0-9a-f-]{36}$/);
    assert.match(fullName, /vCenter Server/);
    await assert.rejects(
      VCenter.with({ ...settings(), password: "wrong" }, async () => undefined),
      /vCenter refused Login: InvalidLogin: /,
    );
  });

  it("the inventory, and what a template's names mean in it", async () => {
    await within(async (vcenter) => {
      const datacenters = await readDatacenters(vcenter);
      assert.deepEqual(
        datacenters.map(({ name }) => name),
        ["DC0"],
      );
      const inventory = await readInventory(vcenter, datacenters[0]!, templateName);

      const { placement, problems } = findPlacement(inventory, settings());

      assert.deepEqual(problems, []);
      assert.match(placement!.template.uuid, /^[0-9a-f-]{36}$/);
      assert.match(placement!.resourcePoolId, /^resgroup-/);
      assert.match(placement!.datastoreId!, /^datastore-/);
      const named = { cluster: "DC0_C0", datastore: "LocalDS_0", network: "VM Network", host: "DC0_C0_H1" };
      const found = findPlacement(inventory, settings(named));
      assert.deepEqual(found.problems, []);
      assert.deepEqual(found.placement!.resourcePoolId, placement!.resourcePoolId);
      const gone = findPlacement(inventory, settings({ cluster: "gone", datastore: "gone", folder: "gone" }));
      assert.deepEqual(gone.problems.map(({ field }) => field).sort(), ["cluster", "datastore", "folder"]);
      for (const { entity, privileges } of neededPrivileges(placement!, inventory.datacenter.id, settings())) {
        assert.deepEqual(await vcenter.lacking(entity, privileges), []);
      }
      assert.deepEqual(await vcenter.lacking(referenceTo(inventory.datacenter), ["System.Read"]), []);
    });
  });

  it("VMs: found by name, listed by notes, known ones by UUID", async () => {
    const notes = notesForm.write(
      { nodeId: "n-a", installation, zone: "home", pool: "agents", config: "agents-main" },
      "Two lines\n<of> notes & more",
    );
    await within(async (vcenter) => {
      await reconfigure(vcenter, "DC0_H0_VM0", `${elementOf("name", "n-a")}${elementOf("annotation", notes)}`);
      await reconfigure(vcenter, "DC0_H0_VM1", elementOf("name", "n-b"));
    });
    const found = await findVmsOf(["n-a", "n-b", "n-c"], settings());
    assert.deepEqual(found.map(({ nodeId }) => nodeId).sort(), ["n-a", "n-b"]);
    const [a, b] = ["n-a", "n-b"].map((nodeId) => found.find((vm) => vm.nodeId === nodeId)!.id);

    const listed = await listVmsOf(
      { installationId: installation, knownIds: [b!, "42000000-0000-4000-8000-000000000000"] },
      settings(),
    );

    const expected: ListedVm[] = [{ vmId: a!, nodeId: "n-a", installation }, { vmId: b! }];
    assert.deepEqual(byId(listed), byId(expected));
    await within(async (vcenter) => assert.deepEqual(await vcenter.vmByUuid(a!), await vmNamed(vcenter, "n-a")));
  });

  it("the address that a guest tells", async () => {
    const option = `${elementOf("key", "SET.guest.ipAddress")}<value xsi:type="xsd:string">10.7.7.7</value>`;
    await within(async (vcenter) => {
      await reconfigure(vcenter, templateName, `<extraConfig xsi:type="OptionValue">${option}</extraConfig>`);
      const limits = { pauseMsMax: 100, waitMs: 5_000, signal: new AbortController().signal };
      const tools = new GuestTools(vcenter, { reference: await vmNamed(vcenter, templateName), nodeId: "n-t" }, limits);

      assert.equal(await tools.address(), "10.7.7.7");
    });
  });
});

function byId(vms: readonly ListedVm[]): ListedVm[] {
  return vms.toSorted((one, other) => (one.vmId < other.vmId ? -1 : 1));
}
