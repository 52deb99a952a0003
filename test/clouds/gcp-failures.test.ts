/** What Google Cloud's refusals mean: by the reason at the end of an answer, or by the sentence of an operation. */
import assert from "node:assert/strict";
import { accountRefusal, words } from "../../provider/clouds/gcp/refusals";
import type { CloudFailureClass } from "../../runtime/model/errors";
import { keyFile, keyGone } from "./emulated-gcp-keys";
import { createError, operationError, printed } from "./gcp-api";
import { vmProviderOf } from "./registered";

const { classify } = vmProviderOf("gcp");

const prose = [
  "quota exceeded",
  "not enough resources",
  "timeout: try again later",
  'a "quotaExceeded, internalError" thing',
];

describe("reasons of Compute Engine", () => {
  const reasons: Readonly<Record<CloudFailureClass, readonly string[]>> = {
    CAPACITY: [
      "ZONE_RESOURCE_POOL_EXHAUSTED",
      "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS",
      "REGION_RESOURCE_POOL_EXHAUSTED",
      "RESOURCE_POOL_EXHAUSTED",
      "GPU_STOCKOUT",
      "insufficientCapacity",
      "UNSUPPORTED_OPERATION",
    ],
    QUOTA: ["quotaExceeded", "QUOTA_EXCEEDED", "IP_SPACE_EXHAUSTED", "limitExceeded"],
    CONFIG: [
      "invalid",
      "invalidParameter",
      "invalidResourceUsage",
      "badRequest",
      "required",
      "notFound",
      "forbidden",
      "conditionNotMet",
      "accessNotConfigured",
      "authError",
      "SERVICE_DISABLED",
      "cnameResourceRecordSetConflict",
    ],
    TRANSIENT: [
      "rateLimitExceeded",
      "userRateLimitExceeded",
      "backendError",
      "internalError",
      "resourceNotReady",
      "resourceInUseByAnotherResource",
      "alreadyExists",
      "serviceUnavailable",
    ],
  };
  for (const [failureClass, list] of Object.entries(reasons)) {
    for (const reason of list) {
      it(`${reason} is ${failureClass}, whatever is said beside it`, () => {
        for (const beside of prose) assert.equal(classify(createError(400, beside, reason)), failureClass, beside);
        const detailed = `googleapi: Error 400: something\nDetails:\n[\n  {\n    "reason": "x"\n  }\n]\n, ${reason}`;
        assert.equal(classify(detailed), failureClass, "after details");
        const listed = `googleapi: Error 400: something\nMore details:\nReason: ${reason}, Message: something\n`;
        assert.equal(classify(listed), failureClass, "in a list");
      });
    }
  }

  it("of a limit on requests are no quota, though they are called one", () => {
    const sentence =
      "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service 'compute.googleapis.com' for consumer 'project_number:1'.";
    for (const reason of ["rateLimitExceeded", "quotaExceeded"]) {
      assert.equal(classify(createError(403, sentence, reason)), "TRANSIENT", reason);
    }
  });
});

describe("sentences of Google Cloud", () => {
  const texts: readonly (readonly [string, CloudFailureClass])[] = [
    [
      operationError(
        "The zone 'projects/p/zones/us-central1-a' does not have enough resources available to fulfill the request.  Try a different zone, or try again later.",
      ),
      "CAPACITY",
    ],
    [
      operationError(
        "The zone 'projects/p/zones/us-central1-b' does not have enough resources available to fulfill the request.  'NULL:0 (state:STOCKOUT, sub-state:STOCKOUT, resource type:compute)'.",
      ),
      "CAPACITY",
    ],
    [
      operationError(
        "A n1-standard-4 VM instance with 1 nvidia-tesla-t4 accelerator(s) is currently unavailable in the us-central1-b zone.",
      ),
      "CAPACITY",
    ],
    [operationError("Instance failed to start due to preemption."), "CAPACITY"],
    [
      operationError(
        "Quota 'CPUS_ALL_REGIONS' exceeded.  Limit: 32.0 globally.\n\tmetric name = compute.googleapis.com/cpus_all_regions",
      ),
      "QUOTA",
    ],
    [operationError("IP space of 'projects/p/regions/us-east4/subnetworks/default-0a1b' is exhausted."), "QUOTA"],
    [
      operationError("Internal error. Please try again or contact Google Support. (Code: '-537542952742641820')"),
      "TRANSIENT",
    ],
    [
      operationError(
        "Invalid value for field 'resource.networkInterfaces[0]': ''. Subnetwork should be specified for custom subnetmode network",
      ),
      "CONFIG",
    ],
    [
      createError(
        400,
        "Invalid resource usage: 'Requested boot disk architecture (X86_64) is not compatible with machine type architecture (ARM64).'.",
        "invalidResourceUsage",
      ),
      "CONFIG",
    ],
    [createError(400, "Instances with guest accelerators do not support live migration.", "badRequest"), "CONFIG"],
    [
      createError(
        412,
        "Constraint constraints/compute.vmExternalIpAccess violated for project 1. Add instance projects/p/zones/z/instances/n to the constraint to use external IP with it.",
        "conditionNotMet",
      ),
      "CONFIG",
    ],
    [
      createError(
        400,
        "Invalid value for field 'resource.disks[0].initializeParams.diskSizeGb': '10'. Requested disk size cannot be smaller than the image size (20 GB)",
        "invalid",
      ),
      "CONFIG",
    ],
    [
      createError(
        400,
        "Value for field 'resource.metadata.items[0].value' is too large: maximum size 262144 character(s); actual size 300000.",
        "invalid",
      ),
      "CONFIG",
    ],
    [
      "Error deleting instance: googleapi: Error 400: Invalid resource usage: 'Resource cannot be deleted if it's protected against deletion.', invalidResourceUsage",
      "CONFIG",
    ],
    [
      `Error loading zone 'us-east4-z': ${printed(404, "The resource 'projects/p/zones/us-east4-z' was not found", "notFound")}`,
      "CONFIG",
    ],
    [`Error creating instance: ${keyGone}`, "CONFIG"],
    ['oauth2: "invalid_grant" "Invalid grant: account not found"', "CONFIG"],
    ["oauth2: cannot fetch token: 401 Unauthorized", "CONFIG"],
    ["oauth2: cannot fetch token: 503 Service Unavailable", "TRANSIENT"],
    ["google: could not find default credentials. See https://cloud.google.com/docs", "CONFIG"],
    ["googleapi: Error 503: Visibility check was unavailable. Please retry the request", "TRANSIENT"],
    ["googleapi: got HTTP response code 502 with body: <!DOCTYPE html>", "TRANSIENT"],
    [
      "Error loading zone 'europe-west4-b': Get https://compute.googleapis.com/: dial tcp 172.217.19.106:443: i/o timeout",
      "TRANSIENT",
    ],
  ];
  for (const [text, failureClass] of texts) {
    it(`${failureClass}: ${text.replace(/\s+/g, " ").trim().slice(0, 110)}`, () =>
      assert.equal(classify(text), failureClass));
  }

  it("are not taken from names and other text", () => {
    for (const text of [
      "image 'quotaExceeded' is being looked up",
      "the zone does not have enough resources",
      "503 VMs, forbidden",
    ]) {
      assert.equal(classify(text), undefined, text);
    }
  });
});

describe("refusals of an account at Google Cloud", () => {
  const settings = { credentials: keyFile("agents"), project: "labs" };

  it("say which key of which service account is gone, apart from a clock that is wrong", () => {
    const gone = accountRefusal(`1 error occurred:\n\t* ${keyGone}`, settings);
    assert.equal(gone?.field, "credentials");
    assert.match(
      gone.text,
      /key 0123abcd of agents@pensive-voice-547511\.iam\.gserviceaccount\.com is not valid any more/,
    );
    const clock = accountRefusal(
      'oauth2: "invalid_grant" "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values."',
      settings,
    );
    assert.match(clock?.text ?? "", /the clock of the runtime's machine is wrong/);
    const deleted = accountRefusal('oauth2: "invalid_grant" "Invalid grant: account not found"', settings);
    assert.match(deleted?.text ?? "", /its service account was deleted or disabled/);
    for (const finding of [gone, clock, deleted]) assert.doesNotMatch(finding!.text, /secret of agents/);
  });

  it("without a key are about the machine's own credentials", () => {
    const found = accountRefusal("google: could not find default credentials.", { project: "labs" });
    assert.equal(found?.field, "application default credentials");
    assert.match(found.text, /neither these settings nor the runtime's machine have any/);
  });

  it("are told short, in Google Cloud's own words", () => {
    const text = createError(
      403,
      `Required 'compute.images.get' permission for 'projects/p/${"x".repeat(300)}'`,
      "forbidden",
    );
    assert.match(
      words.saidIn(text),
      /^Google Cloud says 403 forbidden \("Required 'compute\.images\.get' permission for .{100,200}\.\.\."\)$/,
    );
    assert.equal(words.lackingIn!(text), "compute.images.get");
    assert.equal(words.kindOf(text), "unchecked");
  });
});
