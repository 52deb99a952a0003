/**
 * VMware vSphere: one VM per node, cloned from a template by vCenter. It has no DNS service. What the Pulumi provider has no function for,
 * such as complete lists and what happens in a guest, is asked from vCenter's SOAP interface with the same account.
 */
import type * as pulumi from "@pulumi/pulumi";
import { defineVm, type Cloud } from "../cloud";
import type { ResourceWith } from "../frame/by-token";
import type { NodeOf } from "../vm-provider";
import { checkVSphere } from "./vsphere/check";
import { customization, guestInfo, scriptDelivery } from "./vsphere/delivery";
import { accountRefusal, vsphereFailures } from "./vsphere/failures";
import { findVmsOf, listVmsOf, placeIdentity } from "./vsphere/find";
import { hardwareInputs, plainOverride } from "./vsphere/hardware";
import { prepareClone, requireOwner, type Prepared } from "./vsphere/prepare";
import {
  loadVirtualMachine,
  newVSphereProvider,
  vmToken,
  type MachineInputs,
  type MachineOutputs,
} from "./vsphere/resources";
import {
  scriptMethodOf,
  vcenterAccessSchema,
  vsphereAccountRules,
  vsphereSecretFields,
  vsphereSettingsSchema,
  type VSphereSettings,
} from "./vsphere/settings";

const vm = defineVm<VSphereSettings, MachineInputs, ResourceWith<MachineOutputs>, Prepared>({
  description: "VMs on VMware vSphere, cloned from a template by vCenter.",
  example: `const labs = new headroom.VSphereVmProvider("labs", {
  maxInstances: 20, vcenterAddress: "vcenter.example.org", username: "headroom@vsphere.local", password: config.requireSecret("password"),
  datacenter: "DC1", cluster: "compute", templateName: "ubuntu-agent", folder: "labs/agents", cpus: 4, memory: "8GiB",
});`,
  settings: vsphereSettingsSchema,
  secretFields: vsphereSecretFields,
  account: vsphereAccountRules,
  vmType: vmToken,
  load: loadVirtualMachine,

  async pulumiProvider(name, { settings, owner }) {
    const access = vcenterAccessSchema.parse(settings);
    if (owner !== undefined) await requireOwner(access, owner);
    return newVSphereProvider(name, access);
  },

  script: scriptDelivery,
  scriptWarning: (script, settings) =>
    scriptMethodOf(settings) !== "guestinfo" && /^#(?:cloud-config|include|cloud-boothook)\b/.test(script.trimStart())
      ? "is for cloud-init, and startupScriptMethod says that the system runs it as a program; use guestinfo"
      : undefined,
  prepare: ({ settings }, options) => prepareClone(settings, options),
  inputs: machineInputs,
  overrides: ({ inputOverride }) => [plainOverride(inputOverride)],
  placeIdentity,
  secretInputs: ["extraConfig", "clone.customize.windowsOptions.adminPassword"],
  secretOutputs: ["extraConfig", "clone"],
  ignoreChanges: [
    ...[
      "annotation",
      "clone",
      "customAttributes",
      "datastoreClusterId",
      "datastoreId",
      "disks",
      "extraConfig",
      "folder",
    ],
    ...["guestId", "hostSystemId", "memory", "memoryReservation", "networkInterfaces", "numCoresPerSocket", "numCpus"],
    ...["resourcePoolId", "scsiType", "firmware", "efiSecureBootEnabled", "vtpm", "tags"],
  ],
  timeouts: ({ cloneTimeout }) => ({ create: `${Math.ceil(cloneTimeout / 60) + 30}m`, update: "15m", delete: "20m" }),

  async guest(machine, { nodeId, osType, settings }, script, options, ownPlugin) {
    const { Guest } = require("./vsphere/guest") as typeof import("./vsphere/guest");
    const { guestUsername: username, guestPassword: password } = settings;
    const isRun = script !== "" && scriptMethodOf(settings) === "tools";
    const program =
      isRun && username !== undefined && password !== undefined ? { script, username, password } : undefined;
    const args = {
      ...{
        nodeId,
        osType,
        vmId: machine.uuid,
        access: vcenterAccessSchema.parse(settings),
        waitSeconds: settings.toolsTimeout,
      },
      ...(program === undefined ? {} : { program }),
    };
    const guest = new Guest(`${nodeId}-guest`, args, { ...options, provider: await ownPlugin() });
    return guest.address;
  },

  sshPublicKey: ({ sshPublicKey }) => sshPublicKey,
  shape: ({ cpus, memory, inputOverride }) => ({
    cores: cpus,
    memoryBytes: memory,
    // Devices that are passed through are GPUs as a rule; a config says it where they are not.
    gpus: ((inputOverride["pciDeviceIds"] ?? []) as readonly unknown[]).length,
  }),
  findVms: findVmsOf,
  listVms: listVmsOf,
  check: checkVSphere,
  accountRefusal,
  failures: vsphereFailures,
});

/** The request for one node, without overrides and identity. */
function machineInputs(
  node: NodeOf<VSphereSettings>,
  script: string,
  { placement, hardware }: Prepared,
): MachineInputs {
  const { settings } = node;
  const { template, folder, datastoreId, datastoreClusterId, resourcePoolId, hostSystemId, networkId } = placement;
  const customize = customization(node, script);
  const inputs: Record<string, pulumi.Input<unknown>> = {
    ...hardwareInputs(hardware, settings, networkId),
    ...{ resourcePoolId, hostSystemId, ...(folder !== "" && { folder }) },
    ...(datastoreClusterId === undefined ? { datastoreId } : { datastoreClusterId }),
    clone: {
      templateUuid: template.uuid,
      linkedClone: settings.cloneType === "linked",
      timeout: Math.ceil(settings.cloneTimeout / 60),
      ...(customize !== undefined && { customize }),
    },
    extraConfig: guestInfo(node, script),
    // Its address is the guest's own resource: a VM without VMware Tools must not hold up whoever reads it.
    ...{ waitForGuestNetTimeout: 0, waitForGuestIpTimeout: 0 },
    // A VM that is to go goes: the guest gets the shortest time to shut down.
    ...{ forcePowerOff: true, shutdownWaitTimeout: 1 },
  };
  return inputs as MachineInputs;
}

export const vsphere = { kind: "vsphere", typeName: "VSphere", vm } satisfies Cloud;
