/** What users declare of an Active Directory: where its domain controllers are, and as whom computer records are made. */
import { z } from "zod";
import type { AccountRules, Settings } from "./accounts";
import { domainOf, parseName } from "./distinguished-name";
import { definitionName, durationSchema, splitHost, hostSchema } from "./fields";

/** Characters of a name, a login or a URL; longer ones are not looked into. */
const lengthMax = 2_000;

/** A distinguished name in a domain; of any other text nobody knows what it names. */
export const directoryNameSchema = z
  .string()
  .max(lengthMax)
  .superRefine((text, context) => {
    if (text.length > lengthMax) return;
    const parts = parseName(text);
    const problem =
      "problem" in parts
        ? parts.problem
        : domainOf(parts) === ""
          ? 'names no domain; it ends in its parts, as in "DC=example,DC=org"'
          : undefined;
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });

const urlSchema = z
  .string()
  .max(lengthMax)
  .superRefine((text, context) => {
    const problem = text.length > lengthMax ? undefined : urlProblem(text);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });

function urlProblem(text: string): string | undefined {
  const [, scheme = "", rest = ""] = /^([a-z+]{1,20}):\/\/(.*)$/is.exec(text) ?? [];
  if (/^ldap$/i.test(scheme)) {
    return 'Active Directory takes passwords of computers over TLS alone: use "ldaps://", port 636';
  }
  if (!/^ldaps$/i.test(scheme)) return 'use "ldaps://" and a domain controller, as in "ldaps://dc1.example.org"';
  const host = rest.replace(/\/$/, "");
  if (hostSchema.safeParse(host).success && splitHost(host).host !== "") return undefined;
  return 'use a host and, where it is not 636, its port: "ldaps://dc1.example.org"';
}

/** Somebody whom a controller knows, in one of the three forms that Active Directory takes. */
const loginSchema = z
  .string()
  .max(lengthMax)
  .superRefine((text, context) => {
    if (text.length > lengthMax) return;
    if (/^[^\s@\\=][^@\\=]*@[^\s@\\=]+$/.test(text) || /^[^\s@\\=]+\\[^@\\=]+$/.test(text)) return;
    const parts = parseName(text);
    if (!("problem" in parts) && domainOf(parts) !== "") return;
    const message = 'use "CN=headroom,OU=Services,DC=example,DC=org", "headroom@example.org" or "EXAMPLE\\headroom"';
    context.addIssue({ code: "custom", message });
  });

/** Seconds; a controller that needs longer for one answer is no use. */
const timeoutSecondsMax = 300;
const timeout = durationSchema.refine(
  (seconds) => seconds >= 1 && seconds <= timeoutSecondsMax,
  `from "1s" to "${timeoutSecondsMax}s"`,
);

export const ldapConfigSchema = z.strictObject({
  name: definitionName,
  urls: z
    .array(urlSchema)
    .min(1)
    .max(10)
    .describe(
      'Its domain controllers, e.g. `["ldaps://dc1.example.org"]`, tried in this order; port 636 unless one is given. ' +
        "Only `ldaps://`: Active Directory takes no password of a computer without TLS.",
    ),
  searchBase: directoryNameSchema.describe(
    "Distinguished name below which records that nobody has are looked for, e.g. `DC=example,DC=org`. Its `DC` parts are " +
      "the domain, which scripts get as `{domain}`.",
  ),
  serviceAccountDn: loginSchema.describe(
    "Whom records are made as: a distinguished name, `headroom@example.org` or `EXAMPLE\\headroom`.",
  ),
  serviceAccountPassword: z.string().min(1).max(1_000).describe("Password of the service account."),
  tlsCa: z
    .string()
    .max(100_000)
    .refine((text) => text.includes("-----BEGIN CERTIFICATE-----"), "give the text of certificates in PEM")
    .optional()
    .describe(
      "Certificates in PEM: a controller's certificate must be signed by one of these. " +
        "Default: those that Node knows, and those of `NODE_EXTRA_CA_CERTS`.",
    ),
  connectionTimeout: timeout
    .prefault("10s")
    .describe("How long one controller is waited for, until it is connected; then the next one is tried."),
  answerTimeout: timeout.prefault("30s").describe("How long one answer of a controller is waited for."),
  orphans: z
    .enum(["report", "delete"])
    .default("report")
    .describe(
      "What becomes of a computer record of this installation that no node and no stack has, once it stands in " +
        "`headroom orphans`: `report` leaves it, `delete` deletes it.",
    ),
});

export type LdapConfig = z.output<typeof ldapConfigSchema>;

/** Names of fields that are secret. */
export const secretLdapFields = ["serviceAccountPassword"] as const;

/** Kind of the accounts that LDAP configs declare. It stands in rows and states: it never changes. */
export const directoryKind = "activeDirectory";

/** The domain of an LDAP config, or of its settings; empty when they are of another version and name none. */
export function domainOfBase(searchBase: unknown): string {
  const parts = typeof searchBase === "string" ? parseName(searchBase) : { problem: "" };
  return "problem" in parts ? "" : domainOf(parts);
}

/** All of it says how to get in: nothing of it is frozen in nodes. */
export const directoryAccountRules: AccountRules = {
  fields: [
    "urls",
    "searchBase",
    "serviceAccountDn",
    "serviceAccountPassword",
    "tlsCa",
    "connectionTimeout",
    "answerTimeout",
  ],
  place: [],
  identity: ({ searchBase }) => ({ domain: domainOfBase(searchBase) }),
};

/** What the rows of accounts are made from. */
export interface DeclaredAccount {
  readonly name: string;
  readonly kind: string;
  readonly settings: Settings;
}

/** An LDAP config as provider configs are; fields without a value are left out of the settings. */
export function directoryAsProvider(config: LdapConfig): DeclaredAccount {
  const fields = Object.entries(config).filter(([field, value]) => {
    return directoryAccountRules.fields.includes(field) && value !== undefined;
  });
  return { name: config.name, kind: directoryKind, settings: Object.fromEntries(fields) };
}
