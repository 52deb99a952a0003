/** Names and ids as Azure takes them, so that a bad one is told where it was written. */
import { z } from "zod";
import { identityKeysMax } from "../../frame/identity";

export const guidText = z.guid("use an id such as 00000000-0000-0000-0000-000000000000");

export const resourceGroupName = z
  .string()
  .regex(
    /^[\p{L}\p{N}_()-](?:[\p{L}\p{N}_().-]{0,88}[\p{L}\p{N}_()-])?$/u,
    'use 1 to 90 letters, digits, "_", "-", "(", ")" and ".", with no "." at the end',
  );

/** The portal shows "East US", the API calls it "eastus". */
export const regionName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9 ]{1,39}$/,
    'use the name of a region such as "eastus", as `az account list-locations` shows it',
  )
  .transform((name) => name.replaceAll(" ", "").toLowerCase());

export const vmSizeName = z
  .string()
  .regex(/^(?:Standard|Basic|Internal)_[A-Za-z0-9_-]{1,60}$/, 'use the name of a size such as "Standard_D4s_v5"');

export const zoneName = z.string().regex(/^[1-9]$/, 'use the number of a zone as text, such as "1"');

/** Parts of an id, by the type's names in the id. */
export interface ResourceId {
  readonly subscription: string;
  readonly resourceGroup: string;
  /** The last one. */
  readonly name: string;
}

const group = String.raw`/subscriptions/([^/\s]+)/resourceGroups/([^/\s]+)/providers`;

/** Undefined = it is no id of this type. Azure writes the same id with other letters here and there. */
export function readResourceId(id: string, type: string): ResourceId | undefined {
  const names = type.split("/");
  const [namespace = "", ...kinds] = names;
  const pattern = `^${group}/${namespace.replaceAll(".", "\\.")}${kinds.map((kind) => `/${kind}/([^/\\s]+)`).join("")}$`;
  const parts = new RegExp(pattern, "i").exec(id);
  if (!parts) return undefined;
  return { subscription: parts[1]!, resourceGroup: parts[2]!, name: parts.at(-1)! };
}

function idOf(type: string, example: string): z.ZodString {
  return z.string().refine((id) => readResourceId(id, type) !== undefined, {
    error: `use the whole id, such as ${example}, as the portal shows it in its JSON view`,
  }) as z.ZodString;
}

const exampleGroup = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/dev/providers";

export const idTypes = {
  subnet: "Microsoft.Network/virtualNetworks/subnets",
  networkSecurityGroup: "Microsoft.Network/networkSecurityGroups",
  userAssignedIdentity: "Microsoft.ManagedIdentity/userAssignedIdentities",
} as const;

export const subnetId = idOf(
  idTypes.subnet,
  `${exampleGroup}/Microsoft.Network/virtualNetworks/development-vnet/subnets/default`,
);
export const networkSecurityGroupId = idOf(
  idTypes.networkSecurityGroup,
  `${exampleGroup}/Microsoft.Network/networkSecurityGroups/example-nsg`,
);
export const userAssignedIdentityId = idOf(
  idTypes.userAssignedIdentity,
  `${exampleGroup}/Microsoft.ManagedIdentity/userAssignedIdentities/agents`,
);

/** Tags that a resource may have. */
const tagsMax = 50;
const tagName = z
  .string()
  .regex(
    /^(?!headroom-|microsoft|azure|windows)[^<>%&\\?/]{1,512}$/i,
    'a tag\'s name has 1 to 512 characters without <>%&\\?/, and none of "headroom-", "microsoft", "azure" and "windows" at its start',
  );
export const tagsShape = z
  .record(tagName, z.string().max(256, "a tag's value has at most 256 characters"))
  .refine((tags) => Object.keys(tags).length <= tagsMax - identityKeysMax, {
    error: `at most ${tagsMax - identityKeysMax}: a VM has at most ${tagsMax}, and ${identityKeysMax} name the node`,
  });

/** What an OS disk may be; the others can only be data disks. */
export const osDiskTypes = [
  "Standard_LRS",
  "StandardSSD_LRS",
  "Premium_LRS",
  "StandardSSD_ZRS",
  "Premium_ZRS",
] as const;
export const dataDiskTypes = [...osDiskTypes, "UltraSSD_LRS", "PremiumV2_LRS"] as const;
