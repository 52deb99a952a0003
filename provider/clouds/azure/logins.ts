/** Names and passwords of the login that Azure makes in a VM: what it refuses is said before a VM is asked for. */
import { z } from "zod";
import type { OsType } from "../../../runtime/model/config";

/** As the API's reference lists them for `osProfile.adminUsername`; some images refuse more. */
const refusedNames: ReadonlySet<string> = new Set(
  (
    "administrator admin user user1 user2 user3 user4 user5 test test1 test2 test3 admin1 admin2 1 123 a actuser adm aspnet " +
    "backup console david guest john owner root server sql support support_388945a0 sys"
  ).split(" "),
);

export const loginName = z
  .string()
  .regex(
    /^(?!-)[^\s/\\[\]":;|<>+=,?*@#()!]{1,64}$/,
    'use 1 to 64 characters without blanks and /\\[]":;|<>+=,?*@#()!, and no "-" at the start',
  )
  .refine((name) => !name.endsWith("."), { error: 'use one without "." at the end' })
  .refine((name) => !refusedNames.has(name.toLowerCase()), {
    error: "Azure takes none of the usual names, such as admin, administrator, root, user or test; use another one",
  });

/** As the API's reference lists them for `osProfile.adminPassword`. */
const refusedPasswords: ReadonlySet<string> = new Set([
  ...["abc@123", "P@$$w0rd", "P@ssw0rd", "P@ssword123", "Pa$$word", "pass@word1", "Password!", "Password1"],
  ...["Password22", "iloveyou!"],
]);

const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[\W_]/];

export const loginPassword = z
  .string()
  .min(6, "use 6 to 123 characters")
  .max(123, "use 6 to 123 characters")
  .refine((password) => kinds.filter((kind) => kind.test(password)).length >= 3, {
    error: "use three of these: lower-case letters, upper-case letters, digits, other characters",
  })
  .refine((password) => !refusedPasswords.has(password), {
    error: "Azure refuses this one as too well known; use another one",
  });

/** What only a system of this type refuses. */
export function loginProblems(
  { osUsername, osPassword }: { readonly osUsername: string; readonly osPassword?: string | undefined },
  osType: OsType,
): { readonly path: string; readonly message: string }[] {
  const bytes = osPassword?.length ?? 0;
  if (osType === "linux") {
    const message = "has more than 72 characters, and Azure takes at most 72 for Linux";
    return bytes > 72 ? [{ path: "osPassword", message }] : [];
  }
  const name = { path: "osUsername", message: `got "${osUsername}"; Windows takes at most 20 characters` };
  const none = { path: "osPassword", message: "is missing; Windows needs one" };
  const short = { path: "osPassword", message: "has fewer than 8 characters, and Azure takes at least 8 for Windows" };
  return [...(osUsername.length > 20 ? [name] : []), ...(osPassword === undefined ? [none] : bytes < 8 ? [short] : [])];
}

/** Azure takes RSA keys of 2048 bits or more, and Ed25519. */
export const sshPublicKeyText = z
  .string()
  .trim()
  .regex(
    /^(?:ssh-rsa [A-Za-z0-9+/]{300,}={0,3}|ssh-ed25519 [A-Za-z0-9+/]{60,}={0,3})(?: [^\n]*)?$/,
    "use one public key in OpenSSH's form that begins with ssh-rsa (2048 bits or more) or ssh-ed25519",
  );
