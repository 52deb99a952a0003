/**
 * What a refused `instances.insert` means. The API's answer ends in a reason; an operation that fails later has only a sentence,
 * because the plugin does not print its code.
 */
import { networkTroubles, type FailureCodes } from "../../frame/failures";

/** What the plugin's client says when it gets no token. */
const noToken = [
  /\boauth2: "?(?:invalid_grant|invalid_client|unauthorized_client)"?/,
  /\boauth2: cannot fetch token: 4\d\d\b/,
  /\bcould not find default credentials\b/,
  /\bprivate key should be a PEM or plain PKCS1 or PKCS8\b/,
  /\bInvalid provider configuration\b|\bJSON credentials are not valid\b/,
  // Told before any request: what would lead to somebody else's project.
  /\bleads to the Google Cloud project with the number\b/,
];

const operation = String.raw`\bError waiting for (?:instance|Instance) to create: `;

export const failures: FailureCodes = {
  // At the end of an answer's sentence, on a line of its own after its details, or in front of each of several sentences. A
  // limit on requests has the reason of a quota, and its sentence says "per minute".
  place:
    /(?:\bgoogleapi: Error \d{3}: (?![^\n]*\bper minute\b)[^\n]*, |\n, |\n\s*Reason: )([A-Za-z]\w*)(?=, Message:|\s*(?:\n|$))/,
  codes: {
    CAPACITY: [
      ...["ZONE_RESOURCE_POOL_EXHAUSTED*", "REGION_RESOURCE_POOL_EXHAUSTED*", "RESOURCE_POOL_EXHAUSTED*"],
      ...["GPU_STOCKOUT", "STOCKOUT", "insufficientCapacity", "resource_availability", "resourceAvailability"],
      // Taken back while it was being made.
      "UNSUPPORTED_OPERATION",
    ],
    QUOTA: [
      "quotaExceeded",
      "QUOTA_EXCEEDED",
      "limitExceeded",
      "IP_SPACE_EXHAUSTED*",
      "ipSpaceExhausted",
      "dailyLimitExceeded*",
    ],
    CONFIG: [
      ...["invalid*", "required*", "badRequest", "parseError", "unsupported*", "notFound", "resourceNotFound"],
      ...[
        "forbidden",
        "insufficientPermissions",
        "authError",
        "unauthorized",
        "accessNotConfigured",
        "SERVICE_DISABLED",
      ],
      ...["conditionNotMet", "accountDisabled", "billing*", "BILLING_DISABLED", "PERMISSION_DENIED", "INVALID_*"],
      ...[
        "operationNotSupported",
        "cnameResourceRecordSetConflict",
        "deleted",
        "gone",
        "CONSTRAINT_*",
        "USER_PROJECT_DENIED",
      ],
    ],
    TRANSIENT: [
      ...["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "concurrentLimitExceeded"],
      ...["backendError", "internal*", "badGateway", "serviceUnavailable", "unavailable", "INTERNAL_ERROR"],
      ...[
        "resourceNotReady",
        "resourceInUse*",
        "conflict",
        "alreadyExists",
        "operationInProgress",
        "aborted",
        "timeout",
      ],
    ],
  },
  sentences: {
    CAPACITY: [
      new RegExp(
        `${operation}The (?:zone|region) '[^'\\n]*' does not have enough resources available to fulfill the request`,
      ),
      /\bAn? \S+ VM instance (?:with [^\n']* )?is currently unavailable in the \S+ (?:zone|region)\b/,
      /\(state: ?STOCKOUT\b/,
      new RegExp(`${operation}Instance failed to start due to preemption`),
      new RegExp(
        `${operation}Instance '[^'\\n]*' creation failed: The (?:zone|region) '[^'\\n]*' does not have enough resources`,
      ),
    ],
    QUOTA: [
      new RegExp(`${operation}Quota '[A-Z0-9_-]+' exceeded\\.`),
      new RegExp(`${operation}(?:Instance '[^'\\n]*' creation failed: )?IP space of '[^'\\n]*' is exhausted`),
    ],
    TRANSIENT: [
      /\bQuota exceeded for quota (?:metric|group) '[^'\n]*' and limit '[^'\n]*per minute/,
      new RegExp(`${operation}Internal error\\. Please try again`),
      /\boauth2: cannot fetch token: 5\d\d\b/,
      /\bgoogleapi: Error (?:408|409|429|5\d\d):/,
      /\bgoogleapi: got HTTP response code (?:408|429|5\d\d)\b/,
      ...networkTroubles,
    ],
    CONFIG: [
      ...noToken,
      /\bgoogleapi: Error 4\d\d:/,
      // Whatever else an operation says of the request.
      new RegExp(
        `${operation}(?:Invalid value for field|Invalid resource usage|Requested|The resource '|Required '|Constraint )`,
      ),
      /\bError (?:loading zone|resolving image name|loading machine type)\b/,
    ],
  },
};
