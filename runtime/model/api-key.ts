/** API keys and what is remembered of them. */
import type { EpochMs } from "./clock";

export const apiScopes = ["admin", "operator", "broker", "viewer"] as const;
export type ApiScope = (typeof apiScopes)[number];

/** The key itself is never stored: SHA-256 of it, hex. */
export interface ApiKey {
  readonly name: string;
  readonly scope: ApiScope;
  readonly hash: string;
  readonly createdAtMs: EpochMs;
  /** Of a key that was asked for with an idempotency key: digest of that, and what else the key was derived from. */
  readonly madeBy?: { readonly request: string; readonly nonce: string };
  /** Browsers that signed out before their cookie had ended; absent = none. */
  readonly signOuts?: readonly { readonly id: string; readonly untilMs: EpochMs }[];
  /** Browsers that signed in before are signed out; absent = none is. */
  readonly signInsFromMs?: EpochMs;
}

/** An API key that was deleted: neither it nor the request that made it is ever good again. */
export interface RevokedKey {
  readonly hash: string;
  readonly name: string;
  readonly revokedAtMs: EpochMs;
  readonly request?: string;
}
