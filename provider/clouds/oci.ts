/** Oracle Cloud Infrastructure: one instance per node, whose boot volume and address go with it; records in OCI DNS. */
import type { Instance, InstanceArgs } from "@pulumi/oci/core/instance";
import type { RrsetArgs } from "@pulumi/oci/dns/rrset";
import { defineDns, defineVm, type Cloud } from "../cloud";
import { chooseAddress } from "../frame/fields";
import { loadSdk } from "../frame/sdk";
import { dnsAccess, keyProblems, packageName, vmAccess } from "./oci/account";
import { checkTenancy } from "./oci/check";
import { recordsNamed, zoneOf } from "./oci/dns-zone";
import { failures } from "./oci/failures";
import { confirmInstance, findInstances, listInstances, placeIdentity } from "./oci/find";
import { instanceArgs, overridesOf, wholeTemplate } from "./oci/instance-args";
import { accountRefusal } from "./oci/refusals";
import { metadataWarning, scriptDelivery } from "./oci/script";
import { ociDnsSettingsSchema, ociSettingsSchema, type OciDnsSettings, type OciSettings } from "./oci/settings";
import { knownShape, shapeRequestOf } from "./oci/shapes";

const vm = defineVm<OciSettings, InstanceArgs, Instance>({
  ...vmAccess,
  description: "VMs on Oracle Cloud Infrastructure.",
  example: `const flex = new headroom.OciVmProvider("flex", {
  maxInstances: 20, userOcid, fingerprint, privateKey, tenancyOcid, region: "us-ashburn-1", compartmentOcid,
  availabilityDomains: ["BEol:US-ASHBURN-AD-1", "BEol:US-ASHBURN-AD-2"], imageOcid, subnetOcid,
  shape: "VM.Standard.E4.Flex", ocpus: 4, memory: "32GiB",
});`,
  settings: ociSettingsSchema,
  vmType: "oci:Core/instance:Instance",
  load: () =>
    loadSdk(packageName, () => require("@pulumi/oci/core/instance") as typeof import("@pulumi/oci/core/instance"))
      .Instance,
  script: scriptDelivery,
  scriptWarning: metadataWarning,
  inputs: ({ settings }, script) => instanceArgs(settings, script),
  overrides: overridesOf,
  placeIdentity,
  secretInputs: ["metadata.user_data"],
  secretOutputs: ["metadata"],
  // A change of these would stop or replace the VM, or is OCI's own: it adds tags, and gives small free VMs other memory.
  ignoreChanges: [
    ...["availabilityDomain", "faultDomain", "shape", "shapeConfig", "sourceDetails", "createVnicDetails", "metadata"],
    ...["freeformTags", "definedTags", "instanceOptions", "preemptibleInstanceConfig"],
  ],
  timeouts: () => ({ create: "10m", update: "10m", delete: "15m" }),
  address: ({ privateIp, publicIp }, { addressType }) =>
    chooseAddress(addressType, { private: privateIp, public: publicIp }),
  sshPublicKey: ({ sshPublicKey }) => sshPublicKey?.trim().split(/\r?\n/)[0],
  shape: (settings) => knownShape(shapeRequestOf(wholeTemplate(settings))),
  sizeOf: (settings) => {
    const request = shapeRequestOf(wholeTemplate(settings));
    return knownShape(request) === undefined ? request.name : undefined;
  },
  placesField: "availabilityDomains",
  findVms: findInstances,
  listVms: listInstances,
  confirmVm: confirmInstance,
  check: checkTenancy,
  accountRefusal,
  findProblems: keyProblems,
  failures,
});

const dns = defineDns<OciDnsSettings, RrsetArgs, string>({
  ...dnsAccess,
  description: "Records in OCI DNS.",
  settings: ociDnsSettingsSchema,
  recordType: "oci:Dns/rrset:Rrset",
  load: () =>
    loadSdk(packageName, () => require("@pulumi/oci/dns/rrset") as typeof import("@pulumi/oci/dns/rrset")).Rrset,
  prepare: async ({ dns: { settings, baseDomainName } }, { provider }) => zoneOf(baseDomainName, settings, provider),
  // OCI itself makes the set of a name and type only where there is none, but a node's VM would be made first.
  standing: (name, { dns: { settings } }, zone, { provider }) => recordsNamed(name, zone, settings, provider),
  inputs: ({ dns: { ttlSeconds, settings }, address, type }, name, zoneNameOrId) => ({
    zoneNameOrId,
    domain: name,
    rtype: type,
    items: [{ domain: name, rtype: type, rdata: address, ttl: ttlSeconds }],
    ...(zoneNameOrId.startsWith("ocid1.") ? {} : { viewId: settings.privateViewOcid }),
  }),
  // OCI keeps tags for zones, not for records.
  placeIdentity: "nowhere",
  timeouts: { create: "5m", delete: "5m" },
});

export const oci = { kind: "oci", typeName: "Oci", vm, dns } satisfies Cloud;
