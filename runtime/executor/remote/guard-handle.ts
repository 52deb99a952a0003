/** The worker's end of its {@link EngineGuard}, see `engine-guard.ts`. */
import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { FromGuard, GuardLimits, ToGuard } from "./engine-guard";

export class GuardHandle {
  private readonly child: ChildProcess;
  private heardAtMs = performance.now();
  private isReleased = false;

  /** @param onGone It killed everything, or is gone itself: nothing guards the engines any more. */
  constructor(limits: GuardLimits, onGone: (why: string) => void) {
    this.child = fork(join(__dirname, "engine-guard.js"), [], {
      // In a session of its own: what ends the worker's does not end it.
      detached: true,
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.child.on("message", ({ kind }: FromGuard) => {
      if (kind === "killed") onGone("the database took no sign of life for too long; its engines were ended");
      else this.heardAtMs = performance.now();
    });
    this.child.once("error", (error) => onGone(`its guard can't start: ${error.message}`));
    this.child.once("exit", () => {
      if (!this.isReleased) onGone("its guard has ended");
    });
    this.send({ kind: "guard", ...limits });
  }

  /** Since it last said that it lives. */
  get silentMs(): number {
    return performance.now() - this.heardAtMs;
  }

  alive(agoMs: number): void {
    this.send({ kind: "alive", agoMs });
  }

  engine(pid: number): void {
    this.send({ kind: "engine", pid });
  }

  release(): void {
    this.isReleased = true;
    this.send({ kind: "release" });
  }

  private send(message: ToGuard): void {
    // One that is gone answers by its exit.
    if (this.child.connected) this.child.send(message, () => undefined);
  }
}
