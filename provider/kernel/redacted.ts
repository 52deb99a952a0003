/** The API never tells secrets. What it tells instead, and how the values that the state holds take their place. */
import { digestOf } from "../../runtime/api/client";
import type { Properties } from "../resource-kernel";
import { without } from "./property-values";

/** Stands in answers where a secret is. */
const redacted = "[secret]";

/**
 * Output with the digest that the runtime gave the document when it was written. Only the runtime can make it, so that
 * nobody who reads it can try secrets. The engine does not show names with two underscores.
 */
export const digestKey = "__digest";

/** A document as the runtime shows it. */
export interface Shown {
  readonly doc: Properties;
  readonly digest: string;
}

/** What is to be remembered with the outputs of a document that was written: nothing where nothing is hidden. */
export function rememberDigest({ doc, digest }: Shown, written: Properties): Properties {
  return hasRedacted(doc) && digest !== digestOf(written) ? { [digestKey]: digest } : {};
}

/**
 * The document with the secrets that `olds` has in the same places, when the digest proves that they are still the same.
 * Else the placeholders stay, so that the next update sees a difference and writes the program's value.
 */
export function restoreSecrets({ doc, digest }: Shown, olds: Properties): { doc: Properties; remembered: Properties } {
  const filled = fill(doc, without(olds, [digestKey])) as Properties;
  if (olds[digestKey] === digest) return { doc: filled, remembered: { [digestKey]: digest } };
  // An older runtime shows the plain digest of the document.
  return { doc: digestOf(filled) === digest ? filled : doc, remembered: {} };
}

function hasRedacted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === redacted;
  return Object.values(value).some(hasRedacted);
}

function fill(value: unknown, old: unknown): unknown {
  if (value === redacted) return typeof old === "string" ? old : value;
  if (Array.isArray(value)) return value.map((item, index) => fill(item, Array.isArray(old) ? old[index] : undefined));
  if (typeof value !== "object" || value === null) return value;
  const olds = typeof old === "object" && old !== null ? (old as Properties) : {};
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner, olds[key])]));
}
