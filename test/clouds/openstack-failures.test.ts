/**
 * What OpenStack's failures mean: the same sentence in each form in which services and versions of the plugin bring it, and
 * the same status with each sentence that it comes with. Names of things say nothing, whatever they are called.
 */
import assert from "node:assert/strict";
import type { CloudFailureClass } from "../../runtime/model/errors";
import { vmProviderOf } from "./registered";

const { classify } = vmProviderOf("openstack");

const url = "https://nova.example.org:8774/v2.1/servers";
const nova = (status: number, message: string, name = "badRequest") =>
  `Error creating OpenStack server: Expected HTTP response code [200 202] when accessing [POST ${url}], but got ${status} instead: ${JSON.stringify({ [name]: { code: status, message } })}`;
const neutron = (status: number, type: string, message: string) =>
  `Error creating OpenStack server: Expected HTTP response code [201] when accessing [POST https://neutron/v2.0/ports], but got ${status} instead: ${JSON.stringify({ NeutronError: { type, message, detail: "" } })}`;
const older = (message: string) =>
  `Error creating OpenStack server: Bad request with: [POST ${url}], error message: ${JSON.stringify({ badRequest: { code: 400, message } })}`;
const bare = (status: number, text: string) =>
  `Expected HTTP response code [202] when accessing [POST ${url}], but got ${status} instead: ${text}`;
/** Why a server that was accepted is in the state ERROR, as our own question after it brings it. */
const inError = (fault: string) =>
  `Error waiting for instance (5f1c) to become ready: unexpected state 'ERROR', wanted target 'ACTIVE'. last error: %!s(<nil>); fault: ${JSON.stringify({ code: 500, message: fault })}`;

/** Each form in which a sentence of a service may come. */
const forms: readonly (readonly [string, (sentence: string) => string])[] = [
  ["400", (sentence) => nova(400, sentence)],
  ["403", (sentence) => nova(403, sentence, "forbidden")],
  ["409", (sentence) => nova(409, sentence, "conflictingRequest")],
  ["413", (sentence) => nova(413, sentence, "overLimit")],
  ["500", (sentence) => nova(500, sentence, "computeFault")],
  ["an older plugin's 400", older],
  ["a bare text", (sentence) => bare(409, sentence)],
  ["the sentence alone", (sentence) => sentence],
  ["the fault of a server", inError],
  ["the fault of a build that was given up", (sentence) => inError(`Build of instance 5f1c aborted: ${sentence}`)],
];

const sentences: Readonly<Record<CloudFailureClass, readonly string[]>> = {
  QUOTA: [
    "Quota exceeded for instances: Requested 1, but already used 10 of 10 instances",
    "Quota exceeded for cores, instances: Requested 4, 1, but already used 252, 63 of 252, 63",
    "Quota exceeded for ram: Requested 4096, but already used 51200 of 51200 ram",
    "Quota exceeded for resources: ['port'].",
    "Maximum number of ports exceeded",
    "Maximum number of volumes allowed (10) exceeded for quota 'volumes'.",
    "Quota exceeded, too many servers in group",
    "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 40G, quota is 1000G and 990G has been consumed.",
    "Requested volume or snapshot exceeds allowed gigabytes quota.",
    "VolumeLimitExceeded: Maximum number of volumes allowed (10) exceeded for quota 'volumes'.",
  ],
  CAPACITY: [
    "No valid host was found. There are not enough hosts available.",
    "No valid host was found.",
    "Exceeded maximum number of retries. Exhausted all hosts available for retrying build failures for instance 5f1c.",
    "No more IP addresses available on network 22222222-0000-4000-8000-000000000001.",
    "No fixed IP addresses available for network: 22222222-0000-4000-8000-000000000001",
    "Insufficient compute resources: Free memory 100.00 MB < requested 4096 MB.",
  ],
  CONFIG: [
    "Multiple security_group matches found for name 'default', use an ID to be more specific.",
    "Multiple possible networks found, use a Network ID to be more specific.",
    "Images with destination_type 'volume' need to have a non-zero size specified",
    "Invalid imageRef provided.",
    "Flavor's disk is too small for requested image. Flavor disk is 1073741824 bytes, image is 3221225472 bytes.",
    "Only volume-backed servers are allowed for flavors with zero disk.",
    "Volume is smaller than the minimum size specified in image metadata.",
    "Maximum number of metadata items exceeds 128",
  ],
  TRANSIENT: [
    "VolumeNotCreated: Volume 66 did not finish being created even after we waited 192 seconds or 61 attempts. And its status is creating.",
    "Volume 66 did not finish being created even after we waited 192 seconds or 61 attempts. And its status is creating.",
    "Failed to allocate the network(s), not rescheduling.",
    "Binding failed for port 77, please check neutron logs for more information.",
    "This request was rate-limited.",
  ],
};

describe("a failure of OpenStack by its sentence", () => {
  for (const [failureClass, list] of Object.entries(sentences)) {
    for (const sentence of list) {
      it(`${failureClass}, in whatever form it comes: ${sentence.slice(0, 80)}`, () => {
        for (const [form, text] of forms)
          assert.equal(classify(text(sentence)), failureClass, `${form}: ${text(sentence)}`);
      });
    }
  }

  for (const [text, failureClass] of [
    [neutron(409, "IpAddressGenerationFailure", "No more IP addresses available on network 22."), "CAPACITY"],
    [neutron(409, "OverQuota", "Quota exceeded for resources: ['port']."), "QUOTA"],
    [
      nova(
        500,
        "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n<class 'neutronclient.common.exceptions.OverQuotaClient'>",
        "computeFault",
      ),
      "QUOTA",
    ],
    [
      "Error waiting for instance (5f1c) to become ready: unexpected state 'ERROR', wanted target 'ACTIVE'. last error: %!s(<nil>)",
      "CAPACITY",
    ],
    [inError("qemu unexpectedly closed the monitor"), "CAPACITY"],
    [
      "Error waiting for instance (5f1c) to become ready: unexpected state 'DELETED', wanted target 'ACTIVE'. last error: %!s(<nil>)",
      "TRANSIENT",
    ],
    [
      "Error waiting for instance (5f1c) to become ready: timeout while waiting for state to become 'ACTIVE' (last state: 'BUILD', timeout: 20m0s)",
      "TRANSIENT",
    ],
    [
      'Error creating OpenStack compute client: Post "https://keystone:5000/v3/auth/tokens": OpenStack connection error, retries exhausted. Aborting. Last error was: tls: failed to verify certificate: x509: certificate signed by unknown authority',
      "CONFIG",
    ],
    [
      "Error creating OpenStack compute client: OpenStack connection error, retries exhausted. Aborting. Last error was: dial tcp 10.0.0.1:5000: i/o timeout",
      "TRANSIENT",
    ],
    [
      'Error creating OpenStack compute client: Post "keystone:5000/v3/auth/tokens": unsupported protocol scheme "keystone"',
      "CONFIG",
    ],
    ["Error creating OpenStack compute client: No suitable endpoint could be found in the service catalog.", "CONFIG"],
    [
      bare(
        401,
        '{"error":{"code":401,"message":"Application credentials cannot request a scope.","title":"Unauthorized"}}',
      ),
      "CONFIG",
    ],
    ["Error creating OpenStack compute client: Authentication failed", "CONFIG"],
    ["You must specify a volume_size when creating a volume from an image", "CONFIG"],
    ["Neither a boot device, image ID, or image name were able to be determined", "CONFIG"],
    ["Unable to find flavor with name gen.medium", "CONFIG"],
    ["Found 2 images matching ubuntu", "CONFIG"],
    [
      "Error trying to get network information from the Network API: More than one network found for name labs",
      "CONFIG",
    ],
  ] as const) {
    it(`${failureClass}: ${text.slice(0, 120)}`, () => assert.equal(classify(text), failureClass));
  }
});

describe("a failure of OpenStack by its status", () => {
  const statuses = [
    ...[400, 401, 403, 404, 405, 406, 409, 422].map((status) => [status, "CONFIG"] as const),
    ...[408, 413, 429, 500, 502, 503, 504].map((status) => [status, "TRANSIENT"] as const),
  ];
  for (const [status, failureClass] of statuses) {
    it(`${status} is ${failureClass} where the sentence says nothing else, whatever is called what`, () => {
      for (const name of [
        "",
        "something new",
        "x",
        "no valid host was found",
        "quota exceeded",
        "OverQuota",
        "ERROR",
      ]) {
        for (const said of [`Can't do this: '${name}'.`, `There is no '${name}' here, "${name}"`]) {
          assert.equal(classify(nova(status, said)), failureClass, said);
        }
      }
    });
  }
});
