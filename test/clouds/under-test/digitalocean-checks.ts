/** What the check of a DigitalOcean token and template tells. */
import { apiError } from "../digitalocean-api";
import type { CheckCase } from "../cloud-under-test";
import type { EmulatedDigitalOcean } from "../emulated-digitalocean";

const gib = 2 ** 30;

export const digitalOceanChecks: readonly CheckCase<EmulatedDigitalOcean>[] = [
  {
    name: "GPUs of a size",
    template: { size: "gpu-h100x8-640gb" },
    finds: [],
    size: { name: "gpu-h100x8-640gb", shape: { cores: 160, memoryBytes: 1920 * gib, gpus: 8 } },
  },
  {
    name: "a region that is not there: neither size nor image is in it",
    template: { region: "xyz9" },
    finds: [
      ["wrong", "region", /^region "xyz9": DigitalOcean's plugin says "Region does not exist: xyz9": .*name another/],
      ["wrong", "size", /region "xyz9" does not have this size; it is offered in nyc1, nyc3, fra1/],
      ["wrong", "image", /the image is not in region "xyz9"/],
    ],
  },
  {
    name: "a size that is not there",
    template: { size: "c-3" },
    finds: [["wrong", "size", /^size "c-3": DigitalOcean has no size of this name/]],
    size: "unknown",
  },
  {
    name: "a size that the region does not have",
    template: { region: "nyc3", size: "s-8vcpu-16gb" },
    finds: [
      ["wrong", "size", /^size "s-8vcpu-16gb": region "nyc3" does not have this size; it is offered in nyc1, fra1$/],
    ],
    size: { name: "s-8vcpu-16gb", shape: { cores: 8, memoryBytes: 16 * gib, gpus: 0 } },
  },
  {
    name: "a size of which none are made any more",
    template: { size: "m-16vcpu-128gb" },
    finds: [["wrong", "size", /makes no Droplets of this size now/]],
    size: { name: "m-16vcpu-128gb", shape: { cores: 16, memoryBytes: 128 * gib, gpus: 0 } },
  },
  {
    name: "an image that is not there, by slug",
    template: { image: "ubuntu-16-04-x64" },
    finds: [["wrong", "image", /^image "ubuntu-16-04-x64": DigitalOcean says 404 .*could not be found.*no such image/]],
  },
  {
    name: "an image that is not there, by id",
    template: { image: "424242" },
    finds: [["wrong", "image", /^image "424242": DigitalOcean says 404/]],
  },
  {
    name: "a snapshot of another region, larger than the size's disk, still being made",
    arrange: ({ facts, access: { home: owner } }) =>
      void facts.images.push({ owner, id: 77, slug: "", regions: ["fra1"], minDiskSize: 80, status: "pending" }),
    template: { image: "77" },
    finds: [
      ["wrong", "image", /the image is there, but "pending"/],
      ["wrong", "image", /not in region "nyc1", but in fra1/],
      ["wrong", "image", /needs a disk of 80 GiB, and size "c-2" has 25/],
    ],
  },
  {
    name: "a snapshot of another team",
    arrange: ({ facts, access: { other: owner } }) =>
      void facts.images.push({ owner, id: 78, slug: "", regions: ["nyc1"], minDiskSize: 7, status: "available" }),
    template: { image: "78" },
    finds: [["wrong", "image", /the team has no such image/]],
  },
  {
    name: "an SSH key that is not there",
    template: { sshKeyName: "nobody" },
    finds: [["wrong", "sshKeyName", /"no ssh key found with name nobody": exactly one SSH key of the team/]],
  },
  {
    name: "an SSH key that is there twice",
    arrange: ({ facts, access: { home: owner } }) =>
      void [1, 2].forEach((id) => facts.sshKeys.push({ owner, id, name: "twin", fingerprint: `${id}0:00` })),
    template: { sshKeyName: "twin" },
    finds: [["wrong", "sshKeyName", /too many ssh keys found with name twin/]],
  },
  {
    name: "a firewall that has one of the tags",
    template: { firewallId: "bb4b2611-3d72-467b-8602-280330ecd65c" },
    finds: [],
  },
  {
    name: "a firewall that does not apply",
    template: { firewallId: "bb4b2611-3d72-467b-8602-280330ecd65d" },
    finds: [
      [
        "wrong",
        "firewallId",
        /does not apply to the nodes: it has web; give it one of the nodes' tags, e\.g\. team:labs/,
      ],
    ],
  },
  {
    name: "a firewall and a VPC that are not there",
    template: {
      firewallId: "11111111-1111-4111-8111-111111111111",
      vpcUuid: "22222222-2222-4222-8222-222222222222",
    },
    finds: [
      ["wrong", "firewallId", /the team has no such firewall; make it/],
      ["wrong", "vpcUuid", /says 404 .*the team has no such VPC/],
    ],
  },
  {
    name: "a VPC of another region",
    template: { vpcUuid: "760e09ef-dc84-41e8-981e-3cfdfeaae001" },
    finds: [["wrong", "vpcUuid", /the VPC is in region "fra1", and the nodes in "nyc1"/]],
  },
  {
    name: "a locked account",
    arrange: (cloud) => void (cloud.account = { ...cloud.account, status: "locked", statusMessage: "Please pay." }),
    finds: [["wrong", "token", /^token: the account is locked \("Please pay\."\)/]],
    size: "unknown",
    isNobody: true,
  },
  {
    name: "a revoked token",
    arrange: ({ access }) => access.revoke("K1"),
    finds: [
      ["wrong", "token", /^token: DigitalOcean says 401 \("Unable to authenticate you"\): the token was deleted/],
    ],
    size: "unknown",
    isNobody: true,
  },
  {
    name: "a token that may not tell whose it is: no fault of the template",
    arrange: ({ failing }) =>
      void failing.set("getProject", `Unable to load default project: ${forbidden("projects/default")}`),
    finds: [
      ["unchecked", "token", /of which team it is could not be told: DigitalOcean says 403 .*allow project:read/],
    ],
    isNobody: true,
  },
  {
    name: "a token that may not look at images and keys: no fault of the template",
    arrange: ({ failing }) => {
      failing.set("getImage", `Error retrieving image: ${forbidden("images/1")}`);
      failing.set("getSshKey", `Error retrieving SSH keys: ${forbidden("account/keys")}`);
    },
    finds: [
      ["unchecked", "image", /could not be checked: DigitalOcean says 403 .*allow the action image:read/],
      ["unchecked", "sshKeyName", /allow the action ssh_key:read/],
    ],
  },
  {
    name: "a request that was throttled",
    arrange: ({ failing }) =>
      void failing.set("getImage", apiError("GET", "images/1", 429, "API rate limit exceeded.")),
    finds: [["passing", "image", /this time: DigitalOcean says 429 \("API rate limit exceeded"\)/]],
  },
  {
    name: "a time-out",
    arrange: ({ failing }) => void failing.set("getSizes", "dial tcp 10.0.0.1:443: i/o timeout"),
    finds: [["passing", "size", /i\/o timeout/]],
    size: "unknown",
  },
  {
    name: "an account that could not be asked",
    arrange: ({ failing }) => void failing.set("getAccount", apiError("GET", "account", 503, "Service unavailable")),
    finds: [["passing", "token", /could not be asked: DigitalOcean says 503/]],
    size: "unknown",
    isNobody: true,
  },
  {
    name: "a refusal that repeats the token, without the token",
    arrange: ({ failing }) => void failing.set("getImage", "odd: you sent token-of-K1 with it"),
    finds: [["passing", "image", /you sent \[secret\] with/]],
  },
];

function forbidden(path: string): string {
  return apiError("GET", path, 403, "You are not authorized to perform this operation");
}
