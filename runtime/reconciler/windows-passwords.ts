/**
 * Fetches the passwords that clouds make for Windows servers, where the config has none and the VM provider config says so.
 * The cloud is asked beside the work of lanes, so no node waits for it; until it is there, nobody is told how to get in.
 */
import type { AccountAnswer } from "../model/account-questions";
import type { Clock, EpochMs, Rng } from "../model/clock";
import { Draft } from "../model/draft";
import { Journal } from "../model/journal";
import type { Node } from "../model/state";
import { without } from "../planner/lifecycle/transitions";
import type { Ledger } from "../store/store";
import type { DueQuestion, Inquirer } from "./account-questions";

/** Clouds need about four minutes; a question before that would only take the time of others. */
const firstAfterMs = 240_000;
const againMs = 60_000;
/** After this long it comes no more, unless somebody mends something. */
const hopefulMs = 3_600_000;
const againLateMs = 600_000;

const administrator = "Administrator";

export interface WindowsPasswordsOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly rng: Rng;
}

export class WindowsPasswords implements Inquirer {
  private readonly askedAtMs = new Map<string, EpochMs>();
  /** What the journal has of a node already. */
  private readonly toldFailures = new Map<string, string>();
  private readonly journal: Journal;

  constructor(private readonly options: WindowsPasswordsOptions) {
    this.journal = new Journal(options.clock, options.rng);
  }

  nextQuestion(nowMs: EpochMs): DueQuestion | undefined {
    const { state } = this.options.ledger;
    for (const nodeId of this.askedAtMs.keys()) if (!state.nodes.has(nodeId)) this.forget(nodeId);
    for (const node of state.nodes.values()) {
      const { nodeId, vmId, spec, connection } = node;
      if (!connection?.awaitsPassword || vmId === undefined || !spec || !this.isDue(node, nowMs)) continue;
      const account = state.accounts.get(spec.account ?? "");
      if (!account) continue;
      this.askedAtMs.set(nodeId, nowMs);
      const { service, kind, definition, identity, settings } = account;
      return {
        request: {
          accountId: account.accountId,
          account: { service, kind, definition, identity, settings },
          question: { kind: "windowsPassword", vmId, template: spec.settings },
        },
        conclude: (answer) => this.conclude(nodeId, answer),
      };
    }
    return undefined;
  }

  private isDue({ nodeId, createdAtMs, status }: Node, nowMs: EpochMs): boolean {
    if (status === "destroying" || status === "dead" || status === "failed") return false;
    const ageMs = nowMs - createdAtMs;
    const pauseMs = ageMs < hopefulMs ? againMs : againLateMs;
    const askedAtMs = this.askedAtMs.get(nodeId) ?? -Infinity;
    // Set back, the clock would put it off for as long.
    return ageMs >= firstAfterMs && (nowMs - askedAtMs >= pauseMs || askedAtMs > nowMs);
  }

  private async conclude(nodeId: string, answer: AccountAnswer): Promise<void> {
    const { ledger } = this.options;
    const draft = new Draft(ledger.state);
    const node = draft.node(nodeId);
    if (!node?.connection?.awaitsPassword) return;
    const password = answer.kind === "windowsPassword" ? answer.password : undefined;
    if (password === undefined) {
      if (answer.kind === "failed") this.tellFailure(nodeId, answer.failed, draft);
    } else {
      const { userName = administrator, ...connection } = without(node.connection, "awaitsPassword");
      const kept = ledger.state.nodeSecrets.get(nodeId);
      draft.putNodeSecrets(nodeId, { ...(kept && without(kept, "nodeId")), password });
      draft.putNode({ ...node, connection: { ...connection, userName, hasSecrets: true } });
      const text = `the cloud has told the password of ${userName}`;
      draft.decide(
        this.journal.entry("node", nodeId, "windowsPassword", { code: "windowsPassword", text, numbers: {} }),
      );
      this.forget(nodeId);
    }
    await ledger.commit(draft.changes);
  }

  /** Once each: while the cloud has none, it says so again and again. */
  private tellFailure(nodeId: string, failed: string, draft: Draft): void {
    if (this.toldFailures.get(nodeId) === failed) return;
    this.toldFailures.set(nodeId, failed);
    const text = `the cloud has not told its Windows password yet, it is asked again: ${failed}`;
    const reason = { code: "windowsPasswordAwaited", text, numbers: {} };
    draft.decide(this.journal.entry("node", nodeId, "windowsPasswordAwaited", reason));
  }

  private forget(nodeId: string): void {
    this.askedAtMs.delete(nodeId);
    this.toldFailures.delete(nodeId);
  }
}
