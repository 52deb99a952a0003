/**
 * Private keys with which users enter by SSH. Gateways such as Guacamole's take RSA keys of 2048 bits in PKCS1
 * (`-----BEGIN RSA PRIVATE KEY-----`); a key that they refuse would only be noticed by the user in front of a closed door.
 */
import { createHash, createPrivateKey, type KeyObject } from "node:crypto";

/** Characters of a key's text at most; RSA of 16,384 bits fits. */
export const privateKeyLengthMax = 16_384;

export interface PrivateKeyText {
  readonly privateKey: string;
  /** Absent = the key is not encrypted. */
  readonly passphrase?: string | undefined;
}

export type PrivateKeyReading =
  | {
      readonly kind: "good";
      /** As in `authorized_keys`: type and base64. */
      readonly publicKey: string;
      /** `SHA256:...`, as `ssh-keygen -l` tells it. */
      readonly fingerprint: string;
    }
  | { readonly kind: "bad"; readonly field: "privateKey" | "passphrase"; readonly message: string };

const bitsWanted = 2048;
const rsaLabel = "RSA PRIVATE KEY";
const opensshLabel = "OPENSSH PRIVATE KEY";

/** @param takesAnyKey True: also RSA of other sizes, and every key in OpenSSH's own format, whose passphrase can't be tried. */
export function readPrivateKey({ privateKey, passphrase }: PrivateKeyText, takesAnyKey: boolean): PrivateKeyReading {
  const text = privateKey.trim();
  const label = /^-----BEGIN ([A-Z0-9 ]{1,40})-----\r?\n/.exec(text)?.[1];
  const isOneBlock = label !== undefined && text.indexOf("-----BEGIN", 1) === -1;
  if (!isOneBlock || !text.endsWith(`-----END ${label}-----`)) {
    return badKey(
      `use one private key in PEM that begins with \`-----BEGIN ${rsaLabel}-----\` and ends with its END line`,
    );
  }
  if (label === rsaLabel) return readRsa(text, passphrase, takesAnyKey);
  if (label === opensshLabel && takesAnyKey) return readOpenssh(text);
  const also = takesAnyKey ? ` or \`-----BEGIN ${opensshLabel}-----\`` : "";
  return badKey(
    `begins with \`-----BEGIN ${label}-----\`; use a key of type ssh-rsa in PKCS1 that begins with \`-----BEGIN ${rsaLabel}-----\`${also}; ` +
      "`ssh-keygen -p -m PEM -f FILE` converts one",
  );
}

function readRsa(text: string, passphrase: string | undefined, takesAnyKey: boolean): PrivateKeyReading {
  const isEncrypted = /^Proc-Type: 4,ENCRYPTED\r?$/m.test(text);
  if (isEncrypted && passphrase === undefined) return badPassphrase("the key is encrypted and needs its passphrase");
  if (!isEncrypted && passphrase !== undefined) return badPassphrase("the key is not encrypted; leave it out");
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, format: "pem", ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // What OpenSSL says of it names its own source files and helps nobody.
    return isEncrypted ? badPassphrase("it does not open the key") : badKey("what is between its lines is no RSA key");
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (key.asymmetricKeyType !== "rsa" || bits === undefined) return badKey("use a key of type ssh-rsa");
  if (bits !== bitsWanted && !takesAnyKey) return badKey(`has ${bits} bits; use an RSA key of ${bitsWanted} bits`);
  const { n = "", e = "" } = key.export({ format: "jwk" });
  return good("ssh-rsa", Buffer.concat([sshText(Buffer.from("ssh-rsa")), sshNumber(e), sshNumber(n)]));
}

const opensshMagic = Buffer.from("openssh-key-v1\0");

/** The public half stands in clear: after three texts on the encryption and a count comes the first public key. */
function readOpenssh(text: string): PrivateKeyReading {
  const body = text.split(/\r?\n/).slice(1, -1).join("");
  const bytes = Buffer.from(body, "base64");
  const unreadable = badKey("what is between its lines is no OpenSSH key");
  if (!bytes.subarray(0, opensshMagic.length).equals(opensshMagic)) return unreadable;
  let at = opensshMagic.length;
  const next = (): Buffer | undefined => {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    const part = end > bytes.length ? undefined : bytes.subarray(at + 4, end);
    at = end;
    return part;
  };
  const head = [next(), next(), next()];
  at += 4;
  const blob = next();
  if (head.includes(undefined) || blob === undefined || blob.length < 8) return unreadable;
  const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString("latin1");
  return /^[a-z0-9@.-]{3,64}$/.test(type) ? good(type, blob) : unreadable;
}

function good(type: string, blob: Buffer): PrivateKeyReading {
  const fingerprint = createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
  return { kind: "good", publicKey: `${type} ${blob.toString("base64")}`, fingerprint: `SHA256:${fingerprint}` };
}

function badKey(message: string): PrivateKeyReading {
  return { kind: "bad", field: "privateKey", message };
}

function badPassphrase(message: string): PrivateKeyReading {
  return { kind: "bad", field: "passphrase", message };
}

function sshText(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A number of a JWK; SSH wants a leading zero where it would read a sign. */
function sshNumber(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, "base64url");
  return sshText(bytes[0]! >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}
