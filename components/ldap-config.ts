import * as pulumi from "@pulumi/pulumi";
import type { LdapConfigArgs } from "./arguments";
import { declareDefinition, secretInput } from "./declaration";

/**
 * An Active Directory: its domain controllers, and the service account with which server autoscale configs have computer
 * records made for their nodes. `docs/active-directory.md` tells which rights that account needs.
 *
 * @example
 * const directory = new headroom.LdapConfig("corp", {
 *   urls: ["ldaps://dc1.example.org", "ldaps://dc2.example.org"], searchBase: "DC=example,DC=org",
 *   serviceAccountDn: "headroom@example.org", serviceAccountPassword: config.requireSecret("directoryPassword"),
 * });
 * new headroom.ServerAutoscaleConfig("desktops", {
 *   pool: desktops.name, zone: office.name, vmProvider: windows.name, createAdComputerRecord: true,
 *   ldapConfig: directory.name, adComputerOu: "OU=Desktops,DC=example,DC=org",
 *   startupScript: headroom.startupScripts.windowsServer({ joinDomain: true }),
 * });
 */
export class LdapConfig extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: LdapConfigArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:LdapConfig", name, {}, opts);
    const doc = { ...args, serviceAccountPassword: secretInput(args.serviceAccountPassword) };
    this.name = declareDefinition(this, { kind: "ldapConfig", resourceName: name, doc, options: opts });
    this.registerOutputs({ name: this.name });
  }
}
