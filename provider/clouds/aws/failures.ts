/**
 * What a refused RunInstances means, by the error code: families of codes, as EC2's list of error codes, botocore's list of
 * throttling codes and the reasons of instance state transitions have them. A code that is new is ruled by its family.
 */
import { networkTroubles, type FailureCodes } from "../../frame/failures";

/** What the Go SDK says when the chain of credentials is at its end; the machine's metadata service is its last link. */
const noCredentials = [
  /\bno EC2 IMDS role found\b/,
  /\bec2imds: (?:GetMetadata|GetToken)\b/,
  /\bdial tcp (?:169\.254\.(?:169\.254|170\.2|170\.23)|\[fd00:ec2::(?:254|23)\]):\d+: /,
  /\bNo valid credential sources? found\b|\bNoCredentialProviders\b|\bno valid providers in chain\b/i,
  /\bfailed to get shared config profile\b|\bfailed to read cached SSO token\b|\brefresh cached SSO token failed\b/,
  /\bthe SSO session has expired\b|\berror in credential_process\b|\bstatic credentials are empty\b/,
  /\bInvalid AWS Region\b|\bAWS account ID not allowed\b/,
];

export const awsFailures: FailureCodes = {
  // Of a refused request, and why an instance that was accepted did not start: `Client.` and `Server.` are part of the latter.
  // Of Route 53 and STS some stand without `api error`, right behind the request's id.
  place: /\b(?:api error |last error: |RequestID: [\w-]*, (?!api error ))([a-z]\w*(?:\.\w+)*)/,
  exceptions: [
    // The profile was made minutes ago and is not known everywhere; one that is not there at all is told by the account's check.
    { code: "InvalidParameterValue", says: /\bInvalid IAM Instance Profile name\b/i, failureClass: "TRANSIENT" },
  ],
  codes: {
    CAPACITY: [
      ...[
        "*Insufficient*Capacity*",
        "*InsufficientFreeAddressesInSubnet",
        "*CapacityExceeded",
        "*UnfulfillableCapacity",
      ],
      // Of this very code only: the type is not offered in the zone. The rest of its family is about the request.
      ...["Unsupported", "*SpotMaxPriceTooLow", "*SpotInstanceTermination", "*SpotInstanceShutdown"],
    ],
    QUOTA: ["*LimitExceeded", "*LimitsExceeded", "*LimitExceededException", "*CountExceeded", "*QuotaExceeded*"],
    CONFIG: [
      ...["AuthFailure*", "Unauthorized*", "AccessDenied*", "OptInRequired", "PendingVerification", "Blocked"],
      ...["ExpiredToken*", "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch", "Unrecognized*"],
      ...["Incomplete*", "OperationNotPermitted*", "IdempotentParameterMismatch", "InUseBy*", "VolumeInUse", "NoSuch*"],
      ...[
        "Invalid*",
        "Malformed*",
        "Missing*",
        "Unknown*",
        "Unsupported*",
        "Validation*",
        "EncryptedVolumesNotSupported",
      ],
      ...["*.NotFound", "*NotFound", "*Malformed", "*NotSupported", "*NotSpecified", "*Mismatch"],
      // Of an instance that ended by itself: what the request named could not be used, e.g. a disk's key.
      "Client.*",
    ],
    TRANSIENT: [
      ...[
        "*RequestLimitExceeded",
        "*Throttl*",
        "TooManyRequests*",
        "BandwidthLimitExceeded",
        "SlowDown",
        "*RateExceeded",
      ],
      ...[
        "PriorRequestNotComplete",
        "TransactionInProgress*",
        "RequestTimeout*",
        "Internal*",
        "Unavailable",
        "ServiceUnavailable*",
      ],
      ...["Incorrect*State", "DependencyViolation", "Concurrent*", "ProvisionedThroughputExceeded*", "Server.*"],
      // What was made a moment ago is not known everywhere yet; nobody names an instance.
      "InvalidInstanceID.NotFound",
    ],
  },
  sentences: {
    // Before the network's: who has no credentials is told so by a time-out of the metadata service.
    CONFIG: noCredentials,
    TRANSIENT: [
      // The SDK's own budget for repeated tries, not one of the account.
      /\bfailed to get rate limit token, retry quota exceeded\b/,
      ...networkTroubles,
    ],
  },
};
