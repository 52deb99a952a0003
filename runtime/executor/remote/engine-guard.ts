/**
 * A process beside a worker that ends the worker's engines when it gives no sign of life any more, so that they are dead
 * before anybody else may touch their lanes. It is a process of its own because it must do so when the worker was killed,
 * stands still or is too busy to look at its clock.
 *
 * The time counts from the moment at which the last sign of life that the database took was sent:
 *
 *   interruptMs  engines get a SIGINT: they finish the steps that run, record them and end
 *   killMs       all processes of the worker get a SIGKILL; then this process ends
 *
 * Both the monotonic clock and the wall clock count: a machine that was suspended shows it in the latter only.
 */
import { signal } from "../processes";
import { guardedProcesses, killGuarded } from "./guarded-processes";

export interface GuardLimits {
  readonly workerId: string;
  readonly interruptMs: number;
  readonly killMs: number;
}

export type ToGuard =
  /** The first message. */
  | ({ readonly kind: "guard" } & GuardLimits)
  /** The database took a sign of life that was sent so long ago. */
  | { readonly kind: "alive"; readonly agoMs: number }
  /** This engine was started. */
  | { readonly kind: "engine"; readonly pid: number }
  /** Nothing is left to guard. */
  | { readonly kind: "release" };

export type FromGuard =
  /** After each sign of life: the guard itself lives. */
  { readonly kind: "alive" } | { readonly kind: "killed" };

const lookMs = 200;

class Guard {
  private aliveAtMs = performance.now();
  private aliveWallMs = Date.now();
  private readonly engines = new Set<number>();
  private hasInterrupted = false;

  constructor(private readonly limits: GuardLimits) {
    setInterval(() => this.look(), lookMs);
  }

  alive(agoMs: number): void {
    this.aliveAtMs = performance.now() - agoMs;
    this.aliveWallMs = Date.now() - agoMs;
    this.hasInterrupted = false;
  }

  engine(pid: number): void {
    this.engines.add(pid);
  }

  private look(): void {
    const { workerId, interruptMs, killMs } = this.limits;
    const silentMs = Math.max(performance.now() - this.aliveAtMs, Date.now() - this.aliveWallMs);
    if (silentMs >= killMs) {
      killGuarded(workerId);
      // Who is not there any more needs no word of it.
      if (process.connected) process.send?.({ kind: "killed" } satisfies FromGuard, () => process.exit(0));
      else process.exit(0);
    } else if (silentMs >= interruptMs && !this.hasInterrupted) {
      this.hasInterrupted = true;
      const living = new Set(guardedProcesses(workerId));
      for (const pid of this.engines) if (living.has(pid)) signal(pid, "SIGINT");
    }
  }
}

let guard: Guard | undefined;
// A Ctrl-C at the worker's terminal reaches this process too; it ends when the worker lets it go, or has been silent.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
process.on("message", (message: ToGuard) => {
  switch (message.kind) {
    case "guard":
      guard = new Guard(message);
      return;
    case "alive":
      guard?.alive(message.agoMs);
      return void process.send?.({ kind: "alive" } satisfies FromGuard);
    case "engine":
      return guard?.engine(message.pid);
    case "release":
      return process.exit(0);
    default: {
      const never: never = message;
      throw new Error(`unknown message ${JSON.stringify(never)}`);
    }
  }
});
