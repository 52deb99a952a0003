/** What a template names, as it is after its override, and what the check of an account says of each thing. */
import { valueAt, type Inputs } from "../../frame/inputs";
import type { LookedUp } from "../../frame/lookups";
import type { ImageReference } from "./image";
import { requestOf } from "./vm-args";
import type { AzureSettings } from "./vm-fields";

export interface Template {
  readonly region: string;
  readonly size: string;
  readonly zone?: string | undefined;
  readonly image: ImageReference;
  readonly plan?: { readonly name: string; readonly product: string; readonly publisher: string } | undefined;
  readonly subnet: string;
  readonly securityGroup?: string | undefined;
  readonly isPublic: boolean;
  readonly inputs: Inputs;
}

export function templateOf(settings: AzureSettings): Template {
  const { inputs } = requestOf(settings, { nodeId: "n", osType: "linux", script: "" });
  const [own = {}] = (valueAt(inputs, "networkProfile.networkInterfaceConfigurations") ?? []) as Inputs[];
  const [address = {}] = (own["ipConfigurations"] ?? []) as Inputs[];
  return {
    region: String(inputs["location"]),
    size: String(valueAt(inputs, "hardwareProfile.vmSize")),
    zone: (inputs["zones"] as readonly string[] | undefined)?.[0],
    image: valueAt(inputs, "storageProfile.imageReference") as ImageReference,
    plan: inputs["plan"] as Template["plan"],
    subnet: String(valueAt(address, "subnet.id") ?? settings.subnet),
    securityGroup: valueAt(own, "networkSecurityGroup.id") as string | undefined,
    isPublic: address["publicIPAddressConfiguration"] !== undefined,
    inputs,
  };
}

export function azureSizeOf(settings: AzureSettings): string {
  return templateOf(settings).size;
}

/** In the order in which their findings are told. */
export function thingsOf({ region }: Template) {
  const other = "name another one";
  return {
    resourceGroup: {
      field: "resourceGroup",
      remedy: `the subscription has no such resource group; make it, or ${other}`,
      permission: "Microsoft.Resources/subscriptions/resourceGroups/read",
    },
    size: {
      field: "vmSize",
      remedy: `region "${region}" has no size of this name; ${other}`,
      permission: "Microsoft.Compute/skus/read",
    },
    zone: { field: "zone", remedy: other, permission: "Microsoft.Compute/skus/read" },
    osDiskType: { field: "osDiskType", remedy: other, permission: "Microsoft.Compute/skus/read" },
    image: {
      field: "imageReference",
      remedy: `there is no such image in region "${region}", or it is not shared with the app; ${other}`,
      permission: "Microsoft.Compute/images/read",
    },
    osDiskSize: { field: "osDiskSize", remedy: other, permission: "Microsoft.Compute/images/read" },
    plan: {
      field: "plan",
      remedy: "the Marketplace has no such plan; take name, product and publisher from the image",
      permission: "Microsoft.MarketplaceOrdering/offertypes/publishers/offers/plans/agreements/read",
    },
    securityType: { field: "securityType", remedy: other, permission: "Microsoft.Compute/skus/read" },
    subnet: {
      field: "subnet",
      remedy: `there is no such virtual network; make it, or ${other}`,
      permission: "Microsoft.Network/virtualNetworks/read",
    },
    assignPublicIp: { field: "assignPublicIp", remedy: other, permission: "Microsoft.Network/virtualNetworks/read" },
    securityGroup: {
      field: "networkSecurityGroup",
      remedy: `there is no such network security group; make it, or ${other}`,
      permission: "Microsoft.Network/networkSecurityGroups/read",
    },
  } as const satisfies Readonly<Record<string, LookedUp>>;
}
export type Thing = keyof ReturnType<typeof thingsOf>;

/** A virtual network, as far as it is compared. */
export interface Network {
  readonly location?: string;
  readonly properties?: {
    readonly subnets?: readonly {
      readonly name?: string;
      readonly properties?: { readonly natGateway?: { readonly id?: string } };
    }[];
  };
}
