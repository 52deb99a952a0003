/** A computer record as Pulumi programs declare it; `computer-record-resource.ts` is what it does. */
import * as pulumi from "@pulumi/pulumi";
import { computerRecordType } from "../../runtime/executor/stack-state";
import type { ComputerRecordInputs } from "./computer-record-inputs";

export class ComputerRecord extends pulumi.CustomResource {
  /** Distinguished name of the record. */
  declare readonly dn: pulumi.Output<string>;

  constructor(name: string, args: ComputerRecordInputs, options: pulumi.CustomResourceOptions) {
    const outputs = { dn: undefined, guid: undefined, controller: undefined };
    super(computerRecordType, name, { ...args, ...outputs, joinPassword: pulumi.secret(args.joinPassword) }, options);
  }
}

/** Our own plugin, with the way into one directory: the settings of its account as JSON. */
export class DirectoryPlugin extends pulumi.ProviderResource {
  constructor(name: string, access: string, options?: pulumi.ResourceOptions) {
    super("headroom", name, { directory: pulumi.secret(access) }, options);
  }
}
