/** What Azure's refusals mean to whoever declared the account, by the code in the text. */
import type { FindingKind } from "../../../runtime/model/account-check";
import type { Settings } from "../../../runtime/model/accounts";
import { findAccountRefusal, type AccountRefusal, type RefusalWords } from "../../frame/lookups";
import type { VmProvider } from "../../vm-provider";
import { otherTenant } from "./account";

const secretOr = ({ clientSecret }: Settings): string => (clientSecret === undefined ? "credentials" : "clientSecret");
const clientOr = ({ clientId }: Settings): string => (clientId === undefined ? "credentials" : "clientId");

/** Of the account itself, in order: the first that fits counts. */
const refusals: readonly AccountRefusal[] = [
  {
    pattern: new RegExp(otherTenant),
    field: clientOr,
    meaning: () => "VMs of this VM provider config are not to be managed with it; use credentials of their directory",
  },
  {
    pattern: /\bAADSTS7000222\b/,
    field: secretOr,
    meaning: () => "the secret of the app registration has expired; make a new one and declare it",
  },
  {
    pattern: /\bAADSTS7000215\b/,
    field: secretOr,
    meaning: () =>
      "the secret is not one of this app registration; declare its value, which is shown once, and not its id",
  },
  {
    pattern: /\bAADSTS(?:700016|7000229|7000112)\b/,
    field: clientOr,
    meaning: ({ tenantId }) =>
      `directory ${String(tenantId)} has no such app, or it is disabled; register it there, or declare the directory that it is in`,
  },
  {
    pattern: /\bAADSTS(?:90002|900023|90072)\b/,
    field: () => "tenantId",
    meaning: () =>
      "there is no such directory in this cloud of Azure; declare the one of the app, and the right authority",
  },
  {
    pattern: /\bInvalidAuthenticationTokenTenant\b/,
    field: ({ tenantId }) => (tenantId === undefined ? "credentials" : "tenantId"),
    meaning: ({ subscriptionId }) =>
      `subscription ${String(subscriptionId)} is of another directory; declare an app that is registered in its directory`,
  },
  {
    pattern: /\bSubscriptionNotFound\b|\bInvalidSubscriptionId\b/,
    field: () => "subscriptionId",
    meaning: () =>
      "there is no such subscription, or these credentials have no role in it; declare the right one, or give the app its roles",
  },
  {
    pattern: /\b(?:ReadOnlyDisabledSubscription|SubscriptionDisabled)\b/,
    field: () => "subscriptionId",
    meaning: () => "the subscription is disabled, and nothing is made in it; see to it in the portal",
  },
  {
    pattern: /\b(?:ExpiredAuthenticationToken|InvalidAuthenticationToken|AuthenticationFailed)\b/,
    field: clientOr,
    meaning: () => "the credentials are not taken, or the machine's clock is wrong; declare valid ones",
  },
  {
    pattern: /\bDefaultAzureCredential\b/,
    field: () => "credentials",
    meaning: () =>
      "the runtime's own machine has no credentials for Azure; declare clientId, clientSecret and tenantId, or give it a managed identity",
  },
];

export const accountRefusal: NonNullable<VmProvider<unknown>["accountRefusal"]> = (message, settings) =>
  findAccountRefusal(refusals, azureWords, message, settings);

const statusIn = /\b(?:Status=|RESPONSE )(\d{3})\b/;
const codeIn = /(?:\bCode=\\*"|\bERROR CODE: )([A-Za-z]\w*)/;
const messageIn = /\bMessage=\\*"([\s\S]*?)\\*"(?:\s|$)|\\*"message\\*"\s*:\s*\\*"([^"\\]*)/;
/** The directory's own sentence, without the ids and the time behind it. */
const directoryIn = /\bAADSTS\d+: [^"\\\n]{0,200}?(?=\.? ?Trace ID|["\\\n]|$)/;
const actionIn = /perform action '([\w./*]+)'/;

export const azureWords: RefusalWords = {
  kindOf(message): FindingKind {
    const status = statusIn.exec(message)?.[1];
    if (status === "401" || status === "403") return "unchecked";
    return status === "404" || status === "400" || status === "409" ? "wrong" : "passing";
  },

  saidIn(message) {
    const [ofDirectory] = directoryIn.exec(message) ?? [];
    if (ofDirectory !== undefined) return `Azure says "${ofDirectory.replace(/\.$/, "")}"`;
    const code = codeIn.exec(message)?.[1];
    const [, plain, quoted] = messageIn.exec(message) ?? [];
    const said = (plain ?? quoted ?? (code === undefined ? lastPart(message) : "")).replace(/\s+/g, " ").trim();
    const shown = (said.length > saidMax ? `${said.slice(0, saidMax)}...` : said).replace(/\.$/, "");
    if (code === undefined) return `Azure says "${shown}"`;
    return shown === "" ? `Azure says ${code}` : `Azure says ${code} ("${shown}")`;
  },

  lackingIn: (message) => actionIn.exec(message)?.[1],
};

const saidMax = 200;

/** Without what the engine and the plugin put before it. */
function lastPart(message: string): string {
  const parts = message.split(/returned an error:|error occurred:\s*\*?/);
  return (parts.at(-1) ?? message).replace(/\s+/g, " ").replace(/^[\s*]+/, "");
}
