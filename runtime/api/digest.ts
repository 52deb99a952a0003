/** The digest of a document, whatever the order of its keys. */
import { createHash, createHmac } from "node:crypto";
import { canonicalJson } from "../model/canonical-json";
import { deriveKey } from "./server-secret";

export { canonicalJson };

/**
 * The digest that callers may see (hex): who has the key only can make it, so that nobody can try secrets against it.
 */
export function shownDigestOf(value: unknown, secret: Uint8Array): string {
  return createHmac("sha256", deriveKey(secret, "digests")).update(canonicalJson(value)).digest("hex");
}

/** SHA-256 (hex) of the canonical JSON: for what is never shown. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}
