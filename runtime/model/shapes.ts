/** What nodes offer and sessions take, also where not all of it is known or only the node itself has told. */

/** What one node offers. */
export interface Shape {
  readonly cores: number;
  readonly memoryBytes: number;
  readonly gpus: number;
}

export type PartialShape = Readonly<Partial<Shape>>;

export const dimensions = ["cores", "memoryBytes", "gpus"] as const;
export type Dimension = (typeof dimensions)[number];

/**
 * What a node is credited with at most where neither an override nor its size says how much: few VMs are larger, and one
 * that lies gets no more.
 */
export const reportBounds: Shape = { cores: 256, memoryBytes: 4 * 2 ** 40, gpus: 16 };

/** @param size What its size has, by the cloud's word: a guest may have a little less, never more. */
export function boundReport(reported: PartialShape, size: PartialShape = {}): PartialShape {
  const bounded: { -readonly [D in Dimension]?: number } = {};
  for (const dimension of dimensions) {
    const value = reported[dimension];
    if (value !== undefined) bounded[dimension] = Math.min(value, size[dimension] ?? reportBounds[dimension]);
  }
  return bounded;
}

/** Undefined until cores and memory are known. GPUs that nobody speaks of are none for now. */
export function wholeShape({ cores, memoryBytes, gpus = 0 }: PartialShape): Shape | undefined {
  return cores === undefined || memoryBytes === undefined ? undefined : { cores, memoryBytes, gpus };
}

/** False when some dimension that is known is too small. */
export function mayFit(needs: Shape, known: PartialShape): boolean {
  return dimensions.every((dimension) => needs[dimension] <= (known[dimension] ?? Infinity));
}

export function isSameShape(a: PartialShape, b: PartialShape): boolean {
  return dimensions.every((dimension) => a[dimension] === b[dimension]);
}
