/**
 * What each type of EBS volume takes, as "Amazon EBS volume types" and the EC2 API reference (CreateVolume, EbsBlockDevice)
 * have it. EC2 refuses the rest only when the VM is made, or accepts the VM and ends it a moment later.
 */

interface VolumeLimits {
  /** GiB, smallest and largest. */
  readonly size: readonly [number, number];
  /** I/O operations per second; absent = can't be chosen. */
  readonly iops?: readonly [number, number];
  /** I/O operations per second for each GiB, at most. */
  readonly iopsPerGib?: number;
  readonly needsIops?: boolean;
  /** MiB per second; absent = can't be chosen. */
  readonly throughput?: readonly [number, number];
  readonly isBootable: boolean;
}

const limits = {
  gp2: { size: [1, 16_384], isBootable: true },
  gp3: { size: [1, 65_536], iops: [3000, 80_000], iopsPerGib: 500, throughput: [125, 2000], isBootable: true },
  io1: { size: [4, 16_384], iops: [100, 64_000], iopsPerGib: 50, needsIops: true, isBootable: true },
  io2: { size: [4, 65_536], iops: [100, 256_000], iopsPerGib: 1000, needsIops: true, isBootable: true },
  st1: { size: [125, 16_384], isBootable: false },
  sc1: { size: [125, 16_384], isBootable: false },
  standard: { size: [1, 1024], isBootable: true },
} satisfies Readonly<Record<string, VolumeLimits>>;

export type VolumeType = keyof typeof limits;
export const volumeTypes = Object.keys(limits) as [VolumeType, ...VolumeType[]];

/** MiB per second that gp3 gives for each I/O operation per second, at most, and its operations when nothing is said. */
const gp3Throughput = { perIops: 0.25, iopsByDefault: 3000 };

export interface Volume {
  readonly volumeType?: unknown;
  readonly volumeSize?: unknown;
  readonly iops?: unknown;
  readonly throughput?: unknown;
}

export interface VolumeProblem {
  readonly field: keyof Volume;
  readonly message: string;
}

/** What is wrong between the fields of one volume; of a type that is not known nothing. */
export function volumeProblems(volume: Volume, { isRoot }: { readonly isRoot: boolean }): VolumeProblem[] {
  const { volumeType, volumeSize: size, iops, throughput } = volume;
  if (typeof volumeType !== "string" || !Object.hasOwn(limits, volumeType)) return [];
  const allowed: VolumeLimits = limits[volumeType as VolumeType];
  const problems: VolumeProblem[] = [];
  const add = (field: keyof Volume, message: string) => problems.push({ field, message });
  if (isRoot && !allowed.isBootable) add("volumeType", `${volumeType} can't be a root disk: no VM starts from it`);
  problems.push(...rangeProblems("volumeSize", size, allowed.size, `GiB for ${volumeType}`));
  if (iops === undefined) {
    if (allowed.needsIops) add("iops", `required with ${volumeType}`);
  } else if (allowed.iops === undefined) add("iops", `can't be chosen for ${volumeType}; leave it out`);
  else {
    problems.push(...rangeProblems("iops", iops, allowed.iops, `for ${volumeType}`));
    const most = allowed.iopsPerGib === undefined || typeof size !== "number" ? Infinity : allowed.iopsPerGib * size;
    // A small gp3 volume has its base rate whatever its size.
    if (Number(iops) > Math.max(most, allowed.iops[0])) {
      add("iops", `at most ${most} for ${String(size)} GiB of ${volumeType}, ${allowed.iopsPerGib} for each GiB`);
    }
  }
  if (throughput !== undefined) problems.push(...throughputProblems(throughput, iops, allowed, volumeType));
  return problems;
}

function throughputProblems(
  throughput: unknown,
  iops: unknown,
  { throughput: range }: VolumeLimits,
  volumeType: string,
): VolumeProblem[] {
  if (range === undefined) {
    return [{ field: "throughput", message: `can't be chosen for ${volumeType}, only for gp3; leave it out` }];
  }
  const outside = rangeProblems("throughput", throughput, range, `MiB per second for ${volumeType}`);
  const rate = typeof iops === "number" ? iops : gp3Throughput.iopsByDefault;
  if (outside.length > 0 || Number(throughput) <= rate * gp3Throughput.perIops) return outside;
  const message = `at most ${rate * gp3Throughput.perIops} MiB per second with ${rate} I/O operations per second; raise those too`;
  return [{ field: "throughput", message }];
}

function rangeProblems(
  field: keyof Volume,
  value: unknown,
  [least, most]: readonly [number, number],
  of: string,
): VolumeProblem[] {
  if (typeof value !== "number" || (value >= least && value <= most)) return [];
  return [{ field, message: `from ${least} to ${most} ${of}` }];
}
