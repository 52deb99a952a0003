/**
 * KubeVirt, VMs in a Kubernetes cluster: any cluster with KubeVirt and CDI, Google Kubernetes Engine, and Harvester. One
 * VirtualMachine per node; its secrets and volumes belong to it, and go with it whoever deletes it. It has no DNS service.
 */
import type { CustomResource, CustomResourceArgs } from "@pulumi/kubernetes/apiextensions/customResource";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../runtime/model/accounts";
import { BugError } from "../../runtime/model/errors";
import { defineVm, type Cloud } from "../cloud";
import { identityOf, type NodeIdentity } from "../frame/identity";
import { RememberedAnswers } from "../frame/lookups";
import { forCloudbaseInit, forCloudInit } from "../frame/script";
import { loadSdk } from "../frame/sdk";
import type { NodeOf } from "../vm-provider";
import { accessSchema, clusterOf, kubeconfigOf, kubevirtAccountRules, kubevirtSecretFields } from "./kubevirt/access";
import { KubernetesApi } from "./kubevirt/api";
import { checkCluster } from "./kubevirt/check";
import { requireCluster } from "./kubevirt/cluster-uid";
import { accountRefusal, kubevirtFailures } from "./kubevirt/failures";
import { findVmsIn, labelsForm, listVmsIn, placeIdentity } from "./kubevirt/find";
import { findImage, type FoundImage } from "./kubevirt/image";
import { kubevirtSettingsSchema, type KubeVirtSettings } from "./kubevirt/settings";
import { interfaceNameOf, shapeOf, sshSecretOf, userDataSecretOf, vmManifest } from "./kubevirt/vm";

const packageName = "@pulumi/kubernetes";

/** Harvester's images by name; each look-up lists all of a namespace. */
const images = new RememberedAnswers<FoundImage>();

const vm = defineVm<KubeVirtSettings, CustomResourceArgs, CustomResource, FoundImage | undefined>({
  sdk: packageName,
  description: "VMs in a Kubernetes cluster with KubeVirt, also on Google Kubernetes Engine and in Harvester.",
  example: `const desktops = new headroom.KubeVirtVmProvider("desktops", {
  maxInstances: 20, host: "https://kubevirt.example.org:6443", sslCertificate, apiToken: config.requireSecret("token"), namespace: "kasm",
  diskSource: "ubuntu-golden", diskSize: "50GiB", cores: 4, memory: "8GiB",
});`,
  settings: kubevirtSettingsSchema,
  secretFields: kubevirtSecretFields,
  account: kubevirtAccountRules,
  vmType: "kubernetes:kubevirt.io/v1:VirtualMachine",
  load: () =>
    loadSdk(
      packageName,
      () =>
        require("@pulumi/kubernetes/apiextensions/customResource") as typeof import("@pulumi/kubernetes/apiextensions/customResource"),
    ).CustomResource,

  async pulumiProvider(name, { settings, owner }) {
    const { Provider } = loadSdk(
      packageName,
      () => require("@pulumi/kubernetes/provider") as typeof import("@pulumi/kubernetes/provider"),
    );
    const { secret } = require("@pulumi/pulumi") as typeof pulumi;
    const cluster = clusterOf(accessSchema.parse(settings));
    const namespace = namespaceOf(settings);
    if (owner !== undefined) await requireCluster(new KubernetesApi(cluster), owner, cluster.server);
    return new Provider(name, {
      kubeconfig: secret(kubeconfigOf(cluster, namespace)),
      namespace,
      // Else another token would seem to be another cluster, and everything in it would be made anew.
      clusterIdentifier: name,
      // Whatever the machine's environment says: nothing of others is taken over, and what can't be reached is not gone.
      upsertExistingObjects: false,
      deleteUnreachable: false,
      skipUpdateUnreachable: false,
    });
  },

  // A secret takes 1 MiB, and the cluster's store a little more with all that is around it.
  script: {
    wrap: { linux: forCloudInit, windows: forCloudbaseInit },
    encoding: "plain",
    bytesMax: 768 * 1024,
  },

  prepare: async ({ settings }, { provider }) => {
    const { diskImage, namespace, configOverride } = settings;
    if (diskImage === undefined || configOverride !== undefined) return undefined;
    const ask = () => findImage(new KubernetesApi(clusterOf(settings)), diskImage, namespace);
    return images.of(provider, `${namespace}/${diskImage}`, ask);
  },

  inputs: (node, script, image) =>
    vmManifest(node, { hasUserData: hasUserData(node, script), image }) as unknown as CustomResourceArgs,
  placeIdentity,
  secretInputs: [],
  // A VM stays as it was born; what the cluster writes into it is its own affair.
  ignoreChanges: ["apiVersion", "kind", "metadata", "spec"],
  timeouts: () => ({ create: "10m", update: "10m", delete: "15m" }),

  async guest(machine, node, script, options, ownPlugin) {
    const { Guest } = require("./kubevirt/resources") as typeof import("./kubevirt/resources");
    const { nodeId, settings } = node;
    const secrets = hasUserData(node, script) ? declareSecrets(machine, node, script, options) : [];
    const args = {
      nodeId,
      access: accessSchema.parse(settings),
      namespace: settings.namespace,
      network: interfaceNameOf(settings, nodeId),
      waitSeconds: settings.startTimeout,
      capacitySeconds: settings.capacityTimeout,
    };
    const dependsOn = [machine, ...secrets];
    return new Guest(`${nodeId}-guest`, args, { ...options, dependsOn, provider: await ownPlugin() }).address;
  },

  sshPublicKey: ({ sshPublicKey }) => sshPublicKey,
  shape: shapeOf,
  findVms: (nodeIds, settings) => findVmsIn(new KubernetesApi(clusterOf(settings)), nodeIds, settings.namespace),
  listVms: (sought, settings) =>
    listVmsIn(new KubernetesApi(clusterOf(accessSchema.parse(settings))), sought, namespaceOf(settings)),
  check: checkCluster,
  accountRefusal,
  failures: kubevirtFailures,
});

function hasUserData({ settings }: NodeOf<KubeVirtSettings>, script: string): boolean {
  return script !== "" || settings.sshPublicKey !== undefined;
}

function namespaceOf({ namespace }: Settings): string {
  return kubevirtSettingsSchema.shape.namespace.parse(namespace);
}

/** What cloud-init reads where there is only a key to be put in. */
const noUserData = "#cloud-config\n{}\n";

/**
 * After the VM, which waits for them, so that they can belong to it: whoever deletes the VM, the cluster deletes them too. They
 * are deleted before it all the same: were they left to the cluster, a VM whose delete is refused would have them and its state not.
 */
function declareSecrets(
  machine: CustomResource,
  node: NodeOf<KubeVirtSettings>,
  script: string,
  options: pulumi.CustomResourceOptions,
): pulumi.CustomResource[] {
  const { Secret } = loadSdk(
    packageName,
    () => require("@pulumi/kubernetes/core/v1/secret") as typeof import("@pulumi/kubernetes/core/v1/secret"),
  );
  const { secret } = require("@pulumi/pulumi") as typeof pulumi;
  const { nodeId, settings } = node;
  const declare = (word: string, name: string, stringData: Record<string, pulumi.Input<string>>) =>
    new Secret(
      `${nodeId}-${word}`,
      { metadata: ownedBy(machine, { name, namespace: settings.namespace, identity: identityOf(node) }), stringData },
      { ...options, ignoreChanges: ["metadata", "stringData", "data", "immutable", "type"] },
    );
  const userData = script === "" ? noUserData : script;
  return [
    declare("userdata", userDataSecretOf(nodeId), { userdata: secret(userData) }),
    ...(settings.sshPublicKey === undefined
      ? []
      : [declare("ssh", sshSecretOf(nodeId), { key: settings.sshPublicKey })]),
  ];
}

function ownedBy(
  machine: CustomResource,
  { name, namespace, identity }: { readonly name: string; readonly namespace: string; readonly identity: NodeIdentity },
) {
  const { runtime } = require("@pulumi/pulumi") as typeof pulumi;
  const ownerReferences = machine.metadata.apply(({ uid }: { readonly uid?: string }) => {
    if (uid) return [{ apiVersion: "kubevirt.io/v1", kind: "VirtualMachine", name: identity.nodeId, uid }];
    // In a preview nobody has it yet.
    if (runtime.isDryRun()) return [];
    throw new BugError(`the cluster tells no uid of VM ${identity.nodeId}: what belongs to it would stay when it goes`);
  });
  return { name, namespace, labels: { ...labelsForm.write(identity) }, ownerReferences };
}

export const kubevirt = { kind: "kubevirt", typeName: "KubeVirt", vm } satisfies Cloud;
