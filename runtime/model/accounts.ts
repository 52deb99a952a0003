/**
 * Accounts: what says *which account* of a cloud and how to get in, apart from what says *which VM*. A node freezes its
 * template and names its account; how to get in always comes from the newest definition of that account.
 *
 * Identity: facts without secrets that tell one account from another. A fact that is absent is not known (a key does not
 * say whose it is); the account check learns `owner` and adds it. A definition whose identity contradicts what is known
 * of its account is another account, with a row of its own; the old row keeps the last credentials that belonged to it.
 */
import { canonicalJson } from "./canonical-json";
import type { EpochMs } from "./clock";
import { shortDigest } from "./short-digest";

export type Settings = Readonly<Record<string, unknown>>;
/** `directory`: that of an LDAP config. */
export type AccountService = "vm" | "dns" | "directory";
/** By name of the fact. `owner`: the cloud's own number or name of the account, e.g. `123456789012`. */
export type AccountIdentity = Readonly<Record<string, string>>;

/** How a cloud's settings divide into account and template. */
export interface AccountRules {
  /** Names of the account fields: credentials, profile, role, endpoint. All others are the template. */
  readonly fields: readonly string[];
  /** Names of template fields that the Pulumi provider needs too, e.g. `region`. */
  readonly place: readonly string[];
  /** Facts of these (unparsed) settings that tell which account. */
  identity(settings: Settings): AccountIdentity;
}

/** For clouds without accounts. */
export const noAccountRules: AccountRules = { fields: [], place: [], identity: () => ({}) };

/** How to get into one account. */
export interface AccountSpec {
  readonly service: AccountService;
  readonly kind: string;
  /** Name of the VM or DNS provider config, or of the LDAP config, that declared it. */
  readonly definition: string;
  readonly identity: AccountIdentity;
  /** Account fields only; holds secrets. */
  readonly settings: Settings;
}

export interface Account extends AccountSpec {
  readonly accountId: string;
  /** True for the account of the definition as it is now: new nodes are born there. */
  readonly isCurrent: boolean;
  /** The last settings of which the cloud said that they lead to `identity.owner`. Absent: never asked. */
  readonly confirmed?: Settings;
  /** Places (see {@link AccountRules}) where VMs of ours were or were to come, newest last: they are swept as long as it is. */
  readonly places?: readonly Settings[];
  readonly updatedAtMs: EpochMs;
}

/** @example "vm-main-1a2b3c4d"; part of the names of Pulumi providers, so it never changes. */
export function accountIdOf(account: Pick<AccountSpec, "service" | "kind" | "definition" | "identity">): string {
  const { service, kind, definition, identity } = account;
  return `${service}-${definition}-${shortDigest(canonicalJson([kind, identity])).slice(0, 8)}`;
}

export function accountSettingsOf(settings: Settings, { fields }: AccountRules): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => fields.includes(name)));
}

export function templateOf(settings: Settings, { fields }: AccountRules): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !fields.includes(name)));
}

/** What a definition, or a node of an older version, says of its account. */
export function specOfSettings(
  of: Pick<AccountSpec, "service" | "kind" | "definition"> & { readonly settings: Settings },
  rules: AccountRules,
): AccountSpec {
  const { service, kind, definition, settings } = of;
  return {
    service,
    kind,
    definition,
    identity: rules.identity(settings),
    settings: accountSettingsOf(settings, rules),
  };
}

/**
 * Whether settings with these facts may lead to an account of which those are known. What the settings do not say may
 * still be so; what they say must be known of the account.
 */
export function mayBeSameAccount(
  known: Pick<AccountSpec, "kind" | "identity">,
  said: Pick<AccountSpec, "kind" | "identity">,
): boolean {
  const facts = Object.entries(said.identity);
  return known.kind === said.kind && facts.every(([name, value]) => known.identity[name] === value);
}
