/**
 * Ctrl-C and its like during an operation. The rule kept: a signal that comes before the operation can react to it is not
 * lost and does not end the process with the lock held.
 */
/** A terminal that closes asks for the same as Ctrl-C. */
const cancelSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What a signal asks of an operation that runs. */
export interface Interruptible {
  /** Nothing new begins; what runs is finished. */
  cancel(): void;
  /** Nothing is waited for; what runs stays in the state as pending. */
  terminate(): Promise<void>;
  /** Nothing new begins, because something broke; what runs is finished. */
  fail(error: unknown): void;
}

/** Tells the operation of signals; those that come before it can run wait for it. */
export class Signals {
  private count = 0;
  private run: Interruptible | undefined;

  constructor() {
    for (const signal of cancelSignals) process.on(signal, this.onSignal);
  }

  attach(run: Interruptible): void {
    this.run = run;
    // A defect of ours must not cost the record of what is running: it ends the operation like any other failure.
    process.on("uncaughtException", this.onDefect).on("unhandledRejection", this.onDefect);
    if (this.count > 0) run.cancel();
    if (this.count > 1) void run.terminate();
  }

  /** What the operation still has to write down is not interrupted any more. */
  detach(): void {
    this.run = undefined;
    process.off("uncaughtException", this.onDefect).off("unhandledRejection", this.onDefect);
  }

  close(): void {
    this.detach();
    for (const signal of cancelSignals) process.off(signal, this.onSignal);
  }

  private readonly onSignal = (): void => {
    this.count++;
    if (this.count === 1) this.run?.cancel();
    if (this.count === 2) void this.run?.terminate();
  };

  private readonly onDefect = (error: unknown): void => this.run?.fail(error);
}
