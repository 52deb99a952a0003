/** Our own resource beside a VM as Pulumi programs declare it; `address-resource.ts` is what it does. */
import * as pulumi from "@pulumi/pulumi";
import type { AddressInputs } from "./address-resource";

type Inputs<T> = { readonly [K in keyof T]: pulumi.Input<T[K]> };

/** The address of a node's VM, once Prism Central knows it. */
export class Address extends pulumi.CustomResource {
  /** IPv4. */
  declare readonly address: pulumi.Output<string>;

  constructor(name: string, args: Inputs<AddressInputs>, options: pulumi.CustomResourceOptions) {
    const hidden = { access: pulumi.secret(args.access) };
    super("headroom:nutanix:Address", name, { ...args, address: undefined, ...hidden }, options);
  }
}
