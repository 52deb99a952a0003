/** Under which name a server knows a user. */

/**
 * For credential type `sso`. Domain absent or empty = the name as it is; `localhost` = without its domain part; a value
 * that ends in a backslash = before the name, any other after it.
 * @example ssoUserName("john@example.com", "CORP\\") → CORP\john; with "corp.local" → john@corp.local
 */
export function ssoUserName(userId: string, domain = ""): string {
  if (domain === "") return userId;
  const name = withoutDomain(userId);
  if (domain === "localhost") return name;
  return domain.endsWith("\\") ? `${domain}${name}` : `${name}@${domain}`;
}

/** `CORP\john` and `john@example.com` → `john`; what would leave nothing stays as it is. */
export function withoutDomain(userId: string): string {
  const [name = ""] = userId.slice(userId.lastIndexOf("\\") + 1).split("@", 1);
  return name === "" ? userId : name;
}
