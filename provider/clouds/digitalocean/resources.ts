/** Our own resource beside a Droplet as Pulumi programs declare it; `firewall-tag-resource.ts` is what it does. */
import * as pulumi from "@pulumi/pulumi";
import type { FirewallTagInputs } from "./firewall-tag-resource";

type Inputs<T> = { readonly [K in keyof T]: pulumi.Input<T[K]> };

/** That a firewall applies to the node's Droplet. */
export class FirewallTag extends pulumi.CustomResource {
  declare readonly tag: pulumi.Output<string>;

  constructor(name: string, args: Inputs<FirewallTagInputs>, options: pulumi.CustomResourceOptions) {
    super(
      "headroom:digitalocean:FirewallTag",
      name,
      { ...args, tag: undefined, token: pulumi.secret(args.token) },
      options,
    );
  }
}
