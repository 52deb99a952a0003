/** The API never tells secrets. What it tells instead, and how the values that the state holds take their place. */
import { digestOf } from "../../runtime/api/client";
import type { Properties } from "../resource-kernel";

/** Stands in answers where a secret is. */
const redacted = "[secret]";

/**
 * `doc` with the secrets that `olds` has in the same places, when the digest proves that they are still the same.
 * Else the placeholders stay, so that the next update sees a difference and writes the program's value.
 */
export function restoreSecrets(doc: Properties, digest: string, olds: Properties): Properties {
  const filled = fill(doc, olds) as Properties;
  return digestOf(filled) === digest ? filled : doc;
}

function fill(value: unknown, old: unknown): unknown {
  if (value === redacted) return typeof old === "string" ? old : value;
  if (Array.isArray(value)) return value.map((item, index) => fill(item, Array.isArray(old) ? old[index] : undefined));
  if (typeof value !== "object" || value === null) return value;
  const olds = typeof old === "object" && old !== null ? (old as Properties) : {};
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner, olds[key])]));
}
