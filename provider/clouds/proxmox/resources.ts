/** Our own resources beside a VM as Pulumi programs declare them; `vm-id-resource.ts` and `guest-resource.ts` are what they do. */
import * as pulumi from "@pulumi/pulumi";
import type { GuestInputs } from "./guest-resource";
import type { TemplateCpu } from "./template";
import type { VmIdInputs } from "./vm-id-resource";

type Inputs<T> = { readonly [K in keyof T]: pulumi.Input<T[K]> };

/** The id of a node's VM, and its template. */
export class VmId extends pulumi.CustomResource {
  declare readonly vmId: pulumi.Output<number>;
  declare readonly templateId: pulumi.Output<number>;
  /** Of the template. */
  declare readonly cpu: pulumi.Output<TemplateCpu>;

  constructor(name: string, args: Inputs<VmIdInputs>, options: pulumi.CustomResourceOptions) {
    const outputs = { vmId: undefined, templateId: undefined, cpu: undefined, host: undefined };
    super("headroom:proxmox:VmId", name, { ...args, ...outputs, access: pulumi.secret(args.access) }, options);
  }
}

/** What happens in a node's VM. */
export class Guest extends pulumi.CustomResource {
  /** IPv4, as the guest told it. */
  declare readonly address: pulumi.Output<string>;

  constructor(name: string, args: Inputs<GuestInputs>, options: pulumi.CustomResourceOptions) {
    const hidden = { access: pulumi.secret(args.access), script: pulumi.secret(args.script) };
    super("headroom:proxmox:Guest", name, { ...args, address: undefined, ...hidden }, options);
  }
}
