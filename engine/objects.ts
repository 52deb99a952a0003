/** Helpers for plain objects; apart from everything that takes long to load. */

/** The map without one key. */
export function without<T>(map: Record<string, T>, key: string): Record<string, T> {
  const rest = { ...map };
  delete rest[key];
  return rest;
}
