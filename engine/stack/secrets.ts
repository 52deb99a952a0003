/**
 * Passphrase secrets in Pulumi's format: a salt `v1:SALT:v1:NONCE:MAC` whose tail encrypts the word "pulumi" (so a wrong
 * passphrase is noticed), and values `v1:NONCE:CIPHERTEXT`, AES-256-GCM under a PBKDF2 key.
 * The rule kept: the expensive key is derived off the main thread, once, and only when a secret is really handled.
 */
import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { CommandFailure } from "../failure";
import { storedKey, storeKey } from "./key-file";

/** Fixed by the format: an official CLI must derive the same key. */
const iterations = 1_000_000;
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const deriveKey = promisify(pbkdf2);

/** The passphrase from the environment, or an error that says how to set it. */
export function readPassphrase(): string {
  const direct = process.env.PULUMI_CONFIG_PASSPHRASE;
  if (direct !== undefined) return direct;
  const file = process.env.PULUMI_CONFIG_PASSPHRASE_FILE;
  if (file) return readFileSync(file, "utf8").trim();
  throw new CommandFailure(
    "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
  );
}

/** Says that {@link Crypter.unlock} has to be awaited first. */
export class KeyNeeded extends Error {}

export class Crypter {
  private key: Buffer | undefined;
  private unlocking: Promise<void> | undefined;

  /** `salt` is the whole salt text as the state and the stack's configuration file hold it. */
  constructor(readonly salt: string) {}

  /** Makes a new salt for the passphrase of the environment. */
  static async create(): Promise<Crypter> {
    const salt = randomBytes(8);
    const key = await deriveKey(readPassphrase(), salt, iterations, keyBytes, "sha256");
    const crypter = new Crypter(`v1:${salt.toString("base64")}:${encryptWith(key, "pulumi")}`);
    crypter.key = key;
    return crypter;
  }

  /** Derives the key and checks the passphrase with it. */
  unlock(): Promise<void> {
    this.unlocking ??= this.derive();
    return this.unlocking;
  }

  private async derive(): Promise<void> {
    if (this.key) return;
    const [version, salt, ...check] = this.salt.split(":");
    if (version !== "v1" || !salt || check.length !== 3) throw new CommandFailure("malformed encryption salt");
    const fits = (key: Buffer): boolean => opensWord(key, check.join(":"));
    this.key = storedKey(salt, fits);
    if (this.key) return;
    const key = await deriveKey(readPassphrase(), Buffer.from(salt, "base64"), iterations, keyBytes, "sha256");
    if (!fits(key)) throw new CommandFailure("incorrect passphrase");
    this.key = key;
    storeKey(salt, key);
  }

  encrypt(text: string): string {
    return encryptWith(this.requireKey(), text);
  }

  decrypt(text: string): string {
    return decryptWith(this.requireKey(), text);
  }

  private requireKey(): Buffer {
    if (!this.key) throw new KeyNeeded("a secret was handled before its key was derived");
    return this.key;
  }
}

function opensWord(key: Buffer, sealed: string): boolean {
  try {
    return decryptWith(key, sealed) === "pulumi";
  } catch {
    return false;
  }
}

function encryptWith(key: Buffer, text: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}

function decryptWith(key: Buffer, text: string): string {
  const [version, nonce, sealedText] = text.split(":");
  if (version !== "v1" || !nonce || !sealedText) throw new Error("malformed ciphertext");
  const sealed = Buffer.from(sealedText, "base64");
  const cipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
  cipher.setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([cipher.update(sealed.subarray(0, -tagBytes)), cipher.final()]).toString("utf8");
}
