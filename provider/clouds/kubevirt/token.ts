/** What a token says of itself, where it is a signed one (JWT). Nothing of it is trusted: it only helps people. */
import { isRecord } from "../../frame/inputs";
import { clusterOf, type Access } from "./access";

export interface TokenTimes {
  /** Whose it is, e.g. `system:serviceaccount:kasm:headroom`. */
  readonly subject: string;
  /** Absent = it does not say, as that of a secret. */
  readonly endsAtMs?: number;
}

export function tokenTimes(access: Access): TokenTimes {
  const { token } = clusterOf(access);
  if (token === undefined) return { subject: "a client certificate" };
  const claims = claimsOf(token);
  const { sub, exp } = claims;
  return {
    subject: typeof sub === "string" ? sub : "a token",
    ...(typeof exp === "number" && { endsAtMs: exp * 1000 }),
  };
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [, payload = ""] = token.split(".");
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return isRecord(claims) ? claims : {};
  } catch {
    // Not a signed one: any text may be a token.
    return {};
  }
}
