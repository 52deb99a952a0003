/** What a template's names mean in an inventory, as vCenter's SOAP interface tells it. Without an engine and a plugin. */
import assert from "node:assert/strict";
import { readDatacenters, readInventory, type Inventory } from "../../provider/clouds/vsphere/inventory";
import { findPlacement, lastName } from "../../provider/clouds/vsphere/placement";
import { vsphereSettingsSchema } from "../../provider/clouds/vsphere/settings";
import { VCenter } from "../../provider/clouds/vsphere/vcenter";
import { EmulatedVSphere } from "./emulated-vsphere";
import { passwordOf, userOf } from "./emulated-vcenter-users";

describe("the place of a clone in vSphere", () => {
  let cloud: EmulatedVSphere;
  beforeEach(async () => {
    cloud = new EmulatedVSphere();
    await cloud.vim.listen();
  });
  afterEach(() => cloud.close());

  const settings = (over: object) =>
    vsphereSettingsSchema.parse({
      ...{ vcenterAddress: "127.0.0.1", vcenterPort: cloud.vim.port, verifySsl: false },
      ...{ username: userOf("K1"), password: passwordOf("K1"), datacenter: "DC1", templateName: "ubuntu-agent" },
      ...{ cpus: 2, memory: "4GiB" },
      ...over,
    });
  const found = async (over: object = {}) => {
    const given = settings(over);
    const inventory: Inventory = await VCenter.with(given, async (vcenter) => {
      const datacenters = await readDatacenters(vcenter);
      const datacenter = datacenters.find(({ name }) => name === given.datacenter)!;
      return readInventory(vcenter, datacenter, lastName(given.templateName));
    });
    return findPlacement(inventory, given);
  };
  const placed = async (over: object = {}) => {
    const { placement, problems } = await found(over);
    assert.deepEqual(problems, []);
    const { template, ...rest } = placement!;
    return { template: template.id, ...rest };
  };
  const refused = async (over: object) =>
    (await found(over)).problems.map(({ field, text }) => `${field}: ${text}`).join("\n");

  it("is that of its template where nothing is said", async () => {
    assert.deepEqual(await placed(), {
      ...{ template: "vm-60", folder: "templates", datastoreId: "datastore-40", resourcePoolId: "resgroup-21" },
    });
  });

  it("is that of the datacenter that is named", async () => {
    assert.deepEqual(await placed({ datacenter: "DC2" }), {
      ...{ template: "vm-602", folder: "templates", datastoreId: "datastore-402", resourcePoolId: "resgroup-212" },
    });
  });

  it("is what the settings say, with ids of vCenter", async () => {
    const all = {
      folder: "labs/agents",
      datastore: "slow",
      cluster: "spare",
      host: "esx3b.example.org",
      resourcePool: "labs",
      network: "labs",
    };

    assert.deepEqual(await placed(all), {
      ...{ template: "vm-60", folder: "labs/agents", datastoreId: "datastore-41", resourcePoolId: "resgroup-34" },
      ...{ hostSystemId: "host-33", networkId: "dvportgroup-51" },
    });
  });

  it("is the pool of the host that is named, and the cluster of datastores in the place of one", async () => {
    assert.deepEqual(await placed({ host: "esx3a.example.org", datastoreCluster: "pods" }), {
      ...{ template: "vm-60", folder: "templates", datastoreClusterId: "group-p42", resourcePoolId: "resgroup-31" },
      hostSystemId: "host-32",
    });
  });

  it("is a pool by its path where a name is not enough", async () => {
    assert.match(
      await refused({ resourcePool: "labs" }),
      /resourcePool: 2 resource pools are called so: name its cluster/,
    );
    assert.equal((await placed({ resourcePool: "labs", cluster: "compute" })).resourcePoolId, "resgroup-24");
  });

  it("is refused with every name that is not there, at once", async () => {
    const gone = {
      folder: "a",
      datastore: "b",
      cluster: "c",
      host: "d",
      resourcePool: "e",
      network: "f",
      templateName: "g",
    };
    const { placement, problems } = await found(gone);

    assert.equal(placement, undefined);
    assert.deepEqual(problems.map(({ field }) => field).sort(), [
      "cluster",
      "datastore",
      "folder",
      "host",
      "network",
      "templateName",
    ]);
  });

  it("is refused for a template whose configuration vCenter does not tell", async () => {
    cloud.home.vms.get("vm-60")!.isBeingMade = true;

    assert.match(await refused({}), /templateName: vCenter does not tell its configuration/);
  });

  it("of a linked clone needs one snapshot of a VM, and none of a template", async () => {
    cloud.home.addTemplate("vm-61", "plain", { isTemplate: false });
    cloud.home.addTemplate("vm-62", "good", { isTemplate: false, snapshots: [{ name: "clean", children: 0 }] });
    const linked = (templateName: string, over: object = {}) => ({ templateName, cloneType: "linked", ...over });

    assert.equal((await placed(linked("ubuntu-agent"))).template, "vm-60");
    assert.equal((await placed(linked("good", { snapshotName: "clean" }))).template, "vm-62");
    assert.match(await refused(linked("plain")), /cloneType: .*and it has none: take one/);
    assert.match(
      await refused(linked("good", { snapshotName: "golden" })),
      /snapshotName: "good" has the snapshot "clean"/,
    );
    assert.equal((await placed({ templateName: "plain" })).template, "vm-61", "a full clone needs none");
  });
});
