/** What Google Cloud's refusals mean to whoever declared the account, by status, reason and sentence. */
import type { AccountFinding, FindingKind } from "../../../runtime/model/account-check";
import type { Settings } from "../../../runtime/model/accounts";
import { findAccountRefusal, type AccountRefusal, type RefusalWords } from "../../frame/lookups";
import { otherProject } from "./account";
import { ownerOfKey } from "./credentials";

const credentialsField = ({ credentials }: Settings): string =>
  credentials === undefined ? "application default credentials" : "credentials";

/** @example "key 1a2b of agents@labs.iam.gserviceaccount.com" */
function whose({ credentials }: Settings): string {
  const owner = ownerOfKey(credentials);
  if (owner !== undefined) return `key ${owner.keyId} of ${owner.email}`;
  return credentials === undefined ? "the credentials of the runtime's own machine" : "these credentials";
}

/** Of the account itself, in order: the first that fits counts. */
const refusals: readonly AccountRefusal[] = [
  {
    pattern: new RegExp(otherProject),
    field: () => "project",
    meaning: () =>
      "VMs of this VM provider config would not be found there; use the project and endpoint that they are in",
  },
  {
    pattern: /Token must be a short-lived token|check your iat and exp values/i,
    field: credentialsField,
    meaning: () => "the clock of the runtime's machine is wrong: set it by a time server; the key may be fine",
  },
  {
    pattern: /account not found|invalid_client|account.* (?:deleted|disabled)/i,
    field: credentialsField,
    meaning: (settings) => `${whose(settings)}: its service account was deleted or disabled; use a key of another one`,
  },
  {
    pattern: /invalid_grant|Invalid JWT|cannot fetch token: 40[01]/,
    field: credentialsField,
    meaning: (settings) =>
      `${whose(settings)} is not valid any more: it was deleted or replaced; make a new key and declare it`,
  },
  {
    pattern: /could not find default credentials/,
    field: credentialsField,
    meaning: () =>
      "neither these settings nor the runtime's machine have any; declare the JSON of a service account's key, or give the machine a service account",
  },
  {
    pattern: /iam\.serviceAccounts\.getAccessToken|unable to impersonate/i,
    field: ({ impersonateServiceAccount }) =>
      impersonateServiceAccount === undefined ? "credentials" : "impersonateServiceAccount",
    meaning: (settings) =>
      `${whose(settings)} may not act as "${String(settings["impersonateServiceAccount"])}"; give it roles/iam.serviceAccountTokenCreator there`,
  },
  {
    pattern: /, (?:accessNotConfigured|SERVICE_DISABLED)\b|API has not been used in project|it is disabled/,
    field: () => "project",
    meaning: ({ project }) =>
      `an API is not enabled in project "${String(project)}"; enable compute.googleapis.com, and dns.googleapis.com for records`,
  },
  {
    pattern: /billing/i,
    field: () => "project",
    meaning: ({ project }) => `project "${String(project)}" has no active billing account; link one`,
  },
  {
    pattern: /googleapi: Error 401:/,
    field: credentialsField,
    meaning: (settings) => `Google Cloud does not take ${whose(settings)}; declare credentials that are valid`,
  },
];

/** What to make of a text in which Google Cloud refused the account itself; undefined = it is about something else. */
export function accountRefusal(message: string, settings: Settings): AccountFinding | undefined {
  return findAccountRefusal(refusals, words, message, settings);
}

const answer = /\bgoogleapi: Error (\d{3}): ([^\n]*)/;

export const words: RefusalWords = {
  kindOf(message): FindingKind {
    const status = answer.exec(message)?.[1];
    if (status === "403") return /rateLimitExceeded/i.test(message) ? "passing" : "unchecked";
    return status === "404" || status === "400" || status === "412" ? "wrong" : "passing";
  },
  saidIn(message) {
    const [, status, sentence = ""] = answer.exec(message) ?? [];
    const [, told = sentence, reason = ""] = /^(.*), ([A-Za-z]\w*)$/.exec(sentence.trimEnd()) ?? [];
    const said = shortened(status === undefined ? lastPart(message) : told);
    if (status === undefined) return `Google Cloud says "${said}"`;
    return `Google Cloud says ${[status, reason].filter(Boolean).join(" ")} ("${said}")`;
  },
  /** E.g. `compute.instances.list`. */
  lackingIn: (message) => /Required '([a-z]+(?:\.[A-Za-z]+)+)' permission/.exec(message)?.[1],
};

const saidMax = 200;

function shortened(text: string): string {
  const said = text.trim().replace(/\.$/, "");
  return said.length > saidMax ? `${said.slice(0, saidMax)}...` : said;
}

/** Without what the engine and the plugin put before it. */
function lastPart(message: string): string {
  const parts = message.split(/returned an error:|error occurred:\s*\*?/);
  return (parts.at(-1) ?? message).replace(/\s+/g, " ").replace(/^[\s*]+/, "");
}
