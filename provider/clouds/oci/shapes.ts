/** What VMs of OCI's shapes have: of a flexible shape by the settings, of the others by the API. */
import type { Shape } from "../../../runtime/model/shapes";
import { isRecord, valueAt, type Inputs } from "../../frame/inputs";

export const baselines = ["BASELINE_1_8", "BASELINE_1_2", "BASELINE_1_1"] as const;
export type Baseline = (typeof baselines)[number];

export function isFlexible(shape: string): boolean {
  return shape.endsWith(".Flex");
}

/** Arm's first generation counts a core as an OCPU; all others have two threads or cores in one. */
export function coresOf(shape: string, ocpus: number): number {
  return /\.A1\./.test(shape) ? ocpus : ocpus * 2;
}

/** Shapes whose baseline can't be lowered. Which of the others can, the account's check learns. */
export function hasNoBaseline(shape: string): boolean {
  return !isFlexible(shape) || /^(?:BM\.|VM\.(?:Standard\.A|Optimized|DenseIO|GPU))/.test(shape);
}

/** GiB for each OCPU, least and most of any flexible shape. The limits of each one are told by the account's check. */
export const memoryPerOcpu = { least: 1, most: 64 } as const;

export interface ShapeRequest {
  readonly name: string;
  readonly ocpus: number | undefined;
  /** GiB. */
  readonly memory: number | undefined;
  readonly baseline: string | undefined;
}

/** Of the inputs of an instance, after overrides. */
export function shapeRequestOf(inputs: Inputs): ShapeRequest {
  const config = valueAt(inputs, "shapeConfig");
  const { ocpus, memoryInGbs, baselineOcpuUtilization } = isRecord(config) ? config : {};
  const numberIn = (value: unknown) => (typeof value === "number" ? value : undefined);
  return {
    name: String(inputs["shape"]),
    ocpus: numberIn(ocpus),
    memory: numberIn(memoryInGbs),
    baseline: typeof baselineOcpuUtilization === "string" ? baselineOcpuUtilization : undefined,
  };
}

const bytesPerGib = 2 ** 30;

/** Undefined = the API has to tell it. No shape whose size can be chosen has GPUs that can be chosen too. */
export function knownShape({ name, ocpus, memory }: ShapeRequest): Shape | undefined {
  if (!isFlexible(name) || /\.GPU/.test(name) || ocpus === undefined || memory === undefined) return undefined;
  return { cores: coresOf(name, ocpus), memoryBytes: memory * bytesPerGib, gpus: 0 };
}

/** Of a shape as the API describes it. */
export function toldShape(facts: {
  readonly name: string;
  readonly ocpus: number;
  readonly memoryInGbs: number;
  readonly gpus: number;
}): Shape {
  const { name, ocpus, memoryInGbs, gpus } = facts;
  return { cores: coresOf(name, ocpus), memoryBytes: Math.round(memoryInGbs * bytesPerGib), gpus };
}
