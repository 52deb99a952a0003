/** What the API makes of the installation's secret: a key of its own for each purpose, so that none opens another's door. */
import { hkdfSync } from "node:crypto";

/** 32 bytes, the same on every runtime of the installation. */
export function deriveKey(
  secret: Uint8Array,
  purpose: "API keys" | "digests" | "forwarding" | "browser sign-ins",
): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(0), `headroom ${purpose}`, 32));
}
