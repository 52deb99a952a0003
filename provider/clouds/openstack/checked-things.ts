/** What the check of a template looks up, and what credentials must be allowed to have it looked up. */
import type { LookedUp } from "../../frame/lookups";

/** In the order in which their findings are told. */
export const things = {
  nova: { field: "novaVersion", remedy: "name a microversion that this cloud has", permission: "GET /v2.1/limits" },
  flavor: { field: "flavor", remedy: "name another one", permission: "GET /v2.1/flavors/*" },
  flavorId: {
    field: "flavorId",
    remedy: "the project sees no such flavor; name another one",
    permission: "GET /v2.1/flavors/*",
  },
  image: {
    field: "imageId",
    remedy: "the project sees no such image; name another one",
    permission: "GET /v2/images/*",
  },
  imageName: { field: "imageName", remedy: "name another one", permission: "GET /v2/images" },
  network: { field: "networkId", remedy: "name another one", permission: "GET /v2.0/networks" },
  networkName: { field: "networkName", remedy: "name another one", permission: "GET /v2.0/networks" },
  groups: { field: "securityGroups", remedy: "name others", permission: "GET /v2.0/security-groups" },
  key: {
    field: "keyName",
    remedy: "the user who made the credential has no such key pair; add it, or name another one",
    permission: "GET /v2.1/os-keypairs/*",
  },
  zone: { field: "availabilityZone", remedy: "name another one", permission: "GET /v2.1/os-availability-zone" },
  volumeType: { field: "volumeType", remedy: "name another one", permission: "GET /v3/*/types" },
  metadata: { field: "metadata", remedy: "have fewer entries", permission: "GET /v2.1/limits" },
} as const satisfies Readonly<Record<string, LookedUp>>;
export type Thing = keyof typeof things;
