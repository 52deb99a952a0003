/** What is particular to Nutanix: names, long lists, addresses that come late. Without an engine; `conformance.test.ts` has one. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { PrismApi } from "../../provider/clouds/nutanix/api";
import { addressKernel } from "../../provider/clouds/nutanix/address-resource";
import { findNamed, findVmsOf, listVmsOf, placeIdentity } from "../../provider/clouds/nutanix/inventory";
import { machineArgs } from "../../provider/clouds/nutanix/request";
import { nutanixSettingsSchema } from "../../provider/clouds/nutanix/settings";
import type { KernelContext } from "../../provider/resource-kernel";
import { problemsOf } from "../../runtime/model/config";
import { classifyFailure } from "../../runtime/executor/failure-class";
import type { CloudFailureClass } from "../../runtime/model/errors";
import { EmulatedNutanix, pluginError, taskError } from "./emulated-nutanix";
import { uuidOf } from "./emulated-prism";
import { passwordOf, PrismRefusal, username } from "./emulated-prism-users";
import { vmProviderOf } from "./registered";

const provider = vmProviderOf("nutanix");
const installationId = "inst-1";

const given = (over: object = {}) => ({
  ...{ host: "prism.example.org", username, password: "p", vmCandidate: "ubuntu-agent", subnet: "desktops" },
  ...{ cores: 4, memory: "8GiB" },
  ...over,
});

describe("a Nutanix config", () => {
  const refusals: readonly (readonly [string, object, RegExp])[] = [
    ["an address with a scheme", { host: "https://prism" }, /^host: /],
    ["an address with a port", { host: "prism:9440" }, /^host: .*put the port into `port`/],
    ["a user with a colon", { username: "a:b" }, /^username: .*without spaces and colons/],
    ["memory in odd bytes", { memory: "1000000001B" }, /^memory: /],
    ["a disk below a GiB", { diskSize: "512MiB" }, /^diskSize: .*at least 1GiB/],
    ["a firmware that there is not", { bootType: "BIOS" }, /^bootType: /],
    ["an override of the name", { inputOverride: { name: "x" } }, /^inputOverride\.name: .*is its node's id/],
    ["an override of the script", { inputOverride: { guestCustomizationCloudInitUserData: "x" } }, /startupScript/],
    ["an override that is none", { inputOverride: { diskList: [] } }, /^inputOverride\.diskList: .*unknown field/],
    ["an address in an override", { inputOverride: { nicLists: [{ macAddress: "x" }] } }, /an address of its own/],
    ["a power state", { inputOverride: { powerState: "OFF" } }, /^inputOverride\.powerState: /],
  ];
  for (const [what, over, expected] of refusals) {
    it(`is refused with ${what}`, () => {
      const parsed = provider.settings.safeParse(given(over));
      const problems = parsed.success ? [] : problemsOf(parsed.error, given(over));
      assert.ok(
        problems.some(({ path, message }) => expected.test(`${path}: ${message}`)),
        JSON.stringify(problems),
      );
    });
  }

  it("puts all cores on one socket, and the disk's size only where it is said", () => {
    const named = { uuid: "u", name: "n" };
    const things = { image: named, cluster: named, subnet: named, project: undefined };
    const argsOf = (over: object) =>
      machineArgs(
        { settings: nutanixSettingsSchema.parse(given(over)) } as Parameters<typeof machineArgs>[0],
        "",
        things,
      );
    const { numSockets, numVcpusPerSocket, memorySizeMib, diskLists } = argsOf({});
    assert.deepEqual([numSockets, numVcpusPerSocket, memorySizeMib], [1, 4, 8192]);
    assert.ok(!JSON.stringify(diskLists).includes("diskSize"));
    assert.match(JSON.stringify(argsOf({ diskSize: "60GiB" }).diskLists), /"diskSizeMib":61440/);
  });

  it("tells whose a VM is behind whatever a user wrote, within 1,000 characters (property)", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2000, unit: "grapheme" }), (own) => {
        const identity = { nodeId: "n-1", installation: installationId, zone: "z", pool: "p", config: "c" };
        const placed = placeIdentity({ description: own, categories: [{ name: "a", value: "b" }] }, identity);
        assert.ok(String(placed["description"]).length <= 1000);
        assert.match(String(placed["description"]), /headroom-node=n-1 headroom-installation=inst-1/);
        assert.deepEqual([placed["name"], placed["categories"]], ["n-1", [{ name: "a", value: "b" }]]);
      }),
    );
  });
});

describe("Prism Central", () => {
  let cloud: EmulatedNutanix;
  beforeEach(async () => {
    cloud = new EmulatedNutanix();
    await cloud.api.listen();
  });
  afterEach(() => cloud.close());

  const access = () => ({
    ...{ host: "127.0.0.1", port: cloud.api.port, username, password: passwordOf("K1"), verifySsl: false },
  });
  const api = (over: object = {}) => new PrismApi({ ...access(), ...over });

  it("is read page by page: of 1,203 VMs all are found and listed", async () => {
    const nodeIds = Array.from({ length: 1203 }, (_, number) => `n-${number}`);
    for (const nodeId of nodeIds) cloud.launch({ nodeId, installation: installationId });
    const found = await findVmsOf(api(), nodeIds);
    assert.deepEqual(found.map(({ nodeId }) => nodeId).sort(), nodeIds.toSorted());
    assert.equal((await listVmsOf(api(), { installationId, knownIds: [] })).length, 1203);
    assert.equal(cloud.api.requests.filter((request) => request === "POST /vms/list").length, 6);
  });

  it("gives no short list for a whole one when a VM goes between two pages: it is read again", async () => {
    for (let number = 0; number < 700; number += 1) cloud.launch({ nodeId: `n-${number}` });
    let pages = 0;
    cloud.api.refuses = () => {
      if (++pages === 2) cloud.home.vms.delete(uuidOf("vm", 1));
      return undefined;
    };
    // It would have been the first of the second page.
    assert.deepEqual(await findVmsOf(api(), ["n-500", "n-0"]), [{ nodeId: "n-500", id: uuidOf("vm", 501) }]);
    assert.equal(pages, 4);

    cloud.api.refuses = () => {
      if (++pages % 2 === 0) cloud.home.vms.delete(cloud.home.vms.keys().next().value!);
      return undefined;
    };
    await assert.rejects(findVmsOf(api(), ["n-650"]), /list of vms changed 5 times while it was read; ask again later/);
  });

  it("says which of several things of one name is meant only by a UUID", async () => {
    cloud.home.subnets.push({ uuid: uuidOf("subnet", 9), name: "desktops" });
    await assert.rejects(findNamed(api(), "subnet", "subnet", "desktops"), /NutanixNotFound: .*2 are called so/);
    assert.equal((await findNamed(api(), "subnet", "subnet", uuidOf("subnet", 9))).name, "desktops");
  });

  it("is asked again when it gives no answer, and not when it refuses", async () => {
    let times = 0;
    cloud.api.refuses = () => (++times < 3 ? new PrismRefusal(503, "SERVICE_UNAVAILABLE", "later") : undefined);
    assert.equal((await api().me()).name, "headroom-K1");
    assert.equal(times, 3);
    const before = cloud.api.requests.length;
    await assert.rejects(api({ password: passwordOf("") }).me(), /HTTP 401 AUTHENTICATION_REQUIRED/);
    assert.equal(cloud.api.requests.length, before + 1);
  });

  it("is not told the password when its certificate is not trusted", async () => {
    await assert.rejects(api({ verifySsl: true }).me(), /no answer from Prism Central.*certificate/s);
    assert.deepEqual(cloud.api.requests, []);
  });

  describe("the address of a node", () => {
    const context: KernelContext = { owner: "", isPreview: false, signal: new AbortController().signal };
    const create = (nodeId: string, vmId: string, waitSeconds: number) =>
      addressKernel.create({ nodeId, vmId, access: access(), waitSeconds }, context);

    it("is waited for, and is the first IPv4 address that somebody gave", async () => {
      const vmId = cloud.launch({ nodeId: "n-1" });
      cloud.vmOf(vmId).address = "169.254.3.4";
      const waiting = create("n-1", vmId, 60);
      cloud.vmOf(vmId).address = "10.1.2.3";
      assert.equal((await waiting).outputs["address"], "10.1.2.3");
    });

    it("fails the node when none comes in time, and when the VM is gone or somebody else's", async () => {
      const vmId = cloud.launch({ nodeId: "n-1" });
      cloud.vmOf(vmId).address = undefined;
      await assert.rejects(create("n-1", vmId, 0), /NutanixNoAddress: .*after 0 s \(addressTimeout\)/);
      await assert.rejects(create("n-2", vmId, 60), /NutanixVmForeign/);
      await assert.rejects(create("n-1", cloud.unknownVmId, 60), /NutanixVmGone/);
    });
  });
});

describe("what Nutanix refuses", () => {
  const texts: readonly (readonly [string, CloudFailureClass])[] = [
    [taskError("INTERNAL_ERROR: Internal Server Error. InsufficientMemory: no host can take it"), "CAPACITY"],
    [taskError("Not enough storage space in container default"), "CAPACITY"],
    [taskError("INTERNAL_ERROR: memory quota of project quota-free is exceeded"), "QUOTA"],
    [taskError("INTERNAL_ERROR: Acropolis is changing its leader"), "TRANSIENT"],
    [taskError("Request timed out, please retry"), "TRANSIENT"],
    [pluginError(new PrismRefusal(409, "CONCURRENT_REQUESTS_NOT_ALLOWED", "spec_version differs")), "TRANSIENT"],
    [pluginError(new PrismRefusal(403, "ACCESS_DENIED", "No permission to create virtual machine")), "CONFIG"],
    [pluginError(new PrismRefusal(404, "ENTITY_NOT_FOUND", "not enough memory is the name of this image")), "CONFIG"],
    [pluginError(new PrismRefusal(401, "", "")), "CONFIG"],
    ['Post "https://prism:9440/api/nutanix/v3/vms": dial tcp 10.0.0.1:9440: i/o timeout', "TRANSIENT"],
    ['NutanixNotFound: vmCandidate "quota": Prism Central has no image of this name', "CONFIG"],
  ];
  for (const [text, failureClass] of texts) {
    it(`is ${failureClass}: ${text.slice(0, 90).replace(/\s+/g, " ")}`, () => {
      assert.equal(provider.classify(text) ?? classifyFailure(text), failureClass);
    });
  }
});
