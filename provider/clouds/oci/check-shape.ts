/** Whether a shape is there, takes the image, and can be had with these OCPUs, this memory and this baseline. */
import type { ShapeRequest } from "./shapes";

/** As the API tells it; lists of one where a shape is flexible, empty ones where it is not. */
export interface ShapeFacts {
  readonly name: string;
  readonly ocpus: number;
  readonly memoryInGbs: number;
  readonly gpus: number;
  readonly isFlexible: boolean;
  readonly ocpuOptions: readonly { readonly min: number; readonly max: number }[];
  readonly memoryOptions: readonly {
    readonly minInGbs: number;
    readonly maxInGbs: number;
    readonly minPerOcpuInGbs: number;
    readonly maxPerOcpuInGbs: number;
  }[];
  readonly baselineOcpuUtilizations: readonly string[];
}

interface InDomains {
  readonly availabilityDomains: readonly string[];
  /** For each of them; undefined = it does not have the shape. */
  readonly found: readonly (ShapeFacts | undefined)[];
  readonly isForImage: boolean;
}

/** @param note Takes each thing that is wrong, as a part of a sentence. */
export function compareShape(
  note: (text: string) => void,
  request: ShapeRequest,
  { availabilityDomains, found, isForImage }: InDomains,
): void {
  const shape = found.find(Boolean);
  if (shape === undefined) {
    note(`none of the availability domains ${availabilityDomains.join(", ")} has this shape; name another one`);
    return;
  }
  const without = availabilityDomains.filter((_domain, index) => found[index] === undefined);
  if (without.length > 0)
    note(`${without.join(" and ")} does not have this shape; leave it out, or name another shape`);
  if (!isForImage) note("the image does not run on this shape; name another image, e.g. one for Arm, or another shape");
  for (const text of sizeProblems(shape, request)) note(text);
}

function sizeProblems(shape: ShapeFacts, { ocpus, memory, baseline }: ShapeRequest): string[] {
  const isChosen = ocpus !== undefined || memory !== undefined;
  if (!shape.isFlexible) return isChosen ? ["the shape is not flexible: leave ocpus and memory out"] : [];
  return [
    ...ocpuProblems(shape, ocpus),
    ...memoryProblems(shape, ocpus, memory),
    ...(baseline === undefined || shape.baselineOcpuUtilizations.includes(baseline)
      ? []
      : [`the shape can't be burstable with ${baseline}; it takes ${listOf(shape.baselineOcpuUtilizations)}`]),
  ];
}

function ocpuProblems({ ocpuOptions: [options] }: ShapeFacts, ocpus: number | undefined): string[] {
  if (!options || ocpus === undefined || (ocpus >= options.min && ocpus <= options.max)) return [];
  return [`takes from ${options.min} to ${options.max} OCPUs, not ${ocpus}`];
}

function memoryProblems(
  { memoryOptions: [options] }: ShapeFacts,
  ocpus: number | undefined,
  memory: number | undefined,
): string[] {
  if (!options || ocpus === undefined || memory === undefined) return [];
  const least = Math.max(options.minInGbs, options.minPerOcpuInGbs * ocpus);
  const most = Math.min(options.maxInGbs, options.maxPerOcpuInGbs * ocpus);
  if (memory >= least && memory <= most) return [];
  return [`takes from ${least} to ${most} GiB of memory with ${ocpus} OCPUs, not ${memory}`];
}

function listOf(values: readonly string[]): string {
  return values.length === 0 ? "no baseline" : values.join(" and ");
}
