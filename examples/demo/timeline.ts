/** Prints what the runtime decides, as it decides it: one line per decision, from the decision journal. */
import type { HeadroomClient } from "../../runtime/api/client";
import type { Decision } from "../../runtime/model/state";
import type { Progress } from "./progress";
import { visible } from "../../runtime/model/visible-text";

const pollMs = 200;

export class Timeline {
  readonly decisions: Decision[] = [];
  private isOver = false;
  private done: Promise<void> | undefined;

  constructor(
    private readonly client: HeadroomClient,
    private readonly progress: Progress,
  ) {}

  start(): void {
    this.done = this.follow();
  }

  /** Reads what is left and ends. */
  async stop(): Promise<void> {
    this.isOver = true;
    await this.done;
  }

  note(text: string): void {
    this.progress.print(`${this.progress.clock(Date.now())}  ${text}`);
  }

  private async follow(): Promise<void> {
    for (;;) {
      const isLast = this.isOver;
      const after = this.decisions.at(-1)?.decisionId;
      const fresh = await this.client.decisions({ ...(after === undefined ? {} : { after }), limit: 500 });
      for (const decision of fresh) this.show(decision);
      if (isLast && fresh.length === 0) return;
      if (!isLast) await new Promise((wake) => setTimeout(wake, pollMs));
    }
  }

  private show(decision: Decision): void {
    this.decisions.push(decision);
    if (isSaidElsewhere(decision)) return;
    const { subject, subjectId, event, reason, atMs } = decision;
    this.progress.print(
      `${this.progress.clock(atMs)}  ${subject.padEnd(7)} ${visible(subjectId).padEnd(22)} ${event.padEnd(14)} ${visible(reason.text)}`,
    );
  }
}

/** What each node and each waiting session says for itself, the timeline need not say again for config and tick. */
function isSaidElsewhere({ subject, event }: Decision): boolean {
  if (subject === "runtime") return event === "tick";
  if (subject === "session") return event === "waits";
  return subject === "config" && (event === "steady" || /^(create|drain|destroy)\./.test(event));
}
