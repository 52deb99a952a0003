/** What the runtime asks of durable storage. PostgreSQL in `postgres.ts`; `memory.ts` only for tests and simulation. */
import type { Decision, Session } from "../model/state";
import type { HotState } from "./hot-state";
import type { Change } from "../model/changes";
import type { HistoryStore } from "./history-store";
import type { Permit, PermitRequest } from "./permit";

/** Which decisions to read; `limit` is a count, 1 to 1000. */
export interface DecisionFilter {
  readonly subject?: Decision["subject"];
  readonly subjectId?: string;
  readonly after?: string;
  readonly limit: number;
}

export interface Store {
  /** The past: searches of the journal, and samples. */
  readonly history: HistoryStore;
  /** Everything except ended sessions and the journal, in the order of the changes that made it. */
  load(): Promise<Change[]>;
  /**
   * Makes the changes durable in one transaction, in order, or none of them. Fails with `UnavailableError` when the
   * lease's epoch is no longer ours: then nothing was written and this process must stop deciding.
   */
  write(changes: readonly Change[]): Promise<void>;
  /** Newest first; with `after` (a decision id) those behind it, oldest first. */
  decisions(filter: DecisionFilter): Promise<Decision[]>;
  /** A session by id, also one that ended. */
  session(sessionId: string): Promise<Session | undefined>;
  /** Looks at what is durable now, whatever this process believes; see `permit.ts`. Never fails. */
  permit(request: PermitRequest): Promise<Permit>;
  close(): Promise<void>;
}

/**
 * The one door through which state changes: {@link Ledger.commit} applies changes to memory at once, so that the next
 * decision sees them, and resolves when they are durable. Nothing that leaves the process (an HTTP answer, a wake of a
 * lane) may happen before that. Writes are grouped: all that arrived while one transaction ran goes into the next.
 * When a write fails, memory is ahead of the store: every waiting commit is rejected and `onLost` is called once; the
 * owner must reload the state and start again.
 */
export interface Ledger {
  readonly state: HotState;
  commit(changes: readonly Change[]): Promise<void>;
  /** Resolves when everything committed so far is durable. */
  settled(): Promise<void>;
}
