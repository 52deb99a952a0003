/** How to get into a directory: the settings of the account of an LDAP config. */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { formatName, parseName } from "../../runtime/model/distinguished-name";
import { ConfigError } from "../../runtime/model/errors";
import { problemsOf } from "../../runtime/model/config";
import { directoryAccountRules, directoryKind, secretLdapFields } from "../../runtime/model/ldap-config";
import type { CloudAccess } from "../vm-provider";

export const directoryAccessSchema = z.strictObject({
  urls: z.array(z.string()).min(1),
  searchBase: z.string(),
  serviceAccountDn: z.string(),
  serviceAccountPassword: z.string(),
  tlsCa: z.string().optional(),
  /** Seconds. */
  connectionTimeout: z.number(),
  /** Seconds. */
  answerTimeout: z.number(),
});
export type DirectoryAccess = z.output<typeof directoryAccessSchema>;

/** Throws a ConfigError for settings of another version. */
export function parseAccess(settings: unknown, subject: string): DirectoryAccess {
  const parsed = directoryAccessSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw ConfigError.of(problemsOf(parsed.error, settings, secretLdapFields), subject);
}

/** `DC=example,DC=org`: below it every record of the domain is found. */
export function domainRootOf({ searchBase }: Pick<DirectoryAccess, "searchBase">): string {
  const parts = parseName(searchBase);
  return "problem" in parts ? searchBase : formatName(parts.filter(({ type }) => type === "DC"));
}

/** Records are made by our own plugin, which gets the directory's settings as configuration: so they are always those of now. */
export const directoryAccess = {
  secretFields: secretLdapFields,
  account: directoryAccountRules,
  async pulumiProvider(name, { settings }): Promise<pulumi.ProviderResource> {
    const { DirectoryPlugin } = await import("./computer-record.js");
    return new DirectoryPlugin(name, JSON.stringify(parseAccess(settings, `the ${directoryKind} account ${name}`)));
  },
} satisfies CloudAccess;
