/**
 * One engine process kept ready beside the worker: it has loaded its modules, started the plugins of our project and
 * waits for its command on its standard input. Starting and loading take most of the time from a request to a VM's create.
 * Only the embedded engine can wait like this.
 *
 * A crash finds the same as without it: the process is in a session of its own, its output is in a file that becomes the
 * lane's log, and its name (in its command line and, with all its plugins, in its environment) is recorded for the lane
 * before it is given the command. It ends by itself when the worker ends before that, and outlives it afterwards.
 */
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startEngine } from "./engine-command";
import { engineEnvironment } from "./engine-environment";
import { standbyFolder, type Installation } from "./installation";

/** Given away: it waits for nothing but its command. */
export interface WaitingEngine {
  readonly child: ChildProcess;
  readonly name: string;
  order(args: readonly string[], cwd: string): void;
}

/** It ends as soon as its modules are loaded; nothing depends on that. */
const closeMsMax = 5_000;

interface Standby {
  readonly child: ChildProcess;
  readonly name: string;
  readonly logFile: string;
}

export class StandbyEngine {
  private standby: Standby | undefined;

  constructor(
    private readonly installation: Installation,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** Starts a process when none waits. Does not wait for it: one that is still loading takes its command all the same. */
  prepare(): void {
    if (this.standby !== undefined) return;
    const { installation } = this;
    const name = `standby-${randomUUID()}`;
    const cwd = standbyFolder(installation);
    const logFile = join(cwd, `${name}.log`);
    const env = engineEnvironment(installation, this.environment, { mark: name, isOffline: true });
    const child = startEngine(installation.engine.command, ["--standby", name], { cwd, env, logFile, input: "pipe" });
    const standby = { child, name, logFile };
    this.standby = standby;
    const forget = () => {
      if (this.standby !== standby) return;
      this.standby = undefined;
      rmSync(logFile, { force: true });
    };
    child.once("error", forget);
    child.once("exit", forget);
    // It may be gone when it is given its command: its exit tells.
    child.stdin?.on("error", () => undefined);
  }

  /** The process that waits, its output from now on in `logFile`; undefined when there is none. */
  take(logFile: string): WaitingEngine | undefined {
    const { standby } = this;
    if (standby?.child.pid === undefined || standby.child.exitCode !== null || standby.child.signalCode !== null) {
      return undefined;
    }
    this.standby = undefined;
    renameSync(standby.logFile, logFile);
    const { child, name } = standby;
    return { child, name, order: (args, cwd) => child.stdin?.end(`${JSON.stringify({ cwd, args })}\n`) };
  }

  /** Resolves when none waits any more, or does not end in time. */
  async close(): Promise<void> {
    const { standby } = this;
    if (standby === undefined) return;
    const ended = new Promise<void>((resolve) => {
      standby.child.once("exit", () => resolve());
      standby.child.once("error", () => resolve());
    });
    standby.child.stdin?.end();
    await Promise.race([ended, pause(closeMsMax)]);
  }
}
