/**
 * The hardware of a clone. The Pulumi provider makes a VM what its inputs say, not what its template is: what they leave out
 * gets the provider's default. So whatever the template has is said again, and what a user adds is merged over it.
 */
import type { Inputs } from "../../frame/inputs";
import type { TemplateDisk, TemplateHardware } from "./resources";
import type { VSphereSettings } from "./settings";

/** Inputs that a clone has from its template where it has them. */
const kept = [
  ...["firmware", "efiSecureBootEnabled", "enableDiskUuid", "nestedHvEnabled", "hvMode", "eptRviMode"],
  ...[
    "vbsEnabled",
    "vvtdEnabled",
    "cpuHotAddEnabled",
    "cpuHotRemoveEnabled",
    "memoryHotAddEnabled",
    "latencySensitivity",
  ],
  ...[
    "swapPlacementPolicy",
    "syncTimeWithHost",
    "syncTimeWithHostPeriodically",
    "toolsUpgradePolicy",
    "alternateGuestName",
  ],
  ...["memoryReservationLockedToMax", "cpuPerformanceCountersEnabled", "enableLogging"],
] as const;

/** The plugin also tells `mixed` and `unknown`, which it does not take itself. */
const scsiTypes = new Set(["lsilogic", "lsilogic-sas", "pvscsi"]);

type HardwareSettings = Pick<VSphereSettings, "cpus" | "memory" | "cloneType" | "inputOverride">;

/** @param networkId Of the first adapter; undefined = as the template has it. */
export function hardwareInputs(template: TemplateHardware, settings: HardwareSettings, networkId?: string): Inputs {
  const { cpus, memory } = settings;
  const { numCoresPerSocket: perSocket = 1 } = template;
  const memoryMib = memory / 2 ** 20;
  const fromTemplate = kept.flatMap((name) => (isSaid(template[name]) ? [[name, template[name]] as const] : []));
  return {
    ...Object.fromEntries(fromTemplate),
    guestId: template.guestId,
    ...(scsiTypes.has(String(template["scsiType"])) && { scsiType: template["scsiType"] }),
    numCpus: cpus,
    ...(perSocket > 1 && cpus % perSocket === 0 && { numCoresPerSocket: perSocket }),
    memory: memoryMib,
    // Such a VM is refused without all of its memory reserved, and the template may have had less.
    ...(template["memoryReservationLockedToMax"] === true && { memoryReservation: memoryMib }),
    ...(template.vtpm === true && { vtpm: { version: "2.0" } }),
    disks: disksOf(template, settings),
    networkInterfaces: networkInterfacesOf(template, settings, networkId),
  };
}

/** One sentence for each thing in which the template and the settings do not fit. */
export function hardwareProblems(template: TemplateHardware, settings: HardwareSettings): string[] {
  const { disks, networkInterfaces } = template;
  const wanted = overrideList(settings.inputOverride, "disks");
  return [
    ...(disks.length === 0 ? ["the template has no disk on its first SCSI controller"] : []),
    ...(networkInterfaces.length === 0 ? ["the template has no network adapter: no address would ever be known"] : []),
    ...wanted.flatMap((disk, index) => {
      const source = disks[index];
      const problem = source === undefined ? newDiskProblem(disk) : diskProblem(source, disk, settings.cloneType);
      return problem === undefined ? [] : [`inputOverride.disks[${index}]: ${problem}`];
    }),
  ];
}

/** GiB that the disks of a full clone may grow to. */
export function diskGibMax(template: TemplateHardware, settings: HardwareSettings): number {
  return disksOf(template, settings).reduce((sum, { size }) => sum + Number(size ?? 0), 0);
}

function newDiskProblem({ size }: Inputs): string | undefined {
  return size === undefined ? "size is needed: the template has no such disk" : undefined;
}

function diskProblem(source: TemplateDisk, disk: Inputs, cloneType: "full" | "linked"): string | undefined {
  const { size } = disk;
  if (cloneType === "linked") {
    const other = (["size", "thinProvisioned", "eagerlyScrub"] as const).find(
      (field) => disk[field] !== undefined && disk[field] !== source[field],
    );
    if (other === undefined) return undefined;
    return `${other}: got ${String(disk[other])}; a linked clone must keep the template's disk settings (${String(source[other])})`;
  }
  if (typeof size !== "number" || size >= source.size) return undefined;
  return `size: got ${size}; the template's disk has ${source.size} GiB, and a clone's can't be smaller`;
}

function disksOf({ disks }: TemplateHardware, { inputOverride }: HardwareSettings): Inputs[] {
  const wanted = overrideList(inputOverride, "disks");
  const own = disks.map(({ size, thinProvisioned, eagerlyScrub, unitNumber }, index) => ({
    ...{ label: `disk${index}`, size, thinProvisioned, eagerlyScrub, unitNumber },
  }));
  const taken = Math.max(-1, ...own.map(({ unitNumber }) => unitNumber));
  return Array.from({ length: Math.max(own.length, wanted.length) }, (_, index): Inputs => {
    const added = {
      label: `disk${index}`,
      unitNumber: freeUnit(taken + 1 + index - own.length),
      thinProvisioned: true,
    };
    return { ...(own[index] ?? added), ...wanted[index] };
  });
}

/** The controller itself is at number 7. */
function freeUnit(unit: number): number {
  return unit >= 7 ? unit + 1 : unit;
}

function networkInterfacesOf(
  { networkInterfaces }: TemplateHardware,
  { inputOverride }: HardwareSettings,
  networkId: string | undefined,
): Inputs[] {
  const wanted = overrideList(inputOverride, "networkInterfaces");
  const own = networkInterfaces.map(({ networkId: network, adapterType }, index): Inputs => {
    return { networkId: index === 0 ? (networkId ?? network) : network, ...(adapterType !== "" && { adapterType }) };
  });
  return Array.from({ length: Math.max(own.length, wanted.length) }, (_, index): Inputs => {
    return { ...own[index], ...wanted[index] };
  });
}

function overrideList(override: Inputs, name: "disks" | "networkInterfaces"): readonly Inputs[] {
  return (override[name] ?? []) as readonly Inputs[];
}

/** Texts that the plugin does not know come empty. */
function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

/** What of an override is not merged by its place in a list. */
export function plainOverride(override: Inputs): Inputs {
  return Object.fromEntries(
    Object.entries(override).filter(([name]) => name !== "disks" && name !== "networkInterfaces"),
  );
}
