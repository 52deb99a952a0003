/** The JSON file of a service account's key, and of other credentials that Google Cloud's libraries take. */
import { z } from "zod";

/** What its fields hold, as far as they are looked at; a key that is copied only in part is told by what is missing. */
interface CredentialsFile {
  readonly type?: unknown;
  readonly client_email?: unknown;
  readonly private_key?: unknown;
  readonly private_key_id?: unknown;
}

const kinds = [
  "service_account",
  "external_account",
  "impersonated_service_account",
  "authorized_user",
  "external_account_authorized_user",
];

export const credentialsJson = z.string().superRefine((text, context) => {
  const problem = problemIn(text);
  if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
});

function problemIn(text: string): string | undefined {
  const file = parse(text);
  if (file === undefined) {
    return "use the text of the key's JSON file, with its braces; neither its path nor base64 of it is taken";
  }
  const { type, client_email: email, private_key: key } = file;
  if (!kinds.includes(String(type))) return `its "type" must be one of ${kinds.join(", ")}`;
  if (type !== "service_account") return undefined;
  const missing = (["client_email", "private_key", "private_key_id"] as const).filter(
    (field) => typeof file[field] !== "string" || file[field] === "",
  );
  if (missing.length > 0) return `the key of a service account has no ${missing.join(" and no ")}; copy the whole file`;
  if (!/^[^@\s]+@[^@\s]+$/.test(String(email)))
    return 'its "client_email" must be the e-mail address of a service account';
  if (!/^-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n/.test(String(key))) {
    return 'its "private_key" must be a PEM key with line breaks: in JSON each is written as \\n';
  }
  return undefined;
}

function parse(text: string): CredentialsFile | undefined {
  try {
    const file: unknown = JSON.parse(text);
    return typeof file === "object" && file !== null && !Array.isArray(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Who the credentials are, without any secret: the service account and the id of its key. */
export function ownerOfKey(credentials: unknown): { readonly email: string; readonly keyId: string } | undefined {
  const file = typeof credentials === "string" ? parse(credentials) : undefined;
  if (typeof file?.client_email !== "string") return undefined;
  return { email: file.client_email, keyId: typeof file.private_key_id === "string" ? file.private_key_id : "?" };
}
