/**
 * How API keys come and go. A key that was deleted never comes back: not by the file of a data folder, not by a repeated
 * request. What a key was is remembered by its hash, what a request has made by the request's.
 */
import { createHash, createHmac, randomBytes } from "node:crypto";
import type { Change } from "../model/changes";
import type { EpochMs } from "../model/clock";
import { ConflictError } from "../model/errors";
import type { ApiKey, ApiScope } from "../model/state";
import type { HotState } from "../store/hot-state";
import { apiKeysMax, createApiKey, formatApiKey, hashApiKey } from "./api-keys";
import { canonicalJson } from "./digest";
import { reused } from "./idempotency";
import { deriveKey } from "./server-secret";

/** Deleted keys that are remembered; beyond it the oldest is forgotten. Their rows have some 200 bytes. */
export const revokedKeysMax = 10_000;

export interface KeyWish {
  readonly name: string;
  readonly scope: ApiScope;
  /** The idempotency key, bound to caller and route. */
  readonly idempotencyKey: string | undefined;
}

/** A key for the answer, and the change that makes it good; no change: an earlier request with the same key made it. */
export function makeKey(
  { name, scope, idempotencyKey }: KeyWish,
  { state, secret, nowMs }: { state: HotState; secret: Uint8Array; nowMs: EpochMs },
): { readonly key: string; readonly changes: readonly Change[] } {
  const request = idempotencyKey === undefined ? undefined : digestOfRequest(idempotencyKey);
  if (request !== undefined) {
    const made = [...state.apiKeys.values()].find(({ madeBy }) => madeBy?.request === request);
    if (made) return { key: showAgain(made, { name, scope }, secret), changes: [] };
    if ([...state.revokedKeys.values()].some((revoked) => revoked.request === request)) {
      throw new ConflictError("the key that this Idempotency-Key made was deleted; use a new one for a new key");
    }
  }
  if (state.apiKeys.has(name)) {
    throw new ConflictError(`there is a key "${name}" already; delete it or choose another name`);
  }
  if (state.apiKeys.size >= apiKeysMax) {
    throw new ConflictError(`there are ${apiKeysMax} keys, the most there may be; delete some first`);
  }
  const madeBy = request === undefined ? undefined : { request, nonce: randomBytes(16).toString("base64url") };
  const key = madeBy === undefined ? createApiKey() : keyFrom(madeBy, { name, scope }, secret);
  const row: ApiKey = { name, scope, hash: hashApiKey(key), createdAtMs: nowMs, ...(madeBy ? { madeBy } : {}) };
  return { key, changes: [{ kind: "put", table: "apiKey", row }] };
}

/** The key goes and is remembered as one that was. */
export function revocationOf({ name, hash, madeBy }: ApiKey, state: HotState, nowMs: EpochMs): Change[] {
  const changes: Change[] = [{ kind: "delete", table: "apiKey", id: name }];
  // Maps keep the order of insertion and loading keeps the order of changes, so the oldest come first.
  const oldest = [...state.revokedKeys.keys()].slice(0, Math.max(0, state.revokedKeys.size + 1 - revokedKeysMax));
  for (const id of oldest) changes.push({ kind: "delete", table: "revokedKey", id });
  const request = madeBy === undefined ? {} : { request: madeBy.request };
  changes.push({ kind: "put", table: "revokedKey", row: { hash, name, revokedAtMs: nowMs, ...request } });
  return changes;
}

/**
 * Makes the key of a data folder an admin key: in a database without keys, and where the operator says so (`isAccepted`).
 * Never one that was deleted.
 */
export function seedAdminKey(
  adminKey: string,
  { state, nowMs, isAccepted }: { state: HotState; nowMs: EpochMs; isAccepted: boolean },
): { readonly changes: readonly Change[]; readonly outcome: "known" | "seeded" | "deleted" | "not asked for" } {
  const hash = hashApiKey(adminKey);
  if ([...state.apiKeys.values()].some((key) => key.hash === hash)) return { changes: [], outcome: "known" };
  if (state.revokedKeys.has(hash)) return { changes: [], outcome: "deleted" };
  if (state.apiKeys.size > 0 && !isAccepted) return { changes: [], outcome: "not asked for" };
  const name = state.apiKeys.has("admin") ? `admin-${hash.slice(0, 8)}` : "admin";
  const row: ApiKey = { name, scope: "admin", hash, createdAtMs: nowMs };
  return { changes: [{ kind: "put", table: "apiKey", row }], outcome: "seeded" };
}

/** The same key for the same body, so that its plain text need not be kept. */
function showAgain(made: ApiKey, wish: Pick<ApiKey, "name" | "scope">, secret: Uint8Array): string {
  if (made.name !== wish.name || made.scope !== wish.scope) throw reused();
  const key = keyFrom(made.madeBy!, wish, secret);
  if (hashApiKey(key) === made.hash) return key;
  throw new ConflictError(
    `key "${made.name}" can't be shown again, because the token secret has changed; delete it and make a new one`,
  );
}

function keyFrom(
  { request, nonce }: NonNullable<ApiKey["madeBy"]>,
  { name, scope }: Pick<ApiKey, "name" | "scope">,
  secret: Uint8Array,
): string {
  const madeFrom = canonicalJson({ request, nonce, name, scope });
  return formatApiKey(createHmac("sha256", deriveKey(secret, "API keys")).update(madeFrom).digest());
}

function digestOfRequest(idempotencyKey: string): string {
  return createHash("sha256").update(idempotencyKey).digest("hex");
}
