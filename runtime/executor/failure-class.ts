/**
 * What a failed create means, by the text of its diagnostics. A cloud's own rules come first; this table is for what
 * all have in common, and for clouds without rules. Codes are matched, not prose, wherever a cloud has codes.
 */
import type { CloudFailureClass } from "../model/errors";

/** In this order: a quota message often also says "capacity", and a refused key also says "failed". */
const table: readonly (readonly [CloudFailureClass, RegExp])[] = [
  [
    "CONFIG",
    // Who has no credentials is told so by a metadata service that does not answer in time.
    /[Nn]o EC2 IMDS role found|\b169\.254\.(?:169\.254|170\.\d+)\b|[Nn]o valid credential|NoCredentialProviders|failed to get shared config profile|cached SSO token|could not find default credentials|Unsupported(?:Operation|[A-Z]\w+)|\w+\.NotSupported\b|\bClient\.Internal\w+|\bDns(?:Zone|RecordInTheWay): /,
  ],
  [
    "TRANSIENT",
    // The client's own budgets, which read like quotas.
    /\bretry quota exceeded\b|RequestLimitExceeded|BandwidthLimitExceeded/,
  ],
  [
    "QUOTA",
    /\w*(?:Limits?|Quota|Count)Exceeded|QUOTA_EXCEEDED|exceeding approved .*quota|exceeded quota|quota exceeded|exceed your droplet limit|IP_SPACE_EXHAUSTED|\bLimitExceeded\b|PublicIPCountLimitReached|SubnetIsFull/i,
  ],
  [
    "CAPACITY",
    /Insufficient\w*Capacity|\w+CapacityExceeded|UnfulfillableCapacity|InsufficientFreeAddressesInSubnet|SpotMaxPriceTooLow|\bapi error Unsupported\b|SkuNotAvailable|(Zonal)?AllocationFailed|Overconstrained\w*AllocationRequest|NotAvailableForSubscription|RESOURCE_POOL_EXHAUSTED|GPU_STOCKOUT|does not have enough resources available|out of (host )?capacity|no capacity|size is (not available|unavailable)|no valid host was found|no host is compatible|insufficient (resources|disk space)|no space left|ErrorUnschedulable/i,
  ],
  [
    "TRANSIENT",
    /Throttl|TooManyRequests|rateLimitExceeded|\b429\b|\b50[234]\b|ServiceUnavailable|temporarily unavailable|timed? ?out|DEADLINE_EXCEEDED|ECONNRE|connection (refused|reset)|UNAVAILABLE|\bEOF\b|can't lock file|unable to find free VMID|currently locked/i,
  ],
  [
    "CONFIG",
    /AuthFailure|Unauthorized|AccessDenied|AuthorizationFailed|NotAuthenticated|NotAuthorizedOrNotFound|\b40[13]\b|Invalid\w*\.(NotFound|Malformed)|InvalidParameter|InvalidTemplate|ExpiredToken|MODULE_NOT_FOUND|npm install|is not valid|invalid/i,
  ],
];

/** What somebody has named, which may be called anything; the code of a cloud that quotes its codes is no name. */
const named = /(?<!\bCode=)"[^"]*"|(?<=^|[\s(\[=:])'[^']*'(?!\w)|`[^`]*`/gi;

/** TRANSIENT when nothing is known: trying again with back-off is harmless, giving up for good is not. */
export function classifyFailure(message: string): CloudFailureClass {
  const text = message.replace(named, '""');
  return table.find(([, pattern]) => pattern.test(text))?.[0] ?? "TRANSIENT";
}

/**
 * The provider plugin went away, or stopped answering, while it created: nobody knows whether the VM exists.
 * A refusal by the cloud never reads like this, because the plugin wraps it into its own words.
 */
export function isOutcomeUnknown(message: string): boolean {
  return /error reading from server|transport is closing|code = (Unavailable|Canceled)|\b14 UNAVAILABLE|\b1 CANCELLED|connection (reset by peer|refused|dropped)|ECONNRESET|ECONNREFUSED|Connection dropped|unexpected EOF|plugin .*(exited|crashed)/i.test(
    message,
  );
}
