/** OCI's API as far as nodes need it: how its plugin prints refusals, and the request that it makes of an instance's inputs. */
import type { Properties } from "../../provider/resource-kernel";

interface Refused {
  readonly service?: string;
  readonly operation?: string;
}

/** As the provider plugin prints a refusal of a resource. @param code E.g. `400-InvalidParameter`. */
export function ociError(
  code: string,
  message: string,
  { service = "Core Instance", operation = "LaunchInstance" }: Refused = {},
): string {
  return `1 error occurred:
\t* ${code}, ${message}
Suggestion: Please retry or contact support for help with service: ${service}
Documentation: https://registry.terraform.io/providers/oracle/oci/latest/docs/resources/core_instance
API Reference: https://docs.oracle.com/iaas/api/#/en/iaas/20160918/Instance/${operation}
Request Target: POST https://iaas.us-ashburn-1.oraclecloud.com/20160918/instances
Provider version: 8.28.0, released on 2026-08-19.
Service: ${service}
Operation Name: ${operation}
OPC request ID: 4f7aa31513737ca07ae902f168911c27/60A666258C2E6FB307A5F5DAED589C11/7D7CC44E85D42AFA708C4D3877974FC3

`;
}

/** As it prints a launch that was accepted and then failed. */
export function workError(message: string): string {
  return `1 error occurred:
\t* Work Request error
Provider version: 8.28.0, released on 2026-08-19.
Service: Core Instance
Error Message: work request did not succeed, workId: ocid1.coreservicesworkrequest.oc1.iad.abc, entity: instance, action: CREATED. Message: ${message}
Resource OCID: ocid1.instance.oc1.iad.abc
Suggestion: Please retry or contact support for help with service: Core Instance

`;
}

export const notFound = "Authorization failed or requested resource not found.";
export const notAuthenticated =
  "The required information to complete authentication was not provided or was incorrect.";

/** Names of the SDK that are not those of the API. */
const apiNames: Readonly<Record<string, string>> = {
  pluginsConfigs: "pluginsConfig",
  assignIpv6ip: "assignIpv6Ip",
  memoryInGbs: "memoryInGBs",
  bootVolumeSizeInGbs: "bootVolumeSizeInGBs",
  bootVolumeVpusPerGb: "bootVolumeVpusPerGB",
  sizeInGbs: "sizeInGBs",
  vpusPerGb: "vpusPerGB",
  ipv6addressIpv6subnetCidrPairDetails: "ipv6AddressIpv6SubnetCidrPairDetails",
  ipv6subnetCidr: "ipv6SubnetCidr",
};

/** Texts there that are numbers or flags in the API. */
const numbers = new Set(["bootVolumeSizeInGBs", "bootVolumeVpusPerGB", "sizeInGBs", "vpusPerGB"]);
/** Maps of the user: their keys are no names of fields. */
const maps = new Set(["metadata", "freeformTags", "configMap"]);
/** What the plugin keeps for when it deletes the VM. */
const kept = ["preserveBootVolume", "preserveDataVolumesCreatedAtLaunch", "state", "async"];

/** The body of LaunchInstance that the plugin makes of an instance's inputs. */
export function launchBodyOf(inputs: Properties): Record<string, unknown> {
  const body = bodyOf(Object.fromEntries(Object.entries(inputs).filter(([name]) => !kept.includes(name))));
  const { sourceDetails, extendedMetadata } = body as Record<string, Record<string, unknown> | undefined>;
  return {
    ...body,
    ...(sourceDetails && { sourceDetails: renamed(sourceDetails, "sourceId", "imageId") }),
    ...(extendedMetadata && { extendedMetadata: parsedValues(extendedMetadata) }),
  };
}

function bodyOf(inputs: Properties): Record<string, unknown> {
  const entries = Object.entries(inputs)
    .filter(([name, value]) => !name.startsWith("__") && value !== undefined && value !== null)
    .map(([name, value]) => {
      const apiName = apiNames[name] ?? name;
      return [apiName, valueOf(apiName, value)] as const;
    });
  return Object.fromEntries(entries);
}

function valueOf(name: string, value: unknown): unknown {
  if (name === "definedTags") return nested(value as Readonly<Record<string, string>>);
  if (maps.has(name) || name === "extendedMetadata") return value;
  if (numbers.has(name)) return Number(value);
  if (name === "assignPublicIp") return value === "true";
  // One here, a list of licences there.
  if (name === "licensingConfigs") return [bodyOf(value as Properties)];
  if (Array.isArray(value)) return value.map((item: unknown) => (isObject(item) ? bodyOf(item) : item));
  return isObject(value) ? bodyOf(value) : value;
}

function nested(tags: Readonly<Record<string, string>>): Record<string, Record<string, string>> {
  const all: Record<string, Record<string, string>> = {};
  for (const [name, value] of Object.entries(tags)) {
    const dot = name.indexOf(".");
    (all[name.slice(0, dot)] ??= {})[name.slice(dot + 1)] = value;
  }
  return all;
}

function renamed(object: Readonly<Record<string, unknown>>, from: string, name: string): Record<string, unknown> {
  const { [from]: value, ...rest } = object;
  return value === undefined ? rest : { ...rest, [name]: value };
}

function parsedValues(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const parsed = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      // As the plugin does: what is no JSON is sent as the text that it is.
      return text;
    }
  };
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, parsed(String(value))]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
