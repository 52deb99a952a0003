/**
 * What nodes report of their size. A report counts only where nothing is declared, and only up to what the node's size, or
 * any machine, has. The last report counts. No session ends because of a report.
 */
import type { Reason } from "../../model/reason";
import {
  boundReport,
  type Dimension,
  dimensions,
  isSameShape,
  type PartialShape,
  reportBounds,
  type Shape,
  wholeShape,
} from "../../model/shapes";
import type { Node } from "../../model/state";
import { formatCount, formatMemory } from "../../model/units";

/** The node with what it reports now; what it does not report stays as it was. The same object when nothing changed. */
export function withReport(node: Node, beat: PartialShape, declared: PartialShape): Node {
  const reported: { -readonly [D in Dimension]?: number } = { ...node.reported };
  for (const dimension of dimensions) if (beat[dimension] !== undefined) reported[dimension] = beat[dimension];
  if (isSameShape(reported, node.reported ?? {})) return node;
  const shape = wholeShape({ ...node.shape, ...boundReport(reported, node.size), ...declared });
  return { ...node, reported, ...(shape && !isSameShape(shape, node.shape ?? {}) ? { shape } : {}) };
}

/** For the journal: the node reports more than counts. Undefined when it does not, and when the journal has that already. */
export function overstatedReason(before: Node, after: Node, declared: PartialShape): Reason | undefined {
  const limits = { ...after.size, ...declared };
  const over = overstated(after.reported, limits);
  if (over.length === 0 || over.join() === overstated(before.reported, limits).join()) return undefined;
  const parts = over.map((dimension) => {
    const most = show(dimension, limitOf(dimension, limits));
    const why =
      declared[dimension] !== undefined
        ? `it was declared with ${most}`
        : limits[dimension] !== undefined
          ? `its size has ${most}`
          : `at most ${most} are credited where nothing is declared`;
    return `${show(dimension, after.reported?.[dimension] ?? 0)}, ${why}`;
  });
  const numbers: Record<string, number> = {};
  for (const dimension of over) {
    numbers[`reported.${dimension}`] = after.reported?.[dimension] ?? 0;
    numbers[`credited.${dimension}`] = limitOf(dimension, limits);
  }
  return { code: "overstated", text: `reports more than is credited: ${parts.join("; ")}`, numbers };
}

/** For the journal: the node has another shape than it was taken to have. */
export function reshapedReason(before: Shape, after: Shape): Reason {
  const changed = dimensions.filter((dimension) => before[dimension] !== after[dimension]);
  const parts = changed.map(
    (dimension) => `${show(dimension, after[dimension])} instead of ${show(dimension, before[dimension])}`,
  );
  const numbers: Record<string, number> = {};
  for (const dimension of changed) {
    numbers[`before.${dimension}`] = before[dimension];
    numbers[`after.${dimension}`] = after[dimension];
  }
  return { code: "reshaped", text: `reports ${parts.join(", ")}`, numbers };
}

function overstated(reported: PartialShape = {}, limits: PartialShape): Dimension[] {
  return dimensions.filter((dimension) => (reported[dimension] ?? 0) > limitOf(dimension, limits));
}

function limitOf(dimension: Dimension, limits: PartialShape): number {
  return limits[dimension] ?? reportBounds[dimension];
}

function show(dimension: Dimension, value: number): string {
  if (dimension === "memoryBytes") return value === 0 ? "no memory" : `${formatMemory(value)} memory`;
  return formatCount(value, dimension === "cores" ? "core" : "GPU");
}
