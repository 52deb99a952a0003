/** What is Google Cloud's own: settings, identity, every setting as it arrives in the API's request. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { asLabels } from "../../provider/frame/identity";
import { placeIdentity } from "../../provider/clouds/gcp/find";
import { addressIn } from "../../provider/clouds/gcp/instance";
import { homeProject } from "./gcp-facts";
import { aNode, inputsOf, minimal, pathsIn, problemsIn, requestFor } from "./gcp-requests";

const own = `projects/${homeProject}`;
const zone = `${own}/zones/us-east4-b`;

describe("Google Cloud settings", () => {
  it("need project, zone, machine type, image and a network, and nothing else", () => {
    assert.deepEqual(pathsIn({}), []);
    assert.deepEqual(pathsIn({ credentials: undefined }), [], "the machine's own credentials");
    assert.deepEqual(pathsIn({ network: "default", subnetwork: undefined }), []);
    for (const field of ["project", "zone", "machineType", "image", "subnetwork"]) {
      assert.deepEqual(pathsIn({ [field]: undefined }), [field]);
    }
  });

  it("take each path as the seeds and the console write it", () => {
    const written = {
      machineType: `${zone}/machineTypes/e2-standard-2`,
      image: "https://www.googleapis.com/compute/v1/projects/ubuntu-os-cloud/global/images/ubuntu-2004-focal-v20211212",
      network: `https://www.googleapis.com/compute/v1/${own}/global/networks/default`,
      subnetwork: `${own}/regions/us-east4/subnetworks/default`,
      diskType: `${zone}/diskTypes/pd-ssd`,
      cmek: `${own}/locations/global/keyRings/my-keyring/cryptoKeys/my-key`,
      guestAccelerators: [{ acceleratorType: `${zone}/acceleratorTypes/nvidia-tesla-t4`, acceleratorCount: 1 }],
      metadata: [{ key: "ssh-keys", value: "user1:ssh-rsa<keycontents>user1" }],
      serviceAccount: {
        email: "service-account@example.com",
        scopes: ["https://www.googleapis.com/auth/cloud-platform"],
      },
    };
    assert.deepEqual(problemsIn(written), []);
    const request = requestFor(aNode("n1", written));
    assert.equal(request["machineType"], `${zone}/machineTypes/e2-standard-2`);
    const [disk] = request["disks"] as { initializeParams: Record<string, unknown> }[];
    assert.equal(
      disk!.initializeParams["sourceImage"],
      "projects/ubuntu-os-cloud/global/images/ubuntu-2004-focal-v20211212",
    );
    assert.equal(disk!.initializeParams["diskType"], `${zone}/diskTypes/pd-ssd`);
  });

  const refused: readonly (readonly [Record<string, unknown>, string, RegExp])[] = [
    [{ project: "My Project" }, "project", /id of a project/],
    [{ credentials: "/etc/key.json" }, "credentials", /^got a secret; use the text of the key's JSON file/],
    [{ credentials: "{}" }, "credentials", /"type" must be one of service_account/],
    [{ credentials: minimal.credentials.replace("private_key_id", "x") }, "credentials", /has no private_key_id/],
    [
      { credentials: minimal.credentials.replace("PRIVATE KEY-----\\n", "PRIVATE KEY-----") },
      "credentials",
      /PEM key with line breaks/,
    ],
    [{ zone: "us-east4" }, "zone", /use a zone such as "us-east4-b"/],
    [{ zone: ["us-east4-a", "us-east1-b"] }, "zone", /of two regions; use zones of one/],
    [{ zone: ["us-east4-a", "us-east4-a"] }, "zone", /name each zone once/],
    [{ region: "us-east1" }, "region", /zone "us-east4-b" is in region "us-east4"/],
    [{ image: `${own}/global/machineImages/agents` }, "image", /a machine image can't be taken/],
    [{ image: "debian-cloud/debian-12" }, "image", /use "projects\/<project>\/global\/images\/<image>"/],
    [{ image: "Ubuntu 24.04" }, "image", /use "projects/],
    [
      { subnetwork: `${own}/regions/europe-west1/subnetworks/labs` },
      "subnetwork",
      /in region "europe-west1", and the zone in "us-east4"/,
    ],
    [{ cmek: "my-key" }, "cmek", /keyRings\/<ring>/],
    [{ cmek: `${own}/locations/europe-west1/keyRings/r/cryptoKeys/k` }, "cmek", /the key is in "europe-west1"/],
    [{ diskType: "hyperdisk-ml" }, "diskType", /no VM starts from a disk of this type/],
    [{ bootVolumeSize: "20MiB" }, "bootVolumeSize", /whole GiB/],
    [{ networkTags: ["Web"] }, "networkTags[0]", /lower-case letters, digits and dashes/],
    [{ networkTags: ["web-"] }, "networkTags[0]", /end in no dash/],
    [{ networkTags: ["web", "web"] }, "networkTags", /name each tag once/],
    [{ customLabels: { Team: "labs" } }, "customLabels.Team", /begins with a letter/],
    [{ customLabels: { team: "Labs" } }, "customLabels.team", /at most 63 lower-case/],
    [{ customLabels: { "headroom-node": "mine" } }, "customLabels.headroom-node", /say whose the VM is/],
    [
      { customLabels: Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`l${index}`, ""])) },
      "customLabels",
      /at most 59 labels/,
    ],
    [
      {
        metadata: [
          { key: "a", value: "1" },
          { key: "a", value: "2" },
        ],
      },
      "metadata[1].key",
      /gives "a" a second value/,
    ],
    [{ metadata: { "startup-script": "true" } }, "metadata.startup-script", /startupScript goes there/],
    [{ metadata: [{ key: "windows-startup-script-bat", value: "x" }] }, "metadata[0].key", /startupScript goes there/],
    [{ metadata: { big: "ä".repeat(131_073) } }, "metadata.big", /has 262146 bytes; at most 262144/],
    [
      { metadata: { a: "x".repeat(262_144), b: "x".repeat(262_144) } },
      "metadata",
      /together have 524290 bytes; at most 524288/,
    ],
    [{ metadata: { "a b": "x" } }, "metadata.a b", /letters, digits/],
    [{ serviceAccount: { email: "agents" } }, "serviceAccount.email", /gserviceaccount\.com/],
    [{ serviceAccount: { email: "default", scopes: [] } }, "serviceAccount.scopes", /./],
    [{ publicIp: false, addressType: "public" }, "publicIp", /not false with addressType public/],
    [
      {
        guestAccelerators: [
          { acceleratorType: `${own}/zones/us-east1-b/acceleratorTypes/nvidia-tesla-t4`, acceleratorCount: 1 },
        ],
      },
      "guestAccelerators[0].acceleratorType",
      /of zone "us-east1-b", and the VMs are in us-east4-b/,
    ],
    [{ endpoints: { compute: "http://compute.example.org/compute/v1/" } }, "endpoints.compute", /https/],
  ];
  for (const [settings, path, says] of refused) {
    it(`refuse ${JSON.stringify(settings).slice(0, 90)}`, () => {
      const [problem, ...others] = problemsIn(settings);
      assert.equal(problem?.path, path);
      assert.match(problem.message, says);
      assert.deepEqual(others, []);
    });
  }

  it("never show a key, however wrong it is", () => {
    const secret = "MIIEvQIBADANBgkq";
    for (const credentials of [secret, `{"private_key":"${secret}"}`, { private_key: secret }]) {
      assert.doesNotMatch(JSON.stringify(problemsIn({ credentials })), new RegExp(secret));
    }
  });
});

describe("the request for a VM of Compute Engine", () => {
  const labels = {
    "headroom-node": "n1",
    "headroom-installation": "i-lab",
    "headroom-zone": "home",
    "headroom-pool": "agents",
    "headroom-config": "agents-gcp",
  };

  it("of the least settings", () => {
    const { metadata, ...request } = requestFor(aNode("n1"));
    assert.deepEqual(request, {
      name: "n1",
      machineType: `${zone}/machineTypes/e2-standard-2`,
      deletionProtection: false,
      labels,
      disks: [
        {
          boot: true,
          autoDelete: true,
          initializeParams: {
            sourceImage: `${own}/global/images/agents-1`,
            diskType: `${zone}/diskTypes/pd-balanced`,
            labels,
          },
        },
      ],
      networkInterfaces: [{ subnetwork: `${own}/regions/us-east4/subnetworks/default` }],
    });
    assert.match(JSON.stringify(metadata), /"key":"startup-script"/);
  });

  it("has every setting where the API expects it", () => {
    const cmek = `${own}/locations/us/keyRings/r/cryptoKeys/k`;
    const request = requestFor(
      aNode(
        "n1",
        {
          machineType: "n1-standard-4",
          image: "family/agents",
          bootVolumeSize: "50GiB",
          diskType: "pd-ssd",
          cmek,
          network: "default",
          publicIp: true,
          networkTags: ["https-server", "foo"],
          customLabels: { team: "labs" },
          metadata: [{ key: "ssh-keys", value: "ops:ssh-ed25519 AAAA ops" }],
          serviceAccount: { email: "default", scopes: ["cloud-platform"] },
          guestAccelerators: [{ acceleratorType: "nvidia-tesla-t4", acceleratorCount: 2 }],
          configOverride: {
            shieldedInstanceConfig: { enableIntegrityMonitoring: true, enableSecureBoot: true, enableVtpm: true },
          },
        },
        { startupScript: "" },
      ),
    );
    const all = { team: "labs", ...labels };
    assert.deepEqual(request, {
      name: "n1",
      machineType: `${zone}/machineTypes/n1-standard-4`,
      deletionProtection: false,
      labels: all,
      disks: [
        {
          boot: true,
          autoDelete: true,
          diskEncryptionKey: { kmsKeyName: cmek },
          initializeParams: {
            sourceImage: `${own}/global/images/family/agents`,
            diskType: `${zone}/diskTypes/pd-ssd`,
            diskSizeGb: "50",
            labels: all,
          },
        },
      ],
      // The network beside it could only contradict it.
      networkInterfaces: [
        { subnetwork: `${own}/regions/us-east4/subnetworks/default`, accessConfigs: [{ type: "ONE_TO_ONE_NAT" }] },
      ],
      metadata: { items: [{ key: "ssh-keys", value: "ops:ssh-ed25519 AAAA ops" }] },
      tags: { items: ["https-server", "foo"] },
      serviceAccounts: [{ email: "default", scopes: ["cloud-platform"] }],
      guestAccelerators: [{ acceleratorType: `${zone}/acceleratorTypes/nvidia-tesla-t4`, acceleratorCount: 2 }],
      shieldedInstanceConfig: { enableIntegrityMonitoring: true, enableSecureBoot: true, enableVtpm: true },
      scheduling: { onHostMaintenance: "TERMINATE" },
    });
  });

  it("names the subnetwork of another project for a shared VPC, and the network where no subnetwork is said", () => {
    const interfaceOf = (settings: Record<string, unknown>) =>
      (requestFor(aNode("n1", settings))["networkInterfaces"] as object[])[0];
    const shared = "projects/host/regions/us-east4/subnetworks/labs";
    assert.deepEqual(interfaceOf({ subnetwork: shared, network: "projects/host/global/networks/vpc" }), {
      subnetwork: shared,
    });
    assert.deepEqual(interfaceOf({ subnetwork: undefined, network: "labs" }), {
      network: `${own}/global/networks/labs`,
    });
  });

  it("spreads nodes over zones by their ids, each always into the same one", () => {
    const zones = ["us-east4-a", "us-east4-b", "us-east4-c"];
    const zoneOf = (nodeId: string) => String(inputsOf(aNode(nodeId, { zone: zones }))["zone"]);
    const ids = Array.from({ length: 300 }, (_, index) => `n-${index}`);
    for (const each of zones) {
      const share = ids.filter((nodeId) => zoneOf(nodeId) === each).length;
      assert.ok(share > 50 && share < 150, `${each}: ${share} of 300`);
    }
    assert.deepEqual(ids.map(zoneOf), ids.map(zoneOf));
  });

  it("takes the disk type that the machine type takes", () => {
    const diskTypeOf = (machineType: string) => {
      const { bootDisk } = inputsOf(aNode("n1", { machineType })) as {
        bootDisk: { initializeParams: { type: string } };
      };
      return bootDisk.initializeParams.type;
    };
    for (const type of [
      "e2-standard-2",
      "n2-custom-4-8192",
      "custom-2-4096",
      "c3-standard-4",
      "a3-highgpu-8g",
      "t2a-standard-4",
    ]) {
      assert.equal(diskTypeOf(type), "pd-balanced", type);
    }
    for (const type of [
      "n4-standard-4",
      "n4-custom-4-8192",
      "c4a-standard-4",
      "c4d-standard-2",
      "m4-megamem-28",
      "h5-standard-1",
    ]) {
      assert.equal(diskTypeOf(type), "hyperdisk-balanced", type);
    }
  });

  it("leads to the address that is meant, of IPv4 where there is one", () => {
    const first = {
      networkIp: "10.0.0.2",
      accessConfigs: [{ natIp: "192.0.2.7" }],
      ipv6Address: "2001:db8::7",
      ipv6AccessConfigs: [{ externalIpv6: "2001:db8::8" }],
    };
    assert.deepEqual([addressIn(first, "private"), addressIn(first, "public")], ["10.0.0.2", "192.0.2.7"]);
    const six = { ...first, networkIp: "", accessConfigs: [] };
    assert.deepEqual([addressIn(six, "private"), addressIn(six, "public")], ["2001:db8::7", "2001:db8::8"]);
    assert.equal(addressIn({ networkIp: "10.0.0.2" }, "public"), "");
  });

  it("is refused for a name that Google Cloud does not take", () => {
    assert.throws(
      () => inputsOf(aNode("n-")),
      /got "n-"; the cloud takes at most 63 characters, and no dash at the end/,
    );
  });
});

describe("VMs that nobody can move to another host", () => {
  const schedulingOf = (settings: Record<string, unknown>, builtInGpus = 0) =>
    requestFor(aNode("n1", settings), { builtInGpus })["scheduling"];

  it("end at its maintenance: attached GPUs, those of the machine type, confidential ones", () => {
    const terminate = { onHostMaintenance: "TERMINATE" };
    const gpu = { acceleratorType: "nvidia-tesla-t4", acceleratorCount: 1 };
    assert.equal(schedulingOf({}), undefined, "an ordinary one is moved");
    assert.deepEqual(schedulingOf({ guestAccelerators: [gpu] }), terminate);
    assert.deepEqual(schedulingOf({ configOverride: { guestAccelerators: [gpu] } }), terminate);
    assert.deepEqual(
      schedulingOf({ inputOverride: { guestAccelerators: [{ type: "nvidia-l4", count: 1 }] } }),
      terminate,
    );
    assert.deepEqual(schedulingOf({ machineType: "g2-standard-4" }, 1), terminate);
    assert.deepEqual(
      schedulingOf({ configOverride: { confidentialInstanceConfig: { enableConfidentialCompute: true } } }),
      terminate,
    );
    assert.deepEqual(schedulingOf({ guestAccelerators: [gpu], configOverride: { guestAccelerators: [] } }), undefined);
  });

  it("are not asked to be moved by an override", () => {
    const MIGRATE = { scheduling: { onHostMaintenance: "MIGRATE" } };
    const gpus = { guestAccelerators: [{ acceleratorType: "nvidia-tesla-t4", acceleratorCount: 1 }] };
    assert.deepEqual(pathsIn({ configOverride: MIGRATE }), []);
    assert.deepEqual(pathsIn({ configOverride: MIGRATE, ...gpus }), ["configOverride.scheduling"]);
    assert.deepEqual(pathsIn({ inputOverride: MIGRATE, spot: {} }), ["inputOverride.scheduling"]);
    assert.deepEqual(pathsIn({ configOverride: { scheduling: { automaticRestart: true } }, spot: {} }), [
      "configOverride.scheduling",
    ]);
  });

  it("are spot VMs, which are deleted when Google takes them back, or stopped", () => {
    const spot = {
      provisioningModel: "SPOT",
      preemptible: true,
      automaticRestart: false,
      onHostMaintenance: "TERMINATE",
      instanceTerminationAction: "DELETE",
    };
    assert.deepEqual(schedulingOf({ spot: {} }), spot);
    assert.deepEqual(schedulingOf({ spot: { terminationAction: "STOP", maxRunHours: 2 } }), {
      ...spot,
      instanceTerminationAction: "STOP",
      maxRunDuration: { seconds: "7200" },
    });
    assert.deepEqual(schedulingOf({ configOverride: { scheduling: { preemptible: true } } }), spot);
    assert.deepEqual(schedulingOf({ inputOverride: { scheduling: { provisioningModel: "SPOT" } } }), spot);
  });
});

describe("whose a VM of Compute Engine is", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/);
  /** Names of zones, pools and configs may end in a dash. */
  const loose = fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/);
  const identity = fc.record(
    { nodeId: name, installation: name, zone: loose, pool: loose, config: loose },
    { requiredKeys: ["nodeId", "zone", "pool", "config"] },
  );

  it("stands in its name and in labels on it and its disk, which the API takes and which read themselves back", () => {
    fc.assert(
      fc.property(identity, (of) => {
        const given = { ...inputsOf(aNode("n1", { customLabels: { team: "labs" } })), name: "mine" };
        const inputs = placeIdentity(given, of) as {
          name: string;
          labels: Record<string, string>;
          bootDisk: { initializeParams: { labels: Record<string, string> } };
        };
        assert.equal(inputs.name, of.nodeId);
        const { installation, nodeId } = of;
        const read = { nodeId, ...(installation === undefined ? {} : { installation }) };
        for (const labels of [inputs.labels, inputs.bootDisk.initializeParams.labels]) {
          assert.deepEqual(asLabels().read(labels), read);
          assert.equal(labels["team"], "labs");
          for (const [key, value] of Object.entries(labels)) {
            assert.match(key, /^[a-z][a-z0-9_-]{0,62}$/);
            assert.match(value, /^[a-z0-9_-]{0,63}$/);
          }
        }
      }),
    );
  });
});
