/** Bodies about how users get into servers: connections, users' SSH keys, accounts in VMs. */
import { z } from "zod";
import { userIdSchema } from "../model/fields";
import { connectionTypes, credentialTypes } from "../model/connection";
import { privateKeyLengthMax } from "../model/private-key";

const credentialTypeSchema = z.enum(credentialTypes);

export const nodeConnectionSchema = z.strictObject({
  type: z.enum(connectionTypes),
  port: z.int(),
  credentialType: credentialTypeSchema,
  ssoDomain: z.string().optional(),
  userName: z.string().optional(),
  useUserSshKey: z.literal(true).optional(),
  awaitsPassword: z.literal(true).optional(),
  /** Something of it is secret; only `GET /api/v1/sessions/{id}/connection` tells it. */
  hasSecrets: z.literal(true).optional(),
});

export const connectionQuerySchema = z.strictObject({ as: z.enum(["guacamole"]).optional() });

export const connectionAnswerSchema = z.strictObject({
  connection: z
    .strictObject({
      /** `container`: on a docker agent, whose own proxy leads to it. */
      type: z.enum([...connectionTypes, "container"]),
      /** DNS name where the node has one, else its address. */
      host: z.string(),
      /** Absent for containers. */
      port: z.int().optional(),
      credentialType: credentialTypeSchema.optional(),
      /** Absent = the server asks the user. */
      userName: z.string().optional(),
      password: z.string().optional(),
      privateKey: z.string().optional(),
      passphrase: z.string().optional(),
      info: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  /** Instead, with `?as=guacamole`. */
  guacamole: z
    .strictObject({
      /** For Guacamole's `POST /api/tokens`, as the form field `data`. */
      data: z.string(),
      /** Guacamole takes it until then. */
      expiresAtMs: z.int(),
    })
    .optional(),
});

export type ConnectionView = NonNullable<z.output<typeof connectionAnswerSchema>["connection"]>;

export const userParamsSchema = z.strictObject({ userId: userIdSchema });

export const putUserKeySchema = z.strictObject({
  /** PEM. RSA of 2048 bits in PKCS1 unless `takesAnyKey`. */
  privateKey: z.string().min(1).max(privateKeyLengthMax),
  /** Absent = the key is not encrypted. */
  passphrase: z.string().min(1).max(1024).optional(),
  /** The gateway takes RSA keys of any size and keys in OpenSSH's own format. Default false. */
  takesAnyKey: z.boolean().optional(),
});
export const userKeySchema = z.strictObject({
  sshKey: z.strictObject({ userId: z.string(), fingerprint: z.string(), updatedAtMs: z.int() }),
});

export const accountsQuerySchema = z.strictObject({
  /** The version that the caller knows: the answer then waits up to 25 s for another one. */
  after: z.string().min(1).max(64).optional(),
});
export const nodeAccountsSchema = z.strictObject({
  version: z.string(),
  /** Those that should exist now, and no others that the caller has made. */
  accounts: z.array(
    z.strictObject({
      accountId: z.string(),
      userName: z.string(),
      password: z.string(),
      /** For `authorized_keys`. */
      publicKey: z.string().optional(),
    }),
  ),
});
export const presentAccountsSchema = z.strictObject({
  /** Ids of the accounts that exist now. */
  present: z.array(z.string().min(1).max(64)).max(10_000),
});
