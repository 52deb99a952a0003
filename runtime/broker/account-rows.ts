/** The rows of accounts: written with the definitions that declare them, kept as long as a definition or a node needs them. */
import {
  accountIdOf,
  mayBeSameAccount,
  specOfSettings,
  type Account,
  type AccountRules,
  type AccountService,
  type AccountSpec,
} from "../model/accounts";
import { canonicalJson } from "../model/canonical-json";
import {
  factsOf,
  type CloudCatalog,
  type DefinitionKind,
  type DefinitionOf,
  type DnsProviderFacts,
  type LdapConfig,
} from "../model/config";
import type { EpochMs } from "../model/clock";
import { directoryAccountRules, directoryAsProvider, type DeclaredAccount } from "../model/ldap-config";
import type { DesiredNode } from "../model/state";
import type { Change } from "../model/changes";
import type { Snapshot } from "../model/snapshot";

interface AccountContext {
  readonly snapshot: Snapshot;
  readonly catalog: CloudCatalog;
  readonly nowMs: EpochMs;
}

/**
 * A definition is put: of the same account only the credentials are new; another account gets a row of its own, and the
 * old one keeps for its nodes the last credentials of which the cloud said that they are its own.
 */
export function accountsAfterPut<K extends DefinitionKind>(
  kind: K,
  definition: DefinitionOf<K>,
  context: AccountContext,
): Change[] {
  const service = serviceOf(kind);
  return service === undefined
    ? []
    : accountsOfDefinition(service, asDeclared(service, definition as DeclaredAccount | LdapConfig), context);
}

function accountsOfDefinition(service: AccountService, definition: DeclaredAccount, context: AccountContext): Change[] {
  const said = specOf(service, definition, context.catalog);
  const present = presentAccount(service, definition.name, context);
  const others = accountsOf(service, definition.name, context.snapshot);
  const heir = [...(present ? [present] : []), ...others].find((account) => mayBeSameAccount(account, said));
  return becomeCurrent({ ...(heir ?? newAccount(said, context.nowMs)), settings: said.settings }, present, context);
}

/** The definition goes; its account stays while a node is in it. */
export function accountsAfterDelete(kind: DefinitionKind, name: string, context: AccountContext): Change[] {
  const service = serviceOf(kind);
  const account = service && presentAccount(service, name, context);
  if (account === undefined) return [];
  if (isUsed(account, context.snapshot)) return [put({ ...account, isCurrent: false })];
  return context.snapshot.accounts.has(account.accountId) ? [remove(account)] : [];
}

const definitionKindOf: Readonly<Record<AccountService, DefinitionKind>> = {
  vm: "vmProviderConfig",
  dns: "dnsProviderConfig",
  directory: "ldapConfig",
};
const services = Object.keys(definitionKindOf) as AccountService[];

/** An LDAP config has its settings beside its name. */
function asDeclared(service: AccountService, definition: DeclaredAccount | LdapConfig): DeclaredAccount {
  return service === "directory" ? directoryAsProvider(definition as LdapConfig) : (definition as DeclaredAccount);
}

/** The service whose accounts definitions of this kind declare. */
function serviceOf(kind: DefinitionKind): AccountService | undefined {
  return services.find((service) => definitionKindOf[service] === kind);
}

/** Rows that older versions did not write, and rows that nothing needs any more. */
export function tidyAccounts(context: AccountContext): Change[] {
  const { snapshot } = context;
  const changes: Change[] = [];
  for (const service of services) {
    for (const definition of definitionsOf(service, snapshot)) {
      if (snapshot.accountOf(service, definition.name) !== undefined) continue;
      changes.push(...accountsOfDefinition(service, definition, context));
    }
  }
  for (const account of snapshot.accounts.values()) {
    if (!account.isCurrent && !isUsed(account, snapshot)) changes.push(remove(account));
  }
  return changes;
}

/**
 * The cloud told whose the present credentials of a definition are. Credentials of another account than the one they were
 * declared for lead to a row of their own: the nodes that exist stay with the last credentials that were theirs.
 */
export function accountsAfterCheck(asked: Account, owner: string, context: AccountContext): Change[] {
  const account = context.snapshot.accounts.get(asked.accountId);
  // Edited meanwhile: the answer is about credentials that do not count any more.
  if (!account?.isCurrent || canonicalJson(account.settings) !== canonicalJson(asked.settings)) return [];
  const identity = { ...account.identity, owner };
  if ((account.identity["owner"] ?? owner) === owner) {
    const confirmed = { ...account, identity, confirmed: account.settings };
    return canonicalJson(confirmed) === canonicalJson(account) ? [] : [put(confirmed)];
  }
  const said: AccountSpec = { ...specPart(account), identity };
  const others = accountsOf(account.service, account.definition, context.snapshot);
  const heir = others.find((other) => mayBeSameAccount(other, said)) ?? newAccount(said, context.nowMs);
  const row = { ...heir, settings: account.settings, confirmed: account.settings };
  return becomeCurrent(row, account, context);
}

/** One row becomes the account of its definition, the present one steps back. */
function becomeCurrent(account: Account, present: Account | undefined, { snapshot, nowMs }: AccountContext): Change[] {
  const changes: Change[] = [];
  if (present !== undefined && present.accountId !== account.accountId) {
    changes.push(put({ ...present, isCurrent: false, settings: present.confirmed ?? present.settings }));
  }
  const stored = snapshot.accounts.get(account.accountId);
  const row = { ...account, isCurrent: true };
  if (canonicalJson(stored) !== canonicalJson(row)) changes.push(put({ ...row, updatedAtMs: nowMs }));
  return changes;
}

/** Of its definition as it was: its row, or what the row would be, which older versions did not write. */
function presentAccount(service: AccountService, name: string, context: AccountContext): Account | undefined {
  const { snapshot, catalog, nowMs } = context;
  const before = definitionsOf(service, snapshot).find((definition) => definition.name === name);
  return snapshot.accountOf(service, name) ?? (before && newAccount(specOf(service, before, catalog), nowMs));
}

function definitionsOf(service: AccountService, snapshot: Snapshot): DeclaredAccount[] {
  if (service === "directory") return [...snapshot.ldapConfigs.values()].map(directoryAsProvider);
  return [...(service === "vm" ? snapshot.vmProviderConfigs : snapshot.dnsProviderConfigs).values()];
}

/** The newest first. */
function accountsOf(service: AccountService, definition: string, { accounts }: Snapshot): Account[] {
  return [...accounts.values()]
    .filter((account) => account.service === service && account.definition === definition)
    .sort((a, b) => b.updatedAtMs - a.updatedAtMs);
}

function isUsed(account: Account, { nodes }: Snapshot): boolean {
  for (const { spec } of nodes.values()) if (spec !== undefined && isIn(spec, account)) return true;
  return false;
}

/** Nodes of older versions name no account: they may be in any of their definition; records tell not even that. */
function isIn(
  { account, vmProvider, dns, computerRecord }: DesiredNode,
  { accountId, service, definition, kind }: Account,
): boolean {
  if (service === "directory") return computerRecord?.account === accountId;
  if (service === "vm") return account === undefined ? vmProvider === definition : account === accountId;
  return dns !== undefined && (dns.account === undefined ? dns.kind === kind : dns.account === accountId);
}

function specOf(
  service: AccountService,
  { name, kind, settings }: DeclaredAccount,
  catalog: CloudCatalog,
): AccountSpec {
  const rules: AccountRules =
    service === "directory"
      ? directoryAccountRules
      : factsOf<DnsProviderFacts>(service === "vm" ? catalog.vm : catalog.dns, kind).account;
  return specOfSettings({ service, kind, definition: name, settings }, rules);
}

function specPart({ service, kind, definition, identity, settings }: Account): AccountSpec {
  return { service, kind, definition, identity, settings };
}

function newAccount(said: AccountSpec, nowMs: EpochMs): Account {
  return { ...said, accountId: accountIdOf(said), isCurrent: true, updatedAtMs: nowMs };
}

function put(row: Account): Change {
  return { kind: "put", table: "account", row };
}

function remove({ accountId }: Account): Change {
  return { kind: "delete", table: "account", id: accountId };
}
