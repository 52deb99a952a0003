/** What the check of an OpenStack account and template tells. */
import type { CheckCase } from "../cloud-under-test";
import type { EmulatedOpenStack } from "../emulated-openstack";
import { fault, OpenStackRefusal } from "../emulated-openstack-access";
import { idOf } from "../openstack-facts";

const gib = 2 ** 30;
const nowhere = "99999999-0000-4000-8000-000000000001";
/** A template that boots from a disk on the host, of the flavor's size. */
const onHost = { createVolume: false, volumeSize: undefined, volumeType: undefined };

const refusing =
  (path: RegExp, status: number, message: string): NonNullable<CheckCase<EmulatedOpenStack>["arrange"]> =>
  ({ api }) => {
    api.refuses = (request) => (path.test(request) ? fault(status, message) : undefined);
  };

export const openStackChecks: readonly CheckCase<EmulatedOpenStack>[] = [
  {
    name: "GPUs of a flavor, by its id",
    template: { flavor: undefined, flavorId: idOf("flavor", 3) },
    finds: [],
    size: { name: idOf("flavor", 3), shape: { cores: 16, memoryBytes: 64 * gib, gpus: 2 } },
  },
  {
    name: "a flavor that is not there, by name and by id",
    template: { flavor: "gen.huge" },
    finds: [["wrong", "flavor", /^flavor "gen\.huge": the project sees no flavor of this name/]],
    size: "unknown",
  },
  {
    name: "a flavor that is not there, by its id",
    template: { flavor: undefined, flavorId: "77" },
    finds: [["wrong", "flavorId", /^flavorId "77": OpenStack says 404 \("Flavor 77 could not be found"\)/]],
    size: "unknown",
  },
  {
    name: "a flavor without a disk: only with a volume",
    template: { ...onHost, flavor: "gen.large" },
    finds: [["wrong", "flavor", /the flavor has no disk.*set createVolume/]],
    size: { name: "gen.large", shape: { cores: 8, memoryBytes: 32 * gib, gpus: 0 } },
  },
  {
    name: "the same flavor with one",
    template: { flavor: "gen.large" },
    finds: [],
    size: { name: "gen.large", shape: { cores: 8, memoryBytes: 32 * gib, gpus: 0 } },
  },
  {
    name: "a volume that is smaller than what the image becomes on a disk",
    template: { volumeSize: "15GiB" },
    finds: [["wrong", "imageId", /the image needs a disk of 20 GiB, and the volume has 15; make volumeSize larger/]],
  },
  {
    name: "a volume that is smaller than the image's minimum",
    template: { imageId: idOf("image", 2), volumeSize: "59GiB" },
    finds: [["wrong", "imageId", /needs a disk of 60 GiB, and the volume has 59/]],
  },
  {
    name: "a flavor that is smaller than the image, in memory and disk",
    template: { ...onHost, flavor: undefined, flavorId: "m1.tiny" },
    finds: [
      ["wrong", "imageId", /needs 1024 MiB of memory, and flavor "m1\.tiny" has 512/],
      ["wrong", "imageId", /needs a disk of 20 GiB, and flavor "m1\.tiny" has 1; name a larger one/],
    ],
    size: { name: "m1.tiny", shape: { cores: 1, memoryBytes: gib / 2, gpus: 0 } },
  },
  {
    name: "an image by its name",
    template: { ...onHost, imageId: undefined, imageName: "ubuntu-24.04-agent" },
    finds: [],
  },
  {
    name: "an image that is not there, by its id",
    template: { imageId: nowhere },
    finds: [["wrong", "imageId", /OpenStack says 404 \("No image found with ID .*the project sees no such image/]],
  },
  {
    name: "an image that is not there, by its name",
    template: { ...onHost, imageId: undefined, imageName: "ubuntu-16.04" },
    finds: [["wrong", "imageName", /^imageName "ubuntu-16\.04": the project sees no image of this name/]],
  },
  {
    name: "an image that is switched off",
    arrange: ({ facts }) =>
      void facts.images.push({ ...facts.images[0]!, id: idOf("image", 3), status: "deactivated" }),
    template: { imageId: idOf("image", 3) },
    finds: [["wrong", "imageId", /the image is there, but "deactivated"/]],
  },
  {
    name: "two networks of one name",
    arrange: ({ facts }) => void facts.networks.push({ ...facts.networks[0]!, id: idOf("network", 3), name: "bare" }),
    template: { networkId: undefined, networkName: "bare" },
    finds: [["wrong", "networkName", /2 networks have this name \(2.*-0{11}2, 2.*-0{11}3\); name one by networkId/]],
  },
  {
    name: "a network without a subnet",
    template: { networkId: idOf("network", 2) },
    finds: [["wrong", "networkId", /has no subnet, so a VM gets no address in it/]],
  },
  {
    name: "a network that is not there",
    template: { networkId: nowhere },
    finds: [["wrong", "networkId", /the project sees no such network/]],
  },
  {
    name: "two security groups of one name",
    arrange: ({ facts, access }) =>
      void facts.groups.push({ id: idOf("group", 5), name: "agents", project_id: access.home }),
    template: { securityGroups: ["agents"] },
    finds: [
      ["wrong", "securityGroups", /^securityGroups "agents": 2 security groups have this name .*name one by its id/],
    ],
  },
  {
    name: "one of them, by its id",
    template: { securityGroups: [idOf("group", 5)] },
    finds: [],
  },
  {
    name: "groups that are not there, or another project's",
    template: { securityGroups: ["default", "gone", "elsewhere"] },
    finds: [
      ["wrong", "securityGroups", /"gone": the project has no such security group/],
      ["wrong", "securityGroups", /"elsewhere": the project has no such security group/],
    ],
  },
  {
    name: "a key pair, an availability zone and a volume type that are not there",
    template: { keyName: "nobody", availabilityZone: "rack-9", volumeType: "floppy" },
    finds: [
      ["wrong", "keyName", /says 404 .*the user who made the credential has no such key pair/],
      ["wrong", "availabilityZone", /no such availability zone; there are nova, rack-2/],
      ["wrong", "volumeType", /no such volume type; there are __DEFAULT__, ssd/],
    ],
  },
  {
    name: "an availability zone that is off: it may come back",
    arrange: ({ facts }) => void facts.zones.set("rack-3", false),
    template: { availabilityZone: "rack-3" },
    finds: [["passing", "availabilityZone", /the zone is not available now/]],
  },
  {
    name: "more metadata than the project takes",
    template: { metadata: Object.fromEntries(Array.from({ length: 124 }, (_, index) => [`key-${index}`, "x"])) },
    finds: [["wrong", "metadata", /takes 128 entries on a VM, and with those that say whose it is there are 129/]],
  },
  {
    name: "a microversion that the cloud does not have",
    template: { novaVersion: "2.999" },
    finds: [
      ["wrong", "novaVersion", /^novaVersion "2\.999": OpenStack says 406 .*maximum is 2\.96"\): name a microversion/],
    ],
    size: "unknown",
  },
  {
    name: "a region that is not there",
    template: { region: "RegionNine" },
    finds: [
      [
        "wrong",
        "region",
        /region "RegionNine" of the catalog has no public address of service compute.*RegionOne, RegionTwo/,
      ],
    ],
    size: "unknown",
    isNobody: true,
  },
  {
    name: "a credential that was deleted",
    arrange: ({ access }) => access.revoke("K1"),
    finds: [
      [
        "wrong",
        "applicationCredentialSecret",
        /says 401 \("The request you have made requires authentication"\): Keystone does not know this application credential/,
      ],
    ],
    size: "unknown",
    isNobody: true,
  },
  {
    name: "a credential that may only read",
    arrange: ({ access }) => void (access.roles = ["reader"]),
    finds: [["wrong", "applicationCredentialId", /only the role reader in the project, which makes no VMs/]],
  },
  {
    name: "access rules that leave out images, keys and networks: no fault of the template",
    arrange: ({ api }) => {
      const kept = /\/(images|os-keypairs|networks)\b/;
      api.refuses = (request) =>
        kept.test(request) ? fault(403, "Application credential is not authorized") : undefined;
    },
    finds: [
      ["unchecked", "imageId", /could not be checked: OpenStack says 403 .*allow the action GET \/v2\/images/],
      ["unchecked", "networkId", /allow the action GET \/v2\.0\/networks/],
      ["unchecked", "keyName", /allow the action GET \/v2\.1\/os-keypairs/],
    ],
  },
  {
    name: "a service that is down",
    arrange: refusing(/\/images\//, 500, "Something went wrong"),
    finds: [["passing", "imageId", /could not be checked this time: OpenStack says 500/]],
  },
  {
    name: "a Keystone that fails",
    arrange: ({ api }) => {
      const body = {
        error: { code: 500, message: "An unexpected error prevented the server from fulfilling your request." },
      };
      api.refuses = (request) => (/auth\/tokens/.test(request) ? new OpenStackRefusal(500, body) : undefined);
    },
    finds: [["passing", "authUrl", /the cloud could not be asked: OpenStack says 500/]],
    size: "unknown",
    isNobody: true,
  },
  {
    name: "an address that is no Keystone's",
    arrange: refusing(/auth\/tokens/, 404, "Not Found"),
    finds: [["wrong", "authUrl", /says 404 .*no Keystone answers there/]],
    size: "unknown",
    isNobody: true,
  },
  {
    name: "a refusal that repeats the secret, without the secret",
    arrange: refusing(/\/images\//, 500, "odd: you sent secret-of-K1 with it"),
    finds: [["passing", "imageId", /you sent \[secret\] with/]],
  },
];
