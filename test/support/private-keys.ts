/** Private keys as users have them, made anew for each run. */
import { execFileSync } from "node:child_process";
import { createHash, createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** PKCS1, in PEM; encrypted when a passphrase is given. Default 2048 bits. */
export function rsaKey({ bits = 2048, passphrase }: { bits?: number; passphrase?: string } = {}): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const locked = passphrase === undefined ? {} : { cipher: "aes-128-cbc", passphrase };
  return privateKey.export({ type: "pkcs1", format: "pem", ...locked }).toString();
}

/** By which OCI names an API key: the MD5 of its public half. */
export function apiFingerprint(key: string, passphrase?: string): string {
  const given = { key, format: "pem" as const, ...(passphrase === undefined ? {} : { passphrase }) };
  const spki = createPublicKey(given).export({ type: "spki", format: "der" });
  return createHash("md5").update(spki).digest("hex").match(/../g)!.join(":");
}

/** RSA of 2048 bits in PKCS8. */
export function pkcs8Key(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** By ssh-keygen, in OpenSSH's own format. @param type `ed25519`, `rsa` or `ecdsa`. */
export function opensshKey(type: string): string {
  return inFolder((folder) => {
    const file = join(folder, "key");
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "", "-f", file]);
    return readFileSync(file, "utf8");
  });
}

/** What ssh-keygen says of a private key: type and base64 of its public half, and the fingerprint. */
export function keygenSays(privateKey: string): [publicKey: string, fingerprint: string] {
  return inFolder((folder) => {
    const file = join(folder, "key");
    writeFileSync(file, privateKey, { mode: 0o600 });
    const publicKey = execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" });
    writeFileSync(`${file}.pub`, publicKey);
    const listed = execFileSync("ssh-keygen", ["-l", "-f", `${file}.pub`], { encoding: "utf8" });
    return [publicKey.trim().split(" ").slice(0, 2).join(" "), listed.split(" ")[1]!];
  });
}

function inFolder<Result>(run: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), "headroom-keys-"));
  try {
    return run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
