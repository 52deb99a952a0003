/** Our own resource beside a VM as Pulumi programs declare it; `guest-resource.ts` is what it does. */
import * as pulumi from "@pulumi/pulumi";
import type { GuestInputs } from "./guest-resource";

type Inputs<T> = { readonly [K in keyof T]: pulumi.Input<T[K]> };

/** What happens in a node's VM. */
export class Guest extends pulumi.CustomResource {
  /** IPv4, as the guest told it. */
  declare readonly address: pulumi.Output<string>;

  constructor(name: string, args: Inputs<GuestInputs>, options: pulumi.CustomResourceOptions) {
    const hidden = {
      access: pulumi.secret(args.access),
      ...(args.program === undefined ? {} : { program: pulumi.secret(args.program) }),
    };
    super("headroom:vsphere:Guest", name, { ...args, address: undefined, ...hidden }, options);
  }
}
