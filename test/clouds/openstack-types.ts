/**
 * Inputs and outputs of `openstack:compute/instance:Instance` as version 5.5.3 of the Pulumi provider has them;
 * `openstack-drift.test.ts` compares the names with the newest SDK that PyPI has.
 */
import type { SdkObject, SdkType } from "./sdk-types";

const text: SdkType = { kind: "string" };
const flag: SdkType = { kind: "boolean" };
const whole: SdkType = { kind: "number" };
const texts: SdkType = { kind: "list", of: text };
const textMap: SdkType = { kind: "map", of: text };

function object(fields: Readonly<Record<string, SdkType>>, required: readonly string[] = []): SdkObject {
  const entries = Object.entries(fields);
  return {
    kind: "object",
    fields: new Map(entries.map(([name, type]) => [name, { type, isRequired: required.includes(name) }])),
  };
}
const list = (of: SdkType): SdkType => ({ kind: "list", of });

const blockDevice = object(
  {
    ...{ bootIndex: whole, deleteOnTermination: flag, destinationType: text, deviceType: text, diskBus: text },
    ...{ guestFormat: text, multiattach: flag, sourceType: text, uuid: text, volumeSize: whole, volumeType: text },
  },
  ["sourceType"],
);
const network = object({
  ...{ accessNetwork: flag, fixedIpV4: text, fixedIpV6: text, mac: text, name: text, port: text, uuid: text },
});
const hints = object({
  ...{ additionalProperties: textMap, buildNearHostIp: text, differentCells: texts, differentHosts: texts },
  ...{ group: text, queries: texts, sameHosts: texts, targetCell: text },
});

const inputs = {
  ...{ adminPass: text, availabilityZone: text, availabilityZoneHints: text, blockDevices: list(blockDevice) },
  ...{ configDrive: flag, flavorId: text, flavorName: text, forceDelete: flag, hypervisorHostname: text },
  ...{ imageId: text, imageName: text, keyPair: text, metadata: textMap, name: text, networkMode: text },
  ...{ networks: list(network), personalities: list(object({ content: text, file: text }, ["content", "file"])) },
  ...{ powerState: text, region: text, schedulerHints: list(hints), securityGroups: texts, stopBeforeDestroy: flag },
  ...{ tags: texts, userData: text },
  vendorOptions: object({ detachPortsBeforeDestroy: flag, ignoreResizeConfirmation: flag }),
} as const satisfies Readonly<Record<string, SdkType>>;

export const instanceInputs = object(inputs);
export const instanceOutputs = object({
  ...inputs,
  ...{ accessIpV4: text, accessIpV6: text, allMetadata: textMap, allTags: texts, created: text, updated: text },
});
