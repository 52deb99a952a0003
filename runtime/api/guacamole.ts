/**
 * A connection in the words of Apache Guacamole, for its extension "Encrypted JSON authentication": a JSON document, signed
 * with HMAC-SHA256, the signature in front, then encrypted with AES-128 in CBC mode from a vector of zeros, as base64. One
 * key of 128 bits does both; the extension has it as `json-secret-key`.
 */
import { createCipheriv, createHmac } from "node:crypto";
import type { SessionConnection } from "../broker/session-connection";
import type { EpochMs } from "../model/clock";
import { SetupError } from "../model/errors";

/** Guacamole takes the document once its user's browser sends it, which is at once. */
export const guacamoleValidMs = 60_000;

/** Those of our connection types that Guacamole speaks, under its own name for them: the same. */
const protocols: readonly string[] = ["rdp", "ssh", "vnc"];

export interface GuacamoleDocument {
  readonly username: string;
  readonly expires: EpochMs;
  readonly connections: Readonly<
    Record<string, { readonly protocol: string; readonly parameters: Readonly<Record<string, string>> }>
  >;
}

/** The text of a key file: 32 hexadecimal digits. */
export function parseGuacamoleKey(text: string, file: string): Uint8Array {
  const digits = text.trim();
  if (/^[0-9a-fA-F]{32}$/.test(digits)) return Buffer.from(digits, "hex");
  throw new SetupError(
    `${file} holds no Guacamole key: it must be 32 hexadecimal digits (128 bits), the json-secret-key of Guacamole; \`openssl rand -hex 16\` makes one`,
  );
}

/** @param key 16 bytes. */
export function sealForGuacamole(json: string, key: Uint8Array): string {
  const text = Buffer.from(json, "utf8");
  const signature = createHmac("sha256", key).update(text).digest();
  const cipher = createCipheriv("aes-128-cbc", key, Buffer.alloc(16));
  return Buffer.concat([cipher.update(Buffer.concat([signature, text])), cipher.final()]).toString("base64");
}

/** Undefined for a connection that Guacamole can't make. */
export function guacamoleDocument(
  connection: SessionConnection,
  session: { readonly userId: string; readonly workspace: string; readonly sessionId: string },
  expires: EpochMs,
): GuacamoleDocument | undefined {
  const { type } = connection;
  if (!protocols.includes(type)) return undefined;
  const name = `${session.workspace} ${session.sessionId}`;
  const connections = { [name]: { protocol: type, parameters: parametersOf(connection) } };
  return { username: session.userId, expires, connections };
}

/** Of the gateway's own parameters texts, numbers and truths; ours come last, so that none of them replaces a host. */
function parametersOf(connection: SessionConnection): Record<string, string> {
  const { type, host, port, userName, password, privateKey, passphrase, info = {} } = connection;
  const scalars = Object.entries(info).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  const ours: Record<string, string | undefined> = {
    hostname: host,
    port: port === undefined ? undefined : String(port),
    ...(type === "rdp" ? rdpUser(userName) : { username: userName }),
    password,
    "private-key": privateKey,
    passphrase,
  };
  const known = Object.entries(ours).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries([...scalars.map(([key, value]) => [key, String(value)] as const), ...known]);
}

/** RDP knows a domain of its own: `CORP\john` → domain and user. */
function rdpUser(userName: string | undefined): Record<string, string | undefined> {
  const [, domain, username] = /^([^\\]+)\\(.+)$/.exec(userName ?? "") ?? [];
  return domain === undefined ? { username: userName } : { domain, username };
}
