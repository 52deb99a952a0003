/** The row of what all runtimes on one database share. */

/**
 * Which installation a database belongs to: its only row of this kind, made by the first runtime that leads there. The
 * fingerprints tell whether somebody else's secret is the same one, and nothing else about it.
 */
export interface InstallationRecord {
  readonly installationId: string;
  /** URL of the Pulumi backend that holds the stacks, without credentials. */
  readonly backend: string;
  readonly passphrase: string;
  readonly tokenSecret: string;
  /** Of the key that seals secrets in the database; absent in rows of older versions, which sealed accounts only. */
  readonly secretsKey?: string;
  /** Salt of the stacks, from which workers on other machines make their key; absent in rows of older versions. */
  readonly encryptionSalt?: string;
}
