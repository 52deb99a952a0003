/** What Prism Central's refusals mean, in its own words as the Pulumi provider and our own requests print them. */
import type { FindingKind } from "../../../runtime/model/account-check";
import { networkTroubles, type FailureCodes } from "../../frame/failures";
import { findAccountRefusal, type AccountRefusal, type RefusalWords } from "../../frame/lookups";

const quotaWords = /\bquota\b|\bexceeds? the (?:project|allowed)|\bresource limit\b/i;
const capacityWords =
  /\bNoHostResources\b|\bInsufficientMemory\b|\bno host has enough\b|\b(?:not enough|insufficient) (?:available )?(?:memory|resources|cpu|storage|space|gpus?)\b|\bout of (?:memory|space)\b|\bno (?:free|available) (?:ip|gpu)/i;

/** What a task says when it ends, and only that: names of things may stand anywhere else. */
const said = (words: RegExp): RegExp =>
  new RegExp(
    String.raw`(?:\berror_detail: |"message": ?"|\bHTTP \d{3}(?: \w+)?: )(?:[^"\n]*?\b)?(?:${words.source})`,
    "i",
  );

export const nutanixFailures: FailureCodes = {
  // Codes of a refusal's list, of our own requests, and our own.
  place:
    /(?:"reason": ?"|\bHTTP (?=\d{3}:)|\bHTTP \d{3} |(?<![\w.\-"'`]))([A-Z][A-Z]+_[A-Z_]+|Nutanix[A-Z]\w+(?=: )|\d{3}(?=:))/,
  codes: {
    CAPACITY: ["INSUFFICIENT_RESOURCES", "NOT_ENOUGH_RESOURCES", "RESOURCE_EXHAUSTED"],
    QUOTA: ["QUOTA_EXCEEDED", "QUOTA_LIMIT_EXCEEDED"],
    CONFIG: [
      ...["ENTITY_NOT_FOUND", "INVALID_REQUEST", "INVALID_ARGUMENT", "VALIDATION_ERROR", "DUPLICATE_ENTITY"],
      ...[
        "ACCESS_DENIED",
        "PERMISSION_DENIED",
        "AUTHENTICATION_REQUIRED",
        "NOT_SUPPORTED",
        "400",
        "401",
        "403",
        "404",
        "422",
      ],
      ...["NutanixNotFound", "NutanixVmForeign"],
    ],
    TRANSIENT: [
      ...["CONCURRENT_REQUESTS_NOT_ALLOWED", "EDIT_CONFLICT", "SERVICE_UNAVAILABLE", "INTERNAL_ERROR", "TIMEOUT_ERROR"],
      ...["408", "429", "500", "502", "503", "504", "NutanixNoAddress", "NutanixVmGone"],
    ],
  },
  // What a task failed of stands behind the code that says only that it did.
  exceptions: [
    { code: "INTERNAL_ERROR", says: quotaWords, failureClass: "QUOTA" },
    { code: "INTERNAL_ERROR", says: capacityWords, failureClass: "CAPACITY" },
  ],
  sentences: {
    QUOTA: [said(quotaWords)],
    CAPACITY: [said(capacityWords)],
    TRANSIENT: [
      said(/timed? ?out|unavailable|leadership|please (?:retry|try again)|connection (?:refused|reset)|no response/),
      ...networkTroubles,
    ],
    CONFIG: [
      /\binvalid auth Credentials\b/,
      /\bx509: |\btls: failed to verify certificate\b/,
      said(/not found|does not exist|not allowed|invalid|unsupported|must be|denied|smaller than/),
    ],
  },
};

export const refusalWords: RefusalWords = {
  kindOf(message): FindingKind {
    if (/\bHTTP 403 |ACCESS_DENIED|PERMISSION_DENIED/.test(message)) return "unchecked";
    return /\bHTTP (?:5\d\d|429)\b|no answer from Prism Central|changed meanwhile/.test(message) ? "passing" : "wrong";
  },
  saidIn(message) {
    const words = /\bHTTP \d{3}(?: [A-Z_]+)?: (.*)$|no answer from Prism Central to [^:]*: (.*)$/s.exec(message);
    const text = (words?.[1] ?? words?.[2] ?? message).replace(/\s+/g, " ").trim();
    return `Prism Central says "${text.length > 300 ? `${text.slice(0, 300)}...` : text}"`;
  },
};

const accountRefusals: readonly AccountRefusal[] = [
  {
    pattern: /\bHTTP 401\b|\binvalid auth Credentials\b|AUTHENTICATION_REQUIRED/,
    field: () => "password",
    meaning: ({ username }) =>
      `it does not know the user "${String(username)}", or not with this password, or no longer; check username and password`,
  },
  {
    pattern: /certificate|SELF_SIGNED_CERT|CERT_HAS_EXPIRED|ERR_TLS|x509:/,
    field: () => "verifySsl",
    meaning: ({ host }) =>
      `the certificate of "${String(host)}" is not trusted here; let the machines of the runtime trust its authority, e.g. by NODE_EXTRA_CA_CERTS, or set verifySsl to false`,
  },
  {
    pattern: /\bENOTFOUND\b|no such host/,
    field: () => "host",
    meaning: ({ host }) => `there is no "${String(host)}"; name an address of Prism Central`,
  },
  {
    pattern: /\bHTTP 404: .*\(no JSON\)/,
    field: () => "host",
    meaning: ({ host }) => `"${String(host)}" has no interface of version 3; name Prism Central, and not Prism Element`,
  },
];

export function accountRefusal(message: string, settings: Readonly<Record<string, unknown>>) {
  return findAccountRefusal(accountRefusals, refusalWords, message, settings);
}
