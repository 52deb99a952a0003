/** JSON values by a seed: good ones for a JSON schema, and ones that are wrong in every way we could think of. */
import type { SeededRng } from "../../support/virtual-clock";

export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

export function pick<T>(rng: SeededRng, items: readonly T[]): T {
  return items[rng.below(items.length)]!;
}

export function chance(rng: SeededRng, percent: number): boolean {
  return rng.below(100) < percent;
}

/** Good values of a field by its name, where the schema alone can't tell: units, times, references. */
export type Hints = Readonly<Record<string, readonly unknown[]>>;

/** A value that the schema allows; fields with a hint take one of its values. */
export function goodValue(schema: JsonSchema, rng: SeededRng, hints: Hints, name = ""): unknown {
  const hint = hints[name];
  if (hint) return pick(rng, hint);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return pick(rng, schema.enum);
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return goodValue(pick(rng, options), rng, hints, name);
  if (schema.allOf) return goodValue(schema.allOf[0]!, rng, hints, name);
  const type = typeof schema.type === "string" ? schema.type : schema.type?.[0];
  switch (type) {
    case "string":
      return goodText(schema, rng);
    case "number":
    case "integer":
      return (schema.minimum ?? 0) + rng.below(Math.min(10, (schema.maximum ?? 10) - (schema.minimum ?? 0) + 1));
    case "boolean":
      return chance(rng, 50);
    case "array": {
      const count = Math.max(schema.minItems ?? 0, rng.below(3));
      return Array.from({ length: count }, () => goodValue(schema.items ?? {}, rng, hints, name));
    }
    case "null":
      return null;
    case "object":
      return goodObject(schema, rng, hints);
    default:
      return {};
  }
}

function goodObject(schema: JsonSchema, rng: SeededRng, hints: Hints): Record<string, unknown> {
  const entries = Object.entries(schema.properties ?? {})
    .filter(([name]) => schema.required?.includes(name) || chance(rng, 40))
    .map(([name, field]): [string, unknown] => [name, goodValue(field, rng, hints, name)]);
  return Object.fromEntries(entries);
}

function goodText({ pattern, minLength = 0 }: JsonSchema, rng: SeededRng): string {
  const texts = ["a", "eu", "agents", "office-2", "100", "n0".repeat(3), "5m", "2GiB", "some text"];
  const fitting = texts.filter(
    (text) => text.length >= minLength && (pattern === undefined || new RegExp(pattern).test(text)),
  );
  return fitting.length > 0 ? pick(rng, fitting) : "x".repeat(Math.max(1, minLength));
}

const hugeText = "x".repeat(70_000);

export const strangeTexts: readonly string[] = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udfff\ud800",
  "\u202egnp.exe",
  "\ufeffeu",
  "\ue000d800",
  "é́́́́",
  "𝕟𝕒𝕞𝕖",
  "İ",
  "null",
  "undefined",
  "NaN",
  "true",
  "0",
  "-1",
  "1e9",
  "9999999999999999999999",
  "0x10",
  "constructor",
  "__proto__",
  "prototype",
  "toString",
  "hasOwnProperty",
  "../../etc/passwd",
  "..%2f..%2f",
  "%00",
  "%",
  "%zz",
  "{server_id}",
  "{{",
  "}",
  "{",
  "{}",
  "{0}",
  "{x.__class__}",
  "{manager_token!r:>5}",
  "{{{server_id}}}",
  "${jndi:ldap://x}",
  "'; drop schema headroom cascade; --",
  "$1",
  "\\",
  '"',
  "\r\nSet-Cookie: x=1",
  "24:00",
  "25:00",
  "-1:00",
  "24:00:01",
  "12:60",
  "٠٨:٠٠",
  "8:00",
  "23:59:60",
  "Europe/Nowhere",
  "+01:00",
  "GMT+25",
  "8",
  "8 gib",
  "8GiB ",
  "-8GiB",
  "999999999TiB",
  "0GiB",
  "1.0000001GiB",
  "999999999d",
  "1w",
  "0s",
  "2025-02-30",
  "2024-02-29",
  "9999-12-31",
  "localhost",
  "[::1]:99999",
  "a".repeat(41),
  "A",
  "-a",
  hugeText,
  "[".repeat(2000),
];

const strangeNumbers = [
  0,
  -0,
  -1,
  0.1,
  1.5,
  1e-9,
  1e21,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 53,
  2 ** 53 + 2,
  4294967296,
  65536,
  100_001,
  10_001,
];

/** Keys that mean something to JavaScript itself. */
const strangeKeys = ["__proto__", "constructor", "prototype", "toString", "", "\u0000", "\ud800", "a.b", "0", "name "];

/** Any JSON value, mostly small. */
export function strangeValue(rng: SeededRng, depth = 0): unknown {
  switch (rng.below(depth > 3 ? 4 : 7)) {
    case 0:
      return pick(rng, strangeTexts);
    case 1:
      return pick(rng, strangeNumbers);
    case 2:
      return pick(rng, [null, true, false]);
    case 3:
      return pick(rng, [[], {}, [[]], [null], [{}], { "": "" }]);
    case 4:
      return Array.from({ length: rng.below(4) }, () => strangeValue(rng, depth + 1));
    case 5:
      return nest(strangeValue(rng, 9), rng.below(60));
    default:
      return strangeObject(rng, depth);
  }
}

function strangeObject(rng: SeededRng, depth: number): Record<string, unknown> {
  // Own fields whatever the name: `__proto__` too.
  const entries = Array.from({ length: rng.below(4) }, (): [string, unknown] => [
    chance(rng, 50) ? pick(rng, strangeKeys) : rng.id(3),
    strangeValue(rng, depth + 1),
  ]);
  return Object.fromEntries(entries);
}

function nest(value: unknown, depth: number): unknown {
  let nested = value;
  for (let level = 0; level < depth; level += 1) nested = level % 2 === 0 ? { a: nested } : [nested];
  return nested;
}

/** A good value with one to three things wrong somewhere in it. */
export function spoil(value: unknown, rng: SeededRng): unknown {
  let spoilt = value;
  for (let times = 1 + rng.below(3); times > 0; times -= 1) spoilt = spoilOnce(spoilt, rng);
  return spoilt;
}

function spoilOnce(value: unknown, rng: SeededRng): unknown {
  if (chance(rng, 8)) return strangeValue(rng);
  if (Array.isArray(value) && value.length > 0 && chance(rng, 80)) {
    const items = [...(value as unknown[])];
    const index = rng.below(items.length);
    if (chance(rng, 20)) return [...items, ...items];
    if (chance(rng, 5)) return Array.from({ length: 1500 }, () => items[0]);
    items[index] = spoilOnce(items[index], rng);
    return items;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return strangeValue(rng);
  const entries = Object.entries(value);
  const index = rng.below(entries.length + 1);
  const entry = entries[index];
  if (!entry) {
    const name = chance(rng, 60) ? pick(rng, strangeKeys) : pick(rng, ["surprise", "Name", "settings", "owner"]);
    return Object.fromEntries([...entries, [name, strangeValue(rng)]]);
  }
  if (chance(rng, 15)) return Object.fromEntries(entries.filter((_, other) => other !== index));
  entries[index] = [entry[0], chance(rng, 60) ? spoilOnce(entry[1], rng) : strangeValue(rng)];
  return Object.fromEntries(entries);
}
