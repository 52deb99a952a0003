/** What a VM provider config of kind `kubevirt` may say, and what is refused before a cluster sees it. */
import assert from "node:assert/strict";
import { kubevirt } from "../../provider/clouds/kubevirt";
import { identityOf } from "../../provider/frame/identity";
import { clusterOf, kubeconfigOf } from "../../provider/clouds/kubevirt/access";
import { tokenTimes } from "../../provider/clouds/kubevirt/token";
import { problemsOf } from "../../runtime/model/config";
import { newSelfSigned } from "../support/self-signed";

const { cert } = newSelfSigned();
const authority = Buffer.from(cert).toString("base64");

const good = {
  host: "https://kubevirt.example.org:6443",
  sslCertificate: authority,
  apiToken: "secret-token",
  namespace: "kasm",
  diskSource: "ubuntu-golden",
  diskSize: "50GiB",
  cores: 4,
  memory: "8GiB",
};

function pathsOf(over: Readonly<Record<string, unknown>>, base: Readonly<Record<string, unknown>> = good): string[] {
  const settings = { ...base, ...over };
  const parsed = kubevirt.vm.settings.safeParse(settings);
  return parsed.success ? [] : problemsOf(parsed.error, settings).map(({ path }) => path);
}

describe("settings of KubeVirt", () => {
  it("takes what its three flavours need, and their optional fields", () => {
    const harvester = { flavor: "harvester", diskSource: undefined, diskImage: "ubuntu-22.04" };
    for (const over of [
      {},
      { flavor: "gke" },
      { sslCertificate: undefined, host: "rancher.example.org/k8s/clusters/c-m-1" },
      { sslCertificate: cert },
      { diskSource: "images/ubuntu-golden", storageClass: "ceph-block" },
      { diskSource: "golden-snap", diskSourceType: "snapshot" },
      { diskSource: "ubuntu", diskSourceType: "dataSource" },
      { diskSource: "quay.io/containerdisks/ubuntu:24.04", diskSourceType: "containerDisk", diskSize: undefined },
      { networkType: "multus", networkName: "net/vlan-7", interfaceType: "bridge" },
      { networkName: "primary", interfaceType: "bridge" },
      { enableTpm: true, enableEfiBoot: true, enableSecureBoot: true },
      { memory: "1536MiB", startTimeout: "1h", capacityTimeout: "0s" },
      harvester,
      { ...harvester, diskImage: "images/Windows Server 2022" },
    ]) {
      assert.deepEqual(pathsOf(over), [], JSON.stringify(over));
    }
  });

  for (const [what, over, ...paths] of [
    ["no way in", { host: undefined, apiToken: undefined }, "apiToken", "host"],
    ["plain http", { host: "http://kubevirt.example.org" }, "host"],
    ["a certificate that is none", { sslCertificate: "bm9uZQ==" }, "sslCertificate"],
    ["a token in two lines", { apiToken: "a b" }, "apiToken"],
    ["no cores, no memory", { cores: undefined, memory: undefined }, "cores", "memory"],
    ["no disk", { diskSource: undefined, diskSize: undefined }, "diskSize", "diskSource"],
    ["half a GiB of disk", { diskSize: "1.5GiB" }, "diskSize"],
    ["secure boot without EFI", { enableSecureBoot: true }, "enableSecureBoot"],
    ["Harvester's image elsewhere", { diskImage: "ubuntu" }, "diskImage"],
    ["a PVC in Harvester", { flavor: "harvester", diskImage: "ubuntu" }, "diskSource"],
    ["Harvester without an image", { flavor: "harvester", diskSource: undefined }, "diskImage"],
    ["names with dots or capitals", { namespace: "Kasm.x", networkName: "a.b" }, "namespace", "networkName"],
    ["multus without a name", { networkType: "multus" }, "networkName"],
    ["masquerade on multus", { networkType: "multus", networkName: "n", interfaceType: "masquerade" }, "interfaceType"],
    ["bridge on GKE's pods", { flavor: "gke", interfaceType: "bridge" }, "interfaceType"],
    ["an image that is no container's", { diskSource: "Golden Disk", diskSourceType: "containerDisk" }, "diskSource"],
    [
      "a size for a container disk",
      { diskSource: "quay.io/x:1", diskSourceType: "containerDisk", storageClass: "fast" },
      "diskSize",
      "storageClass",
    ],
    ["a private key", { sshPublicKey: "-----BEGIN OPENSSH PRIVATE KEY-----" }, "sshPublicKey"],
    ["a certificate for an SSH key", { sshPublicKey: "-----BEGIN CERTIFICATE-----" }, "sshPublicKey"],
    ["memory in parts of MiB", { memory: "1.0001GiB" }, "memory"],
  ] as const) {
    it(`refuses ${what}`, () => assert.deepEqual(pathsOf(over).sort(), [...paths].sort()));
  }

  it("tells the shape, and the key for scripts, without asking the cluster", () => {
    const settings = kubevirt.vm.settings.parse({ ...good, sshPublicKey: " ssh-ed25519 AAAAC3 ops\n" });
    assert.deepEqual(kubevirt.vm.shape(settings), { cores: 4, memoryBytes: 8 * 2 ** 30, gpus: 0 });
    assert.equal(kubevirt.vm.sshPublicKey?.(settings), "ssh-ed25519 AAAAC3 ops");
  });

  it("names the cluster by its address alone, however it is written", () => {
    const identity = (settings: Readonly<Record<string, unknown>>) => kubevirt.vm.account.identity(settings);
    const same = { host: "https://kube.example.org:6443" };
    for (const host of ["https://Kube.example.org:6443/", "kube.example.org:6443"]) {
      assert.deepEqual(identity({ host, apiToken: "x" }), same, host);
    }
    assert.deepEqual(identity({ kubeconfig: kubeconfig({}) }), same);
    assert.deepEqual([identity({}), identity({ kubeconfig: "{" })], [{}, {}]);
  });
});

const server = "https://kube.example.org:6443";

function kubeconfig({ cluster = {}, user = { token: "secret-token" }, more = {} }: Record<string, object>): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server, "certificate-authority-data": authority, ...cluster } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
    ...more,
  });
}

describe("a kubeconfig in the place of host, certificate and token", () => {
  const withConfig = (text: string, over = {}) => {
    const { host, sslCertificate, apiToken, ...rest } = good;
    assert.ok(host && sslCertificate && apiToken);
    const settings = { ...rest, kubeconfig: text, ...over };
    const parsed = kubevirt.vm.settings.safeParse(settings);
    return parsed.success ? [] : problemsOf(parsed.error, settings);
  };

  it("is taken in JSON and YAML, with a token or a client certificate, and handed on as one of its own", () => {
    const yaml = `apiVersion: v1\nclusters:\n- name: c\n  cluster: {server: "${server}"}\nusers:\n- name: u\n  user: {token: t}\ncontexts:\n- name: x\n  context: {cluster: c, user: u}\n`;
    const client = { "client-certificate-data": authority, "client-key-data": authority };
    for (const text of [kubeconfig({}), yaml, kubeconfig({ user: client })]) {
      assert.deepEqual(withConfig(text), []);
      const again = clusterOf({ kubeconfig: kubeconfigOf(clusterOf({ kubeconfig: text }), "kasm") });
      assert.deepEqual(again, clusterOf({ kubeconfig: text }));
    }
  });

  for (const [what, text, says] of [
    ["no YAML", "{", /it is no kubeconfig/],
    ["another file", "hello", /it is no kubeconfig/],
    ["no current context", kubeconfig({ more: { "current-context": "y" } }), /no current context/],
    ["a login by a program", kubeconfig({ user: { exec: { command: "gke-gcloud-auth-plugin" } } }), /service account/],
    [
      "files of a machine",
      kubeconfig({ user: { "client-certificate": "/home/me/x", "client-key": "/k" } }),
      /files of/,
    ],
    ["a password", kubeconfig({ user: { username: "a", password: "secret-token" } }), /has a password/],
    ["nobody", kubeconfig({ user: {} }), /neither a token nor/],
    ["any certificate", kubeconfig({ cluster: { "insecure-skip-tls-verify": true } }), /any certificate/],
    ["an authority in a file", kubeconfig({ cluster: { "certificate-authority": "/ca" } }), /is a file/],
    ["plain http", kubeconfig({ cluster: { server: "http://kube" } }), /no server of the form/],
    ["a proxy", kubeconfig({ cluster: { "proxy-url": "http://p" } }), /names a proxy/],
    ["a certificate that is none", kubeconfig({ cluster: { "certificate-authority-data": "eA==" } }), /no PEM/],
  ] as const) {
    it(`is refused with ${what}, without a word of it`, () => {
      const [problem, ...others] = withConfig(text);
      assert.deepEqual([problem?.path, others], ["kubeconfig", []]);
      assert.match(problem!.message, says);
      assert.doesNotMatch(JSON.stringify(problem), /secret-token/);
    });
  }

  it("stands alone", () => {
    assert.deepEqual(
      withConfig(kubeconfig({}), { host: server }).map(({ path }) => path),
      ["host"],
    );
  });
});

describe("a token that ends", () => {
  const tokenOf = (claims: object) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    return `${part({ alg: "RS256" })}.${part(claims)}.c2ln`;
  };

  it("says when, and whose it is; any other says nothing", () => {
    const told = (apiToken: string) => tokenTimes({ host: server, apiToken });
    const sub = "system:serviceaccount:kasm:headroom";
    assert.deepEqual(told(tokenOf({ sub, exp: 1_800_000_000 })), { subject: sub, endsAtMs: 1_800_000_000_000 });
    assert.deepEqual(told(tokenOf({ sub })), { subject: sub });
    for (const plain of ["abc", "a.b.c", "kubeconfig-u-x:y"]) assert.deepEqual(told(plain), { subject: "a token" });
  });
});

describe("names of KubeVirt VMs", () => {
  it("are refused where the cluster would refuse them", () => {
    const node = { zone: "z", pool: "p", autoscaleConfig: "c", vmProvider: "v", kind: "kubevirt", startupScript: "" };
    for (const nodeId of [`n-${"a".repeat(62)}`, "n-a-"]) {
      const named = { ...node, nodeId, osType: "linux" as const };
      const { placeIdentity } = kubevirt.vm as unknown as {
        placeIdentity(inputs: object, identity: object): object;
      };
      assert.throws(() => placeIdentity({}, identityOf(named)), /at most 63 characters, and no dash at the end/);
    }
  });
});
