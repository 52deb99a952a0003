/** How Compute Engine and Cloud DNS reach a Google Cloud project. */
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { ConfigError } from "../../../runtime/model/errors";
import { RememberedAnswers } from "../../frame/lookups";
import { loadSdk } from "../../frame/sdk";
import type { Access, CloudAccess } from "../../vm-provider";
import { credentialsJson } from "./credentials";
import { GoogleApi } from "./google-api";
import { projectId, serviceAccountEmail } from "./names";

export const packageName = "@pulumi/gcp";

/** What `https` protects is a token, so without it nothing is sent but to this machine. */
const endpointUrl = z
  .string()
  .regex(
    /^(?:https:\/\/[a-z0-9.-]+(?::\d+)?|http:\/\/(?:127\.0\.0\.1|localhost):\d+)\/(?:[\w.-]+\/)*$/,
    'use "https://<host>/<path>/", with the slash at its end',
  )
  .optional();

export const accountFields = {
  credentials: credentialsJson
    .optional()
    .describe(
      "Key of a service account, as the text of its JSON file. Default: the application default credentials of the machine that runs the updates.",
    ),
  project: projectId.describe('Id of the project, e.g. `"pensive-voice-547511"`; not its name, nor its number.'),
  impersonateServiceAccount: serviceAccountEmail
    .optional()
    .describe(
      'Service account to act as with those credentials, e.g. `"vms@pensive-voice-547511.iam.gserviceaccount.com"`; they need `roles/iam.serviceAccountTokenCreator` on it. Default none.',
    ),
  endpoints: z
    .strictObject({
      compute: endpointUrl.describe(
        'Of Compute Engine, e.g. `"https://compute-agents.p.googleapis.com/compute/v1/"`. Default: that of Google Cloud.',
      ),
      dns: endpointUrl.describe(
        'Of Cloud DNS, e.g. `"https://dns-agents.p.googleapis.com/dns/v1/"`. Default: that of Google Cloud.',
      ),
    })
    .optional()
    .describe("APIs under addresses of your own, behind Private Service Connect."),
};

const accessSchema = z.object(accountFields);
export type ProjectAccess = z.output<typeof accessSchema>;

export const projectAccess: CloudAccess = {
  sdk: packageName,
  secretFields: ["credentials"],
  account: {
    fields: Object.keys(accountFields),
    // Lists and credentials are of all zones.
    place: [],
    identity: ({ project }): Record<string, string> => (typeof project === "string" ? { project } : {}),
  },
  pulumiProvider: newProjectProvider,
};

async function newProjectProvider(name: string, { settings, owner }: Access): Promise<pulumi.ProviderResource> {
  const { Provider } = loadSdk(
    packageName,
    () => require("@pulumi/gcp/provider") as typeof import("@pulumi/gcp/provider"),
  );
  const { secret } = require("@pulumi/pulumi") as typeof pulumi;
  const access = accessSchema.parse(settings);
  const { credentials, project, impersonateServiceAccount, endpoints = {} } = access;
  const provider = new Provider(name, {
    project,
    // The SDK does not know that it is one.
    ...(credentials !== undefined && { credentials: secret(credentials) }),
    ...(impersonateServiceAccount !== undefined && { impersonateServiceAccount }),
    ...(endpoints.compute !== undefined && { computeCustomEndpoint: endpoints.compute }),
    ...(endpoints.dns !== undefined && { dnsCustomEndpoint: endpoints.dns }),
    addPulumiAttributionLabel: false,
  });
  if (owner !== undefined) await refuseOtherProject(owner, access, provider);
  return provider;
}

/**
 * Under another endpoint a project of the same id may be another one, in which every VM is not found, which the plugin takes
 * for deleted.
 */
async function refuseOtherProject(
  owner: string,
  access: ProjectAccess,
  provider: pulumi.ProviderResource,
): Promise<void> {
  const { id } = await projectOf(access, { provider });
  if (id === owner) return;
  const message = `got "${access.project}"; it ${otherProject} ${id}, and the nodes are in the one with the number ${owner}; declare credentials of their project`;
  throw ConfigError.of([{ path: "project", message }]);
}

export const otherProject = "leads to the Google Cloud project with the number";

/** As Compute Engine tells it. */
export interface ProjectFacts {
  /** Its number, as Compute Engine counts projects. */
  readonly id: string;
  readonly name: string;
}

const projects = new RememberedAnswers<ProjectFacts>();

export function projectOf(access: ProjectAccess, options: pulumi.InvokeOptions): Promise<ProjectFacts> {
  const { provider } = options;
  return projects.of(provider, access.project, async () => {
    const api = await openCompute(access, options);
    return api.get<ProjectFacts>(`projects/${access.project}`);
  });
}

/** Where the APIs are unless the settings say so. */
const defaultEndpoints = {
  compute: "https://compute.googleapis.com/compute/v1/",
  dns: "https://dns.googleapis.com/dns/v1/",
} as const;

export const openCompute = (access: Pick<ProjectAccess, "endpoints">, options: pulumi.InvokeOptions) =>
  open("compute", access, options);
export const openDns = (access: Pick<ProjectAccess, "endpoints">, options: pulumi.InvokeOptions) =>
  open("dns", access, options);

/** With a token that the Pulumi provider makes of its credentials, whatever kind they are. */
async function open(
  service: keyof typeof defaultEndpoints,
  { endpoints }: Pick<ProjectAccess, "endpoints">,
  options: pulumi.InvokeOptions,
): Promise<GoogleApi> {
  const { getClientConfig } = loadSdk(
    packageName,
    () =>
      require("@pulumi/gcp/organizations/getClientConfig") as typeof import("@pulumi/gcp/organizations/getClientConfig"),
  );
  const { accessToken } = await getClientConfig(options);
  return new GoogleApi(accessToken, endpoints?.[service] ?? defaultEndpoints[service]);
}
