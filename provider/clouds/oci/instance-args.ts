/** The request for one instance, by its settings. */
import type { InstanceArgs } from "@pulumi/oci/core/instance";
import { mergeInputs, type Inputs } from "../../frame/inputs";
import { isFlexible } from "./shapes";
import type { Template } from "./template";

/** Without overrides and identity. @param script In base64; empty = none. */
export function instanceArgs(settings: Template, script: string): InstanceArgs {
  const { sshPublicKey, availabilityDomains } = settings;
  const keys: Record<string, string> = sshPublicKey === undefined ? {} : { ssh_authorized_keys: sshPublicKey.trim() };
  return {
    compartmentId: settings.compartmentOcid,
    // The runtime puts the one to try first.
    availabilityDomain: availabilityDomains[0]!,
    faultDomain: settings.faultDomain,
    shape: settings.shape,
    shapeConfig: shapeConfigOf(settings),
    sourceDetails: {
      sourceType: "image",
      sourceId: settings.imageOcid,
      bootVolumeSizeInGbs: settings.bootVolumeSize === undefined ? undefined : String(settings.bootVolumeSize),
      bootVolumeVpusPerGb: String(settings.bootVolumeVpusPerGb),
      kmsKeyId: settings.kmsKeyOcid,
    },
    createVnicDetails: {
      subnetId: settings.subnetOcid,
      nsgIds: settings.nsgOcids,
      assignPublicIp: String(settings.assignPublicIp ?? settings.addressType === "public"),
    },
    metadata: script === "" ? keys : { ...keys, user_data: script },
    freeformTags: settings.freeformTags,
    definedTags: settings.definedTags,
    instanceOptions: { areLegacyImdsEndpointsDisabled: !settings.legacyMetadataEndpoints },
    preemptibleInstanceConfig: settings.preemptible
      ? { preemptionAction: { type: "TERMINATE", preserveBootVolume: false } }
      : undefined,
    preserveBootVolume: false,
    preserveDataVolumesCreatedAtLaunch: false,
  };
}

function shapeConfigOf({ shape, ocpus, memory, baselineOcpuUtilization }: Template): InstanceArgs["shapeConfig"] {
  if (!isFlexible(shape)) return undefined;
  // A baseline of 100 % is said by leaving it out: shapes that can't be burstable refuse it as "not found".
  const isBurstable = baselineOcpuUtilization !== "BASELINE_1_1";
  return { ocpus, memoryInGbs: memory, ...(isBurstable && { baselineOcpuUtilization }) };
}

export function overridesOf({ configOverride, inputOverride }: Pick<Template, "configOverride" | "inputOverride">) {
  return [configOverride, inputOverride];
}

/** What is asked for after overrides. */
export function wholeTemplate(settings: Template): Inputs {
  return overridesOf(settings).reduce(mergeInputs, instanceArgs(settings, "") as unknown as Inputs);
}

/** Where a user said what stands in this input: in an override, else in the setting. @param input e.g. `sourceDetails.sourceId` */
export function fieldOf(settings: Template, input: string, setting: string): string {
  const isIn = (override: Inputs): boolean => {
    const [name = "", inner] = input.split(".");
    const value = override[name];
    return inner === undefined ? value !== undefined : typeof value === "object" && value !== null && inner in value;
  };
  if (isIn(settings.inputOverride)) return `inputOverride.${input.split(".")[0]}`;
  return isIn(settings.configOverride) ? "configOverride" : setting;
}
