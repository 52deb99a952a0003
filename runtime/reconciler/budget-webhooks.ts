/**
 * Makes the calls that budgets' webhooks are due. Each stands in the store until it was taken, so that a crash or a change of
 * leader loses none; one whose answer was lost is made again under the same event id. Nothing waits for them.
 */
import type { Clock, EpochMs } from "../model/clock";
import { messageOf } from "../model/errors";
import { Journal } from "../model/journal";
import type { BudgetState, WebhookCall } from "../model/spend";
import { without } from "../planner/lifecycle/transitions";
import type { Ledger } from "../store/store";
import { callWebhook, type Webhook } from "./webhook-call";

const lookEveryMs = 5_000;
const backOffMs = 10_000;
const backOffMaxMs = 3_600_000;
/** Tries of one call: about half a day. */
const triesMax = 20;

export interface BudgetWebhooksOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly rng: ConstructorParameters<typeof Journal>[1];
  readonly log: { warn(fields: object, message: string): void };
  /** Default: by HTTPS. */
  readonly call?: Webhook;
}

export class BudgetWebhooks {
  private readonly journal: Journal;
  private readonly call: Webhook;
  private cancel = (): void => undefined;
  private isStopped = false;

  constructor(private readonly options: BudgetWebhooksOptions) {
    this.journal = new Journal(options.clock, options.rng);
    this.call = options.call ?? callWebhook;
  }

  start(): void {
    void this.look();
  }

  stop(): void {
    this.isStopped = true;
    this.cancel();
  }

  /** Never rejects. */
  private async look(): Promise<void> {
    const { ledger, clock, log } = this.options;
    try {
      // What is not durable yet may be taken back.
      if (ledger.state.budgetStates.size > 0) await ledger.settled();
      const due = [...ledger.state.budgetStates.values()].filter((state) => isDue(state, clock.now()));
      await Promise.all(due.map((state) => this.tryFirst(state)));
    } catch (error) {
      if (!this.isStopped)
        log.warn({ error: messageOf(error) }, "webhooks of budgets could not be called; they are soon");
    }
    if (!this.isStopped) this.cancel = clock.after(lookEveryMs, () => void this.look());
  }

  /** One at a time, in their order. */
  private async tryFirst({ budget: name, calls: [call] = [] }: BudgetState): Promise<void> {
    const { ledger, clock, log } = this.options;
    const webhook = ledger.state.budgets.get(name)?.webhook;
    // Nobody is to be called any more.
    if (webhook === undefined || call === undefined) return this.replaceFirst(name, call, undefined);
    const { eventId, body } = call;
    const trouble = await this.call({ ...webhook, eventId, body, nowMs: clock.now() });
    if (this.isStopped) return;
    if (trouble === undefined) return this.replaceFirst(name, call, undefined);
    const failures = call.failures + 1;
    log.warn({ budget: name, eventId, failures, trouble }, "a webhook of a budget did not take a call");
    if (failures < triesMax) {
      const delayMs = Math.min(backOffMaxMs, backOffMs * 2 ** (failures - 1));
      return this.replaceFirst(name, call, { ...call, failures, nextTryMs: clock.now() + delayMs });
    }
    const text = `the webhook of budget "${name}" took no call in ${failures} tries, the last time: ${trouble}`;
    const reason = { code: "webhookFailed", text, numbers: { budget: name, eventId, failures } };
    const told = { kind: "decision", decision: this.journal.entry("budget", name, "webhookFailed", reason) } as const;
    await ledger.commit([told]);
    return this.replaceFirst(name, call, undefined);
  }

  /** Of the row as it is by now: others may have been added meanwhile. */
  private async replaceFirst(
    name: string,
    call: WebhookCall | undefined,
    next: WebhookCall | undefined,
  ): Promise<void> {
    const { ledger } = this.options;
    const state = ledger.state.budgetStates.get(name);
    if (state === undefined) return;
    const others = (state.calls ?? []).filter(({ eventId }) => eventId !== call?.eventId);
    const calls = next === undefined ? others : [next, ...others];
    const row: BudgetState = calls.length === 0 ? without(state, "calls") : { ...state, calls };
    await ledger.commit([{ kind: "put", table: "budgetState", row }]);
  }
}

/** A time that lies further ahead than any back-off was written by a clock that has been set back since. */
function isDue({ calls: [first] = [] }: BudgetState, nowMs: EpochMs): boolean {
  return first !== undefined && (first.nextTryMs <= nowMs || first.nextTryMs > nowMs + backOffMaxMs);
}
