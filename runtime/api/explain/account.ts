/** What clouds and directories said of accounts: as status shows it, and in sentences. */
import { checkedSize } from "../../planner/config/next-node";
import { describeShape } from "../../model/shape-text";
import { formatSpan } from "../../model/units";
import { checkOf, troublesOf } from "../../broker/account-checks";
import {
  describeSubject,
  namesOf,
  troublesIn,
  type AccountCheckRow,
  type CheckSubject,
} from "../../model/account-check";
import { vmProvidersOf, type AutoscaleConfig } from "../../model/config";
import type { Reason } from "../../model/reason";
import type { AccountView, DirectoryView } from "../account-contracts";
import type { Leader } from "../backend";

export function viewAccounts(leader: Leader): AccountView[] {
  return [...leader.ledger.state.vmProviderConfigs.keys()].sort().map((name) => viewAccount(name, leader));
}

export function viewDirectories({ ledger, catalog }: Leader): DirectoryView[] {
  const snapshot = ledger.state;
  return [...snapshot.ldapConfigs.keys()].sort().map((name) => {
    return { ldapConfig: name, ...verdictOf(checkOf({ kind: "ldapConfig", name }, { snapshot, catalog })) };
  });
}

/** The accounts that nodes of this config are made in. */
export function accountsOf(config: AutoscaleConfig): CheckSubject[] {
  const vms = vmProvidersOf(config).map((name): CheckSubject => ({ kind: "vmProviderConfig", name }));
  if (config.type !== "server" || !config.createAdComputerRecord || config.ldapConfig === undefined) return vms;
  return [...vms, { kind: "ldapConfig", name: config.ldapConfig }];
}

function verdictOf(row: AccountCheckRow | undefined): Omit<DirectoryView, "ldapConfig"> {
  const troubles = row ? troublesIn(row) : [];
  const isAnswered = row?.checkedAtMs !== undefined;
  return {
    state: troubles.length > 0 ? "trouble" : isAnswered ? "fine" : "unknown",
    ...(row?.checkedAtMs === undefined ? {} : { checkedAtMs: row.checkedAtMs }),
    troubles,
    unchecked: row ? row.findings.filter(({ kind: found }) => found === "unchecked").map(({ text }) => text) : [],
  };
}

function viewAccount(vmProvider: string, { ledger, catalog }: Leader): AccountView {
  const snapshot = ledger.state;
  const row = checkOf({ kind: "vmProviderConfig", name: vmProvider }, { snapshot, catalog });
  const { kind } = snapshot.vmProviderConfigs.get(vmProvider)!;
  const size = checkedSize(vmProvider, snapshot, catalog);
  return {
    vmProvider,
    kind,
    ...verdictOf(row),
    ...(row?.identity ? { owner: row.identity.owner, principal: row.identity.name } : {}),
    ...(size ? { size: { name: snapshot.accountChecks.get(vmProvider)!.size!.name, ...size } } : {}),
  };
}

/** For the explanation of an autoscale config: one account of it. */
export function tellAccount(of: CheckSubject, leader: Leader): string[] {
  const view = viewOf(of, leader);
  if (!view) return [];
  const { state, checkedAtMs, owner, principal, size, troubles, unchecked } = view;
  const subject = describeSubject(of);
  if (state === "unknown") return [`The account of ${subject} has not been checked since it was declared or edited.`];
  const ago = checkedAtMs === undefined ? "" : ` (asked ${formatSpan(leader.clock.now() - checkedAtMs)} ago)`;
  const who = owner === undefined ? "" : `: account ${owner} as ${principal}`;
  const offers = size ? `; its size ${size.name} has ${describeShape(size)}` : "";
  const verdict = state === "fine" ? "is in order" : "is not in order";
  return [
    `The account of ${subject} ${verdict}${ago}${who}${offers}.`,
    ...troubles.map((text) => `${subject}: ${text}.`),
    ...unchecked.map((text) => `${subject}: ${text}.`),
  ];
}

type Verdict = Omit<DirectoryView, "ldapConfig"> & Partial<Pick<AccountView, "owner" | "principal" | "size">>;

/** Undefined: it is not declared. */
function viewOf({ kind, name }: CheckSubject, leader: Leader): Verdict | undefined {
  const { vmProviderConfigs } = leader.ledger.state;
  if (kind === "vmProviderConfig") return vmProviderConfigs.has(name) ? viewAccount(name, leader) : undefined;
  return viewDirectories(leader).find(({ ldapConfig }) => ldapConfig === name);
}

/** Why nodes can't come out of these accounts, by what was said there; empty = nothing is known against them. */
export function accountReasons(subjects: readonly CheckSubject[], { ledger, catalog }: Leader): Reason[] {
  return subjects.flatMap((subject) => {
    const troubles = troublesOf(subject, { snapshot: ledger.state, catalog });
    return troubles.map((trouble) => ({
      code: "accountTrouble",
      text: `${describeSubject(subject)}: ${trouble}`,
      numbers: namesOf(subject),
    }));
  });
}
