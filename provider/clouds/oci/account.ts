/** How VMs and DNS records reach an OCI tenancy. */
import type * as pulumi from "@pulumi/pulumi";
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { z } from "zod";
import type { AccountIdentity, AccountRules, Settings } from "../../../runtime/model/accounts";
import { ConfigError, type Problem } from "../../../runtime/model/errors";
import { privateKeyLengthMax } from "../../../runtime/model/private-key";
import { loadSdk } from "../../frame/sdk";
import type { Access, CloudAccess } from "../../vm-provider";
import { ocidOf, regionName } from "./names";

export const packageName = "@pulumi/oci";

const apiKeyFields = ["userOcid", "fingerprint", "privateKey", "tenancyOcid"] as const;

export const accountFields = {
  auth: z
    .enum(["apiKey", "instancePrincipal"])
    .default("apiKey")
    .describe(
      "How OCI knows who asks: `apiKey`, an API signing key of a user, or `instancePrincipal`, the machine that runs the updates as a member of a dynamic group; then none of the four fields of the key is set.",
    ),
  userOcid: ocidOf("user")
    .optional()
    .describe('The user whose API key it is, e.g. `"ocid1.user.oc1..xyz"`. Default none: required with `apiKey`.'),
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{2}(?::[0-9a-f]{2}){15}$/i, "use sixteen pairs of hexadecimal digits with colons between them")
    .optional()
    .describe(
      'Fingerprint of the public key, as the console shows it, e.g. `"20:3b:97:13:55:1c:11:22:33:44:55:66:77:88:99:aa"`. Default none: required with `apiKey`.',
    ),
  privateKey: z
    .string()
    .min(1)
    .max(privateKeyLengthMax)
    .optional()
    .describe(
      "The private key in PEM, which begins with `-----BEGIN PRIVATE KEY-----` or `-----BEGIN RSA PRIVATE KEY-----`. Default none: required with `apiKey`.",
    ),
  privateKeyPassword: z
    .string()
    .min(1)
    .optional()
    .describe("Password of the private key. Default none: the key is not encrypted."),
  tenancyOcid: ocidOf("tenancy")
    .optional()
    .describe('The tenancy, e.g. `"ocid1.tenancy.oc1..xyz"`. Default none: required with `apiKey`.'),
};

/** What the Pulumi provider takes of settings for VMs and for records. */
const accessSchema = z.object({ ...accountFields, region: regionName });

const fields = Object.keys(accountFields);

/** The owner is the tenancy, which a key's settings name; of a machine it is not known before it was asked. */
const identity: AccountRules["identity"] = ({ tenancyOcid }): AccountIdentity =>
  typeof tenancyOcid === "string" ? { owner: tenancyOcid } : {};

const access: Omit<CloudAccess, "account"> = {
  sdk: packageName,
  secretFields: ["privateKeyPassword", "privateKey"],
  pulumiProvider: newTenancyProvider,
};

/** An account's VMs are listed by region and compartment. */
export const vmAccess: CloudAccess = { ...access, account: { fields, place: ["region", "compartmentOcid"], identity } };
export const dnsAccess: CloudAccess = { ...access, account: { fields, place: ["region"], identity } };

export const otherTenancy = "lead to the OCI tenancy";

async function newTenancyProvider(name: string, { settings, owner }: Access): Promise<pulumi.ProviderResource> {
  const { Provider } = loadSdk(
    packageName,
    () => require("@pulumi/oci/provider") as typeof import("@pulumi/oci/provider"),
  );
  const account = accessSchema.parse(settings);
  // To another tenancy every VM is "not found", which the plugin takes for deleted.
  if (owner !== undefined && account.tenancyOcid !== undefined && account.tenancyOcid !== owner) {
    const message = `the credentials ${otherTenancy} ${account.tenancyOcid}, and the nodes are in ${owner}; declare a key of their tenancy`;
    throw ConfigError.of([{ path: "tenancyOcid", message }]);
  }
  return new Provider(name, {
    auth: account.auth === "apiKey" ? "ApiKey" : "InstancePrincipal",
    region: account.region,
    userOcid: account.userOcid,
    fingerprint: account.fingerprint,
    privateKey: account.privateKey,
    privateKeyPassword: account.privateKeyPassword,
    tenancyOcid: account.tenancyOcid,
    // Longer than this a node should rather be made anew: it may wait for one request while others are refused.
    retryDurationSeconds: 60,
  });
}

/** What of the four fields of a key is there that must not be, or the other way round. */
export function credentialProblems(settings: Settings): { readonly path: string; readonly message: string }[] {
  const isKey = settings["auth"] === "apiKey";
  const wrong = [...apiKeyFields, "privateKeyPassword"].filter((field) => {
    const isThere = settings[field] !== undefined;
    return isKey ? !isThere && field !== "privateKeyPassword" : isThere;
  });
  const message = isKey ? "required with auth apiKey" : "not with auth instancePrincipal";
  return wrong.map((path) => ({ path, message }));
}

/** What is wrong with the key itself: OCI would say only that the caller is not authenticated. */
export function keyProblems(settings: Settings): Problem[] {
  const { privateKey, privateKeyPassword, fingerprint } = settings;
  if (typeof privateKey !== "string") return [];
  const problem = (message: string): Problem[] => [{ path: "privateKey", message: `got a secret; ${message}` }];
  let actual: string;
  try {
    const passphrase = typeof privateKeyPassword === "string" ? privateKeyPassword : undefined;
    const key = createPrivateKey({ key: privateKey, format: "pem", ...(passphrase !== undefined && { passphrase }) });
    if (key.asymmetricKeyType !== "rsa") return problem("OCI takes keys of type RSA only");
    const spki = createPublicKey(key).export({ type: "spki", format: "der" });
    actual = createHash("md5")
      .update(spki)
      .digest("hex")
      .replace(/(..)(?=.)/g, "$1:");
  } catch {
    // What OpenSSL says of it names its own source files and helps nobody.
    return problem(
      "use a private key in PEM, whole with its first and last line, and its privateKeyPassword if it has one",
    );
  }
  if (typeof fingerprint !== "string" || actual === fingerprint.toLowerCase()) return [];
  return problem(`its fingerprint is ${actual}, not ${fingerprint}: set both of the same key`);
}
