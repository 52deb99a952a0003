/**
 * What clouds' codes mean, many of them: each code of a family has the class of its family, whatever is said beside it. The
 * codes are those of EC2's list of error codes, of botocore's list of throttling codes, of state transition reasons, and of
 * the other clouds' APIs.
 */
import assert from "node:assert/strict";
import { classifyFailure } from "../../runtime/executor/failure-class";
import type { CloudFailureClass } from "../../runtime/model/errors";
import { createError } from "./digitalocean-api";
import { ec2Error } from "./emulated-aws";
import { changeError } from "./emulated-route53";
import { vmProviderOf } from "./registered";

const aws = vmProviderOf("aws");

const codes: Readonly<Record<CloudFailureClass, readonly string[]>> = {
  CAPACITY: [
    ...["InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientReservedInstanceCapacity"],
    ...[
      "InsufficientCapacity",
      "InsufficientAddressCapacity",
      "InsufficientVolumeCapacity",
      "InsufficientCapacityOnHost",
    ],
    ...["InsufficientCapacityOnOutpost", "ReservationCapacityExceeded", "UnfulfillableCapacity", "Unsupported"],
    ...["SpotMaxPriceTooLow", "InsufficientFreeAddressesInSubnet"],
  ],
  QUOTA: [
    ...[
      "VcpuLimitExceeded",
      "InstanceLimitExceeded",
      "VolumeLimitExceeded",
      "AddressLimitExceeded",
      "HostLimitExceeded",
    ],
    ...["MaxSpotInstanceCountExceeded", "MaxSpotFleetRequestCountExceeded", "MaxIOPSLimitExceeded", "LimitExceeded"],
    ...["NetworkInterfaceLimitExceeded", "PrivateIpAddressLimitExceeded", "ResourceCountLimitExceeded"],
    ...[
      "ResourceCountExceeded",
      "ServiceQuotaExceededException",
      "ResourceLimitExceeded",
      "VolumeIOPSLimit.LimitExceeded",
    ],
    ...["SecurityGroupsPerInstanceLimitExceeded", "PendingSnapshotLimitExceeded", "LimitsExceeded"],
  ],
  CONFIG: [
    ...["InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "InvalidAMIID.Unavailable", "InvalidSubnetID.NotFound"],
    ...["InvalidGroup.NotFound", "InvalidKeyPair.NotFound", "InvalidParameterValue", "InvalidParameterCombination"],
    ...["InvalidBlockDeviceMapping", "InvalidSnapshot.NotFound", "InvalidUserData.Malformed", "InvalidInput"],
    ...["UnsupportedOperation", "UnsupportedTenancy", "UnsupportedHibernationConfiguration", "UnsupportedProtocol"],
    ...["InstanceCreditSpecification.NotSupported", "EncryptedVolumesNotSupported", "VPCIdNotSpecified"],
    ...["AuthFailure", "AuthFailure.ServiceLinkedRoleCreationNotPermitted", "UnauthorizedOperation", "AccessDenied"],
    ...[
      "AccessDeniedException",
      "OptInRequired",
      "PendingVerification",
      "Blocked",
      "ExpiredToken",
      "ExpiredTokenException",
    ],
    ...["RequestExpired", "SignatureDoesNotMatch", "IncompleteSignature", "InvalidClientTokenId", "MissingParameter"],
    ...["MissingAuthenticationToken", "UnrecognizedClientException", "MalformedQueryString", "UnknownParameter"],
    ...["OperationNotPermitted", "IdempotentParameterMismatch", "ValidationError", "VolumeInUse", "NoSuchHostedZone"],
  ],
  TRANSIENT: [
    ...["RequestLimitExceeded", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled"],
    ...["RequestThrottledException", "EC2ThrottledException", "TooManyRequestsException", "SlowDown"],
    ...["BandwidthLimitExceeded", "PriorRequestNotComplete", "TransactionInProgressException", "RequestTimeout"],
    ...["RequestTimeoutException", "InternalError", "InternalFailure", "InternalServerError", "Unavailable"],
    ...["ServiceUnavailable", "ServiceUnavailableException", "ProvisionedThroughputExceededException"],
    ...[
      "IncorrectInstanceState",
      "DependencyViolation",
      "ConcurrentTagAccess",
      "SnapshotCreationPerVolumeRateExceeded",
    ],
    ...["InvalidInstanceID.NotFound"],
  ],
};

/** Why an instance that was accepted ended, as the plugin prints its state reason. */
const reasons: readonly (readonly [string, CloudFailureClass])[] = [
  ["Client.VolumeLimitExceeded: Volume limit exceeded", "QUOTA"],
  ["Client.InternalError: Client error on launch", "CONFIG"],
  ["Client.InvalidSnapshot.NotFound: The specified snapshot was not found.", "CONFIG"],
  ["Client.InvalidParameterCombination: Could not create volume with size 20GiB and iops 20100", "CONFIG"],
  ["Client.InstanceInitiatedShutdown: Instance initiated shutdown", "CONFIG"],
  ["Server.InternalError: Internal error on launch", "TRANSIENT"],
  ["Server.InsufficientInstanceCapacity: There was insufficient capacity available", "CAPACITY"],
  ["Server.SpotInstanceTermination: A Spot Instance was terminated", "CAPACITY"],
  ["Server.ScheduledStop: Stopped due to a scheduled retirement", "TRANSIENT"],
];

/** Without a code, in the words of the SDK and of the network. */
const sentences: readonly (readonly [string, CloudFailureClass])[] = [
  [
    "operation error EC2: RunInstances, failed to get rate limit token, retry quota exceeded, 0 available, 5 requested",
    "TRANSIENT",
  ],
  [
    "No valid credential sources found. Error: failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata, canceled, context deadline exceeded",
    "CONFIG",
  ],
  ["failed to refresh cached credentials, no EC2 IMDS role found", "CONFIG"],
  [
    'operation error ec2imds: GetMetadata, exceeded maximum number of attempts, 3, request send failed, Get "http://169.254.169.254/latest/meta-data/iam/security-credentials/": dial tcp 169.254.169.254:80: i/o timeout',
    "CONFIG",
  ],
  ["dial tcp 169.254.170.2:80: connect: connection refused", "CONFIG"],
  ["failed to get shared config profile, labs", "CONFIG"],
  ["failed to refresh cached credentials, refresh cached SSO token failed, unable to refresh SSO token", "CONFIG"],
  [
    "failed to refresh cached credentials, operation error STS: AssumeRole, https response error StatusCode: 503, api error ServiceUnavailable: busy",
    "TRANSIENT",
  ],
  ["Post https://ec2.us-east-1.amazonaws.com/: dial tcp 52.94.0.1:443: i/o timeout", "TRANSIENT"],
];

/** One code that means several things, and codes that stand without `api error`. */
const texts: readonly (readonly [string, CloudFailureClass])[] = [
  [
    ec2Error(
      "InvalidParameterValue",
      "Value (made-a-minute-ago) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
    ),
    "TRANSIENT",
  ],
  [
    ec2Error(
      "InvalidParameterValue",
      'IAM Instance Profile "arn:aws:iam::123456789012:instance-profile/x" has no associated IAM Roles',
    ),
    "CONFIG",
  ],
  [
    ec2Error(
      "InvalidParameterValue",
      "The architecture 'arm64' of the specified instance type does not match the architecture 'x86_64' of the specified AMI",
    ),
    "CONFIG",
  ],
  [
    ec2Error("UnsupportedOperation", "The instance configuration for this AWS Marketplace product is not supported"),
    "CONFIG",
  ],
  [ec2Error("InvalidParameter", "Security group sg-1 and subnet subnet-1 belong to different networks"), "CONFIG"],
  [changeError("InvalidChangeBatch", "Tried to create resource record set but it already exists"), "CONFIG"],
  [changeError("NoSuchHostedZone", "No hosted zone found with ID: Z1"), "CONFIG"],
  [changeError("PriorRequestNotComplete", "The request was rejected because another one is open"), "TRANSIENT"],
  [changeError("Throttling", "Rate exceeded"), "TRANSIENT"],
];

const prose = [
  "some prose",
  "insufficient capacity, quota exceeded, invalid, throttling",
  "timed out: connection refused",
];

describe("codes of EC2", () => {
  for (const [failureClass, list] of Object.entries(codes)) {
    for (const code of list) {
      it(`${code} is ${failureClass}, whatever is said beside it`, () => {
        for (const beside of prose) assert.equal(aws.classify(ec2Error(code, beside)), failureClass, beside);
      });
    }
  }

  for (const [reason, failureClass] of reasons) {
    it(`${reason.split(":")[0]} of an instance that ended is ${failureClass}`, () => {
      const text = `waiting for EC2 Instance (i-0a) create: unexpected state 'terminated', wanted target 'running'. last error: ${reason}`;
      assert.equal(aws.classify(text), failureClass);
    });
  }

  for (const [text, failureClass] of sentences) {
    it(`without a code ${failureClass}: ${text.slice(0, 90)}`, () => {
      assert.equal(aws.classify(`creating EC2 Instance: ${text}`) ?? classifyFailure(text), failureClass);
    });
  }

  for (const [text, failureClass] of texts) {
    it(`${failureClass}, by what is said beside the code: ${text.slice(0, 90)}`, () => {
      assert.equal(aws.classify(text), failureClass);
    });
  }

  it("are read by the table for all clouds as far as it knows them", () => {
    for (const [failureClass, list] of Object.entries({
      ...codes,
      CONFIG: codes.CONFIG.slice(0, 16),
      TRANSIENT: codes.TRANSIENT.slice(0, 9),
    })) {
      for (const code of list.filter((each) => !/^(IncompleteSignature|InvalidAMIID.Unavailable)$/.test(each))) {
        assert.equal(classifyFailure(`failed: api error ${code}`), failureClass, code);
      }
    }
    for (const [text, failureClass] of sentences) assert.equal(classifyFailure(text), failureClass, text);
  });
});

describe("statuses of DigitalOcean", () => {
  const digitalocean = vmProviderOf("digitalocean");
  for (const [status, failureClass] of [
    ...[400, 401, 402, 403, 404, 405, 410, 412, 413, 415, 422].map((each) => [each, "CONFIG"] as const),
    ...[408, 409, 423, 425, 429, 500, 502, 503, 504, 520].map((each) => [each, "TRANSIENT"] as const),
  ]) {
    it(`${status} is ${failureClass}, whatever it says`, () => {
      for (const beside of ["", "something new", "quota, capacity and time-out"]) {
        assert.equal(digitalocean.classify(createError(status, beside)), failureClass, beside);
      }
    });
  }

  it("are not there when the token can't be sent", () => {
    const text =
      'Error creating droplet: Post "https://api.digitalocean.com/v2/droplets": net/http: invalid header field value for "Authorization"';
    assert.equal(digitalocean.classify(text), "CONFIG");
  });
});

describe("statuses of Proxmox VE", () => {
  const proxmox = vmProviderOf("proxmox");
  for (const [status, failureClass] of [
    ...[400, 401, 403, 404, 405, 501].map((each) => [each, "CONFIG"] as const),
    ...[595, 596, 599].map((each) => [each, "CAPACITY"] as const),
    ...[408, 429, 502, 503, 504].map((each) => [each, "TRANSIENT"] as const),
  ]) {
    it(`${status} is ${failureClass}, whatever it says`, () => {
      const text = `error cloning VM: received an HTTP ${status} response - Reason: something new`;
      assert.equal(proxmox.classify(text), failureClass);
    });
  }
});
