/**
 * Checks of accounts: each VM provider config and LDAP config is asked about after it was declared or edited, daily, and
 * after nodes were refused. What is due follows from the rows alone, so a restart asks nothing anew.
 */
import { changesAfterCheck, nextCheck, type CheckQuestion } from "../broker/account-checks";
import { checkIdOf, describeSubject, namesOf, troublesIn, type CheckSubject } from "../model/account-check";
import type { AccountAnswer } from "../model/account-questions";
import type { Clock, EpochMs, Rng } from "../model/clock";
import type { AutoscaleConfig, CloudCatalog } from "../model/config";
import { Journal } from "../model/journal";
import { vmProvidersOf } from "../model/config";
import type { Change } from "../model/changes";
import type { Ledger } from "../store/store";
import type { DueQuestion, Inquirer } from "./account-questions";

export interface AccountChecksOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly catalog: CloudCatalog;
  /** Called when what nodes have is known better. */
  readonly wakeReconciler: () => void;
}

export class AccountChecks implements Inquirer {
  /** By id of the check. */
  private readonly askedAtMs = new Map<string, EpochMs>();
  private readonly journal: Journal;

  constructor(private readonly options: AccountChecksOptions) {
    this.journal = new Journal(options.clock, options.rng);
  }

  nextQuestion(nowMs: EpochMs): DueQuestion | undefined {
    const { ledger, catalog } = this.options;
    const due = nextCheck({ snapshot: ledger.state, catalog, nowMs }, this.askedAtMs);
    if (!due) return undefined;
    this.askedAtMs.set(checkIdOf(due.subject), nowMs);
    const { account, spec, settings } = due;
    return {
      request: { accountId: account.accountId, account: spec, question: { kind: "check", template: settings } },
      conclude: (answer) => this.conclude(due, answer),
    };
  }

  private async conclude(asked: CheckQuestion, answer: AccountAnswer): Promise<void> {
    const { ledger, clock, catalog, wakeReconciler } = this.options;
    const outcome =
      answer.kind === "check"
        ? { check: answer.check }
        : { failed: answer.kind === "failed" ? answer.failed : "another question was answered" };
    const before = ledger.state.accountChecks.get(checkIdOf(asked.subject));
    const changes = changesAfterCheck(asked, outcome, { snapshot: ledger.state, catalog, nowMs: clock.now() });
    const durable = ledger.commit([...changes, ...this.news(asked.subject, before && troublesIn(before), changes)]);
    wakeReconciler();
    await durable;
  }

  /** For the journal of each config that makes nodes from it: what is wrong now, or is not any more. */
  private news(about: CheckSubject, before: readonly string[] = [], changes: readonly Change[]): Change[] {
    const put = changes.find((change) => change.kind === "put" && change.table === "accountCheck");
    if (put?.kind !== "put" || put.table !== "accountCheck") return [];
    const troubles = troublesIn(put.row);
    if (troubles.join() === before.join()) return [];
    const subject = describeSubject(about);
    const numbers = namesOf(about);
    const reason =
      troubles.length > 0
        ? { code: "accountTrouble", text: `${subject}: ${troubles.join("; ")}`, numbers }
        : {
            code: "accountFine",
            text: `${subject}: its account and what it names are in order`,
            numbers,
          };
    return [...this.options.ledger.state.autoscaleConfigs.values()]
      .filter((config) => usesAccount(config, about))
      .map(({ name }) => ({ kind: "decision", decision: this.journal.entry("config", name, reason.code, reason) }));
  }
}

function usesAccount(config: AutoscaleConfig, { kind, name }: CheckSubject): boolean {
  if (kind === "vmProviderConfig") return vmProvidersOf(config).includes(name);
  return config.type === "server" && config.ldapConfig === name;
}
