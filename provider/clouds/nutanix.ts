/**
 * Nutanix AHV: one VM per node, with a disk copied from an image, by Prism Central. It has no DNS service. Lists, which the Pulumi provider
 * cuts off, are asked from Prism Central with the same account.
 */
import { defineVm, type Cloud } from "../cloud";
import { providerByToken } from "../frame/by-token";
import { RememberedAnswers } from "../frame/lookups";
import { forCloudbaseInit, forCloudInit } from "../frame/script";
import { PrismApi } from "./nutanix/api";
import { checkNutanix } from "./nutanix/check";
import { accountRefusal, nutanixFailures } from "./nutanix/failures";
import { findNamed, findVmsOf, listVmsOf, onlyCluster, placeIdentity, prismCentralUuid } from "./nutanix/inventory";
import { machineClass, machineType, nutanixPackage, type Machine, type MachineArgs } from "./nutanix/machine";
import { machineArgs, type NamedThings } from "./nutanix/request";
import {
  nutanixAccountRules,
  nutanixSecretFields,
  nutanixSettingsSchema,
  prismAccessSchema,
  type NutanixSettings,
} from "./nutanix/settings";

/** Updates of nodes at the same time are asked the same. */
const remembered = new RememberedAnswers<NamedThings>();

const vm = defineVm<NutanixSettings, MachineArgs, Machine, NamedThings>({
  description: "VMs on Nutanix AHV, made from an image by Prism Central.",
  example: `const labs = new headroom.NutanixVmProvider("labs", {
  maxInstances: 20, host: "prism.example.org", username: "headroom@example.org", password: config.requireSecret("password"),
  vmCandidate: "ubuntu-agent", cluster: "compute", subnet: "desktops", cores: 4, memory: "8GiB",
});`,
  settings: nutanixSettingsSchema,
  secretFields: nutanixSecretFields,
  account: nutanixAccountRules,
  vmType: machineType,
  load: machineClass,

  async pulumiProvider(name, { settings, owner }) {
    const access = prismAccessSchema.parse(settings);
    if (owner !== undefined) await requirePrismCentral(new PrismApi(access), owner, access.host);
    const { host: endpoint, port, username, password, verifySsl } = access;
    const configuration = { endpoint, port, username, password, insecure: !verifySsl };
    return providerByToken(nutanixPackage, name, configuration, nutanixSecretFields);
  },

  // Prism Central takes 32,000 characters of user data, which are base64 of it.
  script: {
    wrap: { linux: forCloudInit, windows: forCloudbaseInit },
    encoding: "base64",
    bytesMax: 32_000,
    counted: "encoded",
  },

  prepare: ({ settings }, { provider }) =>
    remembered.of(
      provider,
      JSON.stringify([settings.vmCandidate, settings.cluster, settings.subnet, settings.project]),
      () => namedThings(settings),
    ),
  inputs: machineArgs,
  overrides: ({ inputOverride }) => [inputOverride],
  placeIdentity,
  secretInputs: ["guestCustomizationCloudInitUserData"],
  secretOutputs: ["guestCustomizationCloudInitUserData"],
  ignoreChanges: [
    ...["availabilityZoneReference", "bootDeviceDiskAddress", "bootDeviceOrderLists", "bootType", "categories"],
    ...["clusterUuid", "description", "diskLists", "enableCpuPassthrough", "enableScriptExec", "gpuLists"],
    ...["guestCustomizationCloudInitCustomKeyValues", "guestCustomizationCloudInitMetaData"],
    ...["guestCustomizationCloudInitUserData", "guestCustomizationIsOverridable", "guestOsId", "hardwareClockTimezone"],
    ...["isVcpuHardPinned", "machineType", "memorySizeMib", "ngtEnabledCapabilityLists", "nicLists", "numSockets"],
    ...["numVcpusPerSocket", "numVnumaNodes", "nutanixGuestTools", "ownerReference", "powerStateMechanism"],
    ...["projectReference", "serialPortLists", "shouldFailOnScriptFailure", "useHotAdd", "vgaConsoleEnabled"],
  ],
  timeouts: () => ({ create: "30m", update: "10m", delete: "15m" }),

  async guest(machine, { nodeId, settings }, _script, options, ownPlugin) {
    const { Address } = require("./nutanix/address") as typeof import("./nutanix/address");
    const args = {
      nodeId,
      access: prismAccessSchema.parse(settings),
      vmId: machine.id,
      waitSeconds: settings.addressTimeout,
    };
    const { address } = new Address(`${nodeId}-guest`, args, { ...options, provider: await ownPlugin() });
    return address;
  },

  shape: ({ cores, memory, inputOverride }) => ({
    cores,
    memoryBytes: memory,
    gpus: ((inputOverride["gpuLists"] ?? []) as readonly unknown[]).length,
  }),
  findVms: (nodeIds, settings) => findVmsOf(new PrismApi(settings), nodeIds),
  listVms: (sought, settings) => listVmsOf(new PrismApi(prismAccessSchema.parse(settings)), sought),
  check: checkNutanix,
  accountRefusal,
  failures: nutanixFailures,
});

async function namedThings(settings: NutanixSettings): Promise<NamedThings> {
  const api = new PrismApi(settings);
  const { vmCandidate, cluster, subnet, project } = settings;
  return {
    image: await findNamed(api, "image", "vmCandidate", vmCandidate),
    cluster: cluster === undefined ? await onlyCluster(api) : await findNamed(api, "cluster", "cluster", cluster),
    subnet: await findNamed(api, "subnet", "subnet", subnet),
    project: project === undefined ? undefined : await findNamed(api, "project", "project", project),
  };
}

/** The same address may lead to another Prism Central by and by. */
async function requirePrismCentral(api: PrismApi, wanted: string, host: string): Promise<void> {
  const uuid = await prismCentralUuid(api);
  if (uuid === wanted) return;
  throw new Error(
    `the address "${host}" is Prism Central ${uuid ?? "(unknown)"}, and not ${wanted}, where the VMs are`,
  );
}

export const nutanix = { kind: "nutanix", vm } satisfies Cloud;
