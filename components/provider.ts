import * as pulumi from "@pulumi/pulumi";

export interface ProviderArgs {
  /** Address of the runtime, e.g. `"http://127.0.0.1:8700"`. Default: stack configuration `headroom:endpoint`, else HEADROOM_ENDPOINT. */
  readonly endpoint?: pulumi.Input<string>;
  /** API key of scope `operator` or `admin`; kept as a secret. Default: `headroom:apiKey`, else HEADROOM_API_KEY. */
  readonly apiKey?: pulumi.Input<string>;
  /**
   * Certificates in PEM: of an https endpoint only one signed by these is taken. Default: `headroom:tlsCa`, else those in
   * the file that HEADROOM_TLS_CA names, else those that Node knows.
   */
  readonly tlsCa?: pulumi.Input<string>;
}

/**
 * A connection to one runtime, for programs that declare into several, or that use the plugin
 * `pulumi-resource-headroom` (faster than the dynamic resources that are used without it).
 *
 * @example
 * const lab = new headroom.Provider("lab", { endpoint: "https://lab.example.org", apiKey: config.requireSecret("key") });
 * new headroom.Zone("lab", { upstreamAuthAddress: "lab.example.org" }, { provider: lab });
 */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs = {}, options?: pulumi.ResourceOptions) {
    const config = new pulumi.Config("headroom");
    const inputs = {
      endpoint: args.endpoint ?? config.get("endpoint"),
      apiKey: pulumi.secret(args.apiKey ?? config.getSecret("apiKey")),
      tlsCa: args.tlsCa ?? config.get("tlsCa"),
    };
    super("headroom", name, inputs, options);
  }
}
