/**
 * Good documents of every kind of definition in which each secret field has a value that is found nowhere else. Made from
 * the lists of secret fields of clouds; those of other documents are named here, and a test compares them with the lists.
 */
import type { CloudCatalog, DefinitionKind, DnsProviderFacts, FactsByKind } from "../../runtime/model/config";
import { apiFingerprint, rsaKey } from "./private-keys";

export interface SecretDocument {
  readonly kind: DefinitionKind;
  readonly doc: Readonly<Record<string, unknown>>;
  /** Names of its secret fields; of clouds those of `settings`. */
  readonly fields: readonly string[];
  /** What stands in them. */
  readonly planted: readonly unknown[];
}

type Document = Readonly<Record<string, unknown>>;

const azureAccount = {
  ...{ subscriptionId: "00000000-0000-0000-0000-000000000001", tenantId: "11111111-aaaa-4aaa-8aaa-111111111111" },
  ...{ clientId: "33333333-cccc-4ccc-8ccc-333333333333", resourceGroup: "dev" },
};

/** What settings need beside their secrets, by service and kind. */
const settingsOf: Readonly<Record<string, Document>> = {
  "vmProviderConfig aws": {
    ...{ region: "eu-west-1", amiId: "ami-0123456789abcdef0", instanceType: "t3.large" },
    ...{ securityGroupIds: ["sg-1"], subnetId: "subnet-1", keyName: "ops", retrieveWindowsPassword: true },
  },
  "vmProviderConfig azure": {
    ...{ ...azureAccount, region: "eastus", vmSize: "Standard_D2s_v5", osUsername: "labs" },
    imageReference: "Canonical:ubuntu-24_04-lts:server:latest",
    subnet: `/subscriptions/${azureAccount.subscriptionId}/resourceGroups/dev/providers/Microsoft.Network/virtualNetworks/v/subnets/s`,
  },
  "dnsProviderConfig azure": azureAccount,
  "vmProviderConfig digitalocean": { region: "fra1", image: "ubuntu-24-04-x64", size: "s-2vcpu-4gb" },
  "vmProviderConfig gcp": {
    ...{ project: "labs-1", zone: "us-east4-b", machineType: "e2-standard-2", image: "agents", subnetwork: "agents" },
  },
  "dnsProviderConfig gcp": { project: "labs-1" },
  "vmProviderConfig kubevirt": { namespace: "labs", diskSource: "golden", diskSize: "50GiB", cores: 2, memory: "4GiB" },
  "vmProviderConfig openstack": {
    ...{ authUrl: "https://keystone.example.org:5000/v3", region: "RegionOne", flavor: "m1.large" },
    ...{ imageId: "01234567-89ab-4def-8123-456789abcdef", networkId: "01234567-89ab-4def-8123-456789abcde0" },
  },
  "vmProviderConfig oci": {
    ...{
      userOcid: "ocid1.user.oc1..u",
      tenancyOcid: "ocid1.tenancy.oc1..t",
      compartmentOcid: "ocid1.compartment.oc1..c",
    },
    ...{ region: "us-ashburn-1", availabilityDomains: ["BEol:US-ASHBURN-AD-1"], imageOcid: "ocid1.image.oc1.iad.i" },
    ...{ shape: "VM.Standard2.4", subnetOcid: "ocid1.subnet.oc1.iad.s" },
  },
  "dnsProviderConfig oci": {
    ...{
      userOcid: "ocid1.user.oc1..u",
      tenancyOcid: "ocid1.tenancy.oc1..t",
      region: "us-ashburn-1",
      zone: "example.org",
    },
  },
  "vmProviderConfig nutanix": {
    ...{ host: "prism.example.org", username: "headroom@example.org", vmCandidate: "agents", subnet: "desktops" },
    ...{ cores: 2, memory: "4GiB" },
  },
  "vmProviderConfig proxmox": {
    ...{ host: "pve.example.org", username: "headroom@pve", tokenName: "runtime", templateName: "agents" },
    ...{ clusterNode: "pve1", cores: 2, memory: "4GiB" },
  },
  "vmProviderConfig vsphere": {
    ...{ vcenterAddress: "vcenter.example.org", username: "headroom@vsphere.local", datacenter: "DC1" },
    ...{ templateName: "agents", cpus: 2, memory: "4GiB", guestUsername: "root" },
  },
  "vmProviderConfig local": { cores: 2, memory: "4GiB" },
};

/** Secrets that stand in each other's place, with what only they need beside them. */
const choicesOf: Readonly<
  Record<string, readonly { readonly fields: readonly string[]; readonly beside: Document }[]>
> = {
  "vmProviderConfig kubevirt": [
    { fields: ["apiToken"], beside: { host: "https://kubevirt.example.org:6443" } },
    { fields: ["kubeconfig"], beside: {} },
  ],
  "vmProviderConfig openstack": [
    {
      fields: ["applicationCredentialSecret"],
      beside: { applicationCredentialId: "0123456789abcdef0123456789abcdef" },
    },
    {
      fields: ["password"],
      beside: { authMethod: "password", username: "headroom", userDomainName: "Default", projectName: "labs" },
    },
  ],
};

const common = { zone: "here", vmProvider: "local-vmproviderconfig", maxNodes: 1 };

const member = { zone: "here", address: "127.0.0.1", cores: 1, memory: "1GiB", connectionUsername: "a" };

/** Documents that have secrets, without them, and the fields that get one each; a passphrase comes before its key. */
const templates: readonly [DefinitionKind, Document, readonly string[]][] = [
  [
    "autoscaleConfig",
    { name: "agents", type: "dockerAgent", pool: "agents", ...common },
    ["nginxKey", "startupScript.text"],
  ],
  [
    "autoscaleConfig",
    { name: "desks", type: "server", pool: "servers", ...common, connectionUsername: "desk" },
    ["connectionPassword", "connectionInfo", "startupScript.text"],
  ],
  [
    "autoscaleConfig",
    { name: "shells", type: "server", pool: "servers", ...common, connectionType: "ssh", connectionUsername: "a" },
    ["connectionPrivateKeyPassphrase", "connectionPrivateKey"],
  ],
  [
    "ldapConfig",
    { name: "corp", urls: ["ldaps://dc1.example.org"], searchBase: "DC=example,DC=org", serviceAccountDn: "a@b.org" },
    ["serviceAccountPassword"],
  ],
  ["budget", { name: "costs", amount: 5, per: "day", webhook: {} }, ["webhook.url", "webhook.secret"]],
  [
    "pool",
    { name: "fixed", type: "server", staticMembers: [{ ...member, name: "fixed-1", connectionType: "rdp" }] },
    ["staticMembers[].connectionPassword", "staticMembers[].connectionInfo"],
  ],
  [
    "pool",
    { name: "fixed-ssh", type: "server", staticMembers: [{ ...member, name: "fixed-2", connectionType: "ssh" }] },
    ["staticMembers[].connectionPrivateKeyPassphrase", "staticMembers[].connectionPrivateKey"],
  ],
];

/** The token of the check-in, which a docker agent gets only there. */
const scriptStart = "#!/bin/sh\n# {manager_token}\n# ";

export function documentsOf(catalog: CloudCatalog): SecretDocument[] {
  const ofClouds = [
    ...cloudDocuments("vmProviderConfig", catalog.vm, { maxInstances: 4 }),
    ...cloudDocuments("dnsProviderConfig", catalog.dns, {}),
  ];
  const others = templates.map(([kind, doc, fields]) => plant({ kind, doc, fields }, String(doc["name"])));
  return [...ofClouds, ...others];
}

function cloudDocuments(kind: DefinitionKind, facts: FactsByKind<DnsProviderFacts>, rest: Document): SecretDocument[] {
  return Object.entries(facts).flatMap(([cloud, { secretFields }]) => {
    const what = `${kind} ${cloud}`;
    const choices = choicesOf[what] ?? [{ fields: [], beside: {} }];
    const chosen = new Set(choices.flatMap(({ fields }) => fields));
    const always = secretFields.filter((field) => !chosen.has(field));
    return choices.map(({ fields: own, beside }, index) => {
      const name = [cloud, kind, ...(index === 0 ? [] : [index + 1])].join("-").toLowerCase();
      const fields = [...always, ...own];
      const settings = plant({ kind, doc: { ...settingsOf[what], ...beside }, fields }, name);
      const { privateKeyPassword, privateKey } = settings.doc;
      // OCI's settings name the key that they hold.
      const named =
        cloud === "oci" ? { fingerprint: apiFingerprint(String(privateKey), String(privateKeyPassword)) } : {};
      return { ...settings, doc: { name, kind: cloud, ...rest, settings: { ...settings.doc, ...named } } };
    });
  });
}

function plant({ kind, doc, fields }: Omit<SecretDocument, "planted">, where: string): SecretDocument {
  const planted: unknown[] = [];
  let full = doc;
  for (const field of fields) {
    const value = secretFor(field, `planted-${where}-${field.replace(/\W+/g, "-")}-secret`, planted.at(-1));
    planted.push(value);
    full = withField(full, field.split("."), value);
  }
  return { kind, doc: full, fields, planted };
}

/** @param before What the field before it got. */
function secretFor(field: string, word: string, before: unknown): unknown {
  if (field === "startupScript.text") return scriptStart + word;
  if (field === "webhook.url") return `https://hooks.example.org/${word}`;
  if (field.endsWith("connectionInfo")) return { note: word };
  if (field === "keyPairPrivateKey") return rsaKey();
  if (field === "credentials") return googleKey(word);
  if (field === "kubeconfig") return kubeconfig(word);
  // Azure wants characters of several kinds.
  if (field === "osPassword") return `${word}-A1`;
  return field.endsWith("connectionPrivateKey") || field === "privateKey"
    ? rsaKey({ passphrase: String(before) })
    : word;
}

/** The JSON file of a service account's key. */
function googleKey(word: string): string {
  const key = `-----BEGIN PRIVATE KEY-----\n${word}\n-----END PRIVATE KEY-----\n`;
  const whose = {
    type: "service_account",
    client_email: "agents@labs-1.iam.gserviceaccount.com",
    private_key_id: "1a",
  };
  return JSON.stringify({ ...whose, private_key: key });
}

function kubeconfig(token: string): string {
  return JSON.stringify({
    clusters: [{ name: "c", cluster: { server: "https://kubevirt.example.org:6443" } }],
    users: [{ name: "u", user: { token } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
}

/** Of a list, `staticMembers[]`, every entry gets it. */
function withField(doc: Document, [name = "", ...rest]: readonly string[], value: unknown): Document {
  const key = name.replace("[]", "");
  const inner = doc[key];
  if (rest.length === 0) return { ...doc, [key]: value };
  if (Array.isArray(inner)) return { ...doc, [key]: inner.map((entry) => withField(entry as Document, rest, value)) };
  return { ...doc, [key]: withField((inner ?? {}) as Document, rest, value) };
}
