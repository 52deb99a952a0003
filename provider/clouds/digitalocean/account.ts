/** How Droplets and DNS records reach a DigitalOcean team. */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { ConfigError } from "../../../runtime/model/errors";
import { RememberedAnswers } from "../../frame/lookups";
import { loadSdk } from "../../frame/sdk";
import type { Access, CloudAccess } from "../../vm-provider";

export const packageName = "@pulumi/digitalocean";

export const tokenFields = {
  token: z
    .string()
    .min(1)
    .describe(
      "Personal access token of the team that the nodes are in. Custom scopes that suffice: create, read and delete of `droplet`; create and read of `tag`; read of `account`, `actions`, `firewall`, `image`, `project`, `regions`, `sizes`, `ssh_key` and `vpc`; with `firewallName` update of `firewall`; for records all of `domain`.",
    ),
};

/** A token takes 250 requests a minute, and the plugin looks after each Droplet that is being made every few seconds. */
const requestsPerSecond = 4;

export const teamAccess: CloudAccess = {
  sdk: packageName,
  secretFields: ["token"],
  account: {
    fields: Object.keys(tokenFields),
    // A token is good in every region.
    place: [],
    /** A token does not say whose it is. */
    identity: () => ({}),
  },
  pulumiProvider: newTeamProvider,
};

async function newTeamProvider(name: string, { settings, owner }: Access): Promise<pulumi.ProviderResource> {
  const { Provider } = loadSdk(
    packageName,
    () => require("@pulumi/digitalocean/provider") as typeof import("@pulumi/digitalocean/provider"),
  );
  const { token } = z.object(tokenFields).parse(settings);
  const provider = new Provider(name, { token, requestsPerSecond });
  if (owner !== undefined) await refuseOtherTeam(owner, provider);
  return provider;
}

/**
 * The plugin itself can't be told which team is meant, and to the token of another team every Droplet is not found, which
 * the plugin takes for deleted.
 */
async function refuseOtherTeam(owner: string, provider: pulumi.ProviderResource): Promise<void> {
  const actual = await teamOf(provider);
  if (actual === owner) return;
  const message = `${otherTeam} ${actual}, and the nodes are in that of ${owner}; declare a token of their team`;
  throw ConfigError.of([{ path: "token", message }]);
}

export const otherTeam = "leads to the DigitalOcean team of";

const teams = new RememberedAnswers<string>();

/** Its id: the account that the API tells is that of a person, who may be in several teams; projects belong to the team. */
export function teamOf(provider: pulumi.ProviderResource | undefined): Promise<string> {
  const { getProject } = loadSdk(
    packageName,
    () => require("@pulumi/digitalocean/getProject") as typeof import("@pulumi/digitalocean/getProject"),
  );
  return teams.of(provider, "team", async () => (await getProject({}, { provider })).ownerUuid);
}
