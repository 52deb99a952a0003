/** What clouds said of the accounts of VM provider configs: as status shows it, and in sentences. */
import { checkedSize } from "../../planner/config/next-node";
import { describeShape } from "../../model/shape-text";
import { checkOf } from "../../broker/account-checks";
import { troublesIn } from "../../model/account-check";
import type { Reason } from "../../model/reason";
import type { AccountView } from "../account-contracts";
import type { Leader } from "../backend";
import { formatSpan } from "./advice";

export function viewAccounts(leader: Leader): AccountView[] {
  return [...leader.ledger.state.vmProviderConfigs.keys()].sort().map((name) => viewAccount(name, leader));
}

function viewAccount(vmProvider: string, { ledger, catalog }: Leader): AccountView {
  const snapshot = ledger.state;
  const row = checkOf(vmProvider, { snapshot, catalog });
  const { kind } = snapshot.vmProviderConfigs.get(vmProvider)!;
  const troubles = row ? troublesIn(row) : [];
  const size = checkedSize(vmProvider, snapshot, catalog);
  const isAnswered = row?.checkedAtMs !== undefined;
  return {
    vmProvider,
    kind,
    state: troubles.length > 0 ? "trouble" : isAnswered ? "fine" : "unknown",
    ...(row?.checkedAtMs === undefined ? {} : { checkedAtMs: row.checkedAtMs }),
    ...(row?.identity ? { owner: row.identity.owner, principal: row.identity.name } : {}),
    ...(size ? { size: { name: snapshot.accountChecks.get(vmProvider)!.size!.name, ...size } } : {}),
    troubles,
    unchecked: row ? row.findings.filter(({ kind: found }) => found === "unchecked").map(({ text }) => text) : [],
  };
}

/** For the explanation of an autoscale config: one VM provider config of it. */
export function tellAccount(vmProvider: string, leader: Leader): string[] {
  if (!leader.ledger.state.vmProviderConfigs.has(vmProvider)) return [];
  const { state, checkedAtMs, owner, principal, size, troubles, unchecked } = viewAccount(vmProvider, leader);
  const subject = `VM provider config "${vmProvider}"`;
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

/** Why nodes of these VM provider configs can't come, by what their clouds said; empty = nothing is known against them. */
export function accountReasons(vmProviders: readonly string[], { ledger, catalog }: Leader): Reason[] {
  return vmProviders.flatMap((vmProvider) => {
    const row = checkOf(vmProvider, { snapshot: ledger.state, catalog });
    return (row ? troublesIn(row) : []).map((trouble) => ({
      code: "accountTrouble",
      text: `VM provider config "${vmProvider}": ${trouble}`,
      numbers: { vmProvider },
    }));
  });
}
