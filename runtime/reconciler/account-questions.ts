/**
 * Asks the clouds about accounts, beside the work of lanes: one question at a time, and only while no lane waits for a
 * slot. Lanes that wait without end put it off for {@link patienceMs} at most.
 */
import type { AccountAnswer, AskRequest } from "../model/account-questions";
import type { Clock, EpochMs } from "../model/clock";

/** Whoever has questions. */
export interface Inquirer {
  /** The question that is due, taken as asked by this; undefined when none is. */
  nextQuestion(nowMs: EpochMs): DueQuestion | undefined;
}

export interface DueQuestion {
  readonly request: AskRequest;
  /** What follows from the answer is durable when this resolves. */
  conclude(answer: AccountAnswer): Promise<void>;
}

export interface AccountQuestionsOptions {
  readonly clock: Clock;
  readonly ask: (request: AskRequest) => Promise<AccountAnswer>;
  /** Lanes wait for a slot. */
  readonly isBusy: () => boolean;
  /** The first that has a question asks it. */
  readonly inquirers: readonly Inquirer[];
  readonly log: { error(fields: object, message: string): void };
}

const lookMs = 10_000;
const patienceMs = 300_000;

export class AccountQuestions {
  private busySinceMs: EpochMs | undefined;
  private cancel: () => void = () => undefined;
  private isStopped = false;

  constructor(private readonly options: AccountQuestionsOptions) {}

  start(): void {
    this.cancel = this.options.clock.after(lookMs, () => void this.round());
  }

  /** Asks nothing more, and takes no answer any more. */
  stop(): void {
    this.isStopped = true;
    this.cancel();
  }

  private async round(): Promise<void> {
    try {
      for (let due = this.nextDue(); due; due = this.nextDue()) {
        const answer = await this.options.ask(due.request);
        if (this.isStopped) return;
        await due.conclude(answer);
      }
    } catch (error) {
      this.options.log.error({ err: error }, "an answer about an account was not recorded");
    }
    if (!this.isStopped) this.start();
  }

  private nextDue(): DueQuestion | undefined {
    const nowMs = this.options.clock.now();
    if (this.isStopped || !this.mayAsk(nowMs)) return undefined;
    for (const inquirer of this.options.inquirers) {
      const due = inquirer.nextQuestion(nowMs);
      if (due) return due;
    }
    return undefined;
  }

  private mayAsk(nowMs: EpochMs): boolean {
    if (!this.options.isBusy()) this.busySinceMs = undefined;
    else this.busySinceMs ??= nowMs;
    return this.busySinceMs === undefined || nowMs - this.busySinceMs >= patienceMs;
  }
}
