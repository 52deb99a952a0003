/** What is OCI's own: settings, combinations, sizes, identity, and requests that OCI takes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { told } from "../../provider/clouds/oci/find";
import { ociSettingsSchema } from "../../provider/clouds/oci/settings";
import { problemsOf } from "../../runtime/model/config";
import { domains, OciFacts } from "./emulated-oci-facts";
import { account, inputsOf, minimal, pathsIn, problemsIn, tenancy } from "./oci-nodes";
import { vmProviderOf } from "./registered";

const provider = vmProviderOf("oci");
const gib = 2 ** 30;

describe("OCI settings", () => {
  it("need account, place, image, shape and subnet, and nothing else", () => {
    assert.deepEqual(pathsIn({}), []);
    const given = { ...account };
    const parsed = ociSettingsSchema.safeParse(given);
    assert.deepEqual(
      problemsOf(parsed.error!, given)
        .map(({ path }) => path)
        .sort(),
      ["availabilityDomains", "compartmentOcid", "imageOcid", "region", "shape", "subnetOcid"],
    );
  });

  it("want the four fields of a key, and none of them for a machine's own principal", () => {
    for (const field of ["userOcid", "fingerprint", "privateKey", "tenancyOcid"]) {
      assert.deepEqual(pathsIn({ [field]: undefined }), [field]);
    }
    const none = Object.fromEntries(Object.keys(account).map((field) => [field, undefined]));
    assert.deepEqual(pathsIn({ ...none, auth: "instancePrincipal" }), []);
    assert.deepEqual(pathsIn({ auth: "instancePrincipal" }).sort(), Object.keys(account).sort());
  });

  it("name each id of another kind, with the kind that it has and the one that belongs there", () => {
    const kinds = { imageOcid: "image", subnetOcid: "subnet", compartmentOcid: "compartment", kmsKeyOcid: "key" };
    for (const [field, kind] of Object.entries(kinds)) {
      for (const other of ["vcn", "instance", "bootvolume", "vault"]) {
        const [problem, ...others] = problemsIn({ [field]: `ocid1.${other}.oc1.iad.abc` });
        assert.deepEqual([problem?.path, others], [field, []]);
        assert.match(problem!.message, new RegExp(`this is the OCID of a ${other}; .*"ocid1\\.${kind}\\."`));
      }
      assert.match(
        problemsIn({ [field]: "agents" })[0]!.message,
        new RegExp(`use an OCID that begins with "ocid1\\.${kind}`),
      );
    }
    assert.deepEqual(pathsIn({ nsgOcids: ["ocid1.securitylist.oc1.iad.a"] }), ["nsgOcids[0]"]);
    assert.deepEqual(
      pathsIn({ compartmentOcid: "ocid1.tenancy.oc1..home" }),
      [],
      "the root compartment is the tenancy",
    );
  });

  it("name each id and availability domain of another region than the VMs', by key as well as by name", () => {
    for (const region of ["phx", "us-phoenix-1", "fra", "eu-frankfurt-1", "ap-tokyo-1"]) {
      assert.deepEqual(pathsIn({ imageOcid: `ocid1.image.oc1.${region}.abc` }), ["imageOcid"], region);
      assert.deepEqual(pathsIn({ subnetOcid: `ocid1.subnet.oc1.${region}.abc` }), ["subnetOcid"], region);
      assert.deepEqual(pathsIn({ nsgOcids: [`ocid1.networksecuritygroup.oc1.${region}.a`] }), ["nsgOcids[0]"], region);
    }
    for (const domain of ["BEol:PHX-AD-1", "BEol:EU-FRANKFURT-1-AD-2", "BEol:AP-TOKYO-1-AD-1"]) {
      assert.deepEqual(pathsIn({ availabilityDomains: [domains[0], domain] }), ["availabilityDomains[1]"], domain);
    }
    for (const same of ["iad", "us-ashburn-1", ""])
      assert.deepEqual(pathsIn({ imageOcid: `ocid1.image.oc1.${same}.a` }), []);
    const inputOverride = { sourceDetails: { sourceId: "ocid1.image.oc1.phx.abc" } };
    assert.deepEqual(pathsIn({ inputOverride }), ["inputOverride.sourceDetails"]);
  });

  it("take whole names of availability domains only, each once", () => {
    for (const name of ["AD-1", "US-ASHBURN-AD-1", "beol:us-ashburn-ad-1", "BEol:US-ASHBURN", ""]) {
      assert.deepEqual(pathsIn({ availabilityDomains: [name] }), ["availabilityDomains[0]"], name);
    }
    assert.deepEqual(pathsIn({ availabilityDomains: [] }), ["availabilityDomains"]);
    assert.deepEqual(pathsIn({ availabilityDomains: [domains[0], domains[0]] }), ["availabilityDomains"]);
  });

  it("want OCPUs and memory of a flexible shape, in its ratio, and neither of a fixed one", () => {
    assert.deepEqual(pathsIn({ ocpus: undefined }), ["ocpus"]);
    assert.deepEqual(pathsIn({ memory: undefined }), ["memory"]);
    for (const [ocpus, memory] of [
      [1, "65GiB"],
      [4, "3GiB"],
      [2, "200GiB"],
    ] as const) {
      const [problem, ...others] = problemsIn({ ocpus, memory });
      assert.deepEqual([problem?.path, others], ["memory", []]);
      assert.match(problem!.message, new RegExp(`from ${ocpus} to ${ocpus * 64} GiB with ${ocpus} OCPUs`));
    }
    for (const shape of ["VM.Standard2.4", "VM.Standard.E2.1.Micro", "VM.GPU3.1", "BM.Standard3.64"]) {
      assert.deepEqual(pathsIn({ shape }).sort(), ["memory", "ocpus"], shape);
      assert.deepEqual(pathsIn({ shape, ocpus: undefined, memory: undefined }), [], shape);
      const inputOverride = { shapeConfig: { ocpus: 2 } };
      assert.deepEqual(pathsIn({ shape, ocpus: undefined, memory: undefined, inputOverride }), [
        "inputOverride.shapeConfig",
      ]);
    }
  });

  it("take a baseline of shapes that can be burstable, by setting or override, and never send one of 100 %", () => {
    const baselineOcpuUtilization = "BASELINE_1_8";
    assert.deepEqual(pathsIn({ baselineOcpuUtilization }), []);
    for (const shape of ["VM.Standard.A1.Flex", "VM.Optimized3.Flex", "VM.DenseIO.E4.Flex"]) {
      assert.deepEqual(pathsIn({ shape, baselineOcpuUtilization }), ["baselineOcpuUtilization"], shape);
      const inputOverride = { shapeConfig: { baselineOcpuUtilization } };
      assert.deepEqual(pathsIn({ shape, inputOverride }), ["inputOverride.shapeConfig"], shape);
    }
    const configOf = (settings: object) => inputsOf({ ...settings })["shapeConfig"];
    assert.deepEqual(configOf({}), { ocpus: 2, memoryInGbs: 16 });
    assert.deepEqual(configOf({ baselineOcpuUtilization }), { ocpus: 2, memoryInGbs: 16, baselineOcpuUtilization });
  });

  it("keep boot volumes within OCI's sizes and steps of performance", () => {
    for (const bootVolumeSize of ["49GiB", "32769GiB", "100MiB", "64.5GiB"]) {
      assert.deepEqual(pathsIn({ bootVolumeSize }), ["bootVolumeSize"], bootVolumeSize);
    }
    for (const bootVolumeVpusPerGb of [0, 5, 15, 130, 12.5]) {
      assert.deepEqual(
        [...new Set(pathsIn({ bootVolumeVpusPerGb }))],
        ["bootVolumeVpusPerGb"],
        String(bootVolumeVpusPerGb),
      );
    }
    assert.deepEqual(pathsIn({ bootVolumeSize: "50GiB", bootVolumeVpusPerGb: 120 }), []);
  });

  it("leave room for the tags that say whose a VM is, and take defined tags with namespace and key", () => {
    const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, "v"]));
    assert.deepEqual(pathsIn({ freeformTags: tags(5) }), []);
    assert.deepEqual(pathsIn({ freeformTags: tags(6) }), ["freeformTags"]);
    for (const key of ["random", "a.b.c", ".a", "a.", "a b.c"]) {
      assert.equal(problemsIn({ definedTags: { [key]: "x" } }).length, 1, key);
    }
    assert.deepEqual(pathsIn({ definedTags: { "Operations.CostCenter": "42" } }), []);
  });

  it("always say whether a VM gets a public address, because OCI's own default is to give one", () => {
    const isPublic = (settings: object) =>
      (inputsOf({ ...settings })["createVnicDetails"] as Record<string, unknown>)["assignPublicIp"];
    assert.equal(isPublic({}), "false");
    assert.equal(isPublic({ addressType: "public" }), "true");
    assert.equal(isPublic({ assignPublicIp: true }), "true");
    assert.deepEqual(pathsIn({ addressType: "public", assignPublicIp: false }), ["assignPublicIp"]);
    const configOverride = { create_vnic_details: { assign_public_ip: false } };
    assert.deepEqual(pathsIn({ addressType: "public", configOverride }), ["configOverride"]);
  });

  it("refuse what is reserved beside preemptible VMs", () => {
    const inputOverride = { capacityReservationId: "ocid1.capacityreservation.oc1.iad.a" };
    assert.deepEqual(pathsIn({ inputOverride }), []);
    assert.deepEqual(pathsIn({ inputOverride, preemptible: true }), ["inputOverride.capacityReservationId"]);
  });

  it("keep what stands beside the script within what is left of the metadata, whoever says it", () => {
    const long = "x".repeat(8000);
    assert.deepEqual(pathsIn({ sshPublicKey: `ssh-rsa AAAA ${long}` }), ["sshPublicKey"]);
    assert.deepEqual(pathsIn({ inputOverride: { metadata: { long } } }), ["inputOverride.metadata"]);
    assert.deepEqual(pathsIn({ configOverride: { extended_metadata: { long: { long } } } }), ["configOverride"]);
    for (const key of ["ssh-rsa", "-----BEGIN OPENSSH PRIVATE KEY-----", "ops"]) {
      assert.deepEqual(pathsIn({ sshPublicKey: key }), ["sshPublicKey"], key);
    }
    const keys = "ssh-ed25519 AAAA one\nssh-rsa BBBB two\n";
    assert.deepEqual(pathsIn({ sshPublicKey: keys }), []);
    assert.equal(
      provider.sshPublicKey!(ociSettingsSchema.parse({ ...minimal, sshPublicKey: keys })),
      "ssh-ed25519 AAAA one",
    );
  });
});

describe("the size of an OCI shape", () => {
  const shapeOf = (settings: object) => provider.shape(ociSettingsSchema.parse({ ...minimal, ...settings }));
  const sizeOf = (settings: object) => provider.sizeOf!(ociSettingsSchema.parse({ ...minimal, ...settings }));
  const fixed = { shape: "VM.Standard2.4", ocpus: undefined, memory: undefined };

  it("of a flexible one is what the settings say: two cores for an OCPU, with Arm's first generation one", () => {
    assert.deepEqual(shapeOf({}), { cores: 4, memoryBytes: 16 * gib, gpus: 0 });
    assert.deepEqual(shapeOf({ shape: "VM.Standard.A1.Flex" }), { cores: 2, memoryBytes: 16 * gib, gpus: 0 });
    assert.deepEqual(shapeOf({ baselineOcpuUtilization: "BASELINE_1_8" })?.cores, 4);
    const configOverride = { shape_config: { ocpus: 8, memory_in_gbs: 64 } };
    assert.deepEqual(shapeOf({ configOverride }), { cores: 16, memoryBytes: 64 * gib, gpus: 0 });
    assert.equal(sizeOf({}), undefined);
  });

  it("of a fixed one is asked for by its name", () => {
    assert.equal(shapeOf(fixed), undefined);
    assert.equal(sizeOf(fixed), "VM.Standard2.4");
  });
});

describe("a request for an OCI instance", () => {
  it("is one that OCI takes, whatever of the settings is given (property)", () => {
    const facts = new OciFacts(tenancy);
    const settings = fc.record(
      {
        faultDomain: fc.constantFrom("FAULT-DOMAIN-1", "FAULT-DOMAIN-3"),
        baselineOcpuUtilization: fc.constantFrom("BASELINE_1_8", "BASELINE_1_2", "BASELINE_1_1"),
        bootVolumeSize: fc.integer({ min: 50, max: 32_768 }).map((size) => `${size}GiB`),
        bootVolumeVpusPerGb: fc.integer({ min: 1, max: 12 }).map((step) => step * 10),
        nsgOcids: fc.constant(["ocid1.networksecuritygroup.oc1.iad.agents"]),
        freeformTags: fc.dictionary(fc.stringMatching(/^[a-z-]{1,20}$/), fc.string({ maxLength: 256 }), { maxKeys: 5 }),
        definedTags: fc.constant({ "Operations.CostCenter": "42" }),
        sshPublicKey: fc.constant("ssh-ed25519 AAAA ops"),
        preemptible: fc.boolean(),
        legacyMetadataEndpoints: fc.boolean(),
        addressType: fc.constant("public"),
        subnetOcid: fc.constant("ocid1.subnet.oc1.iad.public"),
        kmsKeyOcid: fc.constant("ocid1.key.oc1.iad.a"),
      },
      { requiredKeys: ["subnetOcid"] },
    );
    fc.assert(
      fc.property(
        settings,
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 64 }),
        (given, ocpus, perOcpu) => {
          const script = Buffer.alloc(provider.startupScriptBytesMax, "#").toString("base64");
          const inputs = inputsOf({ ...given, ocpus, memory: `${ocpus * perOcpu}GiB` }, script);
          assert.equal(facts.refusalOf(inputs, tenancy), undefined);
          const tags = inputs["freeformTags"] as Record<string, string>;
          assert.equal(tags["headroom-node"], "n1");
          assert.equal(inputs["displayName"], "n1");
          assert.equal(inputs["preserveBootVolume"], false);
          assert.equal(inputs["preserveDataVolumesCreatedAtLaunch"], false);
        },
      ),
    );
  });

  it("keeps the node's identity whatever an override says, and leaves no volume behind", () => {
    const inputs = inputsOf({
      configOverride: { freeform_tags: { "headroom-node": "mine", a: "1" } },
      inputOverride: { createVnicDetails: { freeformTags: { "headroom-node": "other" } } },
    });
    const own = { "headroom-node": "n1", "headroom-installation": "i-lab" };
    const ours = ({ "headroom-node": node, "headroom-installation": installation }: Record<string, string>) => ({
      "headroom-node": node,
      "headroom-installation": installation,
    });
    assert.deepEqual(ours(inputs["freeformTags"] as Record<string, string>), own);
    const vnic = inputs["createVnicDetails"] as { freeformTags: Record<string, string> };
    assert.deepEqual(ours(vnic.freeformTags), own);
    for (const inputOverride of [
      { preserveBootVolume: true },
      { preserveDataVolumesCreatedAtLaunch: true },
      { preemptibleInstanceConfig: { preemptionAction: { type: "TERMINATE", preserveBootVolume: true } } },
      { launchVolumeAttachments: [{ type: "iscsi", volumeId: "ocid1.volume.oc1.iad.a" }] },
    ]) {
      assert.ok(pathsIn({ inputOverride }).length > 0, JSON.stringify(inputOverride));
    }
  });
});

describe("what OCI's plugin answers", () => {
  it("is no answer when it is nothing, as for whatever may not be seen: an empty list has an id", async () => {
    const list = { id: "CoreInstancesDataSource-1", instances: [] };
    assert.equal(await told("f", Promise.resolve(list)), list);
    for (const nothing of [{}, { id: "" }, { id: "-" }, { instances: [] }, undefined]) {
      await assert.rejects(
        told("f", Promise.resolve(nothing as never)),
        /^Error: 404-NotAuthorizedOrNotFound, f tells nothing/,
      );
    }
  });
});
