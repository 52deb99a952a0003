import type { Json, JsonObject, Recording } from "./notation";
import { pointsOf } from "./normalise";
import type { Point } from "./point";

/** What comparing two recordings gave. */
export interface Comparison {
  /** How many points were held against each other. */
  readonly points: number;
  /** One readable line per difference; empty when the two mean the same. */
  readonly differences: readonly string[];
}

/** Holds what an engine did (`actual`) against what is expected, by meaning. */
export function compareRecordings(expected: Recording, actual: Recording): Comparison {
  if (expected.steps.length !== actual.steps.length) {
    return { points: 1, differences: [`${actual.steps.length} steps instead of ${expected.steps.length}`] };
  }
  const [wanted, found] = [pointsOf(expected), pointsOf(actual)];
  // A recording that has none of a kind says nothing about it.
  const kinds = new Set(wanted.map(({ kind }) => kind));
  const foundByLabel = byLabel(found.filter(({ kind }) => kinds.has(kind)));
  const wantedByLabel = byLabel(wanted);
  const differences: string[] = [];
  for (const [label, value] of wantedByLabel) {
    if (!foundByLabel.has(label)) differences.push(`${label}: missing; expected ${shown(value)}`);
    else differences.push(...differingPaths(value, foundByLabel.get(label)).map((line) => `${label}${line}`));
  }
  for (const [label, value] of foundByLabel) {
    if (!wantedByLabel.has(label)) differences.push(`${label}: not expected: ${shown(value)}`);
  }
  return { points: new Set([...wantedByLabel.keys(), ...foundByLabel.keys()]).size, differences };
}

function byLabel(points: readonly Point[]): Map<string, Json> {
  return new Map(points.map(({ label, value }) => [label, value]));
}

/** Where two values differ, as ` PATH: expected ..., got ...`. */
function differingPaths(expected: Json, actual: Json, path = ""): string[] {
  if (isObject(expected) && isObject(actual)) {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])];
    return keys.flatMap((key) => differingPaths(expected[key], actual[key], `${path}.${key}`));
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((inner: Json, index) => differingPaths(inner, actual[index] as Json, `${path}[${index}]`));
  }
  if (JSON.stringify(expected) === JSON.stringify(actual)) return [];
  return [`${path === "" ? "" : ` at ${path}`}: expected ${shown(expected)}, got ${shown(actual)}`];
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: Json): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}
