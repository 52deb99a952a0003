/**
 * The request for one node. A VM is one resource: its network interface, its public address and its disks are made by the
 * very request that makes it, and Azure deletes them with it. So a create that fails, an engine that dies and a spot
 * VM that is evicted leave nothing of which no state tells.
 */
import type { OsType } from "../../../runtime/model/config";
import { ConfigError, type Problem } from "../../../runtime/model/errors";
import type { NodeOf } from "../../vm-provider";
import { isRecord, type Inputs } from "../../frame/inputs";
import { agentProblems, argProblems, systemProblems } from "./combinations";
import { loginProblems } from "./logins";
import { applyChanges } from "./overrides";
import type { VmArgs } from "./sdk";
import type { AzureSettings } from "./vm-fields";

/** What of a node goes into the request, beside its settings. */
export interface RequestedNode {
  readonly nodeId: string;
  readonly osType: OsType;
  /** In base64; empty = none. */
  readonly script: string;
}

/** The first API of network interfaces with everything that is set here. */
const networkApiVersion = "2022-11-01";

export function vmArgs({ nodeId, osType, settings }: NodeOf<AzureSettings>, script: string): VmArgs {
  const subject = `settings of node ${nodeId}`;
  const ofSystem = loginProblems(settings, osType);
  if (ofSystem.length > 0) throw ConfigError.of(ofSystem, subject);
  const { inputs, problems: found } = requestOf(settings, { nodeId, osType, script });
  const isRun = osType === "windows" && script !== "" && settings.windowsScript === "runCommand";
  const problems = [...found, ...systemProblems(inputs, osType), ...(isRun ? agentProblems(inputs) : [])];
  if (problems.length > 0) throw ConfigError.of(problems, subject);
  return inputs as VmArgs;
}

/** With the user's changes, and what is wrong with the whole. */
export function requestOf(
  settings: AzureSettings,
  node: RequestedNode,
): { readonly inputs: Inputs; readonly problems: Problem[] } {
  const { inputs, problems } = applyChanges(ownRequest(settings, node), settings.configOverride);
  const whole = completed(inputs);
  const unplaced = problems.map(({ key, message }) => ({ path: `configOverride["${key}"]`, message }));
  return { inputs: whole, problems: [...unplaced, ...argProblems(whole)] };
}

function ownRequest(settings: AzureSettings, node: RequestedNode): Inputs {
  const { spot, zone, plan, managedIdentity: identity } = settings;
  return {
    resourceGroupName: settings.resourceGroup,
    vmName: node.nodeId,
    location: settings.region,
    ...(zone === undefined ? {} : { zones: [zone] }),
    hardwareProfile: { vmSize: settings.vmSize },
    storageProfile: storageOf(settings),
    osProfile: systemOf(settings, node),
    networkProfile: networkOf(settings, node.nodeId),
    ...securityOf(settings),
    ...(plan === undefined ? {} : { plan }),
    ...(spot === undefined ? {} : { priority: "Spot", billingProfile: { maxPrice: spot.maxPrice ?? onDemandPrice } }),
    ...(identity === undefined ? {} : { identity: identityOf(identity) }),
    ...(settings.bootDiagnostics ? { diagnosticsProfile: { bootDiagnostics: { enabled: true } } } : {}),
    tags: settings.tags,
  };
}

/** Azure's word for: never evicted for its price, which is at most that of an ordinary VM. */
const onDemandPrice = -1;

function storageOf({ imageReference, osDiskType, osDiskSize, dataDisks, securityType }: AzureSettings): Inputs {
  // A confidential VM says what of its disk is encrypted; its own state always is.
  const guarded = securityType === "ConfidentialVM" && { securityEncryptionType: "VMGuestStateOnly" };
  return {
    imageReference,
    osDisk: {
      createOption: "FromImage",
      deleteOption: "Delete",
      managedDisk: { storageAccountType: osDiskType, ...(guarded && { securityProfile: guarded }) },
      ...(osDiskSize === undefined ? {} : { diskSizeGB: osDiskSize }),
    },
    ...(dataDisks.length === 0
      ? {}
      : {
          dataDisks: dataDisks.map(({ size, type, caching }, lun) => ({
            lun,
            createOption: "Empty",
            deleteOption: "Delete",
            diskSizeGB: size,
            managedDisk: { storageAccountType: type },
            ...(caching === undefined ? {} : { caching }),
          })),
        }),
  };
}

function systemOf({ osUsername, osPassword, sshPublicKey }: AzureSettings, { nodeId, osType, script }: RequestedNode) {
  const keyData = osType === "linux" ? sshPublicKey : undefined;
  return {
    computerName: computerName(nodeId, osType),
    adminUsername: osUsername,
    ...(osPassword === undefined ? {} : { adminPassword: osPassword }),
    ...(script === "" ? {} : { customData: script }),
    ...(osType === "windows"
      ? { windowsConfiguration: { provisionVMAgent: true } }
      : {
          linuxConfiguration: {
            disablePasswordAuthentication: keyData !== undefined,
            provisionVMAgent: true,
            ...(keyData === undefined
              ? {}
              : { ssh: { publicKeys: [{ path: `/home/${osUsername}/.ssh/authorized_keys`, keyData }] } }),
          },
        }),
  };
}

/** What Windows takes; the end of a node's id is what tells it from others. */
const windowsNameMax = 15;

/** @example computerName("agents-main-x7k2p9q4", "windows") // "main-x7k2p9q4" */
export function computerName(nodeId: string, osType: OsType): string {
  if (osType === "linux" || nodeId.length <= windowsNameMax) return nodeId;
  const end = nodeId.slice(-windowsNameMax);
  const [start, ...words] = end.split("-");
  // Words that are cut in the middle go, where enough is left.
  const rest = words.join("-");
  const whole = nodeId.at(-windowsNameMax - 1) !== "-" && rest.length >= 8 ? rest : [start, ...words].join("-");
  const name = whole.replace(/^-+|-+$/g, "");
  return /^\d+$/.test(name) ? `n${name}`.slice(0, windowsNameMax) : name;
}

function networkOf(settings: AzureSettings, nodeId: string): Inputs {
  const { subnet, networkSecurityGroup, assignPublicIp, acceleratedNetworking } = settings;
  const address = {
    name: nodeId,
    deleteOption: "Delete",
    publicIPAllocationMethod: "Static",
    sku: { name: "Standard", tier: "Regional" },
  };
  return {
    networkApiVersion,
    networkInterfaceConfigurations: [
      {
        name: nodeId,
        primary: true,
        deleteOption: "Delete",
        ...(acceleratedNetworking === undefined ? {} : { enableAcceleratedNetworking: acceleratedNetworking }),
        ...(networkSecurityGroup === undefined ? {} : { networkSecurityGroup: { id: networkSecurityGroup } }),
        ipConfigurations: [
          {
            name: nodeId,
            primary: true,
            subnet: { id: subnet },
            ...(assignPublicIp ? { publicIPAddressConfiguration: address } : {}),
          },
        ],
      },
    ],
  };
}

function securityOf({ securityType, secureBoot, vTpm, encryptionAtHost }: AzureSettings): Inputs {
  const type = securityType === "Standard" ? undefined : securityType;
  if (type === undefined && encryptionAtHost === undefined) return {};
  const firmware = type && { secureBootEnabled: secureBoot ?? true, vTpmEnabled: vTpm ?? true };
  return {
    securityProfile: {
      ...(type === undefined ? {} : { securityType: type, uefiSettings: firmware }),
      ...(encryptionAtHost === undefined ? {} : { encryptionAtHost }),
    },
  };
}

function identityOf({ systemAssigned, userAssigned }: NonNullable<AzureSettings["managedIdentity"]>): Inputs {
  if (userAssigned.length === 0) return { type: "SystemAssigned" };
  return {
    type: systemAssigned ? "SystemAssigned, UserAssigned" : "UserAssigned",
    userAssignedIdentities: userAssigned,
  };
}

/** What follows from the rest: a spot VM is deleted when it is evicted, and whatever was added goes with its VM. */
function completed(inputs: Inputs): Inputs {
  const storage = isRecord(inputs["storageProfile"]) ? inputs["storageProfile"] : {};
  const network = isRecord(inputs["networkProfile"]) ? inputs["networkProfile"] : {};
  return {
    ...inputs,
    ...(inputs["priority"] === "Spot" ? { evictionPolicy: "Delete" } : {}),
    storageProfile: { ...storage, ...eachDeleted(storage, "dataDisks") },
    networkProfile: { ...network, ...eachDeleted(network, "networkInterfaceConfigurations") },
  };
}

function eachDeleted(inputs: Inputs, name: string): Inputs {
  const items = inputs[name];
  if (!Array.isArray(items)) return {};
  return {
    [name]: (items as readonly Inputs[]).map((item) => ({ ...withAddressesDeleted(item), deleteOption: "Delete" })),
  };
}

function withAddressesDeleted(item: Inputs): Inputs {
  const { ipConfigurations } = item;
  if (!Array.isArray(ipConfigurations)) return item;
  const each = (ipConfigurations as readonly Inputs[]).map((one) => {
    const { publicIPAddressConfiguration: address } = one;
    return isRecord(address) ? { ...one, publicIPAddressConfiguration: { ...address, deleteOption: "Delete" } } : one;
  });
  return { ...item, ipConfigurations: each };
}
