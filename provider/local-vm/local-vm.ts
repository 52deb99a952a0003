/** The local resources as Pulumi programs declare them; `vm-resource.ts` and `dns-record-resource.ts` are what they do. */
import * as pulumi from "@pulumi/pulumi";
import type { localDnsRecordInputsSchema } from "./dns-record-resource";
import type { LocalVmInputs } from "./vm-resource";
import type { z } from "zod";

type Inputs<T> = { readonly [K in keyof T]: pulumi.Input<T[K]> };

export type VmArgs = Inputs<LocalVmInputs>;
export type DnsRecordArgs = Inputs<z.infer<typeof localDnsRecordInputsSchema>>;

/** A VM that is a process tree on this machine. */
export class Vm extends pulumi.CustomResource {
  static readonly type = "headroom:local:Vm";
  declare readonly nodeId: pulumi.Output<string>;
  /** Loopback address of its own. */
  declare readonly address: pulumi.Output<string>;
  declare readonly folder: pulumi.Output<string>;
  declare readonly pid: pulumi.Output<number>;

  constructor(name: string, args: VmArgs, options?: pulumi.CustomResourceOptions) {
    const startupScript = pulumi.secret(args.startupScript);
    const outputs = { address: undefined, folder: undefined, pid: undefined };
    super(Vm.type, name, { ...args, ...outputs, startupScript }, options);
  }
}

/** An A record as a file. */
export class DnsRecord extends pulumi.CustomResource {
  static readonly type = "headroom:local:DnsRecord";
  /** The full name. */
  declare readonly name: pulumi.Output<string>;
  declare readonly address: pulumi.Output<string>;

  constructor(name: string, args: DnsRecordArgs, options?: pulumi.CustomResourceOptions) {
    super(DnsRecord.type, name, { ...args }, options);
  }
}

/** The explicit Pulumi provider of both. */
export class HeadroomPlugin extends pulumi.ProviderResource {
  constructor(name: string, options?: pulumi.ResourceOptions) {
    super("headroom", name, {}, options);
  }
}
