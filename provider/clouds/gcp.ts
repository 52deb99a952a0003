/** Google Cloud: one Compute Engine VM per node, whose boot disk goes with it; records in Cloud DNS. */
import type { Instance, InstanceArgs } from "@pulumi/gcp/compute/instance";
import type { RecordSetArgs } from "@pulumi/gcp/dns/recordSet";
import type * as pulumi from "@pulumi/pulumi";
import { defineDns, defineVm, type Cloud } from "../cloud";
import { asItIs, forCloudInit } from "../frame/script";
import { loadSdk } from "../frame/sdk";
import { packageName, projectAccess } from "./gcp/account";
import { checkProject, sizeNameOf } from "./gcp/check";
import { managedZoneOf, recordsNamed } from "./gcp/dns-zone";
import { failures } from "./gcp/failures";
import { findInstances, listInstances, placeIdentity } from "./gcp/find";
import { addressIn, instanceArgs, typeFactsOf, wholeOverrides, type TypeFacts } from "./gcp/instance";
import { metadataBytesMax, metadataBytesOf, metadataValueBytesMax } from "./gcp/metadata";
import { instanceInputs } from "./gcp/overrides";
import { accountRefusal } from "./gcp/refusals";
import { guardBytesMax, scriptProblem } from "./gcp/scripts";
import { gcpDnsSettingsSchema, gcpSettingsSchema, type GcpDnsSettings, type GcpSettings } from "./gcp/settings";
import { acceleratorsIn, customShapeOf, machineTypeIn } from "./gcp/template";

const vm = defineVm<GcpSettings, InstanceArgs, Instance, TypeFacts>({
  ...projectAccess,
  description: "VMs on Google Cloud: Compute Engine.",
  example: `const large = new headroom.GcpVmProvider("large", {
  maxInstances: 20, credentials, project: "pensive-voice-547511", zone: "us-east4-b", machineType: "e2-standard-4",
  image: "projects/pensive-voice-547511/global/images/family/agents", subnetwork: subnetwork.id,
});`,
  settings: gcpSettingsSchema,
  vmType: "gcp:compute/instance:Instance",
  load: () =>
    loadSdk(packageName, () => require("@pulumi/gcp/compute/instance") as typeof import("@pulumi/gcp/compute/instance"))
      .Instance,
  script: {
    wrap: { linux: forCloudInit, windows: asItIs },
    encoding: "plain",
    // What keeps it from running at later starts counts, too.
    bytesMax: metadataValueBytesMax - guardBytesMax,
  },
  scriptWarning,
  prepare: async (node, { provider }) => typeFactsOf(node, provider),
  inputs: instanceArgs,
  overrides: wholeOverrides,
  placeIdentity,
  // The script is a part of it, and so may be other secrets.
  secretInputs: ["metadata"],
  secretOutputs: ["metadata"],
  ignoreChanges: Object.keys(instanceInputs).filter((input) => input !== "name"),
  timeouts: () => ({ create: "6m", update: "10m", delete: "20m" }),
  address: ({ networkInterfaces }, { addressType }) =>
    networkInterfaces.apply(([first]) => addressIn(first ?? {}, addressType)) as pulumi.Output<string>,
  shape: (settings) => {
    const known = customShapeOf(machineTypeIn(settings));
    const gpus = acceleratorsIn(settings).reduce((sum, { count }) => sum + count, 0);
    return known && { ...known, gpus };
  },
  sizeOf: sizeNameOf,
  findVms: findInstances,
  listVms: listInstances,
  check: checkProject,
  accountRefusal,
  failures,
});

/** What is told at preview, and refused when a node is made. */
function scriptWarning(script: string, settings: Partial<GcpSettings>): string | undefined {
  const { metadata = {}, linuxScriptType = "startup-script" } = settings;
  const bytes = metadataBytesOf(metadata) + Buffer.byteLength(script) + guardBytesMax;
  if (bytes > metadataBytesMax) {
    return `with the settings' metadata there are some ${bytes} bytes, and a VM takes ${metadataBytesMax}: let the script load the rest`;
  }
  return scriptProblem(script, linuxScriptType);
}

const dns = defineDns<GcpDnsSettings, RecordSetArgs, string>({
  ...projectAccess,
  description: "Records in Google Cloud DNS.",
  settings: gcpDnsSettingsSchema,
  recordType: "gcp:dns/recordSet:RecordSet",
  load: () =>
    loadSdk(packageName, () => require("@pulumi/gcp/dns/recordSet") as typeof import("@pulumi/gcp/dns/recordSet"))
      .RecordSet,
  prepare: async ({ dns: { settings, baseDomainName } }, { provider }) =>
    managedZoneOf(baseDomainName, settings, provider),
  standing: (name, { dns: { settings } }, managedZone, options) => recordsNamed(name, managedZone, settings, options),
  inputs: ({ dns: { settings, ttlSeconds }, address, type }, name, managedZone) => ({
    project: settings.project,
    managedZone,
    // Without its dot it would be no whole name.
    name: `${name}.`,
    type,
    ttl: ttlSeconds,
    rrdatas: [address],
  }),
  // Cloud DNS has labels for zones, not for records.
  placeIdentity: "nowhere",
  timeouts: { create: "5m", delete: "5m" },
});

export const gcp = { kind: "gcp", vm, dns } satisfies Cloud;
