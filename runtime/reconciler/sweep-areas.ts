/** What a sweep looks at: one place of one account at a time, with the rows that should have a VM there. */
import type { Account, AccountRules } from "../model/accounts";
import { canonicalJson } from "../model/canonical-json";
import { factsOf, knownFacts, type CloudCatalog } from "../model/config";
import { directoryAccountRules } from "../model/ldap-config";
import type { Node } from "../model/state";
import type { Snapshot } from "../model/snapshot";

export interface SweepArea {
  readonly key: string;
  readonly account: Account;
  /** E.g. its region. */
  readonly place: Readonly<Record<string, unknown>>;
  /** Rows whose VM was made there and has not been deleted. */
  readonly nodes: readonly Node[];
}

/** Where VMs of ours are, may come, or were seen. */
export function sweepAreas(state: Snapshot, catalog: CloudCatalog): SweepArea[] {
  const areas = new Map<string, { account: Account; place: SweepArea["place"]; nodes: Node[] }>();
  const areaOf = (accountId: string | undefined, settings: SweepArea["place"]) => {
    const account = state.accounts.get(accountId ?? "");
    const facts = account?.service === "vm" ? knownFacts(catalog.vm, account.kind) : undefined;
    if (!account || !facts) return undefined;
    const fields = facts.account.place.filter((field) => settings[field] !== undefined);
    const place = fields.map((field) => [field, settings[field]] as const);
    const key = JSON.stringify([account.accountId, ...place]);
    const area = areas.get(key) ?? { account, place: Object.fromEntries(place), nodes: [] };
    areas.set(key, area);
    return area;
  };
  for (const { name, settings } of state.vmProviderConfigs.values()) {
    areaOf(state.accountOf("vm", name)?.accountId, settings);
  }
  for (const { accountId, places = [] } of state.accounts.values())
    for (const place of places) areaOf(accountId, place);
  for (const node of state.nodes.values()) {
    if (node.spec === undefined) continue;
    const area = areaOf(node.spec.account, node.spec.settings);
    if (area && isMade(node)) area.nodes.push(node);
  }
  return [...[...areas].map(([key, area]) => ({ key, ...area })), ...directoryAreas(state)];
}

/** Directories in which records of ours are, or may come. What a record says of its node is not said of the node's VM. */
function directoryAreas({ accounts }: Snapshot): SweepArea[] {
  const directories = [...accounts.values()].filter(({ service }) => service === "directory");
  return directories.map((account) => ({ key: JSON.stringify([account.accountId]), account, place: {}, nodes: [] }));
}

/** How accounts of this service and kind are told apart. */
export function rulesOf({ service, kind }: Pick<Account, "service" | "kind">, catalog: CloudCatalog): AccountRules {
  return service === "directory" ? directoryAccountRules : factsOf(catalog.vm, kind).account;
}

/** More places than an account's definition has had in all its time. */
const placesMax = 50;

/** The account's row with the area's place among its places; undefined when it is there already. */
export function withPlace(account: Account, { place }: SweepArea): Account | undefined {
  const { places = [] } = account;
  if (places.some((known) => canonicalJson(known) === canonicalJson(place))) return undefined;
  return { ...account, places: [...places, place].slice(-placesMax) };
}

/** Its VM was made, and nobody has asked for its end. */
export function isMade({ status, address, vmId }: Node): boolean {
  const mayHaveVm = ["starting", "running", "missing", "draining", "dead", "failed"].includes(status);
  return mayHaveVm && (address !== undefined || vmId !== undefined);
}
