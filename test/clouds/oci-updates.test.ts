/** OCI's instances, volumes and records through real updates. */
import assert from "node:assert/strict";
import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DnsSpec } from "../../runtime/model/state";
import { enginesHere } from "../executor/bench";
import { removeFolder } from "../support/remove-folder";
import { EmulatedOci } from "./emulated-oci";
import { domains } from "./emulated-oci-facts";
import { NodeStack } from "./node-stack";
import { launchBodyOf } from "./oci-api";
import { account, aNode, minimal } from "./oci-nodes";
import { dnsProviderOf, vmProviderOf } from "./registered";

const provider = vmProviderOf("oci");

describe("OCI through an update", () => {
  let folder: string;
  let cloud: EmulatedOci;
  let stack: NodeStack;
  before(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "headroom-oci-")));
    cloud = new EmulatedOci();
    await cloud.cloud.listen();
    const [engine] = await enginesHere();
    const environment = { PULUMI_DEBUG_PROVIDERS: cloud.cloud.debugProvider };
    const providers = { vm: provider, dns: dnsProviderOf("oci") };
    stack = await NodeStack.open({ engine: engine!, folder, cloud: providers, environment });
  });
  after(() => {
    cloud?.cloud.close();
    removeFolder(folder);
  });

  const dns = (settings: object, baseDomainName: string) =>
    ({
      kind: "oci",
      settings: { ...account, region: "us-ashburn-1", ...settings },
      baseDomainName,
      ttlSeconds: 60,
    }) as DnsSpec;
  const compartmentOcid = minimal.compartmentOcid;
  const view = { privateViewOcid: "ocid1.dnsview.oc1.iad.inside" };

  it("sends settings and overrides where the API expects them, records into the zone that is meant", async () => {
    const volumes = [
      { type: "paravirtualized", launchCreateVolumeDetails: { volumeCreationType: "ATTRIBUTES", sizeInGbs: "50" } },
    ];
    const report = await stack.update([
      aNode("n-plain"),
      aNode("n-volumes", { inputOverride: { launchVolumeAttachments: volumes } }),
      aNode(
        "n-public",
        { addressType: "public", subnetOcid: "ocid1.subnet.oc1.iad.public" },
        { dns: dns({ compartmentOcid }, "a.labs.example.org") },
      ),
      aNode("n-given", {}, { dns: dns({ zone: "example.org" }, "labs.example.org") }),
      aNode("n-private", {}, { dns: dns({ compartmentOcid, ...view }, "labs.example.org") }),
    ]);

    assert.deepEqual([...report.errors], []);
    const made = [...cloud.instances.values()];
    const of = (nodeId: string) => made.find(({ tags }) => tags["headroom-node"] === nodeId)!;
    assert.deepEqual(launchBodyOf(of("n-plain").inputs), {
      compartmentId: compartmentOcid,
      availabilityDomain: domains[0],
      displayName: "n-plain",
      shape: "VM.Standard.E4.Flex",
      shapeConfig: { ocpus: 2, memoryInGBs: 16 },
      sourceDetails: { sourceType: "image", imageId: minimal.imageOcid, bootVolumeVpusPerGB: 10 },
      createVnicDetails: { subnetId: minimal.subnetOcid, nsgIds: [], assignPublicIp: false },
      instanceOptions: { areLegacyImdsEndpointsDisabled: true },
      metadata: {},
      definedTags: {},
      freeformTags: {
        "headroom-config": "agents-oci",
        "headroom-installation": "i-lab",
        "headroom-node": "n-plain",
        "headroom-pool": "agents",
        "headroom-zone": "home",
      },
    });
    const records = cloud.zones
      .records()
      .map(({ zone, name, values: [address] }) => [zone?.split(".").at(-1), name, address]);
    assert.deepEqual(records.sort(), [
      ["example", "n-given.labs.example.org", of("n-given").outputs["privateIp"]],
      ["inside", "n-private.labs.example.org", of("n-private").outputs["privateIp"]],
      ["labs", "n-public.a.labs.example.org", of("n-public").outputs["publicIp"]],
    ]);
  });

  it("does not find what was terminated, although OCI lists it for a day", async () => {
    await stack.update([aNode("n-plain")]);
    const { found } = await stack.update([aNode("n-plain")], ["n-plain", "n-volumes"]);
    assert.deepEqual(
      found.map(({ nodeId }) => nodeId),
      ["n-plain"],
    );
    assert.ok([...cloud.terminated.values()].some(({ tags }) => tags["headroom-node"] === "n-volumes"));
  });

  it("leaves neither instances nor volumes nor records", async () => {
    await stack.destroy();
    assert.deepEqual(cloud.leftovers(), []);
    assert.deepEqual(cloud.violations, []);
  });

  it("refuses a zone of the settings that records can't be below, before anything is asked", async () => {
    const asked = dnsProviderOf("oci")!.prepareRecord(
      {
        identity: { nodeId: "n1", zone: "z", pool: "p", config: "c" },
        dns: dns({ zone: "example.com" }, "labs.example.org") as never,
      },
      {},
    );
    await assert.rejects(asked, /got "labs.example.org"; it does not end in the zone that is given, "example.com"/);
  });
});
