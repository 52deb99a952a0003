/** What the check of an Azure subscription and template tells. */
import type { CheckCase } from "../cloud-under-test";
import type { EmulatedAzure } from "../emulated-azure";
import { managedImageId, networkId, ownImageId, securityGroupId } from "../emulated-azure-facts";

const gib = 2 ** 30;
const shape = (cores: number, memory: number, gpus = 0) => ({ cores, memoryBytes: memory * gib, gpus });
const ubuntu = (sku: string) => `Canonical:ubuntu-24_04-lts:${sku}:latest`;
const d4 = (name: string) => ({ name, shape: shape(4, 16) });
const plan = { name: "byol", product: "vmseries", publisher: "paloaltonetworks" };

export const azureChecks: readonly CheckCase<EmulatedAzure>[] = [
  {
    name: "GPUs of a size",
    template: { vmSize: "Standard_NV6ads_A10_v5" },
    finds: [],
    size: { name: "Standard_NV6ads_A10_v5", shape: shape(6, 55, 1) },
  },
  {
    name: "cores of a constrained size, named by an override",
    template: { configOverride: { "hardware_profile.vm_size": "Standard_M416-208s_v2" } },
    finds: [],
    size: { name: "Standard_M416-208s_v2", shape: shape(208, 5700) },
  },
  {
    name: "a size that is not there",
    template: { vmSize: "Standard_D5s_v5" },
    finds: [["wrong", "vmSize", /^vmSize "Standard_D5s_v5": region "eastus" has no size of this name/]],
    size: "unknown",
  },
  {
    name: "a size that the subscription does not get",
    template: { vmSize: "Standard_ND96amsr_A100_v4" },
    finds: [["wrong", "vmSize", /gets none in region "eastus" \(NotAvailableForSubscription\)/]],
    size: { name: "Standard_ND96amsr_A100_v4", shape: shape(96, 1900, 8) },
  },
  {
    name: "zones that do not have the size",
    template: { zone: "3" },
    finds: [["wrong", "zone", /^zone "3": size "Standard_D4s_v5" is not in this zone .*: 1, 2$/]],
  },
  {
    name: "a zone that the subscription does not get",
    template: { zone: "1", vmSize: "Standard_F4s_v2" },
    finds: [["wrong", "zone", /zones that have it: 3$/]],
    size: { name: "Standard_F4s_v2", shape: shape(4, 8) },
  },
  {
    name: "a premium disk at a size that takes none",
    template: { vmSize: "Standard_D2_v3" },
    finds: [["wrong", "osDiskType", /^osDiskType "Premium_LRS": size "Standard_D2_v3" takes no premium disks/]],
    size: { name: "Standard_D2_v3", shape: shape(2, 8) },
  },
  {
    name: "an image of generation 1 at a size that starts only generation 2",
    template: { vmSize: "Standard_D4ads_v6", imageReference: ubuntu("server-gen1") },
    finds: [["wrong", "imageReference", /generation V1, and size "Standard_D4ads_v6" starts only V2; .*-gen2 or -g2/]],
    size: d4("Standard_D4ads_v6"),
  },
  {
    name: "an image of generation 2 at a size that starts only generation 1, spot and trusted launch, which it has not",
    template: { vmSize: "Standard_A4_v2", spot: {}, securityType: "TrustedLaunch" },
    finds: [
      ["wrong", "vmSize", /there are no spot VMs of this size/],
      [
        "wrong",
        "imageReference",
        /generation V2, and size "Standard_A4_v2" starts only V1; take an image of generation 1/,
      ],
      ["wrong", "securityType", /size "Standard_A4_v2" does not take it/],
    ],
    size: { name: "Standard_A4_v2", shape: shape(4, 8) },
  },
  {
    name: "an image for Arm at a size for x64",
    template: { imageReference: ubuntu("server-arm64") },
    finds: [["wrong", "imageReference", /the image is for Arm64, and size "Standard_D4s_v5" has x64/]],
  },
  {
    name: "an image of the Marketplace that is not there",
    template: { imageReference: ubuntu("server-gen3") },
    finds: [
      ["wrong", "imageReference", /^imageReference "Canonical:.*": Azure says NotFound .*no such image in region/],
    ],
  },
  {
    name: "a disk smaller than its image",
    template: { osDiskSize: "16GiB" },
    finds: [["wrong", "osDiskSize", /^osDiskSize "16GiB": the image has 30 GiB/]],
  },
  {
    name: "an image of a gallery",
    template: { imageReference: { id: `${ownImageId}/versions/1.0.0` } },
    finds: [],
  },
  {
    name: "an image of its own in another region, too old for trusted launch",
    template: { imageReference: managedImageId, securityType: "TrustedLaunch" },
    finds: [
      ["wrong", "imageReference", /the image is in region "westus", and the VMs in "eastus"/],
      ["wrong", "securityType", /the image does not take it/],
    ],
  },
  {
    name: "an image of its own that is not there",
    template: { imageReference: managedImageId.replace("old-", "no-") },
    finds: [["wrong", "imageReference", /Azure says ResourceNotFound/]],
  },
  {
    name: "an image whose plan is not named",
    template: { imageReference: "paloaltonetworks:vmseries:byol:latest" },
    finds: [
      ["wrong", "imageReference", /set plan to \{ name: "byol", product: "vmseries", publisher: "paloaltonetworks" \}/],
    ],
  },
  {
    name: "a plan whose terms nobody accepted",
    template: { imageReference: "paloaltonetworks:vmseries:byol:latest", plan },
    finds: [["wrong", "plan", /terms have not been accepted.*az vm image terms accept --publisher paloaltonetworks/]],
  },
  {
    name: "a plan whose terms were accepted, and another one than the image's",
    arrange: ({ facts }) => void facts.acceptedTerms.add("paloaltonetworks/vmseries/bundle1"),
    template: { imageReference: "paloaltonetworks:vmseries:byol:latest", plan: { ...plan, name: "bundle1" } },
    finds: [["wrong", "plan", /the image has the plan byol, vmseries, paloaltonetworks; name that/]],
  },
  {
    name: "a resource group that is not there",
    template: { resourceGroup: "nowhere" },
    finds: [["wrong", "resourceGroup", /^resourceGroup "nowhere": Azure says ResourceGroupNotFound .*make it/]],
  },
  {
    name: "a network of another region",
    template: {
      subnet: `${networkId.replace("labs", "westlabs")}/subnets/default`,
      networkSecurityGroup: securityGroupId.replace("agents", "westagents"),
    },
    finds: [
      ["wrong", "subnet", /its virtual network is in region "westus", and the VMs in "eastus"/],
      ["wrong", "networkSecurityGroup", /it is in region "westus"/],
    ],
  },
  {
    name: "a subnet and a security group that are not there",
    template: {
      subnet: `${networkId}/subnets/none`,
      networkSecurityGroup: securityGroupId.replace("agents", "nobody"),
    },
    finds: [
      ["wrong", "subnet", /its virtual network has no subnet "none"/],
      ["wrong", "networkSecurityGroup", /there is no such network security group/],
    ],
  },
  {
    name: "public addresses beside a NAT gateway",
    template: { subnet: `${networkId}/subnets/behind-nat`, assignPublicIp: true },
    finds: [["wrong", "assignPublicIp", /the subnet has a NAT gateway/]],
  },
  {
    name: "a subscription that is disabled",
    arrange: ({ facts }) => void (facts.subscription = { ...facts.subscription, state: "Disabled" }),
    finds: [["wrong", "subscriptionId", /the subscription is "Disabled"/]],
  },
  {
    name: "a secret that is not valid",
    arrange: ({ access }) => access.revoke("K1"),
    finds: [["wrong", "clientSecret", /^clientSecret: Azure says .*AADSTS7000215.*declare its value/]],
    size: "unknown",
    isNobody: true,
  },
  {
    name: "an app that may not look at much: no fault of the template",
    arrange({ access }) {
      for (const action of [
        "Microsoft.Resources/subscriptions/read",
        "Microsoft.Compute/skus/read",
        "Microsoft.Compute/images/read",
      ]) {
        access.denyAction("K1", action);
      }
    },
    finds: [
      [
        "unchecked",
        "vmSize",
        /could not be checked: Azure says AuthorizationFailed .*allow the action Microsoft\.Compute\/skus\/read/,
      ],
      ["unchecked", "imageReference", /allow the action Microsoft\.Compute\/images\/read/],
    ],
    size: "unknown",
  },
  {
    name: "a question that was asked too often",
    arrange: (cloud) =>
      void (cloud.arm.refuses = (path) =>
        path.endsWith("/skus")
          ? { status: 429, code: "OperationNotAllowed", message: "Too many requests.", retryAfter: "3000" }
          : undefined),
    finds: [["passing", "vmSize", /could not be checked this time: Azure says OperationNotAllowed/]],
    size: "unknown",
  },
  {
    name: "a refusal that repeats the secret, without the secret",
    arrange: (cloud) =>
      void (cloud.arm.refuses = (path) =>
        path.endsWith("/agents")
          ? { status: 400, code: "BadRequest", message: "You sent secret-of-K1 with it." }
          : undefined),
    finds: [["wrong", "networkSecurityGroup", /You sent \[secret\] with it/]],
  },
];
