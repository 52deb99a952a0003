/** Shapes in words, and as the numbers of a reason. */
import type { PartialShape } from "./shapes";
import { formatCount, formatMemory } from "./units";

/** `4 cores, 8GiB and 1 GPU`; what is not known is left out, and so is a GPU count of 0. */
export function describeShape({ cores, memoryBytes, gpus = 0 }: PartialShape): string {
  const gpuText = gpus > 0 ? ` and ${formatCount(gpus, "GPU")}` : "";
  const parts = [
    ...(cores === undefined ? [] : [formatCount(cores, "core")]),
    ...(memoryBytes === undefined ? [] : [formatMemory(memoryBytes)]),
  ];
  return `${parts.join(", ")}${gpuText}`;
}

/** `needsCores`, `needsMemoryBytes`, `needsGpus` for the prefix `needs`; what is not known is left out. */
export function numbersOf(prefix: string, { cores, memoryBytes, gpus }: PartialShape): Record<string, number> {
  return {
    ...(cores === undefined ? {} : { [`${prefix}Cores`]: cores }),
    ...(memoryBytes === undefined ? {} : { [`${prefix}MemoryBytes`]: memoryBytes }),
    ...(gpus === undefined ? {} : { [`${prefix}Gpus`]: gpus }),
  };
}
