/** What an emulated subscription has: groups, sizes, images, networks, zones. */

export const subscriptionId = "00000000-0000-0000-0000-000000000001";
const groupPath = `/subscriptions/${subscriptionId}/resourceGroups/dev/providers`;
export const networkId = `${groupPath}/Microsoft.Network/virtualNetworks/labs`;
export const securityGroupId = `${groupPath}/Microsoft.Network/networkSecurityGroups/agents`;
export const ownImageId = `${groupPath}/Microsoft.Compute/galleries/labs/images/desktop`;
export const managedImageId = `${groupPath}/Microsoft.Compute/images/old-desktop`;

interface SizeEntry {
  readonly name: string;
  readonly zones?: readonly string[];
  readonly restrictions?: readonly object[];
  readonly capabilities: Readonly<Record<string, string>>;
}

const ordinary = {
  PremiumIO: "True",
  HyperVGenerations: "V1,V2",
  CpuArchitectureType: "x64",
  LowPriorityCapable: "True",
};

interface MarketImage {
  readonly urn: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export class AzureFacts {
  readonly resourceGroups = new Map([
    ["dev", "eastus"],
    ["other", "eastus"],
  ]);
  subscription: Record<string, unknown> = { subscriptionId, displayName: "Labs", state: "Enabled" };
  readonly sizes: SizeEntry[] = [
    { name: "Standard_D4s_v5", zones: ["1", "2"], capabilities: { ...ordinary, vCPUs: "4", MemoryGB: "16" } },
    {
      name: "Standard_D2_v3",
      zones: ["1"],
      capabilities: { ...ordinary, PremiumIO: "False", vCPUs: "2", MemoryGB: "8" },
    },
    { name: "Standard_D4ads_v6", capabilities: { ...ordinary, HyperVGenerations: "V2", vCPUs: "4", MemoryGB: "16" } },
    {
      name: "Standard_A4_v2",
      capabilities: {
        ...ordinary,
        HyperVGenerations: "V1",
        vCPUs: "4",
        MemoryGB: "8",
        LowPriorityCapable: "False",
        TrustedLaunchDisabled: "True",
      },
    },
    {
      name: "Standard_D4ps_v5",
      capabilities: { ...ordinary, CpuArchitectureType: "Arm64", vCPUs: "4", MemoryGB: "16" },
    },
    { name: "Standard_NV6ads_A10_v5", capabilities: { ...ordinary, vCPUs: "6", MemoryGB: "55", GPUs: "1" } },
    {
      name: "Standard_M416-208s_v2",
      capabilities: { ...ordinary, vCPUs: "416", vCPUsAvailable: "208", MemoryGB: "5700" },
    },
    {
      name: "Standard_ND96amsr_A100_v4",
      restrictions: [{ type: "Location", values: ["eastus"], reasonCode: "NotAvailableForSubscription" }],
      capabilities: { ...ordinary, vCPUs: "96", MemoryGB: "1900", GPUs: "8" },
    },
    {
      name: "Standard_F4s_v2",
      zones: ["1", "2", "3"],
      restrictions: [
        { type: "Zone", restrictionInfo: { zones: ["1", "2"] }, reasonCode: "NotAvailableForSubscription" },
      ],
      capabilities: { ...ordinary, vCPUs: "4", MemoryGB: "8" },
    },
  ];
  readonly images: MarketImage[] = [
    {
      urn: "Canonical:ubuntu-24_04-lts:server:24.04.1",
      properties: {
        hyperVGeneration: "V2",
        architecture: "x64",
        osDiskImage: { operatingSystem: "Linux", sizeInGb: 30 },
      },
    },
    {
      urn: "Canonical:ubuntu-24_04-lts:server-gen1:24.04.1",
      properties: {
        hyperVGeneration: "V1",
        architecture: "x64",
        osDiskImage: { operatingSystem: "Linux", sizeInGb: 30 },
      },
    },
    {
      urn: "Canonical:ubuntu-24_04-lts:server-arm64:24.04.1",
      properties: {
        hyperVGeneration: "V2",
        architecture: "Arm64",
        osDiskImage: { operatingSystem: "Linux", sizeInGb: 30 },
      },
    },
    {
      urn: "paloaltonetworks:vmseries:byol:1.0.0",
      properties: {
        hyperVGeneration: "V2",
        plan: { name: "byol", product: "vmseries", publisher: "paloaltonetworks" },
      },
    },
  ];
  /** What is found by its id, in lower case. */
  readonly byId = new Map<string, object>([
    [
      networkId.toLowerCase(),
      {
        location: "eastus",
        properties: {
          subnets: [
            { name: "default", properties: {} },
            { name: "behind-nat", properties: { natGateway: { id: "nat" } } },
          ],
        },
      },
    ],
    [
      networkId.toLowerCase().replace("labs", "westlabs"),
      { location: "westus", properties: { subnets: [{ name: "default" }] } },
    ],
    [securityGroupId.toLowerCase(), { location: "eastus" }],
    [securityGroupId.toLowerCase().replace("agents", "westagents"), { location: "westus" }],
    [ownImageId.toLowerCase(), { location: "westeurope", properties: { hyperVGeneration: "V2", architecture: "x64" } }],
    [
      managedImageId.toLowerCase(),
      { location: "westus", properties: { hyperVGeneration: "V1", storageProfile: { osDisk: { diskSizeGB: 127 } } } },
    ],
  ]);
  /** Plans whose terms have been accepted, e.g. `paloaltonetworks/vmseries/byol`. */
  readonly acceptedTerms = new Set<string>();
  readonly zones = [
    { name: "labs.example.org", isPrivate: false },
    { name: "example.org", isPrivate: false },
    { name: "corp.internal", isPrivate: true },
  ];

  skus(): object[] {
    return this.sizes.map(({ name, zones = [], restrictions = [], capabilities }) => ({
      resourceType: "virtualMachines",
      name,
      locations: ["eastus"],
      locationInfo: [{ location: "eastus", zones }],
      restrictions,
      capabilities: Object.entries(capabilities).map(([capability, value]) => ({ name: capability, value })),
    }));
  }
}

export function idIn(group: string, type: string, name: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${group}/providers/${type}/${name}`;
}
