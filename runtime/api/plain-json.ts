/** Limits of what JSON may contain, checked before anything else looks at it. */
import { ConfigError } from "../model/errors";

/** No definition is deeper than this; code that recurses over documents stays safe. */
const depthMax = 40;

/** NUL and lone surrogates can't be stored as text by PostgreSQL. */
const unstorable = /[\u0000\p{Surrogate}]/u;

/** Throws {@link ConfigError} for values that can't be stored faithfully: too deep, NUL characters, infinite numbers. */
export function assertPlainJson(value: unknown, path = "", depth = 0): void {
  if (typeof value === "string") {
    if (unstorable.test(value)) throw problem(path, "contains a NUL or half a character; use valid Unicode text");
    return;
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw problem(path, "is too large a number");
    return;
  }
  if (typeof value !== "object" || value === null) return;
  if (depth >= depthMax) throw problem(path, `is nested deeper than ${depthMax} levels`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) assertPlainJson(item, `${path}[${index}]`, depth + 1);
    return;
  }
  for (const key of Object.keys(value)) {
    if (unstorable.test(key) || key === "__proto__") throw problem(path, "has a field name that is not allowed");
    assertPlainJson((value as Record<string, unknown>)[key], path ? `${path}.${key}` : key, depth + 1);
  }
}

function problem(path: string, message: string): ConfigError {
  return ConfigError.of([{ path, message }]);
}
