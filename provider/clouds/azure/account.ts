/** How VMs and records reach a subscription: which cloud of Azure, which directory, and who asks. */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { ConfigError } from "../../../runtime/model/errors";
import { RememberedAnswers } from "../../frame/lookups";
import type { Access, CloudAccess } from "../../vm-provider";
import { guidText } from "./names";
import { loadClientToken, loadProvider, packageName } from "./sdk";

/** Azure's clouds that exist, by the names of the Pulumi provider, and where their APIs are. */
const authorities = {
  public: "https://management.azure.com",
  usgovernment: "https://management.usgovcloudapi.net",
  china: "https://management.chinacloudapi.cn",
} as const;
type Authority = keyof typeof authorities;

const closedAuthority = /^(?:azure ?)?german(?:y|cloud)?(?:cloud)?$/i;

export const subscriptionFields = {
  subscriptionId: guidText.describe(
    'Id of the subscription that everything is in, e.g. `"00000000-0000-0000-0000-000000000000"`.',
  ),
  tenantId: guidText
    .optional()
    .describe(
      "Id of the directory (Microsoft Entra ID) that the app is registered in. Default none: see `clientSecret`.",
    ),
  clientId: guidText
    .optional()
    .describe("Application (client) id of the app registration. Default none: see `clientSecret`."),
  clientSecret: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Secret of the app registration: its value, not its id. Default: without `clientId` and it, the credentials of the runtime's own machine are used, that is its environment, its managed identity or Azure's CLI.",
    ),
  authority: z
    .enum(Object.keys(authorities) as [Authority, ...Authority[]], {
      error: ({ input }) =>
        typeof input === "string" && closedAuthority.test(input)
          ? "Azure Germany was closed in October 2021; its regions are in the public cloud now, e.g. germanywestcentral: use public"
          : undefined,
    })
    .default("public")
    .describe(
      "Which of Azure's clouds: the public one, that of the US government, or that of China. Germany's is closed.",
    ),
  resourceManagerUrl: z
    .string()
    .refine((url) => /^https:\/\/[^/\s]+/.test(url) || isLoopback(url), {
      error: "use an address that begins with https://: it gets an access token",
    })
    .optional()
    .describe(
      "Where Azure Resource Manager is asked for lists of VMs and sizes, e.g. behind a private link. Default: that of the authority.",
    ),
};
const accessSchema = z.object(subscriptionFields);
export type AzureAccess = z.output<typeof accessSchema>;

export const readAccess = (settings: unknown): AzureAccess => accessSchema.parse(settings);

export const resourceManagerOf = ({ authority, resourceManagerUrl }: AzureAccess): string =>
  (resourceManagerUrl ?? authorities[authority]).replace(/\/+$/, "");

function isLoopback(url: string): boolean {
  return /^http:\/\/(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)(?::\d+)?(?:\/|$)/.test(url);
}

/** What is said by halves is refused: Azure would take the machine's own credentials for it. */
export function credentialProblems(fields: Partial<AzureAccess>): { path: string; message: string }[] {
  const names = ["tenantId", "clientId", "clientSecret"] as const;
  const given = names.filter((name) => fields[name] !== undefined);
  if (given.length === 0 || given.length === names.length) return [];
  return names
    .filter((name) => fields[name] === undefined)
    .map((path) => ({ path, message: `is missing; required with ${given.join(" and ")}` }));
}

export const subscriptionAccess: CloudAccess = {
  sdk: packageName,
  secretFields: ["clientSecret"],
  account: {
    fields: Object.keys(subscriptionFields),
    place: ["resourceGroup"],
    /** Who asks may change; what is in another subscription is something else. */
    identity: ({ subscriptionId, authority = "public" }) => ({
      ...(typeof subscriptionId === "string" ? { subscription: subscriptionId.toLowerCase() } : {}),
      ...(authority === "public" ? {} : { authority: String(authority) }),
    }),
  },
  pulumiProvider: newProvider,
};

async function newProvider(name: string, { settings, owner }: Access): Promise<pulumi.ProviderResource> {
  const { subscriptionId, tenantId, clientId, clientSecret, authority } = readAccess(settings);
  const Provider = loadProvider();
  const provider = new Provider(name, {
    subscriptionId,
    environment: authority,
    ...(clientId === undefined ? { useDefaultAzureCredential: true } : { tenantId, clientId, clientSecret }),
  });
  if (owner !== undefined) await refuseOtherTenant(owner, provider);
  return provider;
}

/** Credentials of another directory are refused by every request, but in words that name neither of both. */
async function refuseOtherTenant(owner: string, provider: pulumi.ProviderResource): Promise<void> {
  const actual = await tenantOf(provider);
  if (actual === undefined || actual === owner) return;
  const message = `${otherTenant} ${actual}, and the nodes are in that of ${owner}; declare credentials of their directory`;
  throw ConfigError.of([{ path: "clientId", message }]);
}

export const otherTenant = "leads to the directory";

const tenants = new RememberedAnswers<string | undefined>();

/** Id of the directory whose credentials these are, as their access token says; undefined = it does not say so. */
export function tenantOf(provider: pulumi.ProviderResource | undefined): Promise<string | undefined> {
  return tenants.of(provider, "tenant", async () => tenantIn(await accessToken({ provider })));
}

/** For requests to Azure Resource Manager. Secret. */
export async function accessToken({ provider }: Pick<pulumi.InvokeOptions, "provider">): Promise<string> {
  return (await loadClientToken()({}, { provider })).token;
}

function tenantIn(token: string): string | undefined {
  try {
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as unknown;
    const tenant = (claims as { readonly tid?: unknown } | null)?.tid;
    return typeof tenant === "string" ? tenant : undefined;
  } catch {
    // A token may be of any form.
    return undefined;
  }
}
