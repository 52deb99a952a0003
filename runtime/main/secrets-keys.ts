/**
 * The file `secrets-key` of the data folder: the keys that seal what is secret in the database, one a line, the newest
 * first. There is one, but for the time of a rotation, in which older ones still open what they have sealed.
 */
import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../executor/durable-file";
import { SetupError } from "../model/errors";
import { secretsKey, sealingKeyBytes, type KeyRing, type SecretsKey } from "../store/sealer";
import { keepSecret } from "./data-folder";

export const secretsKeyFile = "secrets-key";

export class SecretsKeys implements KeyRing {
  private constructor(
    private readonly folder: string,
    private newestFirst: readonly SecretsKey[],
  ) {}

  /** Makes the file with one key when there is none. */
  static async open(folder: string): Promise<SecretsKeys> {
    // Of writing that was cut off; it may hold a key that is meant to be gone.
    for (const name of await readdir(folder)) {
      if (name.startsWith(`${secretsKeyFile}.`)) await rm(join(folder, name), { force: true });
    }
    return new SecretsKeys(folder, await readKeys(folder));
  }

  get keys(): readonly SecretsKey[] {
    return this.newestFirst;
  }

  /** Somebody may have put another file there. */
  async readAgain(): Promise<void> {
    this.newestFirst = await readKeys(this.folder);
  }

  /** A new key seals from now on. It is in the file before it is used. */
  async add(): Promise<SecretsKey> {
    const added = secretsKey(randomBytes(sealingKeyBytes));
    await this.write([added, ...this.newestFirst]);
    return added;
  }

  /** Only the newest key stays: call it when nothing in the database needs the others. */
  async dropOlder(): Promise<void> {
    if (this.newestFirst.length > 1) await this.write(this.newestFirst.slice(0, 1));
  }

  private async write(keys: readonly SecretsKey[]): Promise<void> {
    const lines = keys.map(({ bytes }) => `${Buffer.from(bytes).toString("base64url")}\n`);
    await writeDurably(join(this.folder, secretsKeyFile), lines.join(""));
    this.newestFirst = keys;
  }
}

async function readKeys(folder: string): Promise<SecretsKey[]> {
  const text = await keepSecret(folder, secretsKeyFile, () => randomBytes(sealingKeyBytes).toString("base64url"));
  return text.split("\n").map((line) => {
    const bytes = Buffer.from(line.trim(), "base64url");
    if (bytes.length === sealingKeyBytes) return secretsKey(bytes);
    throw new SetupError(
      `${join(folder, secretsKeyFile)} is damaged: each of its lines has ${sealingKeyBytes} bytes in base64url; restore it from a backup, or from the data folder of another runtime on the same database`,
    );
  });
}
