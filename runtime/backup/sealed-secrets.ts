/**
 * The secret files of a data folder in a backup: sealed with a key made from the operator's password, and bound to
 * everything that stands before them, so that a backup that somebody changed does not open.
 */
import { randomBytes, scrypt } from "node:crypto";
import { z } from "zod";
import { ConfigError } from "../model/errors";
import { createSealer, sealingKeyBytes } from "../store/sealer";
import { secretFiles, type EntryOf } from "./format";

/** Shorter ones are guessed by who has the file. */
export const passwordMin = 12;

/** 64 MiB and about a fifth of a second for each guess. */
const cost = { N: 2 ** 16, r: 8, p: 1, maxmem: 2 ** 27 };
const saltBytes = 16;

/** Text by name of the file. */
export type SecretTexts = Partial<Readonly<Record<(typeof secretFiles)[number], string>>>;
const textsSchema = z.partialRecord(z.enum(secretFiles), z.string());

export async function sealSecrets(
  secrets: SecretTexts,
  { password, digestBefore }: { readonly password: string; readonly digestBefore: string },
): Promise<EntryOf<"secrets">> {
  const salt = randomBytes(saltBytes).toString("base64");
  const sealer = createSealer(await keyOf(password, salt));
  return { kind: "secrets", salt, sealed: sealer.seal(JSON.stringify(secrets), placeOf(digestBefore)) };
}

/** Fails with `ConfigError` when the password is another one. */
export async function openSecrets(
  { salt, sealed }: EntryOf<"secrets">,
  { password, digestBefore }: { readonly password: string; readonly digestBefore: string },
): Promise<SecretTexts> {
  const text = createSealer(await keyOf(password, salt)).open(sealed, placeOf(digestBefore));
  if (text !== undefined) return textsSchema.parse(JSON.parse(text));
  throw new ConfigError(
    "the password does not open the secrets of this backup: it is another one, or somebody changed the file",
  );
}

function placeOf(digestBefore: string): string {
  return `secrets of a backup ${digestBefore}`;
}

function keyOf(password: string, salt: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, Buffer.from(salt, "base64"), sealingKeyBytes, cost, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
