/** Who publishes the plugin's package and under which names it is made for each language. */

/** The part of package.json that says so. */
export interface Manifest {
  readonly version: string;
  readonly license?: string;
  readonly author?: string;
  readonly homepage?: string;
  readonly repository?: string | { readonly url: string };
  readonly keywords?: readonly string[];
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly pulumi?: { readonly pluginDownloadURL?: string };
}

type Json = Record<string, unknown>;

/** Where none of these is said in package.json, the package has none: a made-up address would be somebody else's. */
export function packageFacts({ version, license, author, homepage, repository, keywords, ...more }: Manifest): Json {
  const url = typeof repository === "string" ? repository : repository?.url;
  const pluginDownloadURL = more.pulumi?.pluginDownloadURL;
  return {
    name: "headroom",
    version,
    displayName: "Headroom",
    description: "Keeps the right number of VMs ready for session work.",
    ...(license === undefined ? {} : { license }),
    ...(author === undefined ? {} : { publisher: author }),
    ...(homepage === undefined ? {} : { homepage }),
    ...(url === undefined ? {} : { repository: url }),
    ...(pluginDownloadURL === undefined ? {} : { pluginDownloadURL }),
    keywords: ["pulumi", "headroom", "category/infrastructure", ...(keywords ?? [])],
    language: languages(more.peerDependencies?.["@pulumi/pulumi"]),
  };
}

/**
 * Names of the SDKs that `pulumi package add` and `gen-sdk` make. That for Node is not the npm package `pulumi-headroom`, which
 * has components instead; the Go module's name can be no address, so that no proxy is ever asked for it.
 */
function languages(sdkRange: string | undefined): Json {
  const least = sdkRange?.replace(/^\^/, "");
  return {
    nodejs: {
      packageName: "pulumi-headroom-sdk",
      respectSchemaVersion: true,
      ...(sdkRange === undefined ? {} : { dependencies: { "@pulumi/pulumi": sdkRange } }),
    },
    python: {
      packageName: "pulumi_headroom",
      respectSchemaVersion: true,
      pyproject: { enabled: true },
      ...(least === undefined ? {} : { requires: { pulumi: `>=${least},<4.0.0` } }),
    },
    go: { importBasePath: "pulumi-headroom.local/sdk/go/headroom", respectSchemaVersion: true },
    csharp: { rootNamespace: "PulumiHeadroom", respectSchemaVersion: true },
    java: { basePackage: "local.pulumiheadroom", buildFiles: "gradle" },
  };
}
