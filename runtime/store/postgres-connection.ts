/** Connections to PostgreSQL, and its errors as one sentence that says what to do and never holds a password. */
import { Client, type ClientConfig, type CustomTypesConfig, DatabaseError, types } from "pg";
import { BugError, HeadroomError, SetupError, UnavailableError } from "../model/errors";
import { decodeJson } from "./postgres-text";

/** A server that does not answer within this time is away. Unit: milliseconds. */
export const connectTimeoutMs = 10_000;

const bigintOid = 20;
const jsonbOid = 3802;

/** Numbers stay below 2^53 here; documents are decoded by `postgres-text.ts`. */
const columnTypes: CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    if (format === "binary") return types.getTypeParser(oid, format);
    if (oid === bigintOid) return Number;
    if (oid === jsonbOid) return decodeJson;
    return types.getTypeParser(oid, format);
  },
};

export function clientConfig(connectionString: string): ClientConfig {
  return {
    connectionString,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    types: columnTypes,
    fallback_application_name: "headroom",
  };
}

/**
 * An open connection. Whoever takes it gets its end through `onEnd`, at most once, whatever the cause; without a
 * handler a dying server would end this process.
 */
export async function connect(connectionString: string, onEnd?: (error: Error) => void): Promise<Client> {
  const target = describeTarget(connectionString);
  const client = new Client(clientConfig(connectionString));
  let report = onEnd;
  const end = (cause?: Error): void => {
    report?.(new UnavailableError(`the connection to PostgreSQL at ${target} ended`, { cause }));
    report = undefined;
  };
  client.on("error", end);
  client.on("end", () => end());
  try {
    await client.connect();
  } catch (cause) {
    report = undefined;
    await client.end().catch(() => undefined);
    throw explain(cause, target);
  }
  return client;
}

/** `user@host:port/database` of a connection string, for messages. */
export function describeTarget(connectionString: string): string {
  try {
    const { user, host, port, database } = new Client({ connectionString });
    return `${user}@${host}:${port}/${database}`;
  } catch {
    throw new SetupError(
      "the PostgreSQL connection string can't be read; use postgresql://user:password@host:5432/database",
    );
  }
}

/** What went wrong, by the code PostgreSQL or the system gave. A {@link HeadroomError} stays as it is. */
export function explain(cause: unknown, target: string): HeadroomError {
  if (cause instanceof HeadroomError) return cause;
  const code = errorCode(cause);
  const known = setupProblems[code];
  if (known) return new SetupError(`PostgreSQL at ${target} ${known}`, { cause });
  const detail = firstMessage(cause);
  if (cause instanceof DatabaseError) {
    return new UnavailableError(`PostgreSQL at ${target} refused: ${detail} (${code})`, { cause });
  }
  if (/SSL|certificate/i.test(detail)) {
    return new SetupError(`PostgreSQL at ${target} and this runtime do not agree on TLS: ${detail}; see sslmode`, {
      cause,
    });
  }
  return new UnavailableError(
    `PostgreSQL at ${target} can't be reached (${detail}); check the address and that the server runs`,
    { cause },
  );
}

const setupProblems: Readonly<Record<string, string>> = {
  "28P01": "refused the password; correct user and password in the connection string",
  "28000": "refused this user; check the user name and the server's pg_hba.conf",
  "3D000": "has no such database; create it first or name another one",
  "42501": "does not give this user the rights it needs; grant CREATE on the database and ownership of schema headroom",
  "25006": "is read-only; connect to the primary server",
  ENOTFOUND: "has a host name that does not exist; correct the connection string",
};

export function errorCode(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return errorCode(cause.errors[0]);
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return "";
  return String(cause.code);
}

/** Node joins the failures of several addresses into an error without a message. */
function firstMessage(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return firstMessage(cause.errors[0]);
  return cause instanceof Error ? cause.message : String(cause);
}

/** While the store runs, whatever fails is for the caller to retry after a reload. */
export function asUnavailable(cause: unknown, target: string): HeadroomError {
  if (cause instanceof BugError || cause instanceof UnavailableError) return cause;
  const explained = explain(cause, target);
  return explained instanceof UnavailableError ? explained : new UnavailableError(explained.message, { cause });
}
