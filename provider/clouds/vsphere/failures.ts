/** What vCenter's refusals mean, as the Pulumi provider and our own requests print them. */
import type { FindingKind } from "../../../runtime/model/account-check";
import { networkTroubles, type FailureCodes } from "../../frame/failures";
import { findAccountRefusal, type AccountRefusal, type RefusalWords } from "../../frame/lookups";

/**
 * The Pulumi provider prints vCenter's sentences, and never the names of its faults. A sentence stands at the beginning of a line or behind a
 * colon, so that no name in quotes reads like one.
 */
const said = (words: string): RegExp => new RegExp(`(?:^|[:*>]\\s+|\\n\\s*)(?:${words})`, "i");

export const vsphereFailures: FailureCodes = {
  // Our own codes, the names of faults in answers to our own requests, and a clone that the plugin could not take back.
  place:
    /(?:\bvCenter refused \w+: |(?<![\w.-])(?=Vsphere[A-Z])|\bAdditionally, )(\w+|there was an error removing the cloned virtual machine)(?=: )/,
  codes: {
    CAPACITY: [
      ...[
        "Insufficient*",
        "NoDiskSpace",
        "NoCompatibleHost*",
        "NoHost",
        "NoActiveHostInCluster",
        "DatastoreNotWritableOnHost",
      ],
      ...[
        "ResourceInUse*",
        "NoAvailableIp",
        "NoMaintenanceModeDrsRecommendationForVM",
        "StorageDrsCannotMoveVmInUserFolder",
      ],
    ],
    QUOTA: [
      "NotEnoughLicenses",
      "LicenseExpired",
      "*LimitExceeded*",
      "*LimitLicense",
      "NotEnoughLogicalCpus",
      "VspherePacked",
    ],
    CONFIG: [
      ...[
        "NoPermission",
        "InvalidLogin*",
        "InvalidGuestLogin",
        "GuestPermissionDenied",
        "Invalid*",
        "NotFound",
        "NotSupported",
      ],
      ...[
        "ManagedObjectNotFound",
        "OperationNotSupportedByGuest",
        "Customization*",
        "Cannot*",
        "RestrictedVersion",
        "Password*",
      ],
      ...[
        "VspherePlacement",
        "VsphereHardware",
        "VsphereGuestLogin",
        "VsphereScriptFailed",
        "VsphereVmForeign",
        "UserLocked",
      ],
    ],
    TRANSIENT: [
      // It exists, under its node's name and with the notes of the template: so it is looked for.
      "there was an error removing the cloned virtual machine",
      ...[
        "NotAuthenticated",
        "TaskInProgress",
        "ConcurrentAccess",
        "Timedout",
        "InvalidState",
        "InvalidPowerState",
        "HostNot*",
      ],
      ...[
        "HostCommunication",
        "FileLocked",
        "RequestCanceled",
        "SystemError",
        "RuntimeFault",
        "ToolsUnavailable",
        "DuplicateName",
      ],
      ...[
        "GuestOperationsUnavailable",
        "VsphereToolsSilent",
        "VsphereNoAddress",
        "VsphereVmGone",
        "ResourceNotAvailable",
      ],
      ...["VmConfigFault", "MethodDisabled", "OutOfBounds", "NetworkDisruptedAndConfigRolledBack"],
    ],
  },
  sentences: {
    CAPACITY: [
      said(
        "Insufficient disk space on datastore|There is insufficient (?:disk )?space|The operation failed due to insufficient (?:disk )?space",
      ),
      said(
        "Insufficient resources to satisfy|The (?:available )?(?:CPU|Memory|\\w+) resources? (?:available )?in the (?:parent )?resource pool (?:are|is) insufficient",
      ),
      said(
        "The host does not have sufficient (?:CPU|memory) resources|Insufficient (?:CPU|memory|capacity|video RAM|resources|graphics)",
      ),
      said(
        "No host is compatible with the virtual machine|No compatible host|There are no hosts? (?:to|that|available|compatible)",
      ),
      said("DRS cannot find a host|No space left (?:for|on) device|The available \\w+ resources"),
      said("(?:There are no|No) (?:available|free) (?:ports?|addresses)|The amount of graphics resource available"),
    ],
    QUOTA: [
      said("There are not enough licenses|The license has expired|Not enough licenses"),
      said(
        "(?:The )?(?:maximum|limit) (?:number )?(?:of|on) [^\\n]{1,80}(?:reached|exceeded)|The number of (?:virtual machines|virtual CPUs)[^\\n]{1,80}exceeds?",
      ),
    ],
    CONFIG: [
      said(
        "Permission to perform this operation was denied|Cannot complete login|NoPermission\\b|Login failure|Access to resource settings",
      ),
      said("Invalid (?:operation|configuration|virtual machine configuration|datastore|argument|guest ID)"),
      said(
        "invalid guest ID|A specified parameter was not correct|Incompatible device backing|Customization of the guest operating system",
      ),
      said(
        "(?:virtual machine )?\\S+ must have (?:a snapshot|exactly one root snapshot)|(?:virtual machine )?\\S+'s (?:root|current) snapshot must",
      ),
      said(
        "(?:virtual machine|cannot locate virtual machine or template|could not find resource pool|error locating (?:datastore|host))\\b[^\\n]*\\b(?:must|not found|not be found|UUID|ID) ",
      ),
      said(
        "disk name \\S+ must |not enough disks in configuration|host_system_id must be set|network_interface parameter is required",
      ),
      said(
        "no storage DRS recommendations were found|storage DRS is not enabled|The object 'vim\\.Datastore:[^']*' has already been deleted",
      ),
      said("\\S+ '[^'\\n]*' not found|(?:folder|network|datastore|resource pool|datacenter) \\S+ not found"),
      said(
        "tls: failed to verify certificate|x509: |The operation is not supported on the object|The virtual machine customization failed on",
      ),
      said("The guest operating system '[^'\\n]*' is not supported|The requested operation is not implemented"),
    ],
    TRANSIENT: [
      said(
        "The operation is not allowed in the current state|The attempted operation cannot be performed in the current state",
      ),
      said(
        "Another task is already in progress|The task was cancell?ed|Operation timed out|The session is not authenticated|Failed to lock the file",
      ),
      said(
        "timeout waiting for (?:clone to complete|an available IP address|Storage DRS operation)|timed out while (?:trying|waiting)",
      ),
      said(
        "The object 'vim\\.(?:VirtualMachine|Task)[^']*' has already been deleted|Unable to (?:communicate with the remote host|access (?:the )?file)",
      ),
      said(
        "The name '[^'\\n]*' already exists|A general (?:system|runtime) error occurred|The resource '[^'\\n]*' is in use|context deadline exceeded",
      ),
      said(
        "(?:The )?host is (?:not responding|disconnected)|Cannot connect to (?:the )?host|A general system error|(?:502|503|504) ",
      ),
      said(
        "The VM did not power off|the VM did not power off|failed to submit poweron task|The request failed because the remote server",
      ),
      ...networkTroubles,
    ],
  },
};

const saidMax = 300;

export const refusalWords: RefusalWords = {
  kindOf(message): FindingKind {
    if (/NoPermission|Permission to perform this operation was denied|lacks System\.Read/.test(message))
      return "unchecked";
    return /no answer from vCenter|NotAuthenticated|HostNot|HostCommunication|Timedout|i\/o timeout|connection (?:refused|reset)/.test(
      message,
    )
      ? "passing"
      : "wrong";
  },
  saidIn(message) {
    const words =
      /(?:vCenter refused \w+: |no answer from vCenter to \w+: )(.*)$/s.exec(message)?.[1] ?? lastPart(message);
    const text = words.replace(/\s+/g, " ").trim();
    return `vCenter says "${text.length > saidMax ? `${text.slice(0, saidMax)}...` : text}"`;
  },
  lackingIn: (message) => /\(([A-Z]\w+(?:\.\w+)+)(?: on [^)]*)?\)/.exec(message)?.[1],
};

/** Without what the engine and the plugin put before it. */
function lastPart(message: string): string {
  return message.split(/returned an error:|error occurred:\s*\*?|ServerFaultCode:/).at(-1) ?? message;
}

const accountRefusals: readonly AccountRefusal[] = [
  {
    pattern: /\bInvalidLogin|Cannot complete login due to/,
    field: () => "password",
    meaning: ({ username }) =>
      `it does not know the user "${String(username)}" with this password, or has locked it; check username, with its domain, and password`,
  },
  {
    pattern: /certificate|SELF_SIGNED_CERT|CERT_HAS_EXPIRED|ERR_TLS|x509:/,
    field: () => "verifySsl",
    meaning: ({ vcenterAddress }) =>
      `the certificate of "${String(vcenterAddress)}" is not trusted here; let the machines of the runtime trust its authority, e.g. by NODE_EXTRA_CA_CERTS, or set verifySsl to false`,
  },
  {
    pattern: /\bENOTFOUND\b|no such host/,
    field: () => "vcenterAddress",
    meaning: ({ vcenterAddress }) => `there is no "${String(vcenterAddress)}"; name the address of a vCenter server`,
  },
  {
    pattern: /is no vCenter: |HTTP \d+ without a SOAP message/,
    field: () => "vcenterAddress",
    meaning: () => "name the address of a vCenter server, and the port of its web interface",
  },
  {
    pattern: /\bNoPermission\b.*\bLogin\b|refused Login: NoPermission/,
    field: () => "username",
    meaning: ({ username }) => `the user "${String(username)}" has no role anywhere; give it one on the datacenter`,
  },
];

export function accountRefusal(message: string, settings: Readonly<Record<string, unknown>>) {
  return findAccountRefusal(accountRefusals, refusalWords, message, settings);
}
