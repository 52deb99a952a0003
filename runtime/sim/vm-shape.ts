import type { Shape } from "../model/shapes";

const gib = 2 ** 30;

/** What a VM of these settings has. Without `cores` nobody knows before it has reported. */
export function shapeOfVm({ cores, gpus }: Readonly<Record<string, unknown>>): Shape {
  const known = typeof cores === "number" ? cores : 4;
  return { cores: known, memoryBytes: 2 * known * gib, gpus: typeof gpus === "number" ? gpus : 0 };
}
