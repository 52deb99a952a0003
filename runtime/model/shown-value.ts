/**
 * How a refusal shows the value that it refuses: short, and never what may be secret. A secret may stand anywhere where
 * somebody put it by mistake, so only plain values of fields that exist and whose name promises nothing secret are shown.
 */
import type { z } from "zod";
import { isSecretPath } from "./secret-paths";

/** Fields of such names hold secrets, of whatever kind of document. Scripts carry what others call passwords, too. */
const secretName =
  /(?:password|passphrase|secret|secret_?key|private_?key|credentials?|token|token_?value|access_?key(?:_?id)?|nginx_?key|ssh_?key|api_?key|startup_?script|user_?data(?:_?base64)?)$/i;
/** A switch about a secret is none itself. */
const switchName = /^(?:use|has|is|needs?|require|retrieve)[A-Z]/;

/** Characters of a value, and of a field's name, that are shown. */
const shownMax = 80;

/** Stands before what is allowed where the value is a secret. */
export const gotSecret = "got a secret; ";

/** What a refusal says before what is allowed, e.g. `got "7"; `. Empty for a value that says nothing or must not be shown. */
export function describeSeen(issue: z.core.$ZodIssue, seen: unknown, secret: readonly string[]): string {
  if (isOfRuleThatHides(issue)) return "";
  if (seen === undefined) return "is missing; ";
  if (isSecretPath(issue.path, secret) || issue.path.some(isSecretName)) return gotSecret;
  return `got ${isOutOfPlace(issue) ? nameOfType(seen) : describeValue(seen)}; `;
}

/** Whether it is about a value of which nobody knows what it is, so that it is not shown. */
export function hidesValue(issue: z.core.$ZodIssue): boolean {
  return isOfRuleThatHides(issue) || isOutOfPlace(issue);
}

/** Without what only follows from a value of a wrong type: a text in the place of a list is not too long for one, too. */
export function withoutConsequences(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const mistyped = new Set(issues.filter(({ code }) => code === "invalid_type").map(({ path }) => path.join("\n")));
  if (mistyped.size === 0) return [...issues];
  return issues.filter(({ code, path }) => code === "invalid_type" || !mistyped.has(path.join("\n")));
}

/** For issues of rules of our own, as `params`: the value stands where no field is, or none that may be set. */
export const valueHidden = { hidesValue: true } as const;

function isOfRuleThatHides(issue: z.core.$ZodIssue): boolean {
  return issue.code === "custom" && issue.params?.["hidesValue"] === true;
}

function isSecretName(part: PropertyKey): boolean {
  return typeof part === "string" && secretName.test(part) && !switchName.test(part);
}

/** Where an object or a list should be, a plain text may be all of what should be in it; where nothing should be, anything. */
function isOutOfPlace(issue: z.core.$ZodIssue): boolean {
  // Of several forms that it may have it is none.
  if (issue.code === "invalid_union")
    return issue.errors.length > 0 && issue.errors.every((form) => form.some(isOutOfPlace));
  return issue.code === "invalid_type" && withoutOwnValue.includes(issue.expected);
}
const withoutOwnValue: readonly string[] = ["object", "record", "array", "map", "tuple", "undefined", "never"];

/** What is in an object or a list that should not be there has no name that could be judged. */
function describeValue(seen: unknown): string {
  if (typeof seen === "object" && seen !== null) return nameOfType(seen);
  return shorten(JSON.stringify(seen) ?? String(seen));
}

function nameOfType(seen: unknown): string {
  if (seen === null) return "null";
  if (Array.isArray(seen)) return seen.length === 0 ? "[]" : "a list";
  if (typeof seen === "object") return "an object";
  return typeof seen === "string" ? "a text" : `a ${typeof seen}`;
}

/** A URL, or what should be one, without the user and password that may stand in it. */
export function withoutUserInfo(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/+)?.*@/is, "$1...@");
}

/** Path of a field in dots and brackets; the name of an unknown field may be as long as a body. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const name = shorten(String(part));
    return text ? `${text}.${name}` : name;
  }, "");
}

function shorten(text: string): string {
  return text.length > shownMax ? `${text.slice(0, shownMax - 3)}...` : text;
}
