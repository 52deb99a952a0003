/**
 * What nodes say of themselves is heard, not believed: it counts only where nothing is declared, up to what machines have,
 * until the node says something else. It ends nothing.
 */
import type { Reason } from "../../model/plan";
import {
  boundReport,
  dimensions,
  isSameShape,
  reportBounds,
  wholeShape,
  type Dimension,
  type PartialShape,
} from "../../model/shapes";
import type { Node, Shape } from "../../model/state";
import { formatCount, formatMemory } from "../../model/units";

/** The node with what it says now: what it does not speak of stays as it was. The same object when nothing changed. */
export function withReport(node: Node, beat: PartialShape, declared: PartialShape): Node {
  const reported: { -readonly [D in Dimension]?: number } = { ...node.reported };
  for (const dimension of dimensions) if (beat[dimension] !== undefined) reported[dimension] = beat[dimension];
  if (isSameShape(reported, node.reported ?? {})) return node;
  const shape = wholeShape({ ...node.shape, ...boundReport(reported, node.size), ...declared });
  return { ...node, reported, ...(shape && !isSameShape(shape, node.shape ?? {}) ? { shape } : {}) };
}

/** For the journal: that more is reported than is credited; undefined when it is not, or was told before. */
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

/** For the journal: that the node turned out other than it was taken for. */
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
