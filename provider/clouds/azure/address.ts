/** The address of a VM: its network interface has it, which is made with the VM, so it is asked for once the VM is there. */
import type * as pulumi from "@pulumi/pulumi";
import type { AddressType } from "../../frame/fields";
import { readResourceId } from "./names";
import { loadNetworkFunctions, type AzureVm, type NetworkProfile } from "./sdk";

/** What the SDK keeps of an output, which its declarations leave out. */
interface Settled<T> {
  /** Fails when the resource does. */
  readonly isKnown: Promise<boolean>;
  promise(): Promise<T>;
}

/**
 * Waits for the VM. Throws when its address can't be told, so that a node that has one already keeps it; an output that
 * only fails would take the whole program with it.
 */
export async function addressOf(
  vm: AzureVm,
  type: AddressType,
  options: pulumi.InvokeOptions,
): Promise<pulumi.Output<string>> {
  const profile = vm.networkProfile as unknown as Settled<NetworkProfile | undefined>;
  const isKnown = await profile.isKnown.then(
    (known) => known,
    // The VM was refused: its id fails with the refusal, and so does whatever needs the address.
    () => false,
  );
  // Of a preview it is not known either.
  if (!isKnown) return vm.id.apply(() => "");
  const address = await askAddress(await profile.promise(), type, options);
  return vm.id.apply(() => address);
}

async function askAddress(
  profile: NetworkProfile | undefined,
  type: AddressType,
  options: pulumi.InvokeOptions,
): Promise<string> {
  const interfaces = profile?.networkInterfaces ?? [];
  const { id = "" } = interfaces.find(({ primary }) => primary) ?? interfaces[0] ?? {};
  const at = readResourceId(id, "Microsoft.Network/networkInterfaces");
  if (!at) throw new Error(`the VM has no network interface: got "${id}"`);
  const { getNetworkInterface, getPublicIPAddress } = loadNetworkFunctions();
  const found = await getNetworkInterface(
    { resourceGroupName: at.resourceGroup, networkInterfaceName: at.name },
    options,
  );
  const configurations = found.ipConfigurations ?? [];
  const own = configurations.find(({ primary }) => primary) ?? configurations[0];
  if (type === "private") return told(own?.privateIPAddress, `network interface ${at.name} has no private address`);
  const publicId = own?.publicIPAddress?.id ?? "";
  const address = readResourceId(publicId, "Microsoft.Network/publicIPAddresses");
  if (!address) throw new Error(`network interface ${at.name} has no public address`);
  const where = { resourceGroupName: address.resourceGroup, publicIpAddressName: address.name };
  return told(
    (await getPublicIPAddress(where, options)).ipAddress,
    `public address ${address.name} has no address yet`,
  );
}

function told(address: string | undefined, otherwise: string): string {
  if (!address) throw new Error(otherwise);
  return address;
}
