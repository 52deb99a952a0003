/**
 * What an answer of a domain controller means. Each failure begins with a code of ours, by which its class is known again in
 * the text that an engine prints; of the controller's own codes the innermost counts, together with what was asked.
 */
import { CloudError, messageOf, type CloudFailureClass } from "../../runtime/model/errors";
import { classifyByCode } from "../frame/failures";

const codes = {
  CAPACITY: [],
  QUOTA: [],
  CONFIG: [
    ...["AdLoginRefused", "AdLoginEnded", "AdLoginLocked", "AdCertificate", "AdTlsNeeded", "AdReadOnly"],
    ...["AdOuMissing", "AdNoRight", "AdPolicy", "AdBadName", "AdNotEmpty", "AdNotThere"],
  ],
  TRANSIENT: ["AdUnreachable", "AdNoAnswer", "AdBusy", "AdNameTaken", "AdNotYetThere", "AdFailed"],
} as const satisfies Readonly<Record<CloudFailureClass, readonly string[]>>;
export type DirectoryCode = (typeof codes)[CloudFailureClass][number];

/** The class of a failure by its text; undefined = it is not one of ours. */
export const classifyDirectoryFailure = classifyByCode({ place: /\b(Ad[A-Z][A-Za-z]+): /, codes });

export function directoryFailure(code: DirectoryCode, sentence: string, cause?: unknown): CloudError {
  const text = `${code}: ${sentence}`;
  return new CloudError(classifyDirectoryFailure(text) ?? "TRANSIENT", text, { cause });
}

/** What was asked, and of whom. */
export interface Asked {
  readonly operation: "bind" | "search" | "add" | "modify" | "delete";
  /** The distinguished name that it was about; of a bind the login. */
  readonly subject: string;
  readonly controller: string;
  /** The OU of the record. */
  readonly computerOu?: string;
}

/** The number of an answer of LDAP; undefined = it is none, e.g. a connection that was lost. */
export function ldapCodeOf(error: unknown): number | undefined {
  const isAnswer = error instanceof Error && "code" in error && typeof error.code === "number";
  return isAnswer ? (error.code as number) : undefined;
}

/** @param error As the client threw it. */
export function failureOf(error: unknown, asked: Asked): CloudError {
  if (error instanceof CloudError) return error;
  const code = ldapCodeOf(error);
  const detail = detailOf(messageOf(error));
  const { operation, subject, controller } = asked;
  const told = (what: DirectoryCode, sentence: string) =>
    directoryFailure(what, `${sentence} (${controller}: LDAP ${code}${detail})`, error);
  switch (code) {
    case undefined:
      return directoryFailure(
        "AdNoAnswer",
        `${controller} did not answer (${operation} of ${subject}): ${messageOf(error)}`,
        error,
      );
    case 8:
    case 13:
      return told("AdTlsNeeded", "the controller wants a connection by TLS");
    case 10:
      return told("AdReadOnly", "the controller is read-only; name one that takes changes in urls");
    case 49:
      return bindFailure(detail, told, subject);
    case 50:
      return told("AdNoRight", rightNeeded(asked));
    case 32:
      return operation === "add"
        ? told(
            "AdOuMissing",
            `there is no "${asked.computerOu ?? subject}", or a comma inside one of its names lacks its backslash`,
          )
        : told("AdNotThere", `there is no "${subject}"`);
    case 34:
    case 64:
      return told("AdBadName", `"${subject}" is no name that the directory takes`);
    case 66:
      return told(
        "AdNotEmpty",
        `"${subject}" has something below it, e.g. BitLocker keys; remove that, or set adRecursiveCleanup for nodes to come`,
      );
    case 19:
    case 53:
      return policyFailure(asked, detail, told);
    case 16:
    case 17:
    case 20:
    case 21:
    case 65:
      return told("AdPolicy", `the directory does not take ${attributeIn(detail) ?? "an attribute"} of "${subject}"`);
    case 68:
      return told("AdNameTaken", `another object has the name of "${subject}"`);
    case 3:
    case 11:
    case 51:
    case 52:
      return told("AdBusy", "the controller has no time for it");
    default:
      return told("AdFailed", `the controller refused ${operation} of "${subject}"`);
  }
}

type Tell = (what: DirectoryCode, sentence: string) => CloudError;

/** By the sub-code that Active Directory puts behind "data". */
function bindFailure(detail: string, told: Tell, login: string): CloudError {
  const subCode = subCodeOf(detail) ?? "";
  const ended: Readonly<Record<string, string>> = {
    "532": "its password has ended",
    "533": "it is disabled",
    "701": "it has ended",
    "773": "its password must be changed first",
  };
  const why = Object.hasOwn(ended, subCode) ? ended[subCode] : undefined;
  if (why !== undefined) return told("AdLoginEnded", `the service account "${login}" can't sign in: ${why}`);
  if (subCode === "775") return told("AdLoginLocked", `the service account "${login}" is locked`);
  return told("AdLoginRefused", `the directory does not know "${login}" with this password`);
}

/** `data 52e` → `52e`. */
export function subCodeOf(text: string): string | undefined {
  return /\bdata ([0-9a-f]{2,8})\b/i.exec(text)?.[1]?.toLowerCase();
}

/** Refusals by policy sound like quotas and passwords; what they mean is in the code of Windows before the text. */
function policyFailure(asked: Asked, detail: string, told: Tell): CloudError {
  if (/0000216D|Exceeded the Maximum Number of Computer/i.test(detail)) {
    return told("AdNoRight", `the service account has made as many computers as a user may; ${rightNeeded(asked)}`);
  }
  const attribute = attributeIn(detail);
  const what = attribute === undefined ? "" : ` (${attribute})`;
  return told("AdPolicy", `a rule of the directory does not allow ${asked.operation} of "${asked.subject}"${what}`);
}

/** `Att 90008 (userAccountControl)` → `userAccountControl`. */
function attributeIn(detail: string): string | undefined {
  return /\bAtt [0-9a-f]+ \((\w+)\)/i.exec(detail)?.[1];
}

function rightNeeded({ operation, computerOu, subject }: Asked): string {
  const ou = computerOu ?? subject;
  switch (operation) {
    case "add":
      return `it needs the right to create computer objects in "${ou}"`;
    case "delete":
      return `it needs the right to delete computer objects, with adRecursiveCleanup also "delete subtree", in "${ou}"`;
    case "modify":
      return `it needs the rights to reset passwords and to write the description of computers in "${ou}"`;
    default:
      return `it needs the right to read "${subject}"`;
  }
}

/** The controller's own words in one line, as far as people need them. */
function detailOf(message: string): string {
  const text = message
    .replace(/\s*Code: 0x[0-9a-f]+$/i, "")
    .replace(/[\s\0]+/g, " ")
    .trim();
  return text === "" ? "" : `: ${text.slice(0, 300)}`;
}
