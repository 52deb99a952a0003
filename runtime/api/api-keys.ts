/**
 * API keys: `hr_` and 256 random bits. Only the SHA-256 is kept; a slow hash would add nothing, because a key can't be
 * guessed from a dictionary.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { ApiKey, ApiScope } from "../model/state";

/** From least to most: a key may do all that a smaller scope may. */
const scopeRanks: Readonly<Record<ApiScope, number>> = { viewer: 0, broker: 1, operator: 2, admin: 3 };

/** Keys of one runtime; every request compares with each, and nobody needs more. */
export const apiKeysMax = 1000;

export function createApiKey(): string {
  return formatApiKey(randomBytes(32));
}

/** The key with these 32 bytes. */
export function formatApiKey(bytes: Uint8Array): string {
  return `hr_${Buffer.from(bytes).toString("base64url")}`;
}

export function hashApiKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** Compares in constant time with each of the keys. */
export function findApiKey(presented: string, keys: Iterable<ApiKey>): ApiKey | undefined {
  const hash = Buffer.from(hashApiKey(presented));
  let found: ApiKey | undefined;
  for (const key of keys) {
    const known = Buffer.from(key.hash);
    if (known.length === hash.length && timingSafeEqual(known, hash)) found = key;
  }
  return found;
}

/** True while the very key, not another of its name, is known. */
export function isGood({ name, hash }: ApiKey, keys: ReadonlyMap<string, ApiKey>): boolean {
  return keys.get(name)?.hash === hash;
}

export function allows(scope: ApiScope, needed: ApiScope): boolean {
  return scopeRanks[scope] >= scopeRanks[needed];
}
