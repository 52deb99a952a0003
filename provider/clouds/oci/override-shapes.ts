/** Shapes of what both kinds of overrides may say, in the words of OCI's API. */
import { z } from "zod";
import type { Inputs } from "../../frame/inputs";
import { refuse, type OverrideRule } from "../../frame/overrides";
import { baselines } from "./shapes";

export const ownScript = refuse("not settable: the autoscale config's startupScript is sent as user data");
export const ownName = refuse("not settable: an instance has the name of its node");
export const oneForMany = (what: string): OverrideRule =>
  refuse(`not settable: ${what}, and these settings make many VMs`);
export const setBy = (setting: string): OverrideRule => refuse(`not settable here: use the setting ${setting}`);
/** What stays after its VM costs money and is found by nobody. */
export const nothingStays = refuse("not settable: volumes go with their VM");

export const desiredState = z.enum(["ENABLED", "DISABLED"]);
export const recoveryAction = z.enum(["RESTORE_INSTANCE", "STOP_INSTANCE"]);
export const baseline = z.enum(baselines);
export const firmware = z.enum(["BIOS", "UEFI_64"]);
export const bootVolumeType = z.enum(["ISCSI", "SCSI", "IDE", "VFIO", "PARAVIRTUALIZED"]);
export const networkType = z.enum(["E1000", "VFIO", "PARAVIRTUALIZED"]);
export const ocpus = z.number().positive().max(1024);
/** GiB. */
export const memory = z.number().positive().max(32_768);

export const bootVolumeGib = { least: 50, most: 32_768 } as const;
export const bootVolumeVpus = { least: 10, most: 120, step: 10 } as const;
export const volumeSize = z.int().min(bootVolumeGib.least).max(bootVolumeGib.most);
export const volumeVpus = z.int().min(bootVolumeVpus.least).max(bootVolumeVpus.most).multipleOf(bootVolumeVpus.step);

/** What each class of a platform config is called in its field `type`. */
export const platformTypes = {
  AmdVmLaunchInstancePlatformConfig: "AMD_VM",
  IntelVmLaunchInstancePlatformConfig: "INTEL_VM",
  GenericBmLaunchInstancePlatformConfig: "GENERIC_BM",
  AmdMilanBmLaunchInstancePlatformConfig: "AMD_MILAN_BM",
  AmdMilanBmGpuLaunchInstancePlatformConfig: "AMD_MILAN_BM_GPU",
  AmdRomeBmLaunchInstancePlatformConfig: "AMD_ROME_BM",
  AmdRomeBmGpuLaunchInstancePlatformConfig: "AMD_ROME_BM_GPU",
  IntelSkylakeBmLaunchInstancePlatformConfig: "INTEL_SKYLAKE_BM",
  IntelIcelakeBmLaunchInstancePlatformConfig: "INTEL_ICELAKE_BM",
} as const;

/** The SDK wants some numbers and flags as text. */
export const asText = (value: number | boolean): string => String(value);
export const textOf = (shape: z.ZodType<number>) =>
  z
    .string()
    .refine(
      (text) => /^\d+$/.test(text) && shape.safeParse(Number(text)).success,
      "use a number as text, within OCI's limits",
    );
export const flagText = z.enum(["true", "false"]);

/** Keys of metadata that are Headroom's own. */
export const ownMetadata = ["user_data", "ssh_authorized_keys"] as const;

export const metadataShape = z.record(z.string().min(1).max(255), z.string()).superRefine((metadata, context) => {
  const [script, keys] = ownMetadata;
  if (script in metadata) context.addIssue({ code: "custom", path: [script], message: ruleText(ownScript) });
  if (keys in metadata) context.addIssue({ code: "custom", path: [keys], message: ruleText(setBy("sshPublicKey")) });
});

function ruleText(rule: OverrideRule): string {
  return "why" in rule ? rule.why : "";
}

/** Each value is JSON in a text there. */
export const extendedMetadata = z.record(z.string().min(1).max(255), z.unknown()).transform((metadata): Inputs => {
  const entries = Object.entries(metadata).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return { extendedMetadata: Object.fromEntries(entries) as Inputs };
});
