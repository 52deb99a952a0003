/**
 * Where the services of an OpenStack cloud answer. As a rule the catalog says it, which Keystone sends along with a token;
 * settings may say it for each service instead. The Pulumi plugin and our own requests get the same addresses.
 */

/** Services that nodes need, and the words for them. */
export type Service = "compute" | "image" | "network" | "volume";

/** Addresses from the settings. */
export interface GivenEndpoints {
  readonly novaEndpoint?: string | undefined;
  readonly glanceEndpoint?: string | undefined;
  readonly cinderEndpoint?: string | undefined;
  readonly neutronEndpoint?: string | undefined;
}

/** A service of the catalog, as Keystone answers it. */
export interface CatalogEntry {
  readonly type: string;
  readonly endpoints: readonly {
    readonly interface: string;
    readonly region?: string | null;
    readonly region_id?: string | null;
    readonly url: string;
  }[];
}

interface ServiceFacts {
  /** Names in the catalog, the usual one first. */
  readonly types: readonly string[];
  /** What follows the address where it does not say it. Nova and Cinder say their version in the catalog as a rule. */
  readonly version: string;
  readonly setting: keyof GivenEndpoints;
  /** Name for the Pulumi plugin. */
  readonly override: string;
}

const facts: Readonly<Record<Service, ServiceFacts>> = {
  compute: { types: ["compute"], version: "v2.1", setting: "novaEndpoint", override: "compute" },
  image: { types: ["image"], version: "v2", setting: "glanceEndpoint", override: "image" },
  network: { types: ["network"], version: "v2.0", setting: "neutronEndpoint", override: "network" },
  volume: {
    types: ["block-storage", "volumev3", "volume"],
    version: "v3",
    setting: "cinderEndpoint",
    override: "volumev3",
  },
};

/** Keystone's, with the only version that there is: `https://openstack.example.org:5000/v3`. */
export function identityUrl(authUrl: string): string {
  return withVersion(authUrl, "v3").slice(0, -1);
}

/** For the Pulumi plugin: each ends with its version and a slash, as it wants them. Empty = the catalog says it all. */
export function endpointOverrides(given: GivenEndpoints): Readonly<Record<string, string>> {
  const overrides = Object.values(facts).flatMap(({ setting, version, override }) => {
    const url = given[setting];
    return url === undefined ? [] : [[override, withVersion(url, version)] as const];
  });
  return Object.fromEntries(overrides);
}

/** Where a service of the catalog is looked for. */
export interface Place {
  /** Undefined: the first one of the catalog. */
  readonly region?: string | undefined;
  readonly endpointType: "public" | "internal" | "admin";
}

/** With its version and a slash at the end; undefined = neither the settings nor the catalog have it there. */
export function endpointOf(
  service: Service,
  given: GivenEndpoints,
  catalog: readonly CatalogEntry[],
  { region, endpointType }: Place,
): string | undefined {
  const { types, version, setting } = facts[service];
  const url = given[setting];
  if (url !== undefined) return withVersion(url, version);
  for (const type of types) {
    const endpoints = catalog.filter((entry) => entry.type === type).flatMap((entry) => entry.endpoints);
    const found = endpoints.find(
      (endpoint) =>
        endpoint.interface === endpointType &&
        (region === undefined || endpoint.region === region || endpoint.region_id === region),
    );
    if (found !== undefined) return withVersion(found.url, version);
  }
  return undefined;
}

/** Regions in which the catalog has Nova. */
export function regionsOf(catalog: readonly CatalogEntry[]): string[] {
  const endpoints = catalog.filter(({ type }) => type === "compute").flatMap((entry) => entry.endpoints);
  const regions = endpoints.flatMap(({ region, region_id }) => region ?? region_id ?? []);
  return [...new Set(regions)].sort();
}

export function settingOf(service: Service): keyof GivenEndpoints {
  return facts[service].setting;
}

/** `https://host:8774` → `https://host:8774/v2.1/`; a version that is there stays, and what follows it. */
function withVersion(url: string, version: string): string {
  const bare = url.replace(/\/+$/, "");
  return /\/v\d+(\.\d+)?(\/|$)/.test(new URL(bare).pathname) ? `${bare}/` : `${bare}/${version}/`;
}
