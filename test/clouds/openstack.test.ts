/** What is particular to OpenStack: lists in pages, servers that nobody tells of, servers in the state ERROR. */
import assert from "node:assert/strict";
import { openstack } from "../../provider/clouds/openstack";
import { openStackAccessSchema } from "../../provider/clouds/openstack/account";
import { OpenStackApi } from "../../provider/clouds/openstack/api";
import { findServers, listServers } from "../../provider/clouds/openstack/find";
import { gpusIn } from "../../provider/clouds/openstack/flavors";
import { requireProject } from "../../provider/clouds/openstack/project";
import { enginesHere } from "../executor/bench";
import { AccountBench } from "./account-bench";
import { credentialOf, fault, secretOf } from "./emulated-openstack-access";
import { EmulatedOpenStack } from "./emulated-openstack";
import { idOf } from "./openstack-facts";

describe("OpenStack's own answers", () => {
  let cloud: EmulatedOpenStack;
  beforeEach(async () => {
    cloud = new EmulatedOpenStack();
    await cloud.api.listen();
  });
  afterEach(() => cloud.close());

  const apiWith = (over: object = {}) =>
    new OpenStackApi(
      openStackAccessSchema.parse({
        authUrl: cloud.api.authUrl,
        caCertificate: cloud.api.certificate.cert,
        applicationCredentialId: credentialOf("K1"),
        applicationCredentialSecret: secretOf("K1"),
        ...over,
      }),
    );
  const sought = { installationId: "inst-1", knownIds: [] };

  it("are whole over many pages, and asked with one token", async () => {
    const ids = Array.from({ length: 250 }, (_, index) =>
      cloud.launch({ nodeId: `n-${index}`, installation: "inst-1" }),
    );

    const vms = await listServers(apiWith(), sought);

    assert.deepEqual(vms.map(({ vmId }) => vmId).sort(), ids.toSorted());
    assert.equal(cloud.api.requests.filter((request) => /servers\/detail/.test(request)).length, 3);
    assert.equal(cloud.api.requests.filter((request) => /auth\/tokens/.test(request)).length, 1);
  });

  it("about servers that a part of Nova keeps to itself are none: such a server is not gone", async () => {
    const [id] = ["n-a", "n-b"].map((nodeId) => cloud.launch({ nodeId, installation: "inst-1" }));
    cloud.api.inDownCell.add(id!);

    await assert.rejects(findServers(apiWith(), ["n-a", "n-b"]), /does not tell of server .* now \(status UNKNOWN\)/);
    await assert.rejects(listServers(apiWith(), sought), /ask again later/);
    cloud.api.inDownCell.clear();
    assert.equal((await findServers(apiWith(), ["n-a", "n-b"])).length, 2);
  });

  for (const status of ["ACTIVE", "BUILD", "ERROR", "SHUTOFF", "DELETING", "UNKNOWN", "VERIFY_RESIZE"]) {
    it(`tell of a server that is ${status}: it exists`, async () => {
      const id = cloud.launch({ nodeId: "n-a", installation: "inst-1" });
      cloud.servers.get(id)!.status = status;
      assert.deepEqual(await findServers(apiWith(), ["n-a"]), [{ nodeId: "n-a", id }]);
    });
  }

  for (const status of ["DELETED", "SOFT_DELETED"]) {
    it(`leave out a server that is ${status}`, async () => {
      const id = cloud.launch({ nodeId: "n-a", installation: "inst-1" });
      cloud.servers.get(id)!.status = status;
      assert.deepEqual(await findServers(apiWith(), ["n-a"]), []);
    });
  }

  it("are asked for again when none comes, and fail when none comes at all", async () => {
    cloud.launch({ nodeId: "n-a", installation: "inst-1" });
    let refusals = 1;
    cloud.api.refuses = (request) => (/detail/.test(request) && refusals-- > 0 ? fault(503, "busy") : undefined);
    assert.equal((await findServers(apiWith(), ["n-a"])).length, 1);

    cloud.api.refuses = (request) => (/detail/.test(request) ? fault(403, "no") : undefined);
    await assert.rejects(findServers(apiWith(), ["n-a"]), /GET .*servers\/detail\], but got 403 instead: .*"no"/);
  });

  it("come from the region that was meant, or not at all", async () => {
    const abroad = cloud.launch({ nodeId: "n-a" }, { place: { region: "RegionTwo" } });
    assert.deepEqual(await findServers(apiWith({ region: "RegionOne" }), ["n-a"]), []);
    assert.deepEqual(await findServers(apiWith({ region: "RegionTwo" }), ["n-a"]), [{ nodeId: "n-a", id: abroad }]);
    await assert.rejects(
      findServers(apiWith({ region: "Elsewhere" }), ["n-a"]),
      /No suitable endpoint.*RegionOne, RegionTwo/,
    );
  });

  it("come from the address that the settings say, in the place of the catalog's", async () => {
    const origin = new URL(cloud.api.authUrl).origin;
    const id = cloud.launch({ nodeId: "n-a" }, { place: { region: "RegionTwo" } });
    const novaEndpoint = `${origin}/RegionTwo/compute`;
    assert.deepEqual(await findServers(apiWith({ region: "RegionOne", novaEndpoint }), ["n-a"]), [
      { nodeId: "n-a", id },
    ]);
  });

  it("do not come over an untrusted connection", async () => {
    await assert.rejects(
      apiWith({ caCertificate: undefined }).login(),
      /no answer from OpenStack .*self-signed certificate/,
    );
    assert.equal((await apiWith({ caCertificate: undefined, insecure: true }).login()).project.id, cloud.access.home);
  });

  for (const [what, over, field, says] of [
    [
      "an untrusted certificate",
      { caCertificate: undefined },
      "caCertificate",
      /is not trusted here; give caCertificate/,
    ],
    ["an address where nobody is", { authUrl: "https://127.0.0.1:1" }, "authUrl", /could not be asked: .*ECONNREFUSED/],
    [
      "a name that is nobody's",
      { authUrl: "https://nowhere.invalid" },
      "authUrl",
      /there is no "https:\/\/nowhere\.invalid"/,
    ],
  ] as const) {
    it(`are none from ${what}, which the account's check tells in words`, async () => {
      const settings = openstack.vm.settings.parse({
        ...{ authUrl: cloud.api.authUrl, caCertificate: cloud.api.certificate.cert, flavor: "gen.medium" },
        ...{ applicationCredentialId: credentialOf("K1"), applicationCredentialSecret: secretOf("K1") },
        ...{ imageId: idOf("image", 1), networkId: idOf("network", 1), ...over },
      });

      const { identity, findings } = await openstack.vm.check(settings, {});

      assert.equal(identity, undefined);
      assert.deepEqual(
        findings.map((finding) => finding.field),
        [field],
      );
      assert.match(findings[0]!.text, says);
    });
  }

  it("of another project are refused before anything is asked", async () => {
    cloud.access.giveTo("K1", cloud.access.other);
    await assert.rejects(
      requireProject(apiWith(), cloud.access.home, "applicationCredentialId"),
      /applicationCredentialId: leads to the OpenStack project 99525.* and the VMs are in 383a/,
    );
  });
});

describe("an OpenStack server in the state ERROR", () => {
  let bench: AccountBench<EmulatedOpenStack>;
  before(async function () {
    const engine = (await enginesHere()).find(({ kind }) => kind === "embedded") ?? this.skip();
    bench = await AccountBench.open<EmulatedOpenStack>("openstack", engine);
  });
  after(() => bench?.close());

  it("fails its node as CAPACITY, keeps its neighbours, and goes with its node", async () => {
    bench.cloud.endingInError.add("n-bad");

    const result = await bench.update(bench.node("n-good"), bench.node("n-bad"));

    assert.equal(result.outcome, "failed");
    const failed = bench.events.flatMap((event) => (event.kind === "nodeFailed" ? [[event.nodeId, event.class]] : []));
    assert.deepEqual(failed, [["n-bad", "CAPACITY"]]);
    assert.deepEqual(Object.keys(bench.vms()).sort(), ["n-bad", "n-good"]);
    await bench.recover(bench.node("n-good"), bench.node("n-bad"));
    const { outcome, message } = await bench.update(bench.node("n-good"));
    assert.equal(outcome, "succeeded", message);
    assert.deepEqual(Object.keys(bench.vms()), ["n-good"]);
    await bench.update();
    assert.deepEqual(bench.cloud.leftovers(), []);
  });
});

describe("GPUs of a flavor", () => {
  for (const [specs, gpus] of [
    [{}, 0],
    [{ "pci_passthrough:alias": "a100:2" }, 2],
    [{ "pci_passthrough:alias": "a100:1,t4:3" }, 4],
    [{ "pci_passthrough:alias": "a100" }, 1],
    [{ "resources:VGPU": "1" }, 1],
    [{ "resources1:VGPU": "1", "resources2:VGPU": "2" }, 3],
    [{ "resources:VGPU": "many", "hw:cpu_policy": "dedicated" }, 0],
  ] as const) {
    it(`${JSON.stringify(specs)} are ${gpus}`, () => assert.equal(gpusIn(specs), gpus));
  }
});
