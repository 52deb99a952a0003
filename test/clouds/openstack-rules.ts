/**
 * What Nova refuses of a request for a server, in its own words: rules of its schema as far as nodes can break them, and
 * of what the request names. `openstack-nova.test.ts` holds the former against the schema itself where there is one.
 */
import type { Properties } from "../../provider/resource-kernel";
import { fault, type OpenStackRefusal } from "./emulated-openstack-access";
import type { OpenStackFacts } from "./openstack-facts";
import type { ServerRequest } from "./openstack-request";

interface Server {
  readonly name: string;
  readonly imageRef: string;
  readonly flavorRef: string;
  readonly networks: readonly { readonly uuid: string }[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly security_groups?: readonly { readonly name: string }[];
  readonly key_name?: string;
  readonly availability_zone?: string;
  readonly user_data?: string;
  readonly personality?: readonly object[];
  readonly block_device_mapping_v2?: readonly Properties[];
}

const userDataMax = 65_535;

export function serverProblem(
  { microversion, body }: ServerRequest,
  facts: OpenStackFacts,
  owner: string,
): OpenStackRefusal | undefined {
  const server = body.server as unknown as Server;
  return schemaProblem(server, Number(microversion.split(".")[1])) ?? referenceProblem(server, facts, owner);
}

function schemaProblem(server: Server, minor: number): OpenStackRefusal | undefined {
  const invalid = (field: string, value: unknown, why: string) =>
    fault(400, `Invalid input for field/attribute ${field}. Value: ${JSON.stringify(value)}. ${why}`);
  const { name, metadata = {}, user_data: userData = "", personality } = server;
  if (!/^[^\s].{0,253}[^\s]$|^[^\s]$/.test(name)) return invalid("name", name, "leading or trailing spaces");
  for (const [key, value] of Object.entries(metadata)) {
    if (!/^[a-zA-Z0-9-_:. ]{1,255}$/.test(key)) return invalid("metadata", key, "does not match any of the regexes");
    if (value.length > 255) return invalid(key, value, "is too long");
  }
  if (userData.length > userDataMax) return invalid("user_data", "...", "is too long");
  if (personality !== undefined && minor >= 57) {
    return fault(400, "Additional properties are not allowed ('personality' was unexpected)");
  }
  return undefined;
}

function referenceProblem(server: Server, facts: OpenStackFacts, owner: string): OpenStackRefusal | undefined {
  const disks = server.block_device_mapping_v2 ?? [];
  const flavor = facts.flavors.find(({ id }) => id === server.flavorRef);
  if (flavor === undefined) return fault(400, `Flavor ${server.flavorRef} could not be found.`);
  const boot = disks.find((disk) => disk["boot_index"] === 0);
  const imageId = server.imageRef === "" ? String(boot?.["uuid"]) : server.imageRef;
  const image = facts.images.find(({ id }) => id === imageId);
  if (image === undefined && boot?.["source_type"] !== "snapshot") {
    return fault(400, `Invalid imageRef provided.`);
  }
  if (disks.filter((disk) => disk["boot_index"] === 0).length > 1 || (disks.length > 0 && boot === undefined)) {
    return fault(
      400,
      "Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination is not valid.",
    );
  }
  const onVolume = boot?.["destination_type"] === "volume";
  if (!onVolume && flavor.disk === 0) {
    return fault(403, "Only volume-backed servers are allowed for flavors with zero disk.");
  }
  if (image !== undefined && image.min_ram > flavor.ram)
    return fault(400, "Flavor's memory is too small for requested image.");
  if (image !== undefined && onVolume && Number(boot?.["volume_size"] ?? Infinity) < image.min_disk) {
    return fault(400, "Volume is smaller than the minimum size specified in image metadata.");
  }
  for (const { name } of server.security_groups ?? []) {
    const found = facts.groups.filter(
      (group) => group.project_id === owner && (group.name === name || group.id === name),
    );
    if (found.length === 0) return fault(400, `Security group ${name} not found.`);
    if (found.length > 1) {
      return fault(409, `Multiple security_group matches found for name '${name}', use an ID to be more specific.`);
    }
  }
  if (server.key_name !== undefined && !facts.keyPairs.has(server.key_name)) {
    return fault(400, "Invalid key_name provided.");
  }
  if (server.availability_zone !== undefined && !facts.zones.has(server.availability_zone)) {
    return fault(400, "The requested availability zone is not available");
  }
  const network = facts.networks.find(({ id }) => id === server.networks[0]?.uuid);
  if (network?.subnets.length === 0) {
    return fault(400, `Network ${network.id} requires a subnet in order to boot instances on.`);
  }
  return undefined;
}
