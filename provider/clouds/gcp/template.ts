/** What a VM is made from after the overrides, as far as rules between fields and the account's check look at it. */
import { isRecord, mergeInputs, type Inputs } from "../../frame/inputs";
import { acceleratorAt, machineTypeName, regionOf } from "./names";

/** The settings that decide it. */
export interface Given {
  readonly zone: string | readonly string[];
  readonly machineType: string;
  readonly guestAccelerators: readonly { readonly acceleratorType: string; readonly acceleratorCount: number }[];
  readonly spot?: object | undefined;
  readonly configOverride: Inputs;
  readonly inputOverride: Inputs;
}

export function zonesOf({ zone }: Pick<Given, "zone">): readonly string[] {
  return typeof zone === "string" ? [zone] : zone;
}

export function regionOfZones(settings: Pick<Given, "zone">): string {
  return regionOf(zonesOf(settings)[0] ?? "");
}

/** All overrides in one; of lists the later one counts. */
export function overrideOf({ configOverride, inputOverride }: Pick<Given, "configOverride" | "inputOverride">): Inputs {
  return mergeInputs(configOverride, inputOverride);
}

/** After the overrides, by its name. */
export function machineTypeIn(settings: Given): string {
  const { machineType } = overrideOf(settings);
  const parsed = machineTypeName.safeParse(machineType ?? settings.machineType);
  return parsed.success ? parsed.data : String(machineType ?? settings.machineType);
}

export interface Accelerator {
  readonly type: string;
  readonly count: number;
}

/** GPUs that are attached, not those that its machine type has. */
export function acceleratorsIn(settings: Given): readonly Accelerator[] {
  const { guestAccelerators } = overrideOf(settings);
  const list = Array.isArray(guestAccelerators)
    ? (guestAccelerators as readonly Accelerator[])
    : settings.guestAccelerators.map(({ acceleratorType: type, acceleratorCount: count }) => ({ type, count }));
  return list.filter(({ count }) => count > 0).map(({ type, count }) => ({ type: acceleratorAt(type).name, count }));
}

export function schedulingIn(settings: Given): Inputs {
  const { scheduling } = overrideOf(settings);
  return isRecord(scheduling) ? scheduling : {};
}

export function isSpot(settings: Given): boolean {
  const { provisioningModel, preemptible } = schedulingIn(settings);
  if (provisioningModel !== undefined) return provisioningModel === "SPOT";
  return preemptible === true || (preemptible === undefined && settings.spot !== undefined);
}

/** @example customShapeOf("n2-custom-4-8192") // { cores: 4, memoryBytes: 8 * 2 ** 30 } */
export function customShapeOf(
  machineType: string,
): { readonly cores: number; readonly memoryBytes: number } | undefined {
  const [, cores, mebibytes] = /^(?:[a-z0-9]+-)?custom-(\d+)-(\d+)(?:-ext)?$/.exec(machineType) ?? [];
  return cores === undefined ? undefined : { cores: Number(cores), memoryBytes: Number(mebibytes) * 2 ** 20 };
}
