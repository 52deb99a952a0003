/**
 * What a refused launch means, by status and code as OCI's plugin prints them: families of codes, as Oracle's "API Errors" has
 * them. Some codes mean several things: which, their sentence or the operation says.
 */
import { networkTroubles, type FailureCodes } from "../../frame/failures";

/** A code and what stands after it up to the name of the operation, in the plugin's order. */
const refused = (code: string, said: string): RegExp => new RegExp(`\\b${code}\\b[, \\n][\\s\\S]{0,4000}?${said}`, "i");

/** By older versions of the plugin the sentence stands some lines below the code. */
const noCapacity = "(?:Out of host capacity|Out of capacity for shape)";

/** Asked of an instance that was launched a moment ago: OCI may not know it everywhere yet. */
const afterLaunch =
  "Operation Name: (?:Get|List)(?:Instance|WorkRequest|WorkRequestErrors|VnicAttachments|Vnic|BootVolumeAttachments|BootVolume)\\b";

export const failures: FailureCodes = {
  place: /(?:^|[\n*│]|\berror: )\s*(\d{3}-[A-Z]\w+)(?=,| ?\n| ?$)/,
  codes: {
    CAPACITY: ["*-OutOfHostCapacity", "*-OutOfCapacity", "*-InsufficientCapacity"],
    QUOTA: ["*-LimitExceeded", "*-QuotaExceeded", "*-TenantCapacityExceeded", "*-*LimitExceeded"],
    CONFIG: [
      ...["400-*", "401-*", "402-*", "403-*", "405-*", "413-*", "415-*", "422-*", "431-*", "501-*"],
      ...["409-Conflict", "409-InvalidatedRetryToken", "*-RelatedResourceNotAuthorizedOrNotFound"],
      ...["404-InvalidParameter", "404-NotFound", "404-NamespaceNotFound", "409-NotAuthorizedOrResourceAlreadyExists"],
    ],
    TRANSIENT: ["408-*", "409-*", "412-*", "425-*", "429-*", "502-*", "503-*", "504-*"],
  },
  sentences: {
    CAPACITY: [
      refused("500-InternalError", noCapacity),
      // Of a launch that was accepted; the work that followed has sentences and no codes.
      new RegExp(`\\bwork request did not succeed, [^\\n]*\\baction: CREATED\\. Message: [^\\n]*${noCapacity}`, "i"),
    ],
    QUOTA: [/\bwork request did not succeed, [^\n]*Message: [^\n]*\bservice limits? (?:was|were) exceeded/i],
    TRANSIENT: [
      ...networkTroubles,
      refused("404-NotAuthorizedOrNotFound", afterLaunch),
      /(?:^|[\n*│]|\berror: )\s*500-[A-Z]\w+/i,
      /\bwork request did not succeed, /,
      /\bservice reported unexpected state: TERMINAT(?:ED|ING)\b/,
      /\bcircuit breaker is open\b/i,
    ],
    CONFIG: [
      /(?:^|[\n*│]|\berror: )\s*404-NotAuthorizedOrNotFound\b/i,
      /\bcan not create client, bad configuration\b|\bdid not find a proper configuration for \w+/,
    ],
  },
};
