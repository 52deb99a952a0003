/** What Proxmox VE's refusals mean, in its own words as the Pulumi provider and our own requests print them. */
import type { FindingKind } from "../../../runtime/model/account-check";
import { networkTroubles, type FailureCodes } from "../../frame/failures";
import { findAccountRefusal, type AccountRefusal, type RefusalWords } from "../../frame/lookups";

/** Where the API's own words begin: behind an HTTP status, or behind the end of a task. */
const said = String.raw`(?:response - Reason: |with exit code: |no answer from Proxmox VE to [^:]*: )`;
const saying = (words: string): RegExp => new RegExp(`${said}(?:[^\\n]*?\\b)?(?:${words})`, "i");

export const proxmoxFailures: FailureCodes = {
  // Our own codes, and HTTP statuses that say enough.
  place: /(?:\breceived an HTTP |(?<![\w.\-"'`]))(Proxmox[A-Z]\w+(?=: )|\d{3}(?= response - Reason))/,
  codes: {
    // 59x: the node of the cluster that is asked for gives no answer to the others.
    CAPACITY: ["595", "596", "597", "598", "599"],
    QUOTA: ["ProxmoxVmIds"],
    CONFIG: [
      ...[
        "400",
        "401",
        "403",
        "404",
        "405",
        "413",
        "501",
        "ProxmoxTemplate",
        "ProxmoxScriptFolder",
        "ProxmoxScriptFailed",
      ],
      "ProxmoxVmForeign",
    ],
    TRANSIENT: ["408", "429", "502", "503", "504", "ProxmoxAgentSilent", "ProxmoxNoAddress", "ProxmoxVmGone"],
  },
  sentences: {
    CAPACITY: [
      saying("no space left on device|out of space|not enough (?:free )?space|insufficient free space"),
      saying("cannot allocate memory|not enough memory|no free pci device|PCI device .* already in use"),
    ],
    TRANSIENT: [
      // Somebody else took the id between our choice and the clone.
      saying("unable to create VM \\d+[:,-]? |VM \\d+ already exists|config file already exists|File exists"),
      saying("can't lock file|trying to acquire lock|got timeout|VM is locked|got no worker upid|cfs-locked"),
      saying("unable to find configuration file for VM|timeout: no zvol|ECONN\\w+|timeout after|socket hang up"),
      /timeout while waiting for (?:task |VM "?\d+"? )/,
      // Ids are ours to choose, so it is the API that does not answer.
      /unable to retrieve the next available VM identifier/,
      // A disk that was just cloned is not known everywhere, or one of an earlier VM with this id is still there.
      saying("volume '[^']*' does not exist|volume '[^']*' already exists|disk image '[^']*' already exists"),
      ...networkTroubles,
    ],
    CONFIG: [
      saying("no such (?:storage|node|pool|VM)|storage '[^']*' (?:does not exist|is not available|is disabled)"),
      /\bthe datastore "[^"]*" does not support content type "/,
      saying("invalid privilege"),
      saying("storage '[^']*' does not support|clone feature is not supported|does not exist|permission check failed"),
      saying("hotplug|MAX \\d+ vcpus allowed|only root can set|invalid format|Parameter verification failed"),
    ],
  },
};

export const refusalWords: RefusalWords = {
  kindOf(message): FindingKind {
    if (/\bHTTP 403 /.test(message)) return "unchecked";
    return /\bHTTP (5\d\d|429) |no answer from Proxmox VE/.test(message) && !/does not exist/.test(message)
      ? "passing"
      : "wrong";
  },
  saidIn(message) {
    const words = /response - Reason: (.*)$|no answer from Proxmox VE to [^:]*: (.*)$/s.exec(message);
    const text = (words?.[1] ?? words?.[2] ?? message).replace(/\s+/g, " ").trim();
    return `Proxmox VE says "${text.length > 300 ? `${text.slice(0, 300)}...` : text}"`;
  },
  lackingIn: (message) => /Permission check failed \(([^)]*)\)/i.exec(message)?.[1],
};

const accountRefusals: readonly AccountRefusal[] = [
  {
    pattern: /\bHTTP 401 /,
    field: () => "tokenValue",
    meaning: ({ username, tokenName }) =>
      `it does not know the API token "${String(tokenName)}" of user "${String(username)}", or not with this secret, or no longer; check username, tokenName and tokenValue`,
  },
  {
    pattern: /certificate|SELF_SIGNED_CERT|CERT_HAS_EXPIRED|ERR_TLS|x509:/,
    field: () => "verifySsl",
    meaning: ({ host }) =>
      `the certificate of "${String(host)}" is not trusted here; let the machines of the runtime trust its authority, e.g. by NODE_EXTRA_CA_CERTS, or set verifySsl to false`,
  },
  {
    pattern: /\bENOTFOUND\b|no such host/,
    field: () => "host",
    meaning: ({ host }) => `there is no "${String(host)}"; name an address of the cluster`,
  },
];

export function accountRefusal(message: string, settings: Readonly<Record<string, unknown>>) {
  return findAccountRefusal(accountRefusals, refusalWords, message, settings);
}
