/** The digest of a document, whatever the order of its keys. */
import { createHash } from "node:crypto";
import { canonicalJson } from "../model/canonical-json";

export { canonicalJson };

/** SHA-256 (hex) of the canonical JSON. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}
