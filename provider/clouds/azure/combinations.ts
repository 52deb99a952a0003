/** What Azure refuses of a whole request, or what would cost or be lost without a word; told before a VM is asked for. */
import type { OsType } from "../../../runtime/model/config";
import type { Problem } from "../../../runtime/model/errors";
import { valueAt, type Inputs } from "../../frame/inputs";

type Rule = (request: Inputs) => readonly Problem[];

/** Everything that is wrong, whether settings or an override say so; the path is that of the setting it belongs to. */
export function argProblems(request: Inputs): Problem[] {
  return rules.flatMap((rule) => rule(request));
}

const rules: readonly Rule[] = [
  spotProblems,
  zoneProblems,
  placeProblems,
  securityProblems,
  imageProblems,
  diskProblems,
  loginMethodProblems,
  identityProblems,
  interfaceProblems,
];

const found = (path: string, isWrong: boolean, message: string): Problem[] => (isWrong ? [{ path, message }] : []);
const listAt = (request: Inputs, path: string): readonly Inputs[] => {
  const value = valueAt(request, path);
  return Array.isArray(value) ? (value as Inputs[]) : [];
};

function spotProblems(request: Inputs): Problem[] {
  const isSpot = request["priority"] === "Spot";
  const price = valueAt(request, "billingProfile.maxPrice");
  const size = String(valueAt(request, "hardwareProfile.vmSize"));
  return [
    ...found(
      "spot",
      !isSpot && request["evictionPolicy"] !== undefined,
      "an eviction policy is only for spot VMs: set spot, or leave it out",
    ),
    ...found("spot", !isSpot && price !== undefined, "a highest price is only for spot VMs: set spot, or leave it out"),
    ...found(
      "spot.maxPrice",
      typeof price === "number" && price <= 0 && price !== -1,
      `got ${String(price)}; use dollars per hour above 0, or leave it out`,
    ),
    ...found(
      "vmSize",
      isSpot && /^Standard_B/i.test(size),
      `got "${size}"; Azure has no spot VMs of the B sizes: name another size`,
    ),
    ...found("spot", isSpot && request["availabilitySet"] !== undefined, "spot VMs can't be in an availability set"),
  ];
}

function zoneProblems(request: Inputs): Problem[] {
  const zones = listAt(request, "zones");
  const isZonal = zones.length > 0;
  return [
    ...found("zone", zones.length > 1, `got ${zones.join(", ")}; a VM is in one zone`),
    ...found(
      "zone",
      isZonal && request["availabilitySet"] !== undefined,
      "not with an availability set: a VM is in one of both",
    ),
    ...found(
      "zone",
      isZonal && request["placement"] !== undefined,
      "not with placement, by which Azure chooses the zone",
    ),
  ];
}

function placeProblems(request: Inputs): Problem[] {
  const has = (name: string) => request[name] !== undefined;
  const path = "configOverride";
  return [
    ...found(path, has("host") && has("hostGroup"), "host and hostGroup exclude each other"),
    ...found(
      path,
      has("availabilitySet") && has("virtualMachineScaleSet"),
      "availabilitySet and virtualMachineScaleSet exclude each other",
    ),
  ];
}

function securityProblems(request: Inputs): Problem[] {
  const type = valueAt(request, "securityProfile.securityType");
  const uefi = valueAt(request, "securityProfile.uefiSettings");
  const encryption = valueAt(request, "storageProfile.osDisk.managedDisk.securityProfile.securityEncryptionType");
  const isConfidential = type === "ConfidentialVM";
  return [
    ...found(
      "securityType",
      type === undefined && uefi !== undefined,
      "secure boot and a TPM are only for TrustedLaunch and ConfidentialVM: set one",
    ),
    ...found(
      "securityType",
      !isConfidential && encryption !== undefined,
      "an encryption of the VM's state is only for ConfidentialVM",
    ),
    ...found(
      "vTpm",
      isConfidential && valueAt(request, "securityProfile.uefiSettings.vTpmEnabled") === false,
      "not false with ConfidentialVM",
    ),
  ];
}

function imageProblems(request: Inputs): Problem[] {
  const image = (valueAt(request, "storageProfile.imageReference") ?? {}) as Inputs;
  const ids = ["id", "communityGalleryImageId", "sharedGalleryImageId"].filter((name) => image[name] !== undefined);
  const market = ["publisher", "offer", "sku"].filter((name) => image[name] !== undefined);
  const plan = request["plan"] as Inputs | undefined;
  const lacking = plan === undefined ? [] : ["name", "product", "publisher"].filter((name) => plan[name] === undefined);
  return [
    ...found(
      "imageReference",
      ids.length + (market.length > 0 ? 1 : 0) > 1,
      "names more than one image: give the whole of storage_profile.image_reference in an override",
    ),
    ...found("imageReference", market.length > 0 && market.length < 3, "needs publisher, offer and sku"),
    ...found("plan", lacking.length > 0, `needs name, product and publisher; ${lacking.join(" and ")} is missing`),
  ];
}

/** GiB from which on Azure caches nothing of a disk. */
const uncachedGib = 4096;

function diskProblems(request: Inputs): Problem[] {
  const disks = listAt(request, "storageProfile.dataDisks");
  const luns = disks.map((disk) => disk["lun"]);
  const typeOf = (disk: Inputs) => String(valueAt(disk, "managedDisk.storageAccountType"));
  const hasUltra = disks.some((disk) => typeOf(disk) === "UltraSSD_LRS");
  const isUltraOn = valueAt(request, "additionalCapabilities.ultraSSDEnabled") === true;
  const isCached = (disk: Inputs) => disk["caching"] !== undefined && disk["caching"] !== "None";
  const os = (valueAt(request, "storageProfile.osDisk") ?? {}) as Inputs;
  const isEphemeral = valueAt(os, "diffDiskSettings.option") === "Local";
  return [
    ...found(
      "dataDisks",
      new Set(luns).size < luns.length,
      `got the LUNs ${luns.join(", ")}; each disk needs one of its own`,
    ),
    ...disks.flatMap((disk, index) => [
      ...found(
        `dataDisks[${index}].caching`,
        isCached(disk) && /^(?:UltraSSD|PremiumV2)_/.test(typeOf(disk)),
        `${typeOf(disk)} is never cached; leave it out`,
      ),
      ...found(
        `dataDisks[${index}].caching`,
        isCached(disk) && Number(disk["diskSizeGB"]) >= uncachedGib,
        `disks of ${uncachedGib} GiB and more are never cached; leave it out`,
      ),
    ]),
    ...found(
      "dataDisks",
      hasUltra && !isUltraOn,
      "UltraSSD_LRS needs additional_capabilities.ultra_ssd_enabled in configOverride",
    ),
    ...found(
      "configOverride",
      isEphemeral && os["caching"] !== "ReadOnly",
      "an ephemeral OS disk needs storage_profile.os_disk.caching ReadOnly",
    ),
  ];
}

function loginMethodProblems(request: Inputs): Problem[] {
  const linux = valueAt(request, "osProfile.linuxConfiguration") as Inputs | undefined;
  if (linux === undefined) return [];
  const keys = listAt(linux, "ssh.publicKeys");
  const isKeyed = linux["disablePasswordAuthentication"] === true;
  const hasPassword = valueAt(request, "osProfile.adminPassword") !== undefined;
  return [
    ...found(
      "sshPublicKey",
      isKeyed && keys.length === 0,
      "is missing; nobody could log in without it, because password login is switched off",
    ),
    ...found("osPassword", !isKeyed && !hasPassword, "is missing; without sshPublicKey a VM has a password"),
  ];
}

function identityProblems(request: Inputs): Problem[] {
  const type = String(valueAt(request, "identity.type") ?? "None");
  const ids = listAt(request, "identity.userAssignedIdentities");
  return [
    ...found("managedIdentity", type.includes("UserAssigned") && ids.length === 0, "names no identity"),
    ...found(
      "managedIdentity",
      !type.includes("UserAssigned") && ids.length > 0,
      `identities are named, but their type is ${type}`,
    ),
  ];
}

function interfaceProblems(request: Inputs): Problem[] {
  const interfaces = listAt(request, "networkProfile.networkInterfaceConfigurations");
  const primary = interfaces.filter((one) => one["primary"] === true).length;
  return found(
    "configOverride",
    interfaces.length > 0 && primary !== 1,
    `${primary} of the network interfaces are primary; exactly one must be`,
  );
}

/** What a node of this system can't have. */
export function systemProblems(request: Inputs, osType: OsType): Problem[] {
  const isWindows = osType === "windows";
  const [own, other] = isWindows
    ? ["windowsConfiguration", "linuxConfiguration"]
    : ["linuxConfiguration", "windowsConfiguration"];
  const hasOther = valueAt(request, `osProfile.${other}`) !== undefined;
  const diskType = valueAt(request, "storageProfile.osDisk.osType");
  const ofDisk = isWindows ? "Windows" : "Linux";
  return [
    ...found("configOverride", hasOther, `changes os_profile.${other}, and the node runs ${ofDisk}: it has ${own}`),
    ...found(
      "configOverride",
      diskType !== undefined && diskType !== ofDisk,
      `says that the disk is of ${String(diskType)}, and the node runs ${ofDisk}`,
    ),
  ];
}

/** What keeps the VM's agent from starting a script in Windows. */
export function agentProblems(request: Inputs): Problem[] {
  const isOff = [
    valueAt(request, "osProfile.windowsConfiguration.provisionVMAgent"),
    valueAt(request, "osProfile.allowExtensionOperations"),
  ].includes(false);
  const message = 'switches off the VM\'s agent, which runs the startup script; use windowsScript "image"';
  return found("configOverride", isOff, message);
}
