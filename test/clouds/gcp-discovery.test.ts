/**
 * Google's own descriptions of its APIs judge our requests, and what the emulation takes and answers: the discovery documents
 * that come with the Python package `google-api-python-client`. Skipped where that can't be had.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { requestFields } from "../../provider/clouds/gcp/overrides";
import { pythonWith } from "../support/python-packages";
import { instanceRequestSchema } from "./gcp-api";
import { homeProject } from "./gcp-facts";
import { DiscoveryDocument, type Described } from "./gcp-discovery";
import { aNode, requestFor } from "./gcp-requests";
import { GcpWithoutEngine } from "./gcp-without-engine";

const own = `projects/${homeProject}`;

/** Settings of many kinds, each with what a machine type has of its own. */
const templates: readonly (readonly [Record<string, unknown>, number])[] = [
  [{}, 0],
  [{ machineType: "g2-standard-4" }, 1],
  [{ spot: { terminationAction: "STOP", maxRunHours: 3 } }, 0],
  [
    {
      ...{ image: "family/agents", bootVolumeSize: "50GiB", diskType: "pd-ssd", network: "default", publicIp: true },
      ...{
        cmek: `${own}/locations/us/keyRings/r/cryptoKeys/k`,
        networkTags: ["a", "b-1"],
        customLabels: { team: "x_1" },
      },
      metadata: [{ key: "ssh-keys", value: "a:b" }],
      serviceAccount: { email: "default", scopes: ["https://www.googleapis.com/auth/cloud-platform"] },
      guestAccelerators: [{ acceleratorType: "nvidia-tesla-t4", acceleratorCount: 2 }],
    },
    0,
  ],
  [
    {
      configOverride: {
        ...{ description: "x", minCpuPlatform: "Intel Ice Lake", canIpForward: true, keyRevocationActionType: "STOP" },
        displayDevice: { enableDisplay: true },
        shieldedInstanceConfig: { enableSecureBoot: true, enableVtpm: true, enableIntegrityMonitoring: true },
        confidentialInstanceConfig: { enableConfidentialCompute: true, confidentialInstanceType: "SEV_SNP" },
        advancedMachineFeatures: { threadsPerCore: 1, visibleCoreCount: 2, performanceMonitoringUnit: "STANDARD" },
        networkPerformanceConfig: { totalEgressBandwidthTier: "TIER_1" },
        reservationAffinity: { consumeReservationType: "SPECIFIC_RESERVATION", key: "k", values: ["v"] },
        resourcePolicies: ["p"],
        scheduling: {
          ...{ automaticRestart: true, onHostMaintenance: "TERMINATE", minNodeCpus: 2, availabilityDomain: 1 },
          ...{ maxRunDuration: { seconds: 60 }, instanceTerminationAction: "DELETE", provisioningModel: "STANDARD" },
          nodeAffinities: [{ key: "k", operator: "IN", values: ["v"] }],
          onInstanceStopAction: { discardLocalSsd: true },
        },
        params: { resourceManagerTags: { "tagKeys/1": "tagValues/1" } },
        instanceEncryptionKey: { kmsKeyName: "k" },
        workloadIdentityConfig: { identity: "i", identityCertificateEnabled: true },
        disks: [
          { guestOsFeatures: [{ type: "GVNIC" }], initializeParams: { provisionedIops: 3000, architecture: "X86_64" } },
          { type: "SCRATCH", interface: "NVME", diskSizeGb: 375 },
          { source: `${own}/zones/us-east4-b/disks/d`, mode: "READ_ONLY" },
        ],
        networkInterfaces: [
          { nicType: "GVNIC", stackType: "IPV4_IPV6", queueCount: 2, accessConfigs: [{ networkTier: "STANDARD" }] },
          { subnetwork: "labs", aliasIpRanges: [{ ipCidrRange: "/28", subnetworkRangeName: "r" }] },
        ],
      },
    },
    0,
  ],
];

describe("Google's discovery documents", () => {
  let compute: DiscoveryDocument;
  let dns: DiscoveryDocument;
  before(function () {
    // Installing takes its time.
    this.timeout(10 * 60_000);
    const python = pythonWith("google-api-python-client==2.202.0") ?? this.skip();
    const where = "import googleapiclient.discovery_cache as c; print(c.__path__[0])";
    const folder = spawnSync(python, ["-c", where], { encoding: "utf8" }).stdout.trim();
    const read = (name: string) =>
      new DiscoveryDocument(JSON.parse(readFileSync(join(folder, "documents", name), "utf8")) as never);
    [compute, dns] = [read("compute.v1.json"), read("dns.v1.json")];
  });

  for (const [index, [settings, builtInGpus]] of templates.entries()) {
    it(`have nothing against the request of template ${index}`, () => {
      const request = requestFor(aNode("n-1", settings), { builtInGpus });
      assert.deepEqual(compute.problemsIn("Instance", request), []);
    });
  }

  it("see what is wrong with a request", () => {
    const request = requestFor(aNode("n-1"));
    const wrong = [
      { name: "N1" },
      { name: "n-" },
      { tags: { items: ["Web"] } },
      { labels: ["a"] },
      { disks: [{ diskSizeGb: 50 }] },
      { scheduling: { onHostMaintenance: "STOP" } },
      { guestAccelerators: [{ acceleratorCount: "2" }] },
      { shieldedVm: true },
    ];
    for (const over of wrong) {
      assert.equal(compute.problemsIn("Instance", { ...request, ...over }).length, 1, JSON.stringify(over));
    }
  });

  it("have every field that the emulation takes, of the same type, with its pattern and among its choices", () => {
    const ours = z.toJSONSchema(instanceRequestSchema, { io: "input", unrepresentable: "any" }) as Described;
    assert.deepEqual(compute.disagreements("Instance", ours), []);
    assert.deepEqual(compute.patternOf("Instance.name"), "[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?");
  });

  it("have every field that an override may set", () => {
    const known = compute.fieldsOf("Instance");
    assert.deepEqual(
      Object.keys(requestFields).filter((field) => !known.includes(field)),
      [],
    );
  });

  it("know every question that is asked, its parameters, and the answers that the emulation gives", async () => {
    const gcp = await GcpWithoutEngine.open();
    try {
      const { findings } = await gcp.check({
        guestAccelerators: [{ acceleratorType: "nvidia-tesla-t4", acceleratorCount: 1 }],
        network: "default",
        image: "family/agents",
      });
      assert.deepEqual(findings, []);
      await gcp.check({});
      gcp.cloud.launch({ nodeId: "n-1", installation: "i" });
      assert.equal((await gcp.find(["n-1"])).length, 1);
      await gcp.recordsNamed("n-1.labs.example.org", "labs-example-org");
      const asked = [...gcp.cloud.api.requests];
      for (const kind of [
        "aggregated/instances",
        "acceleratorTypes",
        "diskTypes",
        "images/family",
        "images/agents-1",
        "subnetworks",
        "rrsets",
      ]) {
        assert.ok(
          asked.some(({ path }) => path.includes(kind)),
          kind,
        );
      }
      for (const { path, parameters } of asked) {
        const document = path.includes("/managedZones/") ? dns : compute;
        const method = document.methodOf(path);
        assert.ok(method, path);
        assert.deepEqual(
          [...parameters.keys()].filter((name) => !document.takes(method, name)),
          [],
          path,
        );
        const answer = await gcp.ask(path, parameters);
        assert.deepEqual(document.problemsIn(method.response!.$ref, answer), [], path);
      }
    } finally {
      gcp.close();
    }
  });

  it("have the parts of a list that are asked for", async () => {
    const gcp = await GcpWithoutEngine.open();
    try {
      await gcp.find(["n-1"]);
      const [mask] = gcp.cloud.api.requests.flatMap(({ parameters }) => parameters.get("fields") ?? []);
      const parts = mask!.split(/,(?![^(]*\))/).flatMap((part) => {
        const [, start = part, inner = ""] = /^(.*)\(([^)]*)\)$/.exec(part) ?? [];
        return inner === "" ? [start] : inner.split(",").map((field) => `${start}/${field}`);
      });
      assert.ok(parts.includes("items/*/instances/labels"));
      assert.deepEqual(
        parts.filter((part) => !compute.hasPart("InstanceAggregatedList", part.split("/"))),
        [],
      );
    } finally {
      gcp.close();
    }
  });
});
