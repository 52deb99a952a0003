/**
 * Whether this runtime belongs to the installation whose database it found. The database keeps the installation's id and
 * fingerprints of what all its runtimes must share: the backend with the stacks, the passphrase of the stacks, the secret
 * that signs the tokens of nodes, and the key that seals secrets in the database. A runtime with another one of these would destroy or lock out a fleet, so it
 * does not lead. An empty backend at the same place is taken: what it lost is found again in the clouds, by node id.
 */
import { createHmac } from "node:crypto";
import type { BackendIdentity } from "../executor/backend-identity";
import { InstallationError } from "../model/errors";
import type { Rng } from "../model/clock";
import type { InstallationRecord } from "../model/installation-record";
import type { KeyRing, SecretsKey } from "../store/sealer";

/** What an operator may give the installation anew, each once and knowingly. */
export const acceptable = ["backend", "passphrase", "token-secret", "secrets-key", "admin-key"] as const;
export type Acceptable = (typeof acceptable)[number];

export interface OwnSecrets {
  readonly backend: BackendIdentity;
  /** Made from passphrase and salt of the stacks. */
  readonly passphraseKey: Uint8Array;
  readonly tokenSecret: Uint8Array;
  /** Of the stacks; told to workers on other machines. */
  readonly encryptionSalt: string;
  /** The newest seals. One that is known only as an older key, from before a rotation, opens everything too. */
  readonly secretsKeys: KeyRing & { readAgain(): Promise<void> };
}

/** The record as it is to stand now that this runtime leads. */
export interface Admission {
  readonly record: InstallationRecord;
  /** One sentence when the backend's folder turned out to be empty, or another one that was accepted. */
  readonly warning?: string;
}

interface Difference {
  readonly what: Acceptable;
  readonly text: string;
  readonly remedy: string;
}

export class OwnInstallation {
  constructor(
    private readonly own: OwnSecrets,
    private readonly accepted: readonly Acceptable[] = [],
  ) {}

  /** Whether the operator gives the installation a new one of these. */
  accepts(what: Acceptable): boolean {
    return this.accepted.includes(what);
  }

  /** Rejects with an {@link InstallationError} that names what differs. @param record Undefined = nobody has led yet. */
  async check(record: InstallationRecord | undefined): Promise<void> {
    await this.own.secretsKeys.readAgain();
    const differences = (await this.differencesTo(record)).filter(({ what }) => !this.accepts(what));
    if (differences.length === 0) return;
    const whose = record === undefined ? "a new installation" : `installation ${record.installationId}`;
    const texts = differences.map(({ text }) => text).join(" and ");
    const remedies = differences.map(({ remedy }) => remedy).join("; ");
    const accept = differences.map(({ what }) => `--accept ${what}`).join(" ");
    throw new InstallationError(
      `this runtime does not lead ${whose}: ${texts}; ${remedies}; or make what this runtime has the installation's own by starting once with ${accept}`,
    );
  }

  /** To be called with the lease held. Rejects as {@link OwnInstallation.check} does. */
  async admit(record: InstallationRecord | undefined, rng: Rng): Promise<Admission> {
    await this.check(record);
    const mark = await this.own.backend.mark();
    const installationId = record?.installationId ?? mark ?? `i${rng.id(15)}`;
    const isUnmarked = this.own.backend.canBeMarked && mark !== installationId && record !== undefined;
    const warning = `the backend ${this.own.backend.url} does not know this installation: its stacks are recovered from the clouds`;
    return { record: this.recordFor(installationId), ...(isUnmarked ? { warning } : {}) };
  }

  /** Call when the record is durable. */
  async markBackend(installationId: string): Promise<void> {
    if ((await this.own.backend.mark()) !== installationId) await this.own.backend.setMark(installationId);
  }

  /** As it stands in the database when this runtime leads. */
  recordFor(installationId: string): InstallationRecord {
    const { backend, passphraseKey, tokenSecret, encryptionSalt, secretsKeys } = this.own;
    return {
      installationId,
      backend: backend.url,
      passphrase: passphraseFingerprint(passphraseKey, installationId),
      tokenSecret: fingerprint(tokenSecret, `token secret of ${installationId}`),
      secretsKey: fingerprintOf(secretsKeys.keys[0]!, installationId),
      encryptionSalt,
    };
  }

  private async differencesTo(record: InstallationRecord | undefined): Promise<Difference[]> {
    const differences: Difference[] = [];
    const backend = await this.backendDifference(record);
    const remedy = "name the installation's own with --backend";
    if (backend !== undefined) differences.push({ what: "backend", text: backend, remedy });
    if (record === undefined) return differences;
    const own = this.recordFor(record.installationId);
    if (own.passphrase !== record.passphrase) {
      differences.push({
        what: "passphrase",
        text: "its passphrase is another one",
        remedy: "copy the files passphrase and encryption-salt from the data folder of the runtime that led",
      });
    }
    if (own.tokenSecret !== record.tokenSecret) {
      differences.push({
        what: "token-secret",
        text: "its token secret is another one",
        remedy: "copy the file node-token-secret from the data folder of the runtime that led",
      });
    }
    const { installationId, secretsKey } = record;
    const { keys } = this.own.secretsKeys;
    if (secretsKey !== undefined && !keys.some((key) => fingerprintOf(key, installationId) === secretsKey)) {
      differences.push({
        what: "secrets-key",
        text: "its secrets key is another one",
        remedy: "copy the file secrets-key from the data folder of the runtime that led",
      });
    }
    return differences;
  }

  private async backendDifference(record: InstallationRecord | undefined): Promise<string | undefined> {
    const { backend } = this.own;
    const mark = await backend.mark();
    if (mark !== undefined) {
      if (mark === record?.installationId) return undefined;
      return `its backend ${backend.url} holds the stacks of installation ${mark}`;
    }
    if (record === undefined || record.backend === backend.url) return undefined;
    return `its backend is ${backend.url} and the installation's is ${record.backend}`;
  }
}

function fingerprintOf({ bytes }: SecretsKey, installationId: string): string {
  return fingerprint(bytes, `secrets key of ${installationId}`);
}

export function passphraseFingerprint(passphraseKey: Uint8Array, installationId: string): string {
  return fingerprint(passphraseKey, `passphrase of ${installationId}`);
}

function fingerprint(key: Uint8Array, subject: string): string {
  return createHmac("sha256", key).update(`headroom ${subject}`).digest("hex").slice(0, 32);
}
