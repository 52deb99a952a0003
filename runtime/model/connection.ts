/**
 * How users get into a server: what an autoscale config or a static member says of it, and what of that a node keeps. The
 * fields are those of both; all may be left out, {@link withConnectionDefaults} fills them.
 */
import { z } from "zod";
import { privateKeyLengthMax, readPrivateKey } from "./private-key";

export const connectionTypes = ["kasmvnc", "rdp", "vnc", "ssh"] as const;
export type ConnectionType = (typeof connectionTypes)[number];

/**
 * `static` what is declared, `dynamic` an account per session that the service in the VM makes, `sso` the user's own name,
 * `smartcard` and `promptUser` nothing: the server asks the user.
 */
export const credentialTypes = ["static", "dynamic", "sso", "smartcard", "promptUser"] as const;
export type CredentialType = (typeof credentialTypes)[number];

const infoLengthMax = 16_384;

export const connectionFields = {
  connectionType: z.enum(connectionTypes).optional().describe("How users reach the servers. Default `rdp`."),
  connectionPort: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe(
      "TCP port of the connection. Default: as usual for the type, 3389 with RDP, 22 with SSH, 5900 with VNC, 8443 with " +
        "KasmVNC (4902 on Windows, where the desktop service serves it).",
    ),
  connectionCredentialType: z
    .enum(credentialTypes)
    .optional()
    .describe(
      "Whose credentials a session's user gets: `static` those declared here, `dynamic` an account of his own for each " +
        "session, which the service in the VM makes and removes, `sso` his own name with `connectionSsoDomain`, " +
        "`smartcard` (RDP only) and `promptUser` none: the server asks him. Default `static`.",
    ),
  connectionSsoDomain: z
    .string()
    .max(255)
    .regex(/^[^\s\p{Cc}@]*$/u, 'use a domain such as "corp.example.com", a prefix such as "CORP\\", or "localhost"')
    .optional()
    .describe(
      "With `sso`: what becomes of the user's name. `localhost` drops its domain part, a value that ends in a backslash " +
        'is put before it (`"CORP\\\\"` gives `CORP\\john`), any other after it (`john@value`). Default: as it is.',
    ),
  connectionUsername: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe(
      "With `static`: account on the servers, also for startup scripts that use `{connection_username}`. Default none: " +
        "the server asks the user.",
    ),
  connectionPassword: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .describe("With `static`: its password, also for `{connection_password}`. Default none."),
  useUserSshKey: z
    .boolean()
    .optional()
    .describe(
      "With SSH and `static`, `dynamic` or `sso`: each user enters with his own key, which " +
        "`PUT /api/v1/users/{userId}/ssh-key` keeps. Default false.",
    ),
  connectionPrivateKey: z
    .string()
    .min(1)
    .max(privateKeyLengthMax)
    .optional()
    .describe(
      "With SSH and `static`: private key of `connectionUsername`, RSA of 2048 bits in PKCS1 " +
        "(`-----BEGIN RSA PRIVATE KEY-----`). Newer sshd take it only with `PubkeyAcceptedAlgorithms +ssh-rsa`. Default none.",
    ),
  connectionPrivateKeyPassphrase: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .describe("Passphrase of `connectionPrivateKey`. Default: the key is not encrypted."),
  connectionTakesAnyKey: z
    .boolean()
    .optional()
    .describe(
      "True: the gateway takes RSA keys of any size and keys in OpenSSH's own format, so these are not refused. Default false.",
    ),
  connectionInfo: z
    .record(z.string().min(1).max(200), z.unknown())
    .refine((info) => JSON.stringify(info).length <= infoLengthMax, `use at most ${infoLengthMax} characters of JSON`)
    .optional()
    .describe(
      'Further parameters for the gateway as an object, e.g. `{ "ignore-cert": true }` for Guacamole. They may hold ' +
        "passwords, so all of it is a secret. Default none.",
    ),
};

/** Fields of {@link connectionFields} that are never shown. */
export const secretConnectionFields = [
  "connectionPassword",
  "connectionPrivateKey",
  "connectionPrivateKeyPassphrase",
  "connectionInfo",
] as const;

/** What is said of a connection. */
export type ConnectionFields = { [F in keyof typeof connectionFields]?: z.output<(typeof connectionFields)[F]> };
export type ConnectionField = keyof typeof connectionFields;

/** What holds where nothing is said. */
export function withConnectionDefaults<Fields extends ConnectionFields>(fields: Fields, osType: "linux" | "windows") {
  const connectionType = fields.connectionType ?? "rdp";
  return {
    ...fields,
    connectionType,
    connectionPort: fields.connectionPort ?? defaultPort(connectionType, osType),
    connectionCredentialType: fields.connectionCredentialType ?? "static",
    useUserSshKey: fields.useUserSshKey ?? false,
    connectionTakesAnyKey: fields.connectionTakesAnyKey ?? false,
  };
}

function defaultPort(type: ConnectionType, osType: "linux" | "windows"): number {
  if (type === "kasmvnc") return osType === "windows" ? 4902 : 8443;
  return { rdp: 3389, ssh: 22, vnc: 5900 }[type];
}

/** What is wrong between the fields: field and message. Values are never told. */
export function connectionProblems(fields: ConnectionFields): [ConnectionField, string][] {
  const { connectionType: type = "rdp", connectionCredentialType: credentials = "static" } = fields;
  const problems: [ConnectionField, string][] = [];
  const only = (field: ConnectionField, isGood: boolean, where: string): void => {
    const value = fields[field];
    if (value !== undefined && value !== false && !isGood) problems.push([field, where]);
  };
  const withType = `here the connection type is ${type}`;
  const withCredentials = `here the credential type is ${credentials}`;
  const isSsh = type === "ssh";
  const isStatic = credentials === "static";
  if (credentials === "smartcard" && type !== "rdp") {
    problems.push(["connectionCredentialType", `smartcard only with connection type rdp; ${withType}`]);
  }
  only("connectionSsoDomain", credentials === "sso", `only with credential type sso; ${withCredentials}`);
  for (const field of ["connectionUsername", "connectionPassword"] as const) {
    only(field, isStatic, `only with credential type static; ${withCredentials}`);
  }
  for (const field of ["useUserSshKey", "connectionPrivateKey", "connectionTakesAnyKey"] as const) {
    only(field, isSsh, `only with connection type ssh; ${withType}`);
  }
  if (!isSsh) only("connectionPrivateKeyPassphrase", false, `only with connection type ssh; ${withType}`);
  else problems.push(...sshProblems(fields, credentials));
  const { connectionUsername: username, connectionPassword: password } = fields;
  if (type === "kasmvnc" && isStatic && (username === undefined) !== (password === undefined)) {
    const missing = username === undefined ? "connectionUsername" : "connectionPassword";
    problems.push([missing, "with connection type kasmvnc both connectionUsername and connectionPassword, or neither"]);
  }
  return problems;
}

function sshProblems(fields: ConnectionFields, credentials: CredentialType): [ConnectionField, string][] {
  const { connectionPrivateKey: privateKey, connectionPrivateKeyPassphrase: passphrase, useUserSshKey } = fields;
  const problems: [ConnectionField, string][] = [];
  if (useUserSshKey && (credentials === "smartcard" || credentials === "promptUser")) {
    problems.push(["useUserSshKey", `only with credential type static, dynamic or sso; here it is ${credentials}`]);
  }
  if (privateKey !== undefined && credentials !== "static") {
    problems.push(["connectionPrivateKey", `only with credential type static; here it is ${credentials}`]);
  }
  if (privateKey !== undefined && useUserSshKey) {
    problems.push(["connectionPrivateKey", "not with useUserSshKey: each user enters with his own key"]);
  }
  if (credentials === "static" && (privateKey !== undefined || useUserSshKey) && !fields.connectionUsername) {
    problems.push(["connectionUsername", "required with a key: the name that the key belongs to"]);
  }
  if (privateKey === undefined) {
    if (passphrase !== undefined) problems.push(["connectionPrivateKeyPassphrase", "only with connectionPrivateKey"]);
    return problems;
  }
  const reading = readPrivateKey({ privateKey, passphrase }, fields.connectionTakesAnyKey ?? false);
  if (reading.kind === "good") return problems;
  const field = reading.field === "passphrase" ? "connectionPrivateKeyPassphrase" : "connectionPrivateKey";
  return [...problems, [field, reading.message]];
}

/** What a node keeps of its connection, frozen when it is born, without what is secret. */
export interface NodeConnection {
  readonly type: ConnectionType;
  readonly port: number;
  readonly credentialType: CredentialType;
  /** Absent = names as they are. */
  readonly ssoDomain?: string;
  readonly userName?: string;
  readonly useUserSshKey?: true;
  /** The cloud makes its password, which has not been told yet. */
  readonly awaitsPassword?: true;
  /** A row of `NodeSecrets` was written with the node. */
  readonly hasSecrets?: true;
}

/** What is secret of it; each absent where there is none. */
export interface ConnectionSecrets {
  readonly password?: string;
  readonly privateKey?: string;
  readonly passphrase?: string;
  readonly info?: Readonly<Record<string, unknown>>;
}

type Filled = ReturnType<typeof withConnectionDefaults<ConnectionFields>>;

export function nodeConnectionOf(fields: Filled): NodeConnection {
  const { connectionSsoDomain: ssoDomain = "", connectionUsername: userName, useUserSshKey } = fields;
  return {
    type: fields.connectionType,
    port: fields.connectionPort,
    credentialType: fields.connectionCredentialType,
    ...(ssoDomain === "" ? {} : { ssoDomain }),
    ...(userName === undefined ? {} : { userName }),
    ...(useUserSshKey ? { useUserSshKey } : {}),
    ...(connectionSecretsOf(fields) ? { hasSecrets: true } : {}),
  };
}

/** Undefined when nothing of it is secret. */
export function connectionSecretsOf(fields: ConnectionFields): ConnectionSecrets | undefined {
  const { connectionPassword, connectionPrivateKey, connectionPrivateKeyPassphrase, connectionInfo } = fields;
  const secrets: ConnectionSecrets = {
    ...(connectionPassword === undefined ? {} : { password: connectionPassword }),
    ...(connectionPrivateKey === undefined ? {} : { privateKey: connectionPrivateKey }),
    ...(connectionPrivateKeyPassphrase === undefined ? {} : { passphrase: connectionPrivateKeyPassphrase }),
    ...(connectionInfo === undefined ? {} : { info: connectionInfo }),
  };
  return Object.keys(secrets).length === 0 ? undefined : secrets;
}
