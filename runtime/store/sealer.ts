/** Sealing of texts: AES-256-GCM, bound to the place that a text belongs to. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { BugError } from "../model/errors";

export interface Sealer {
  /** @param place What the text belongs to; {@link Sealer.open} must be given the same. */
  seal(text: string, place: string): string;
  /** Undefined: sealed with another key, for another place, or changed since. */
  open(sealed: string, place: string): string | undefined;
}

const cipher = "aes-256-gcm";
export const sealingKeyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** @param key 32 bytes. */
export function createSealer(key: Uint8Array): Sealer {
  if (key.length !== sealingKeyBytes) {
    throw new BugError(`a sealing key has ${sealingKeyBytes} bytes, not ${key.length}`);
  }
  return {
    seal(text, place) {
      const nonce = randomBytes(nonceBytes);
      const seal = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(place));
      const content = Buffer.concat([seal.update(text, "utf8"), seal.final()]);
      return Buffer.concat([nonce, seal.getAuthTag(), content]).toString("base64");
    },
    open(sealed, place) {
      const bytes = Buffer.from(sealed, "base64");
      if (bytes.length < nonceBytes + tagBytes) return undefined;
      const nonce = bytes.subarray(0, nonceBytes);
      const opener = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(place));
      opener.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      const content = opener.update(bytes.subarray(nonceBytes + tagBytes));
      try {
        return Buffer.concat([content, opener.final()]).toString("utf8");
      } catch {
        // The only failure of `final` is that the tag does not fit.
        return undefined;
      }
    },
  };
}

/** A key that seals, with the name by which rows tell which one it was. */
export interface SecretsKey {
  /** 16 hex digits that follow from the key and say nothing else about it. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** @param bytes 32 of them. */
export function secretsKey(bytes: Uint8Array): SecretsKey {
  const id = createHmac("sha256", bytes).update("headroom secrets key").digest("hex").slice(0, 16);
  return { id, bytes };
}

/** The keys of this runtime, which come and go while it runs. */
export interface KeyRing {
  /** The newest first: it seals, the others still open what they have sealed. At least one. */
  readonly keys: readonly SecretsKey[];
}
