/**
 * Property values as the engine writes them in JSON, and the plain JSON that kernels work with.
 * Kernels see no secret wrappers. Where they were is kept in {@link SecretMarks} and put back on the way out, so that
 * a value which was secret when it came in never leaves as plain text.
 */
import { stepsOf } from "../../runtime/model/secret-paths";
import { type Properties, unknownValue } from "../resource-kernel";

/** The key that marks an object on the wire as something else than a plain object. */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
/** How a value that a preview can't know is written. The engine uses one for each type; all mean the same. */
const unknownTexts: ReadonlySet<string> = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);
const [unknownText] = [...unknownTexts] as [string];

/** Where secrets are: `true` = this value as a whole, else by key (array positions are keys too). */
export type SecretMarks = true | { readonly [key: string]: SecretMarks };

/** A plain value for a value as the engine writes it: secrets unwrapped, unknown texts as {@link unknownValue}. */
export function fromWire(value: unknown): unknown {
  if (typeof value === "string") return unknownTexts.has(value) ? unknownValue : value;
  if (Array.isArray(value)) return value.map(fromWire);
  if (!isObject(value)) return value;
  if (value[signatureKey] === secretSignature) return fromWire(value["value"]);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fromWire(inner)]));
}

/** The value as the engine reads it. Absent and undefined are the same; in an array undefined becomes null. */
export function toWire(value: unknown, marks?: SecretMarks): unknown {
  if (value === undefined) return undefined;
  if (marks === true) return { [signatureKey]: secretSignature, value: toWire(value) ?? null };
  if (value === unknownValue) return unknownText;
  if (Array.isArray(value)) return value.map((item, index) => toWire(item, markOfItem(marks, index)) ?? null);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, toWire(inner, markAt(marks, key))] as const);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
}

/** The same properties but those. */
export function without(properties: Properties, names: readonly string[]): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)));
}

/** Stands for every position of a list. */
const anyItem = "[]";

/** Marks for paths such as `apiKey`, `settings.secretKey` or `staticMembers[].password`. */
export function marksOfPaths(paths: readonly string[]): SecretMarks {
  return mergeMarks(
    ...paths.map((path) => stepsOf(path).reduceRight<SecretMarks>((marks, key) => ({ [key]: marks }), true)),
  );
}

/** What any of the given marks marks. */
export function mergeMarks(...all: readonly SecretMarks[]): SecretMarks {
  const merged: Record<string, SecretMarks> = {};
  for (const marks of all) {
    if (marks === true) return true;
    for (const [key, inner] of Object.entries(marks)) {
      const before = merged[key];
      merged[key] = before === undefined ? inner : mergeMarks(before, inner);
    }
  }
  return merged;
}

/** Where secrets are in a value as the engine writes it; undefined when there is none. */
export function findMarks(value: unknown): SecretMarks | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if ((value as Properties)[signatureKey] === secretSignature) return true;
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    const marks = findMarks(inner);
    return marks === undefined ? [] : [[key, marks] as const];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** Own keys only: a property may be called `constructor`. */
function markAt(marks: SecretMarks | undefined, key: string): SecretMarks | undefined {
  return marks !== undefined && marks !== true && Object.hasOwn(marks, key) ? marks[key] : undefined;
}

function markOfItem(marks: SecretMarks | undefined, index: number): SecretMarks | undefined {
  const found = [markAt(marks, String(index)), markAt(marks, anyItem)].filter((mark) => mark !== undefined);
  return found.length === 2 ? mergeMarks(...found) : found[0];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
