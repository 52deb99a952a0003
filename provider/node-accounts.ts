/**
 * The account that a node's VM and its record are in, how to get in there now, and the name of the Pulumi provider that
 * does it. The name follows from the account and the place alone: whatever is edited in a template or rotated in an
 * account, a lane keeps one provider for each account and place, and it changes where it stands.
 */
import { createHash } from "node:crypto";
import {
  accountIdOf,
  mayBeSameAccount,
  specOfSettings,
  templateOf,
  type AccountRules,
  type AccountService,
  type AccountSpec,
  type Settings,
} from "../runtime/model/accounts";
import { ConfigError } from "../runtime/model/errors";
import { directoryAccountRules } from "../runtime/model/ldap-config";
import type { ComputerRecordSpec, DesiredNode, DnsSpec } from "../runtime/model/state";
import type { Access } from "./vm-provider";

/** By account id. */
export type Accounts = Readonly<Record<string, AccountSpec>>;

/** Pulumi provider of what our own plugin serves. It stands in states: it never changes. */
export const ownPluginName = "headroom-plugin";

/** What is needed of a cloud's or DNS service's descriptor. */
interface Descriptor {
  readonly account: AccountRules;
  readonly usesOwnPlugin?: boolean;
}

export interface PlaceInAccount {
  readonly providerName: string;
  readonly access: Access;
  /** Template and account together, as the schema of the kind takes them. */
  readonly settings: Settings;
}

export function placeOfVm(node: DesiredNode, descriptor: Descriptor, accounts: Accounts): PlaceInAccount {
  const { nodeId, kind, account, settings, vmProvider } = node;
  const frozen = { service: "vm", kind, definition: vmProvider, settings } as const;
  return placeOf(frozen, account, descriptor, accounts, `the VM of node ${nodeId}`);
}

export function placeOfRecord(
  { nodeId }: DesiredNode,
  { kind, account, settings }: DnsSpec,
  descriptor: Descriptor,
  accounts: Accounts,
): PlaceInAccount {
  // Records of older versions do not tell their DNS provider config: the request holds the accounts of only that one.
  const [known] = Object.values(accounts).filter((spec) => spec.service === "dns" && spec.kind === kind);
  const frozen = { service: "dns", kind, definition: known?.definition ?? kind, settings } as const;
  return placeOf(frozen, account, descriptor, accounts, `the DNS record of node ${nodeId}`);
}

export function placeOfComputerRecord(
  { nodeId }: DesiredNode,
  { account }: ComputerRecordSpec,
  accounts: Accounts,
): PlaceInAccount {
  const spec = accounts[account];
  if (spec === undefined) {
    throw new ConfigError(
      `the computer record of node ${nodeId} is in account "${account}", which is not known any more`,
    );
  }
  return placeInAccount(account, spec, { account: directoryAccountRules }, {});
}

function placeOf(
  frozen: {
    readonly service: AccountService;
    readonly kind: string;
    readonly definition: string;
    readonly settings: Settings;
  },
  account: string | undefined,
  descriptor: Descriptor,
  accounts: Accounts,
  subject: string,
): PlaceInAccount {
  const { account: rules } = descriptor;
  const own = specOfSettings(frozen, rules);
  const [accountId, spec] = account === undefined ? accountOfOldNode(own, accounts) : [account, accounts[account]];
  if (spec === undefined && rules.fields.length > 0) {
    // Without it the machine's own credentials would be used, which may lead anywhere.
    throw new ConfigError(`${subject} is in account "${accountId}", which is not known any more`);
  }
  return placeInAccount(accountId, spec, descriptor, templateOf(frozen.settings, rules));
}

/** @param template What is not of the account: a whole one, or only the fields that say where. */
export function placeInAccount(
  accountId: string,
  spec: Pick<AccountSpec, "settings" | "identity"> | undefined,
  descriptor: Descriptor,
  template: Settings,
): PlaceInAccount {
  const settings = { ...template, ...spec?.settings };
  return {
    providerName: providerName(accountId, template, descriptor),
    access: { settings, owner: spec?.identity["owner"] },
    settings,
  };
}

/** Nodes of older versions froze their credentials: the account of those facts counts, else what was frozen. */
function accountOfOldNode(own: AccountSpec, accounts: Accounts): [string, AccountSpec] {
  const ownId = accountIdOf(own);
  const exact = accounts[ownId];
  if (exact !== undefined) return [ownId, exact];
  const similar = Object.entries(accounts).find(
    ([, spec]) => spec.service === own.service && spec.definition === own.definition && mayBeSameAccount(spec, own),
  );
  return similar ?? [ownId, own];
}

function providerName(accountId: string, settings: Settings, { account, usesOwnPlugin }: Descriptor): string {
  if (usesOwnPlugin) return ownPluginName;
  const place = account.place.map((field) => settings[field]).filter((value) => value !== undefined);
  return [accountId, ...place.map(String)].join("-");
}

/** Names under which older versions declared a node's Pulumi providers: a digest of all settings, secrets included. */
export function oldProviderName(
  kind: string,
  { usesOwnPlugin }: Pick<Descriptor, "usesOwnPlugin">,
  settings: Settings,
): string | undefined {
  if (usesOwnPlugin) return undefined;
  return `${kind}-${createHash("sha256").update(sortedJson(settings)).digest("hex").slice(0, 12)}`;
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
