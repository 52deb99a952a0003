/**
 * A secret that is wrong, or that stands where it does not belong, is refused like anything else, but nobody is told what it
 * is: not in the answer, not in the log. It is planted in every secret field, in every field of a wrong type, and under
 * fields that do not exist, at every depth of a document of every kind.
 */
import assert from "node:assert/strict";
import { cloudCatalog, clouds } from "../../provider/registry";
import { secretFields, type DefinitionKind } from "../../runtime/model/config";
import { Api } from "./harness";

const marker = "hunter2Planted";
type Doc = Readonly<Record<string, unknown>>;

const settings: Readonly<Record<string, Doc>> = {
  aws: {
    ...{ region: "us-east-1", amiId: "ami-0123456789abcdef0", instanceType: "m7i.large", subnetId: "subnet-0123" },
    ...{ securityGroupIds: ["sg-0123"], tags: { team: "labs" }, metadataOptions: {}, spot: { maxPrice: "0.05" } },
    ...{ accessKeyId: "AKIA", secretAccessKey: "s", sessionToken: "t" },
    configOverride: {
      instance_config: {
        UserData: "x",
        Monitoring: { Enabled: true },
        BlockDeviceMappings: [{ DeviceName: "/dev/sdf", Ebs: { VolumeSize: 8 } }],
        TagSpecifications: [{ ResourceType: "volume", Tags: [{ Key: "a", Value: "b" }] }],
        NetworkInterfaces: [{ Groups: ["sg-0123"] }],
      },
    },
    inputOverride: { userData: "x", cpuOptions: { coreCount: 1 }, ebsBlockDevices: [{ deviceName: "/dev/sdg" }] },
  },
  digitalocean: {
    ...{ token: "t", region: "nyc1", image: "ubuntu-24-04-x64", size: "c-2", tags: ["a"] },
    inputOverride: { userData: "x", backups: true, backupPolicy: { plan: "daily" }, sshKeys: ["1"] },
  },
  gcp: {
    ...{ project: "labs-1", zone: "us-east4-b", machineType: "e2-standard-2", image: "agents", subnetwork: "agents" },
    ...{ credentials: "{}", customLabels: { team: "labs" }, spot: {}, guestAccelerators: [], networkTags: ["a"] },
    ...{ metadata: [{ key: "a", value: "b" }], serviceAccount: { email: "default", scopes: ["a"] }, endpoints: {} },
    configOverride: {
      shieldedInstanceConfig: { enableVtpm: true },
      metadata: { items: [{ key: "a", value: "b" }] },
      disks: [{ initializeParams: { diskSizeGb: "8" } }],
      networkInterfaces: [{ accessConfigs: [{}] }],
    },
    inputOverride: { metadataStartupScript: "x", bootDisk: { initializeParams: { size: 8 } } },
  },
  proxmox: {
    ...{ host: "pve.example.org", username: "a@pve", tokenName: "runtime", tokenValue: "v", templateName: "t" },
    ...{ clusterNode: "pve1", cores: 4, memory: "8GiB" },
    inputOverride: {
      kvmArguments: "x",
      cpu: { sockets: 1 },
      initialization: { userAccount: { username: "a", password: "p" } },
      disks: [{ interface: "scsi1" }],
    },
  },
  oci: {
    ...{ userOcid: "ocid1.user.oc1..u", fingerprint: "f", privateKey: "k", privateKeyPassword: "p", tenancyOcid: "t" },
    ...{ region: "us-ashburn-1", compartmentOcid: "c", availabilityDomains: ["BEol:US-ASHBURN-AD-1"], imageOcid: "i" },
    ...{ shape: "VM.Standard.E4.Flex", ocpus: 1, memory: "8GiB", subnetOcid: "s", nsgOcids: ["n"], sshPublicKey: "x" },
    configOverride: {
      agent_config: { plugins_config: [{ name: "a", desired_state: "ENABLED" }] },
      metadata: { user_data: "x" },
      source_details: { OCI_MODEL_NAME: "InstanceSourceViaImageDetails" },
      launch_instance_details: { shape_config: { ocpus: 1 } },
    },
    inputOverride: { metadata: { user_data: "x" }, createVnicDetails: { nsgIds: ["n"] } },
  },
  local: { cores: 2, ports: [3389], faults: {} },
};

/** Names of fields that are secret, of all kinds and clouds, also those in the items of lists. */
const secretNames = new Set(
  [
    ...Object.values(secretFields).flat(),
    ...clouds.flatMap(({ vm, dns }) => [...(vm?.secretFields ?? []), ...(dns?.secretFields ?? [])]),
  ].map((path) => path.split(".").at(-1)!),
);

/** Each secret field of a kind, with a text that may or may not fit it: it is replaced anyway. */
function everySecretOf(kind: DefinitionKind): Doc {
  return Object.fromEntries((secretFields[kind] ?? []).map((path) => [path.split(".").at(-1)!, "x"]));
}

const member = { name: "m1", zone: "eu", address: "10.0.0.1", cores: 4, memory: "8GiB", ...everySecretOf("pool") };
const config = { pool: "agents", zone: "eu", vmProvider: "here", startupScript: { text: "agent {manager_token}" } };

/** Documents with as many fields as fit, of each kind and of each cloud. */
const documents: readonly (readonly [DefinitionKind, Doc])[] = [
  ["zone", { name: "z", upstreamAuthAddress: "headroom.example.org" }],
  ["pool", { name: "p", type: "server", staticMembers: [member] }],
  ["workspace", { name: "w", pools: ["agents"], zones: ["eu"], cores: 1, memory: "1GiB" }],
  ["schedule", { name: "s", autoscaleConfig: "c", days: ["mon"], start: "08:00", end: "18:00", timezone: "UTC" }],
  ["stagingConfig", { name: "g", zone: "eu", workspace: "w", sessions: 1, permissions: { audio: true } }],
  [
    "ldapConfig",
    {
      ...{ name: "l", urls: ["ldaps://dc1.example.org"], searchBase: "DC=example,DC=org" },
      ...{ serviceAccountDn: "a@example.org", ...everySecretOf("ldapConfig") },
    },
  ],
  ["budget", { name: "u", amount: 1, per: "day", webhook: everySecretOf("budget") }],
  [
    "autoscaleConfig",
    { name: "a", type: "dockerAgent", ...config, nginxKey: "k", standbySlots: { workspace: "w", count: 1 } },
  ],
  [
    "autoscaleConfig",
    { name: "b", type: "server", ...config, connectionUsername: "u", ...everySecretOf("autoscaleConfig") },
  ],
  ...clouds.flatMap(({ kind, vm, dns }): (readonly [DefinitionKind, Doc])[] => [
    ...(vm
      ? [["vmProviderConfig", { name: "v", kind, maxInstances: 1, settings: settings[kind] ?? {} }] as const]
      : []),
    ...(dns ? [["dnsProviderConfig", { name: "d", kind, settings: {} }] as const] : []),
  ]),
];

/** Wrong values that hold the marker where a value may be secret or has no business to be. */
function* wrongValues(name: string, value: unknown): Generator<unknown> {
  yield { wrong: marker, inner: { password: marker } };
  yield Array.isArray(value) ? [[marker], { wrong: marker }] : [marker, [marker]];
  if (typeof value === "object") yield marker;
  if (secretNames.has(name) || /^(userData|UserData|password|text)$/.test(name)) {
    yield `${marker}${"x".repeat(200_000)}{`;
    yield `{ "${marker}": "{{" }`;
  }
}

/** The document with the marker in one place, again and again; `where` is that place. */
function* planted(value: unknown, where = ""): Generator<{ readonly where: string; readonly value: unknown }> {
  if (typeof value !== "object" || value === null) return;
  // Tags may have any name.
  if (!Array.isArray(value) && !where.endsWith(".tags")) {
    yield { where: `${where}.undeclared`, value: { ...value, undeclared: marker } };
    yield { where: `${where}.undeclared`, value: { ...value, undeclared: { list: [marker], password: marker } } };
  }
  for (const [name, inner] of Object.entries(value)) {
    const put = (changed: unknown): unknown =>
      Array.isArray(value)
        ? value.map((item, index) => (String(index) === name ? changed : (item as unknown)))
        : { ...value, [name]: changed };
    for (const wrong of wrongValues(name, inner)) yield { where: `${where}.${name}`, value: put(wrong) };
    for (const deeper of planted(inner, `${where}.${name}`)) yield { ...deeper, value: put(deeper.value) };
  }
}

describe("refusals", () => {
  let api: Api;
  before(async () => {
    api = await Api.start({ catalog: cloudCatalog() });
    await api.furnish({});
  });
  after(() => api.close());

  for (const [kind, doc] of documents) {
    const name = String(doc["name"]);
    const what = "kind" in doc ? `${kind} of ${String(doc["kind"])}` : `${kind} "${name}"`;
    it(`tell no secret that was put anywhere into a ${what}: neither the check, nor the declaration, nor the log`, async () => {
      let refused = 0;
      for (const { where, value } of planted(doc, kind)) {
        const requests = [
          { path: "/api/v1/definitions/check", method: "POST", body: { kind, doc: value, owner: "t" } },
          { path: `/api/v1/definitions/${kind}/${name}`, method: "PUT", body: { doc: value, owner: "t" } },
        ];
        for (const request of requests) {
          const { text, status } = await api.request(request.path, { ...request, key: api.keys.operator });
          assert.ok(!text.includes(marker), `${where}: ${text.slice(0, 600)}`);
          if (status === 400 || text.includes('"path"')) refused += 1;
        }
      }
      assert.ok(refused > 10, `only ${refused} were refused`);
      assert.ok(!api.logLines.join("").includes(marker));
    });
  }

  it("tell no value of a body that is none, of any route", async () => {
    for (const route of api.routes.filter(({ body, access }) => body !== undefined && access !== "node")) {
      const path = route.path.replace(/\{\w+\}/g, "x");
      const bodies = [JSON.stringify(marker), { undeclared: marker }, { doc: marker, undeclared: { a: marker } }];
      for (const body of [...bodies, [marker], `{"a": "${marker}"`]) {
        const options = { method: route.method.toUpperCase(), body, key: api.keys.admin };
        const { text, status } = await api.request(path, options);
        assert.ok(status >= 400 && status < 500, `${route.method} ${path}: ${status}`);
        assert.ok(!text.includes(marker), `${route.method} ${path}: ${text}`);
      }
    }
  });
});
