/**
 * What refusals of OpenStack mean, as its Pulumi plugin and our own requests print them. Statuses say little: a quota comes
 * with 403, 409, 413 or 500, whichever service it is of, and the reason may stand inside of another fault. So a status
 * decides only where no service uses it for several things, and else the sentence of the innermost fault does.
 */
import type { FindingKind } from "../../../runtime/model/account-check";
import { networkTroubles, type FailureCodes } from "../../frame/failures";
import { findAccountRefusal, type AccountRefusal, type RefusalWords } from "../../frame/lookups";
import type { VmProvider } from "../../vm-provider";
import { otherProject } from "./project";

/** Where a service's own sentence begins: names of things stand further inside, and say nothing. */
const begin = String.raw`(?:^|"(?:message|type|title)"\s*:\s*"|\binstead: |\berror message: |\bfault: "?|\blast error: |<class '[\w.]*?|\bError (?:creating|waiting for) [^:\n]*: )`;
/** What Nova puts before it, once or twice. */
const inBuild = String.raw`(?:(?:Build of instance [\w-]+(?: was re-scheduled| aborted)?|Unexpected API Error\.[^"]*?|[A-Za-z]+(?:Fault|Exception|Failed)|aborted): ?)*`;
const words = (sentences: string): string => `${begin}${inBuild}(?:${sentences})`;
const saying = (sentences: string): RegExp => new RegExp(words(sentences), "im");

const quota = [
  "Quota exceeded\\b(?! or out of space)|Quota limit exceeded|Quota has been met",
  "(?:Instance|Volume|Snapshot|Port|FixedIp|FloatingIp|Cores|Ram|Network)?(?:Limit|Quota)Exceeded",
  "VolumeSizeExceeds(?:Available)?Quota|VolumeSizeExceedsLimit|OverQuota|OverLimit\\b",
  "Requested volume or snapshot exceeds allowed|Maximum number of volumes allowed",
  "Maximum number of (?:ports|volumes|floating IPs|fixed IPs|instances|cores|security groups or rules) (?:exceeded|allowed)",
].join("|");

const capacity = [
  "No valid host (?:was )?found|NoValidHost|Exceeded maximum number of retries|MaxRetriesExceeded|Exhausted all hosts",
  "There are not enough hosts available|No more IP addresses available on network|IpAddressGenerationFailure",
  "No fixed IP addresses available|NoMoreFixedIps|Insufficient compute resources|ComputeResourcesUnavailable",
  "No weighed backends available|No available fixed IP|Insufficient free space",
].join("|");

const config = [
  "Multiple security_?group matches|Multiple possible networks found|More than one possible network|No specific network was requested",
  "Images with destination_type 'volume' need to have a non-zero size|Invalid imageRef provided|Block Device Mapping is Invalid",
  "Flavor's (?:disk|memory) is (?:too small|smaller)|Volume is smaller than the minimum size|Only volume-backed servers are allowed",
  "Application credentials? cannot request a scope|Image \\S+ is (?:unacceptable|not active)|Security group \\S+ not found",
  "Maximum number of metadata items exceeds|Personality file|The requested availability zone is not available",
  "It is not allowed to create an interface on external network|Invalid key_name provided",
].join("|");

const transient = [
  "VolumeNotCreated|Volume \\S+ did not finish being created|Failed to allocate the network|PortBindingFailed|Binding failed for port",
  "VirtualInterfaceCreate|Virtual Interface creation failed|MessagingTimeout|Timed out waiting for a reply|RescheduledException",
  "This request was rate-limited|Cannot '\\w+' instance \\S+ while it is in",
].join("|");

/** A status whose body says nothing of these. */
function unless(sentences: readonly string[], status: string): RegExp {
  return new RegExp(`^(?![\\s\\S]*?${words(sentences.join("|"))})[\\s\\S]*?${status}`, "i");
}

export const openStackFailures: FailureCodes = {
  place: /\bbut got (\d{3}) instead: /,
  codes: {
    CAPACITY: [],
    QUOTA: [],
    CONFIG: ["401", "405", "406", "410", "411", "414", "415", "422", "431"],
    TRANSIENT: ["408", "425", "429", "502", "503", "504"],
  },
  sentences: {
    QUOTA: [saying(quota)],
    CONFIG: [
      saying(config),
      // Before what the network may be told of: a certificate that is not trusted ends in a connection error.
      /\bx509: |\btls: failed to verify certificate\b|\bunsupported protocol scheme\b|\bfirst path segment in URL cannot contain colon\b/,
      /\bNo suitable endpoint could be found in the service catalog\b|\bInvalid endpoint type provided\b/,
      /\bYou must (?:specify|provide) an? \w+ (?:for|when|to)\b|\bNeither a (?:boot device|flavor_id)\b|\bOne of 'auth_url' or 'cloud' must be specified\b/,
      /\b(?:Could not find any matching|More than one|Unable to find|Found \d+) (?:network|image|flavor|port)s?\b/,
      // What the body does not explain otherwise: the request can't be carried out as it is.
      unless([capacity, transient], String.raw`\bbut got (?:400|403|404|409) instead: `),
      unless([capacity, transient], String.raw`\b(?:Bad request with|Request forbidden|Resource not found): \[`),
      /\bAuthentication failed\b/,
    ],
    TRANSIENT: [
      saying(transient),
      unless([capacity], String.raw`\bbut got (?:413|5\d\d) instead: `),
      // Somebody deleted it meanwhile.
      /\bunexpected state 'DELETED', wanted target 'ACTIVE'/,
      ...networkTroubles,
    ],
    CAPACITY: [
      saying(capacity),
      // Nova gives the reason to whoever asks for the server, and the plugin does not.
      /\bunexpected state 'ERROR', wanted target 'ACTIVE'/,
      /\bCurrent status: ERROR\b|\bhas? gone (?:in)?to ERROR\b/,
    ],
  },
};

/** The field that names the credentials. */
export function wayInOf({ authMethod }: { readonly authMethod?: unknown }): string {
  return authMethod === "password" ? "username" : "applicationCredentialId";
}

function secretOf({ authMethod }: Readonly<Record<string, unknown>>): string {
  return authMethod === "password" ? "password" : "applicationCredentialSecret";
}

const atLogin = String.raw`\[POST [^\]]*/auth/tokens\], but got`;

const accountRefusals: readonly AccountRefusal[] = [
  {
    pattern: new RegExp(otherProject),
    field: wayInOf,
    meaning: () => "VMs of this VM provider config would not be found with it",
  },
  {
    pattern: /Application credentials? cannot request a scope/i,
    field: () => "projectName",
    meaning: () => "an application credential is of one project; leave projectName out",
  },
  {
    pattern: new RegExp(`${atLogin} 401 |\\bAuthentication failed\\b`),
    field: secretOf,
    meaning: ({ authMethod }) =>
      authMethod === "password"
        ? "Keystone does not know this user of this domain, or not with this password, or the project is not theirs; check username, userDomainName, password, projectName and projectDomainName"
        : "Keystone does not know this application credential, or not with this secret, or it has ended; make a new one and declare it",
  },
  {
    pattern: new RegExp(`${atLogin} (?:404|300|405) `),
    field: () => "authUrl",
    meaning: () => "no Keystone answers there; name the identity endpoint of the cloud",
  },
  {
    pattern: /\bx509: |certificate|SELF_SIGNED_CERT|CERT_HAS_EXPIRED|ERR_TLS/i,
    field: () => "caCertificate",
    meaning: ({ authUrl }) =>
      `the certificate of "${String(authUrl)}" is not trusted here; give caCertificate, or let the machines of the runtime trust its authority`,
  },
  {
    pattern: /\bENOTFOUND\b|\bno such host\b|\bunsupported protocol scheme\b/,
    field: () => "authUrl",
    meaning: ({ authUrl }) => `there is no "${String(authUrl)}"; name the identity endpoint of the cloud`,
  },
  {
    pattern: /\bNo suitable endpoint could be found in the service catalog\b/,
    field: () => "region",
    meaning: () => "name a region of the catalog",
  },
];

export const refusalWords: RefusalWords = {
  kindOf(message): FindingKind {
    const status = /\bbut got (\d{3}) instead: /.exec(message)?.[1];
    if (status === "401" || status === "403") return "unchecked";
    if (status === "404" || status === "400" || status === "406") return "wrong";
    return /\bNo suitable endpoint\b/.test(message) ? "wrong" : "passing";
  },
  saidIn(message) {
    const [, status = "", body = ""] = /\bbut got (\d{3}) instead: ([\s\S]*)$/.exec(message) ?? [];
    const told = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? (status === "" ? message : body);
    const short = told
      .replace(/\\n|\s+/g, " ")
      .trim()
      .replace(/\.$/, "");
    const shown = short.length > saidMax ? `${short.slice(0, saidMax)}...` : short;
    return status === "" ? `"${shown}"` : `OpenStack says ${status}${shown === "" ? "" : ` ("${shown}")`}`;
  },
};

const saidMax = 300;

export const accountRefusal: NonNullable<VmProvider<unknown>["accountRefusal"]> = (message, settings) =>
  findAccountRefusal(accountRefusals, refusalWords, message, settings);
