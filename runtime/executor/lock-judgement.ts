/**
 * Whose lock lies on a lane's stack. A host name and a number of a process say little: hosts are renamed, containers
 * start with another name or with the same small numbers. Pure.
 */
import type { Lock } from "./file-backend";

export interface LockFacts {
  /** Name of this host now. */
  readonly host: string;
  /** The lane's last engine as it was noted when it started; its host had the name of that time. */
  readonly engine: { readonly pid: number; readonly host?: string | undefined; readonly isAlive: boolean } | undefined;
  /** What has the lock's process number on this host now. */
  readonly holder: Holder;
  /** Machines whose engines of this lane are dead for certain. */
  readonly fencedHosts: readonly string[];
  /** The backend lies in the data folder, which one runtime at a time has for itself. */
  readonly isBackendOurs: boolean;
}

/** Nobody, an engine of this lane, something else that an engine of ours started, an engine of others, any other process. */
export type Holder = "nobody" | "ourLane" | "ours" | "foreignEngine" | "other";

/** `stale`: its engine is dead and was ours; `held`: by an engine of ours that lives; `foreign`: not ours to break. */
export type LockVerdict = "stale" | "held" | "foreign";

export function judgeLock({ pid, host }: Pick<Lock, "pid" | "host">, facts: LockFacts): LockVerdict {
  const isOfThisHost = host === facts.host;
  // Somebody works here by hand, also when the number once was that of an engine of ours.
  if (isOfThisHost && facts.holder === "foreignEngine") return "foreign";
  if (isOfThisHost && facts.holder === "ourLane") return "held";
  const { engine } = facts;
  if (engine?.pid === pid && engine.host === host) return engine.isAlive ? "held" : "stale";
  if (isOfThisHost) return "stale";
  if (host !== undefined && facts.fencedHosts.includes(host)) return "stale";
  // A lock that can't be read has no host: it was cut by a crash of the machine, and with it of every process.
  return facts.isBackendOurs ? "stale" : "foreign";
}
