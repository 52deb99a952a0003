/** OpenStack: one server of Nova per node, whose disks and ports go with it. It has no DNS service here. */
import { defineVm, type Cloud } from "../cloud";
import { providerByToken } from "../frame/by-token";
import { forCloudbaseInit, forCloudInit } from "../frame/script";
import {
  openStackAccessSchema,
  openStackAccountRules,
  openStackSecretFields,
  providerConfiguration,
} from "./openstack/account";
import { OpenStackApi } from "./openstack/api";
import { checkOpenStack } from "./openstack/check";
import { accountRefusal, openStackFailures, wayInOf } from "./openstack/failures";
import { findServers, listServers, placeIdentity } from "./openstack/find";
import { instanceClass, instanceType, openStackPackage, type Instance, type InstanceArgs } from "./openstack/instance";
import { requireProject } from "./openstack/project";
import { instanceArgs, overridesOf } from "./openstack/request";
import { openStackSettingsSchema, type OpenStackSettings } from "./openstack/settings";

const vm = defineVm<OpenStackSettings, InstanceArgs, Instance>({
  description: "VMs on OpenStack: servers of Nova.",
  example: `const labs = new headroom.OpenStackVmProvider("labs", {
  maxInstances: 20, authUrl: "https://openstack.example.org:5000", region: "RegionOne",
  applicationCredentialId: "1234...", applicationCredentialSecret: config.requireSecret("secret"),
  imageId: image.id, flavor: "gen.medium", networkId: network.id, securityGroups: ["agents"],
});`,
  settings: openStackSettingsSchema,
  secretFields: openStackSecretFields,
  account: openStackAccountRules,
  vmType: instanceType,
  load: instanceClass,

  async pulumiProvider(name, { settings, owner }) {
    const access = openStackAccessSchema.parse(settings);
    if (owner !== undefined) await requireProject(new OpenStackApi(access), owner, wayInOf(access));
    return providerByToken(openStackPackage, name, providerConfiguration(access), openStackSecretFields);
  },

  script: {
    wrap: { linux: forCloudInit, windows: forCloudbaseInit },
    // The plugin makes base64 of it, unless it is that already.
    encoding: "plain",
    // Nova takes 65,535 characters of base64, and four of them hold three bytes.
    bytesMax: 3 * Math.floor(65_535 / 4),
  },
  inputs: instanceArgs,
  overrides: overridesOf,
  placeIdentity,
  secretInputs: ["userData"],
  secretOutputs: ["userData", "adminPass"],
  ignoreChanges: [
    ...["imageId", "imageName", "flavorId", "flavorName", "blockDevices", "networks", "networkMode", "securityGroups"],
    ...["keyPair", "availabilityZone", "availabilityZoneHints", "configDrive", "metadata", "tags", "userData"],
    ...["schedulerHints", "personalities", "adminPass", "hypervisorHostname", "powerState", "region", "vendorOptions"],
  ],
  timeouts: () => ({ create: "20m", update: "10m", delete: "15m" }),
  address: ({ accessIpV4, accessIpV6 }) => {
    const { all } = require("@pulumi/pulumi") as typeof import("@pulumi/pulumi");
    // Some versions of the plugin put brackets around the latter, as an address of a web page has them.
    return all([accessIpV4, accessIpV6]).apply(([v4, v6]) => v4 || (v6 ?? "").replace(/^\[|\]$/g, ""));
  },

  shape: () => undefined,
  sizeOf: ({ flavor, flavorId }) => flavor ?? flavorId,
  findVms: (nodeIds, settings) => findServers(new OpenStackApi(settings), nodeIds),
  listVms: (sought, settings) => listServers(new OpenStackApi(openStackAccessSchema.parse(settings)), sought),
  check: checkOpenStack,
  accountRefusal,
  failures: openStackFailures,
});

export const openstack = { kind: "openstack", typeName: "OpenStack", vm } satisfies Cloud;
