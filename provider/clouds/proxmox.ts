/**
 * Proxmox VE: one VM per node, cloned from a template. It has no DNS service, and its images take no user data: the startup
 * script comes by the QEMU guest agent, over Proxmox VE's REST API with the same API token.
 */
import type { VmLegacy, VmLegacyArgs } from "@muhlba91/pulumi-proxmoxve/vmLegacy";
import type * as pulumi from "@pulumi/pulumi";
import { defineVm, type Cloud } from "../cloud";
import { inFields, type PlaceIdentity } from "../frame/identity";
import { asItIs } from "../frame/script";
import { loadSdk } from "../frame/sdk";
import type { NodeOf } from "../vm-provider";
import { apiTokenOf, endpointOf, ProxmoxApi } from "./proxmox/api";
import { checkProxmox } from "./proxmox/check";
import { requireCluster } from "./proxmox/cluster-name";
import { descriptionForm, findVmsOf, listVmsOf, nameForm, requireVmOf, tagsForm } from "./proxmox/cluster-vms";
import { accountRefusal, proxmoxFailures } from "./proxmox/failures";
import type { VmId } from "./proxmox/resources";
import {
  proxmoxAccessSchema,
  proxmoxAccountRules,
  proxmoxSecretFields,
  proxmoxSettingsSchema,
  vmIdRangeSchema,
  type ProxmoxSettings,
} from "./proxmox/settings";

/** The SDK gives the resource another name from time to time. */
const vmType = "proxmoxve:index/vmLegacy:VmLegacy";
const packageName = "@muhlba91/pulumi-proxmoxve";

const vm = defineVm<ProxmoxSettings, VmLegacyArgs, VmLegacy, VmId>({
  sdk: packageName,
  description: "VMs on Proxmox VE, cloned from a template.",
  example: `const labs = new headroom.ProxmoxVmProvider("labs", {
  maxInstances: 20, host: "pve.example.org", username: "headroom@pve", tokenName: "runtime", tokenValue: config.requireSecret("token"),
  templateName: "ubuntu-agent", clusterNode: "pve1", cores: 4, memory: "8GiB",
});`,
  settings: proxmoxSettingsSchema,
  secretFields: proxmoxSecretFields,
  account: proxmoxAccountRules,
  vmType,
  load: () =>
    loadSdk(
      packageName,
      () => require("@muhlba91/pulumi-proxmoxve/vmLegacy") as typeof import("@muhlba91/pulumi-proxmoxve/vmLegacy"),
    ).VmLegacy,

  async pulumiProvider(name, { settings, owner }) {
    const { Provider } = loadSdk(
      packageName,
      () => require("@muhlba91/pulumi-proxmoxve/provider") as typeof import("@muhlba91/pulumi-proxmoxve/provider"),
    );
    const access = proxmoxAccessSchema.parse(settings);
    if (owner !== undefined) await requireCluster(new ProxmoxApi(access), owner, access.host);
    return new Provider(name, {
      endpoint: endpointOf(access.host),
      apiToken: apiTokenOf(access),
      insecure: !access.verifySsl,
    });
  },

  // Each 32 KiB are a request to the guest agent.
  script: { wrap: { linux: asItIs, windows: asItIs }, encoding: "plain", bytesMax: 256 * 1024 },

  async prepare({ nodeId, settings }, options, ownPlugin) {
    const { VmId: VmIdResource } = loadResources();
    const args = {
      nodeId,
      access: proxmoxAccessSchema.parse(settings),
      clusterNode: settings.clusterNode,
      templateName: settings.templateName,
      lower: settings.vmIdRangeLower,
      upper: settings.vmIdRangeUpper,
    };
    return new VmIdResource(`${nodeId}-vmid`, args, { ...options, provider: await ownPlugin() });
  },

  inputs: vmArgs,
  overrides: ({ inputOverride }) => [inputOverride],
  placeIdentity: placedIn(
    inFields(tagsForm, "tags"),
    inFields(descriptionForm, "description"),
    inFields(nameForm, "name"),
  ),
  secretInputs: [],
  ignoreChanges: ["clone", "vmId", "nodeName", "tags", "description", "cpu", "memory", "agent", "operatingSystem"],
  timeouts: () => ({ create: "45m", update: "10m", delete: "15m" }),

  async guest(machine, { nodeId, osType, settings }, script, options, ownPlugin) {
    const { Guest: GuestResource } = loadResources();
    const args = {
      nodeId,
      access: proxmoxAccessSchema.parse(settings),
      vmId: machine.vmId,
      osType,
      ...(settings.startupScriptPath === undefined ? {} : { path: settings.startupScriptPath }),
      script,
      waitSeconds: settings.agentTimeout,
    };
    const guest = new GuestResource(`${nodeId}-guest`, args, { ...options, provider: await ownPlugin() });
    return guest.address;
  },

  shape: ({ cores, memory, inputOverride }) => {
    const { cpu, memory: more, hostpcis } = inputOverride as VmLegacyInputs;
    return {
      cores: (cpu?.cores ?? cores) * (cpu?.sockets ?? 1),
      memoryBytes: more?.dedicated === undefined ? memory : more.dedicated * 2 ** 20,
      // Devices that are passed through are GPUs as a rule; a config says it where they are not.
      gpus: hostpcis?.length ?? 0,
    };
  },

  findVms: (nodeIds, settings) => findVmsOf(new ProxmoxApi(settings), nodeIds, vmIdRangeSchema.parse(settings)),
  listVms: (sought, settings) =>
    listVmsOf(new ProxmoxApi(proxmoxAccessSchema.parse(settings)), sought, vmIdRangeSchema.parse(settings)),
  confirmVm: async (vm, settings) => {
    const node = await requireVmOf(new ProxmoxApi(proxmoxAccessSchema.parse(settings)), vm);
    return node === undefined ? "gone" : "there";
  },
  check: checkProxmox,
  accountRefusal,
  failures: proxmoxFailures,
});

interface VmLegacyInputs {
  readonly cpu?: { readonly cores?: number; readonly sockets?: number };
  readonly memory?: { readonly dedicated?: number };
  readonly hostpcis?: readonly unknown[];
}

/** The request for one node, without overrides and identity. */
function vmArgs({ settings }: NodeOf<ProxmoxSettings>, _script: string, { vmId, templateId, cpu }: VmId): VmLegacyArgs {
  const { clusterNode, targetNode = clusterNode } = settings;
  return {
    nodeName: targetNode,
    vmId,
    // Never more than one try: at a second one the provider takes a VM that has the id already for its clone.
    clone: {
      vmId: templateId,
      nodeName: clusterNode,
      full: settings.fullClone,
      datastoreId: settings.storagePool,
      retries: 1,
    },
    poolId: settings.resourcePool,
    cpu: { cores: settings.cores, type: cpu.type, flags: cpu.flags as pulumi.Output<string[]>, numa: cpu.numa },
    memory: { dedicated: settings.memory / 2 ** 20 },
    // Its address and its script are the guest's own resource: a VM whose agent is silent must not hold up whoever reads it.
    agent: { enabled: true, timeout: "10s", waitForIp: { disabled: true } },
    started: true,
    onBoot: false,
    stopOnDestroy: true,
  };
}

function placedIn(...places: readonly PlaceIdentity[]): PlaceIdentity {
  return (inputs, identity) => places.reduce((placed, place) => place(placed, identity), inputs);
}

function loadResources(): typeof import("./proxmox/resources") {
  return require("./proxmox/resources") as typeof import("./proxmox/resources");
}

export const proxmox = { kind: "proxmox", vm } satisfies Cloud;
