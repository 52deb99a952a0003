/** Our own resource beside a VM as Pulumi programs declare it; `guest-resource.ts` is what it does. */
import * as pulumi from "@pulumi/pulumi";
import type { GuestInputs } from "./guest-resource";

type Inputs<T> = { readonly [K in keyof T]: pulumi.Input<T[K]> };

/** What the cluster tells of a node's VM once it runs. */
export class Guest extends pulumi.CustomResource {
  /** IPv4 where it has one, else IPv6. */
  declare readonly address: pulumi.Output<string>;

  constructor(name: string, args: Inputs<GuestInputs>, options: pulumi.CustomResourceOptions) {
    super(
      "headroom:kubevirt:Guest",
      name,
      { ...args, address: undefined, access: pulumi.secret(args.access) },
      options,
    );
  }
}
