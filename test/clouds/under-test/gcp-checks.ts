/** What the check of a Google Cloud project and template tells. */
import type { CheckCase } from "../cloud-under-test";
import type { EmulatedGcp } from "../emulated-gcp";
import { keyGone } from "../emulated-gcp-keys";
import { GcpRefusal } from "../gcp-api";
import { homeProject } from "../gcp-facts";

const gib = 2 ** 30;
const own = `projects/${homeProject}`;

/** The API refuses what stands under such a path. */
function refusing(path: RegExp, status: number, sentence: string, reason: string): (cloud: EmulatedGcp) => void {
  return ({ api }) =>
    void (api.answers = (asked) => {
      if (path.test(asked)) throw new GcpRefusal(status, sentence, reason);
      return undefined;
    });
}

export const gcpChecks: readonly CheckCase<EmulatedGcp>[] = [
  {
    name: "GPUs of a machine type",
    template: { machineType: "g2-standard-4" },
    finds: [],
    size: { name: "g2-standard-4", shape: { cores: 4, memoryBytes: 16 * gib, gpus: 1 } },
  },
  {
    name: "GPUs that are attached",
    template: {
      machineType: "n1-standard-4",
      guestAccelerators: [{ acceleratorType: "nvidia-tesla-t4", acceleratorCount: 2 }],
    },
    finds: [],
    size: {
      name: "n1-standard-4 with 2 x nvidia-tesla-t4",
      shape: { cores: 4, memoryBytes: 15 * gib, gpus: 2 },
    },
  },
  {
    name: "a custom machine type, whose name says its size",
    template: { machineType: "n2-custom-4-8192" },
    finds: [],
    size: "unknown",
  },
  {
    name: "a zone that is not there: nothing more is said of what would be in it",
    template: { zone: ["us-east4-b", "us-east4-z"] },
    finds: [["wrong", "zone", /^zone "us-east4-z": Google Cloud says 404 notFound .*name another one/]],
  },
  {
    name: "a zone that is down",
    arrange: ({ facts }) => void facts.zones.set("us-east4-b", { status: "DOWN" }),
    finds: [["passing", "zone", /the zone is DOWN now/]],
  },
  {
    name: "a machine type that is not there",
    template: { machineType: "e9-standard-2" },
    finds: [["wrong", "machineType", /^machineType "e9-standard-2": .*use one that is offered there/]],
    size: "unknown",
  },
  {
    name: "an obsolete machine type",
    template: { machineType: "n0-old-1" },
    finds: [["wrong", "machineType", /makes no VMs of it any more \(OBSOLETE\)/]],
    size: { name: "n0-old-1", shape: { cores: 1, memoryBytes: gib, gpus: 0 } },
  },
  {
    name: "an image for another architecture than the machine type's",
    template: { machineType: "c4a-standard-4", diskType: "hyperdisk-balanced" },
    finds: [["wrong", "image", /the image is for X86_64, and "c4a-standard-4" is ARM64; change one/]],
    size: { name: "c4a-standard-4", shape: { cores: 4, memoryBytes: 16 * gib, gpus: 0 } },
  },
  {
    name: "the same the other way round, by a family of another project",
    template: { image: "projects/debian-cloud/global/images/family/debian-12-arm64" },
    finds: [["wrong", "image", /the image is for ARM64, and "e2-standard-2" is X86_64/]],
  },
  {
    name: "a boot disk that is smaller than its image",
    arrange: ({ facts }) =>
      void facts.images.push({
        path: `${own}/global/images/large`,
        name: "large",
        status: "READY",
        architecture: "X86_64",
        diskSizeGb: "50",
      }),
    template: { image: "large", bootVolumeSize: "20GiB" },
    finds: [["wrong", "image", /the image has 50 GiB, and bootVolumeSize is 20 GiB/]],
  },
  {
    name: "an image that is not there",
    template: { image: "agents-9" },
    finds: [
      ["wrong", "image", /^image "projects\/.*agents-9": Google Cloud says 404 notFound .*roles\/compute\.imageUser/],
    ],
  },
  {
    name: "an image that is obsolete and still being made",
    arrange: ({ facts }) =>
      void facts.images.push({
        path: `${own}/global/images/old`,
        name: "old",
        status: "PENDING",
        architecture: "X86_64",
        diskSizeGb: "10",
        deprecated: { state: "OBSOLETE", replacement: "agents-2" },
      }),
    template: { image: "old" },
    finds: [
      ["wrong", "image", /PENDING and not READY/],
      ["wrong", "image", /the image is OBSOLETE; its replacement is agents-2/],
    ],
  },
  {
    name: "a network that does not make its subnetworks itself",
    template: { network: "labs", subnetwork: undefined },
    finds: [["wrong", "network", /does not make its subnetworks itself; name one of its region "us-east4"/]],
  },
  {
    name: "a subnetwork of another network",
    template: { network: "labs", subnetwork: "default" },
    finds: [
      ["wrong", "subnetwork", /is of network projects\/.*\/default, and not "projects\/.*\/labs"; name one of its own/],
    ],
  },
  {
    name: "a network and a subnetwork that are not there",
    template: { network: "none", subnetwork: "none" },
    finds: [
      ["wrong", "network", /says 404 notFound .*make it/],
      ["wrong", "subnetwork", /no such subnetwork in the region/],
    ],
  },
  {
    name: "a disk type and GPUs that the zone does not have",
    template: {
      diskType: "pd-extreme",
      guestAccelerators: [{ acceleratorType: "nvidia-tesla-p100", acceleratorCount: 1 }],
    },
    finds: [
      ["wrong", "diskType", /^diskType "pd-extreme": .*no such disk type/],
      ["wrong", "guestAccelerators", /does not have GPUs of this type/],
    ],
    size: {
      name: "e2-standard-2 with 1 x nvidia-tesla-p100",
      shape: { cores: 2, memoryBytes: 8 * gib, gpus: 1 },
    },
  },
  {
    name: "more GPUs than a VM takes",
    template: { guestAccelerators: [{ acceleratorType: "nvidia-tesla-t4", acceleratorCount: 8 }] },
    finds: [["wrong", "guestAccelerators", /8 are asked for, and a VM takes at most 4/]],
    size: {
      name: "e2-standard-2 with 8 x nvidia-tesla-t4",
      shape: { cores: 2, memoryBytes: 8 * gib, gpus: 8 },
    },
  },
  {
    name: "a key that is gone, by its id and its service account",
    arrange: ({ access }) => access.revoke("K1"),
    finds: [
      [
        "wrong",
        "credentials",
        /^credentials: Google Cloud says .*invalid_grant.*: key 0123abcd of K1@pensive-voice-547511\.iam.* make a new key/,
      ],
    ],
    size: "unknown",
    isNobody: true,
  },
  {
    name: "a clock that is wrong",
    arrange: ({ failing }) =>
      void failing.set(
        "getClientConfig",
        keyGone.replace(
          "Invalid JWT Signature.",
          "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
        ),
      ),
    finds: [["wrong", "credentials", /the clock of the runtime's machine is wrong/]],
    size: "unknown",
    isNobody: true,
  },
  {
    name: "an API that is not enabled",
    arrange: refusing(
      /^projects\/[^/]+$/,
      403,
      "Compute Engine API has not been used in project 123456789012 before or it is disabled. Enable it by visiting https://console.developers.google.com",
      "accessNotConfigured",
    ),
    finds: [
      ["wrong", "project", /an API is not enabled in project "pensive-voice-547511"; enable compute\.googleapis\.com/],
    ],
    size: "unknown",
    isNobody: true,
  },
  {
    name: "a project that is not there",
    arrange: refusing(/^projects\/[^/]+$/, 404, `The resource '${own}' was not found`, "notFound"),
    finds: [["wrong", "project", /there is no such project; use its id, not its name/]],
    size: "unknown",
    isNobody: true,
  },
  {
    name: "credentials that may not tell which project it is: no fault of the template",
    arrange: ({ access }) => access.deny("K1", "know the project"),
    finds: [
      ["unchecked", "project", /which project it is could not be told: .*allow the action compute\.projects\.get/],
      ["unchecked", "zone", /could not be checked: Google Cloud says 403 forbidden/],
      ["unchecked", "image", /allow the action compute\.projects\.get/],
      ["unchecked", "network", /allow the action/],
      ["unchecked", "subnetwork", /allow the action/],
    ],
    size: "unknown",
    isNobody: true,
  },
  {
    name: "credentials that may not look at images: no fault of the template",
    arrange: refusing(
      /\/images\//,
      403,
      `Required 'compute.images.get' permission for '${own}/global/images/agents-1'`,
      "forbidden",
    ),
    finds: [["unchecked", "image", /Google Cloud says 403 forbidden .*allow the action compute\.images\.get/]],
  },
  {
    name: "an image that could not be asked for this time",
    arrange: refusing(/\/images\//, 403, "Rate Limit Exceeded", "rateLimitExceeded"),
    finds: [["passing", "image", /this time: Google Cloud says 403 rateLimitExceeded \("Rate Limit Exceeded"\)/]],
  },
];
