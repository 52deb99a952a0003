/** KubeVirt's own schema judges the manifests that are sent. Skipped where its source is not on this machine. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { vmManifest } from "../../provider/clouds/kubevirt/vm";
import { placeIdentity } from "../../provider/clouds/kubevirt/find";
import { kubevirtSettingsSchema } from "../../provider/clouds/kubevirt/settings";
import { identityOf } from "../../provider/frame/identity";
import type { Inputs } from "../../provider/frame/inputs";
import { kubevirtSchema, schemaProblems, type Schema } from "./kubevirt-schema";
import { repositoryRoot } from "./node-stack";

const base = {
  ...{ host: "https://kube.example.org", apiToken: "t", namespace: "kasm" },
  ...{ diskSource: "golden", diskSize: "50GiB", cores: 4, memory: "8GiB" },
};
const harvester = { ...base, flavor: "harvester", diskSource: undefined, diskImage: "ubuntu" };
const image = { id: "kasm/image-x", storageClass: "longhorn-image-x" };

function sent(settings: object, osType: "linux" | "windows", hasUserData: boolean): Inputs {
  const parsed = kubevirtSettingsSchema.parse(settings);
  const names = {
    nodeId: "n-1",
    zone: "home",
    pool: "agents",
    autoscaleConfig: "main",
    vmProvider: "v",
    kind: "kubevirt",
  };
  const node = { ...names, osType, startupScript: "", installation: "inst-1", settings: parsed };
  const parts = { hasUserData, image: parsed.diskImage === undefined ? undefined : image };
  return placeIdentity(vmManifest(node, parts), identityOf(node));
}

describe("KubeVirt's own schema", () => {
  let schema: Schema;
  before(function () {
    schema = kubevirtSchema("virtualmachine") ?? this.skip();
  });

  it("takes every manifest that is made of settings", () => {
    const key = { sshPublicKey: "ssh-ed25519 AAAAC3 ops" };
    const firmware = { enableTpm: true, enableEfiBoot: true, enableSecureBoot: true };
    const disk = { diskSource: "quay.io/x:1", diskSourceType: "containerDisk", diskSize: undefined };
    let judged = 0;
    for (const settings of [base, { ...base, ...key, ...firmware }, harvester, { ...harvester, ...firmware, ...key }])
      for (const more of [{}, { networkType: "multus", networkName: "net/vlan" }, { interfaceType: "bridge" }])
        for (const source of settings.diskSource === undefined
          ? [{}]
          : [{}, { diskSourceType: "snapshot" }, { diskSourceType: "dataSource" }, disk])
          for (const osType of ["linux", "windows"] as const)
            for (const hasUserData of [true, false]) {
              const vm = sent({ ...settings, ...more, ...source }, osType, hasUserData);
              assert.deepEqual(schemaProblems(schema, vm), [], JSON.stringify(vm));
              judged += 1;
            }
    assert.ok(judged > 100, `${judged}`);
  });

  it("takes the manifest that the docs show, as it is sent", () => {
    const page = readFileSync(join(repositoryRoot, "docs", "clouds", "kubevirt.md"), "utf8");
    const [, example = ""] = /```yaml\n(apiVersion: kubevirt[^]*?)```/.exec(page) ?? [];
    const { host, apiToken, namespace } = base;
    for (const configOverride of [example, parse(example) as Inputs]) {
      assert.deepEqual(schemaProblems(schema, sent({ host, apiToken, namespace, configOverride }, "linux", true)), []);
    }
  });

  it("is strict: it refuses what it does not have", () => {
    const vm = sent(base, "linux", true);
    const spoiled = (spec: object) => schemaProblems(schema, { ...vm, spec: { ...(vm["spec"] as object), ...spec } });
    assert.deepEqual(spoiled({ colour: "red" }), [".spec.colour: the schema has no such field"]);
    assert.equal(spoiled({ runStrategy: 3 }).length, 1);
    assert.deepEqual(spoiled({ template: undefined }), [".spec.template: is no object"]);
  });
});
