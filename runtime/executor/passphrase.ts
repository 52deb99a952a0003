/**
 * Secrets in Pulumi's passphrase format, so that the engine reads what we write: the salt `v1:SALT:v1:NONCE:MAC`, whose
 * tail is the word "pulumi" encrypted, and values `v1:NONCE:CIPHERTEXT` (AES-256-GCM under a PBKDF2 key).
 * All lanes of one installation share one salt: deriving the key takes about 0.4 s of CPU, and so is done once per process.
 */
import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { SetupError } from "../model/errors";

/** Fixed by the format. */
const iterations = 1_000_000;
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const deriveKey = promisify(pbkdf2);

export class PassphraseCrypter {
  private constructor(
    private readonly key: Buffer,
    /** Value of `encryptionsalt` in a stack's configuration file. */
    readonly salt: string,
  ) {}

  static async create(passphrase: string): Promise<PassphraseCrypter> {
    const salt = randomBytes(8);
    const key = await deriveKey(passphrase, salt, iterations, keyBytes, "sha256");
    return new PassphraseCrypter(key, `v1:${salt.toString("base64")}:${seal(key, "pulumi")}`);
  }

  /** Fails when the passphrase is not the one the salt was made with. */
  static async open(passphrase: string, salt: string): Promise<PassphraseCrypter> {
    const [version, bytes, ...check] = salt.split(":");
    if (version !== "v1" || bytes === undefined || check.length !== 3) {
      throw new SetupError("the file encryption-salt of the data folder is damaged; restore it from a backup");
    }
    const key = await deriveKey(passphrase, Buffer.from(bytes, "base64"), iterations, keyBytes, "sha256");
    try {
      if (unseal(key, check.join(":")) === "pulumi") return new PassphraseCrypter(key, salt);
    } catch {
      // A wrong key fails the authentication tag: same answer as a wrong word.
    }
    throw new SetupError(
      "the file passphrase of the data folder does not fit the file encryption-salt; restore the one that made it",
    );
  }

  encrypt(text: string): string {
    return seal(this.key, text);
  }

  decrypt(text: string): string {
    return unseal(this.key, text);
  }
}

function seal(key: Buffer, text: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}

function unseal(key: Buffer, text: string): string {
  const [version, nonce, sealed] = text.split(":");
  if (version !== "v1" || nonce === undefined || sealed === undefined) throw new Error("malformed ciphertext");
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString("utf8");
}
