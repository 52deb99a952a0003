/** What OCI's refusals mean to whoever declared the account, by status and code in the plugin's text. */
import type { FindingKind } from "../../../runtime/model/account-check";
import type { Settings } from "../../../runtime/model/accounts";
import { findAccountRefusal, type AccountRefusal, type RefusalWords } from "../../frame/lookups";
import type { VmProvider } from "../../vm-provider";
import { otherTenancy } from "./account";

/** @example `404-NotAuthorizedOrNotFound, Authorization failed or requested resource not found.` */
const answer = /\b(\d{3})-([A-Z]\w+)(?:, ([^\n]*))?/;

const whose = ({ auth }: Settings): string => (auth === "instancePrincipal" ? "auth" : "fingerprint");

/** Of the account itself, in order: the first that fits counts. */
const accountRefusals: readonly AccountRefusal[] = [
  {
    pattern: new RegExp(otherTenancy),
    field: () => "tenancyOcid",
    meaning: () => "VMs of this VM provider config would not be found there; use a key of their tenancy",
  },
  {
    pattern: /\b401-/,
    field: whose,
    meaning: (settings) =>
      settings["auth"] === "instancePrincipal"
        ? "OCI does not know the machine that runs the updates; see that it is an instance of the tenancy"
        : "no API key of this user has that fingerprint (any more), or userOcid and tenancyOcid are of others, or the machine's clock is wrong; add the public key to the user, and declare all four anew",
  },
  {
    pattern:
      /\bcan not create client, bad configuration\b|\bdid not find a proper configuration for \w+|instance principal/i,
    field: (settings) => (settings["auth"] === "instancePrincipal" ? "auth" : "privateKey"),
    meaning: (settings) =>
      settings["auth"] === "instancePrincipal"
        ? "the machine that runs the updates is no instance of OCI, or can't reach its metadata service; use auth apiKey there"
        : "the plugin can't read the key; declare it anew, with its password if it has one",
  },
  {
    pattern: /\bno such host\b/,
    field: () => "region",
    meaning: ({ region }) => `OCI has no region "${String(region)}" that this machine can find; correct it`,
  },
];

export const accountRefusal: NonNullable<VmProvider<unknown>["accountRefusal"]> = (message, settings) =>
  findAccountRefusal(accountRefusals, wordsOfNamed, message, settings);

function saidIn(message: string): string {
  const [, status, code, sentence = ""] = answer.exec(message) ?? [];
  const said = (status === undefined ? lastPart(message) : sentence).trim().replace(/\.$/, "");
  const shown = said.length > saidMax ? `${said.slice(0, saidMax)}...` : said;
  if (status === undefined) return `OCI's plugin says "${shown}"`;
  return shown === "" ? `OCI says ${code}` : `OCI says ${code} ("${shown}")`;
}

const saidMax = 200;

/** Without what the engine and the plugin put before it. */
function lastPart(message: string): string {
  const parts = message.split(/returned an error:|error occurred:\s*\*?/);
  return (parts.at(-1) ?? message).replace(/\s+/g, " ").replace(/^[\s*]+/, "");
}

/** Of what a launch itself has to read: "not found" means that a launch would be refused, whichever it is. */
export const wordsOfNamed: RefusalWords = { kindOf: (message) => kindOf(message, "wrong"), saidIn };

/** Of what only explains: who may not see it can still launch. */
export const wordsOfFacts: RefusalWords = { kindOf: (message) => kindOf(message, "unchecked"), saidIn };

function kindOf(message: string, notFound: FindingKind): FindingKind {
  const [, status] = answer.exec(message) ?? [];
  if (status === "404") return notFound;
  if (status === "401" || status === "403") return "unchecked";
  return status === "400" ? "wrong" : "passing";
}
