/**
 * Group commit: the one door through which state changes.
 *
 * idle ──commit──▶ gathering ──end of this turn of the event loop──▶ writing ──durable──▶ idle, or gathering
 *                                                                       └────failed───▶ lost (for good)
 *
 * While one transaction runs, later commits wait; the next transaction takes all of them. So a lone commit costs one
 * round trip to the disk, and a thousand at a time cost about the same.
 */
import { BugError, UnavailableError } from "../model/errors";
import type { HotState } from "./hot-state";
import type { Change } from "../model/changes";
import type { Ledger, Store } from "./store";

/**
 * Changes that may wait for durability before further commits are refused: about four seconds of work at the measured
 * rate, and some 40 MB of memory. Higher only makes callers wait longer for an answer they have given up on.
 */
export const waitingChangesMax = 20_000;

/** Changes in one transaction, unless one commit alone has more: keeps most transactions below about 100 ms. */
export const batchChangesMax = 2_000;

/** Sees what becomes durable, and decides nothing. Must not throw. */
export interface CommitWatch {
  /** A commit, before it is applied to `before`; the answer is called when it is durable. */
  see(changes: readonly Change[], before: HotState): () => void;
  /** A transaction begins; the answer is called when it has ended well. */
  beginWrite(): () => void;
}

export interface LedgerOptions {
  readonly state: HotState;
  readonly store: Store;
  /**
   * Called once when a write failed or a commit could not be applied: memory may then differ from the store.
   * The owner closes the store, opens it again and starts with what `load()` gives.
   */
  readonly onLost: (error: Error) => void;
  /** What a commit changes beside what it says, in the same transaction: found before it is applied. Default nothing. */
  readonly accompany?: ((changes: readonly Change[], before: HotState) => readonly Change[]) | undefined;
  /** Default nobody. */
  readonly watch?: CommitWatch | undefined;
  /** Default {@link waitingChangesMax}. */
  readonly waitingChangesMax?: number;
  /** Runs something after the present turn of the event loop. Default `setImmediate`. */
  readonly defer?: (run: () => void) => void;
}

interface WaitingCommit {
  readonly changes: readonly Change[];
  /** For who watches. */
  readonly tell: (() => void) | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class GroupCommitLedger implements Ledger {
  readonly state: HotState;
  private readonly store: Store;
  private readonly onLost: (error: Error) => void;
  private readonly limit: number;
  private readonly defer: (run: () => void) => void;
  private readonly watch: CommitWatch | undefined;
  private readonly accompany: LedgerOptions["accompany"];
  private waiting: WaitingCommit[] = [];
  /** Changes of `waiting` and of the batch being written. */
  private unwrittenChanges = 0;
  private isRunning = false;
  private lostError: Error | undefined;

  constructor(options: LedgerOptions) {
    this.state = options.state;
    this.store = options.store;
    this.onLost = options.onLost;
    this.limit = options.waitingChangesMax ?? waitingChangesMax;
    this.defer = options.defer ?? setImmediate;
    this.watch = options.watch;
    this.accompany = options.accompany;
  }

  /** Commits no changes = waits for all commits before. A commit that is refused was not applied. */
  commit(decided: readonly Change[]): Promise<void> {
    if (this.lostError) return Promise.reject(lost(this.lostError));
    if (decided.length === 0 && !this.isRunning) return Promise.resolve();
    const changes = this.withCompanions(decided);
    // The largest commits need room for half the limit only: under load there is never a moment in which nothing waits.
    const room = Math.min(changes.length, this.limit / 2);
    if (this.unwrittenChanges > 0 && this.unwrittenChanges + room > this.limit) {
      return Promise.reject(
        new UnavailableError(
          `the store is behind: ${this.unwrittenChanges} changes wait to become durable, ${this.limit} may; try again soon`,
        ),
      );
    }
    const tell = this.watch?.see(changes, this.state);
    try {
      this.state.apply(changes);
    } catch (cause) {
      const error = new BugError("a commit could not be applied to memory", { cause });
      this.lose(error);
      return Promise.reject(error);
    }
    return this.enqueue(changes, tell);
  }

  private withCompanions(changes: readonly Change[]): readonly Change[] {
    const more = this.accompany?.(changes, this.state) ?? [];
    return more.length === 0 ? changes : [...changes, ...more];
  }

  settled(): Promise<void> {
    return this.commit([]);
  }

  private enqueue(changes: readonly Change[], tell: (() => void) | undefined): Promise<void> {
    this.unwrittenChanges += changes.length;
    const durable = new Promise<void>((resolve, reject) => this.waiting.push({ changes, tell, resolve, reject }));
    if (!this.isRunning) {
      this.isRunning = true;
      this.gather();
    }
    return durable;
  }

  /** The rest of this turn may commit too, above all those whose previous commit has just become durable. */
  private gather(): void {
    this.defer(() => void this.writeBatch());
  }

  private async writeBatch(): Promise<void> {
    const batch = this.takeBatch();
    const changes = batch.flatMap((commit) => commit.changes);
    try {
      if (changes.length > 0) await this.write(changes);
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      this.waiting = [...batch, ...this.waiting];
      this.lose(error);
      return;
    }
    for (const { tell } of batch) tell?.();
    if (this.lostError) {
      for (const commit of batch) commit.resolve();
      return;
    }
    this.unwrittenChanges -= changes.length;
    for (const commit of batch) commit.resolve();
    this.isRunning = this.waiting.length > 0;
    if (this.isRunning) this.gather();
  }

  private async write(changes: readonly Change[]): Promise<void> {
    const end = this.watch?.beginWrite();
    await this.store.write(changes);
    end?.();
  }

  private takeBatch(): WaitingCommit[] {
    let size = 0;
    let commits = 0;
    for (const { changes } of this.waiting) {
      if (commits > 0 && size + changes.length > batchChangesMax) break;
      size += changes.length;
      commits += 1;
    }
    return this.waiting.splice(0, commits);
  }

  private lose(error: Error): void {
    const rejected = this.waiting;
    this.waiting = [];
    for (const commit of rejected) commit.reject(lost(error));
    if (this.lostError) return;
    this.lostError = error;
    this.onLost(error);
  }
}

function lost(cause: Error): UnavailableError {
  if (cause instanceof UnavailableError) return cause;
  return new UnavailableError(`the change may not be durable: ${cause.message}`, { cause });
}
