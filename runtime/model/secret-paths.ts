/**
 * Which values of a document are secret, as paths: a field such as `connectionPassword`, or one of each item of a list such
 * as `staticMembers[].connectionPassword`. What is below a secret field is secret too.
 */

/** Takes the place of a secret wherever one would be shown. */
export const hidden = "[secret]";

/** Passwords in addresses, wherever a text quotes one: `scheme://user:password@host`, `?password=...`. */
const passwordsInAddresses: readonly RegExp[] = [
  // With a character that should have been escaped, whoever quotes the address says that it can't be read.
  /(?<=\bpostgres(?:ql)?:\/\/[^\s:@/]{0,200}:)\S+(?=@)/g,
  /(?<=:\/\/[^\s/:@]{1,200}:)[^\s/@]+(?=@)/g,
  /(?<=[?&](?:password|sslpassword)=)[^\s&"']+/gi,
];

export function hidePasswordsInAddresses(text: string): string {
  return passwordsInAddresses.reduce((shown, form) => shown.replace(form, hidden), text);
}

type Path = readonly PropertyKey[];

/** `staticMembers[].connectionPassword` → `staticMembers`, `[]`, `connectionPassword`. */
export function stepsOf(path: string): string[] {
  return path.replaceAll("[]", ".[]").split(".");
}

/** True for a secret field and for what is below it. */
export function isSecretPath(path: Path, secretFields: readonly string[]): boolean {
  return secretFields.some((field) => {
    const steps = stepsOf(field);
    return steps.length <= path.length && steps.every((step, index) => fits(step, path[index]!));
  });
}

function fits(step: string, part: PropertyKey): boolean {
  return step === "[]" ? typeof part === "number" : step === part;
}

/** A copy of the value at `path` with {@link hidden} in place of what is secret. */
export function hideSecrets(value: unknown, secretFields: readonly string[], path: Path = []): unknown {
  if (secretFields.length === 0) return value;
  if (isSecretPath(path, secretFields)) return value === undefined ? undefined : hidden;
  if (Array.isArray(value)) return value.map((item, index) => hideSecrets(item, secretFields, [...path, index]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, hideSecrets(inner, secretFields, [...path, key])]),
  );
}
