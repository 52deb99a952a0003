/** The Pulumi providers of one run of the node program. */
import type * as pulumi from "@pulumi/pulumi";
import { ownPluginName, type PlaceInAccount } from "./node-accounts";
import type { CloudAccess, OwnPlugin } from "./vm-provider";

export type ProviderMaker = Pick<CloudAccess, "pulumiProvider">;

const ownPluginMaker: ProviderMaker = {
  pulumiProvider: async (name) => {
    const { HeadroomPlugin } = await import("./local-vm/local-vm.js");
    return new HeadroomPlugin(name);
  },
};

/** One explicit Pulumi provider for each name, shared by the nodes of one run. */
export class PulumiProviders {
  private readonly made = new Map<string, Promise<pulumi.ProviderResource>>();

  readonly ownPlugin: OwnPlugin = () =>
    this.get(ownPluginMaker, { providerName: ownPluginName, access: { settings: {} } });

  get(
    maker: ProviderMaker,
    { providerName, access }: Pick<PlaceInAccount, "providerName" | "access">,
  ): Promise<pulumi.ProviderResource> {
    const known = this.made.get(providerName);
    if (known !== undefined) return known;
    const made = maker.pulumiProvider(providerName, access);
    this.made.set(providerName, made);
    // Nothing was declared then, e.g. because the account could not be asked whose it is: the next node tries again.
    made.catch(() => this.made.delete(providerName));
    return made;
  }
}

/** Our own comes with the package. */
export function needsPlugin(cloud: Pick<CloudAccess, "usesOwnPlugin"> | undefined): boolean {
  return cloud !== undefined && !cloud.usesOwnPlugin;
}
