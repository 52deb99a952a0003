/** What users add to the request of a VM, in the words of Compute Engine and in those of the Pulumi resource. */
import assert from "node:assert/strict";
import { z } from "zod";
import { instanceInputs } from "../../provider/clouds/gcp/overrides";
import { homeProject } from "./gcp-facts";
import { aNode, inputsOf, pathsIn, problemsIn, requestFor } from "./gcp-requests";
import { findShapeProblems, SdkTypes, type JsonShape } from "./sdk-types";

const own = `projects/${homeProject}`;
const subnetwork = `${own}/regions/us-east4/subnetworks/default`;
const requestWith = (configOverride: object, more: object = {}) => requestFor(aNode("n1", { configOverride, ...more }));

describe("overrides in the words of Compute Engine", () => {
  it("arrive as they are written", () => {
    const written = {
      description: "a lab",
      minCpuPlatform: "Intel Ice Lake",
      canIpForward: true,
      keyRevocationActionType: "STOP",
      displayDevice: { enableDisplay: true },
      shieldedInstanceConfig: { enableIntegrityMonitoring: true, enableSecureBoot: true, enableVtpm: true },
      confidentialInstanceConfig: { enableConfidentialCompute: true, confidentialInstanceType: "SEV" },
      advancedMachineFeatures: { threadsPerCore: 1, visibleCoreCount: 2, enableNestedVirtualization: true },
      networkPerformanceConfig: { totalEgressBandwidthTier: "TIER_1" },
      reservationAffinity: {
        consumeReservationType: "SPECIFIC_RESERVATION",
        key: "compute.googleapis.com/reservation-name",
        values: ["r"],
      },
      resourcePolicies: ["policy"],
      tags: { items: ["web"] },
      serviceAccounts: [{ email: "default", scopes: ["cloud-platform"] }],
      scheduling: {
        automaticRestart: true,
        onHostMaintenance: "TERMINATE",
        nodeAffinities: [{ key: "compute.googleapis.com/node-group-name", operator: "IN", values: ["g"] }],
        minNodeCpus: 2,
      },
      params: { resourceManagerTags: { "tagKeys/1": "tagValues/2" } },
      instanceEncryptionKey: { kmsKeyName: "k" },
      deletionProtection: false,
    };
    const request = requestWith(written);
    for (const [field, value] of Object.entries(written)) assert.deepEqual(request[field], value, field);
  });

  it("are merged with the first disk and interface of the settings, and add others", () => {
    const { disks, networkInterfaces } = requestWith({
      disks: [
        { deviceName: "boot", initializeParams: { diskSizeGb: "80", provisionedIops: 3000 } },
        { type: "SCRATCH", interface: "NVME" },
        { source: `${own}/zones/us-east4-b/disks/data`, mode: "READ_ONLY", deviceName: "data" },
      ],
      networkInterfaces: [{ nicType: "GVNIC", aliasIpRanges: [{ ipCidrRange: "/24" }] }, { subnetwork: "labs" }],
    }) as { disks: { initializeParams: object }[]; networkInterfaces: object[] };
    const [boot, scratch, data] = disks;
    assert.deepEqual(
      { ...boot, initializeParams: { ...boot!.initializeParams, labels: undefined } },
      {
        boot: true,
        autoDelete: true,
        deviceName: "boot",
        initializeParams: {
          diskSizeGb: "80",
          provisionedIops: "3000",
          diskType: `${own}/zones/us-east4-b/diskTypes/pd-balanced`,
          sourceImage: `${own}/global/images/agents-1`,
          labels: undefined,
        },
      },
    );
    assert.deepEqual(scratch, { type: "SCRATCH", interface: "NVME", autoDelete: true, boot: false });
    assert.deepEqual(data, {
      type: "PERSISTENT",
      source: `${own}/zones/us-east4-b/disks/data`,
      mode: "READ_ONLY",
      deviceName: "data",
      autoDelete: false,
      boot: false,
    });
    assert.deepEqual(networkInterfaces, [
      { subnetwork, nicType: "GVNIC", aliasIpRanges: [{ ipCidrRange: "/24" }] },
      { subnetwork: "labs" },
    ]);
  });

  it("name another network in the place of the settings' own, not beside it", () => {
    const interfacesOf = (configOverride: object, inputOverride: object = {}) =>
      requestWith(configOverride, { inputOverride, publicIp: true })["networkInterfaces"];
    const network = `${own}/global/networks/labs`;
    const accessConfigs = [{ type: "ONE_TO_ONE_NAT" }];
    assert.deepEqual(interfacesOf({ networkInterfaces: [{ network }] }), [{ network, accessConfigs }]);
    assert.deepEqual(
      interfacesOf({ networkInterfaces: [{ nicType: "GVNIC" }] }, { networkInterfaces: [{ stackType: "IPV4_ONLY" }] }),
      [{ subnetwork, nicType: "GVNIC", stackType: "IPV4_ONLY", accessConfigs }],
      "each over the one before",
    );
    assert.deepEqual(pathsIn({ subnetwork: undefined, configOverride: { networkInterfaces: [{ network }] } }), []);
  });

  it("win over settings, and inputs over both; metadata and tags are put together as a map and a list are", () => {
    const request = requestWith(
      {
        machineType: "n1-standard-4",
        metadata: {
          items: [
            { key: "a", value: "2" },
            { key: "b", value: "3" },
          ],
        },
      },
      { metadata: { a: "1", c: "4" }, inputOverride: { machineType: "n4-standard-4" } },
    );
    assert.match(String(request["machineType"]), /n4-standard-4$/);
    const { items } = request["metadata"] as { items: { key: string; value: string }[] };
    const plain = items.filter(({ key }) => key !== "startup-script").map(({ key, value }) => `${key}=${value}`);
    assert.deepEqual(plain.sort(), ["a=2", "b=3", "c=4"]);
  });

  const refused: readonly (readonly [object, string, RegExp])[] = [
    [{ name: "mine" }, "name", /found again by its name/],
    [{ labels: { a: "b" } }, "labels", /customLabels/],
    [{ disks: [{ initializeParams: { labels: { a: "b" } } }] }, "disks[0].initializeParams.labels", /customLabels/],
    [{ deletionProtection: true }, "deletionProtection", /can't be deleted can't be scaled down/],
    [{ disks: [{ autoDelete: false }] }, "disks[0].autoDelete", /a disk without its VM costs money/],
    [{ disks: [{ source: "data" }] }, "disks[0].source", /that of one VM/],
    [{ disks: [{ boot: false }] }, "disks[0].boot", /the first disk/],
    [{ disks: [{}, { source: "data", mode: "READ_WRITE" }] }, "disks[1]", /only read/],
    [{ disks: [{}, { type: "SCRATCH", autoDelete: false }] }, "disks[1]", /local one/],
    [{ networkInterfaces: [{ networkIP: "10.0.0.1" }] }, "networkInterfaces[0].networkIP", /that of one VM/],
    [
      { networkInterfaces: [{ accessConfigs: [{ natIP: "192.0.2.1" }] }] },
      "networkInterfaces[0].accessConfigs[0].natIP",
      /that of one VM/,
    ],
    [
      { networkInterfaces: [{ subnetwork: `${own}/regions/us-east1/subnetworks/x` }] },
      "networkInterfaces",
      /in region "us-east1"/,
    ],
    [
      { metadata: { items: [{ key: "startup-script", value: "x" }] } },
      "metadata.items[0].key",
      /startupScript goes there/,
    ],
    [
      {
        metadata: {
          items: [
            { key: "a", value: "1" },
            { key: "a", value: "2" },
          ],
        },
      },
      "metadata.items[1].key",
      /second value/,
    ],
    [{ hostname: "a.example.org" }, "hostname", /name of its own/],
    [{ zone: "us-east4-a" }, "zone", /use the setting zone/],
    [{ sourceMachineImage: "x" }, "sourceMachineImage", /whole VM/],
    [{ scheduling: { onHostMaintenance: "STOP" } }, "scheduling.onHostMaintenance", /MIGRATE/],
    [{ tags: { items: ["Web"] } }, "tags.items[0]", /lower-case/],
    [{ shieldedVmConfig: {} }, "shieldedVmConfig", /unknown field/],
    [{ shieldedInstanceConfig: { secureBoot: true } }, "shieldedInstanceConfig.secureBoot", /unknown field/],
    [{ serviceAccounts: [] }, "serviceAccounts", /exactly one/],
  ];
  for (const [configOverride, path, says] of refused) {
    it(`refuse ${JSON.stringify(configOverride).slice(0, 90)}`, () => {
      const [problem, ...others] = problemsIn({ configOverride });
      assert.equal(problem?.path, `configOverride.${path}`, problem?.message);
      assert.match(problem.message, says);
      assert.deepEqual(others, []);
    });
  }

  it("too large with the settings' metadata are refused where they are written", () => {
    const half = "x".repeat(262_144);
    const configOverride = { metadata: { items: [{ key: "b", value: half }] } };
    assert.deepEqual(pathsIn({ metadata: { a: half }, configOverride }), ["configOverride.metadata"]);
  });
});

describe("overrides of the inputs of gcp.compute.Instance", () => {
  it("know every input that the SDK has, and refuse what must be left alone", () => {
    const inputs = new SdkTypes("@pulumi/gcp").read("compute/instance", "InstanceArgs");
    assert.deepEqual(Object.keys(instanceInputs).sort(), [...inputs.fields.keys()].sort());
    const inputOverride = {
      name: "mine",
      labels: {},
      zone: "us-east4-a",
      project: "other",
      metadataStartupScript: "true",
      deletionPolicy: "ABANDON",
      deletionProtection: true,
      desiredStatus: "TERMINATED",
      bootDisk: { autoDelete: false, labels: {} },
      attachedDisks: [{ source: "x", mode: "READ_WRITE" }],
    };
    assert.deepEqual(pathsIn({ inputOverride }).sort(), [
      "inputOverride.attachedDisks[0].mode",
      "inputOverride.bootDisk.autoDelete",
      "inputOverride.bootDisk.labels",
      ...["deletionPolicy", "deletionProtection", "desiredStatus", "labels", "metadataStartupScript", "name"].map(
        (field) => `inputOverride.${field}`,
      ),
      ...["inputOverride.project", "inputOverride.zone"],
    ]);
  });

  it("let pass only what the SDK declares", () => {
    const { fields } = new SdkTypes("@pulumi/gcp").read("compute/instance", "InstanceArgs");
    for (const [name, rule] of Object.entries(instanceInputs)) {
      if (rule.rule !== "to") continue;
      const shape = z.toJSONSchema(rule.shape, { io: "input", unrepresentable: "any" }) as JsonShape;
      assert.deepEqual(findShapeProblems(fields.get(name)?.type, shape, name), [], name);
    }
  });

  it("make every input by its own name", () => {
    const inputs = inputsOf(
      aNode("n1", { inputOverride: { enableDisplay: true, bootDisk: { initializeParams: { size: 30 } } } }),
    );
    assert.equal(inputs["enableDisplay"], true);
    const { initializeParams } = inputs["bootDisk"] as { initializeParams: Record<string, unknown> };
    assert.deepEqual([initializeParams["size"], initializeParams["image"]], [30, `${own}/global/images/agents-1`]);
  });
});
