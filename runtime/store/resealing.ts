/**
 * Brings every secret of the database under the newest key: after a rotation, after a start that found rows of an older
 * version in clear, and after a rotation that was cut off.
 *
 *   rotate: new key in the file ─▶ installation's row names it ─▶ rows written anew, a batch at a time ─▶ old keys go
 *
 * Each row tells its key and an old one stays until no row has it, so that whatever is killed at whatever point loses
 * nothing: the next term goes on where this one ended.
 */
import { BugError, ConflictError, messageOf } from "../model/errors";
import type { Clock } from "../model/clock";
import type { Change } from "../model/changes";
import { putOf } from "./batch";
import type { RowName, SealedStore } from "./opened-rows";
import type { KeyRing } from "./sealer";
import type { Ledger } from "./store";

/** Rows of one commit: a startup script has up to a megabyte. */
const batchRows = 50;

/** After a failure that did not cost the leadership. Unit: milliseconds. */
const againAfterMs = 10_000;

/** The keys of this runtime, in a file of its own. */
export interface RotatingKeys extends KeyRing {
  /** Makes a new one, durable before it is used. */
  add(): Promise<unknown>;
  /** Only the newest stays. */
  dropOlder(): Promise<void>;
}

export interface SecretsState {
  /** Id of the key that seals now. */
  readonly keyId: string;
  /** Ids of those that still open rows; empty = no rotation is going on. */
  readonly olderKeyIds: readonly string[];
  /** Rows that may hold secrets. */
  readonly rows: number;
  /** Of them those that are not sealed with the newest key yet. */
  readonly toSeal: number;
}

export interface ResealingOptions {
  readonly ledger: Ledger;
  readonly store: SealedStore;
  readonly keys: RotatingKeys;
  readonly clock: Clock;
  /** What is to be committed so that the installation is known by its newest key. */
  keyChanged(): Change[];
  /** What is to be committed, e.g. a line of the journal, when a rotation began and when it is done. */
  tell(event: "secretsRotating" | "secretsRotated", text: string): Change[];
  /** Called with what went wrong; it is tried again. */
  readonly onTrouble: (message: string) => void;
}

export class Resealing {
  private isStopped = false;
  private isAdding = false;
  private cancelAgain = (): void => undefined;
  private working: Promise<void> | undefined;

  constructor(private readonly options: ResealingOptions) {}

  /** Goes on with what an earlier term left, in the background. */
  start(): void {
    this.working ??= this.work().finally(() => (this.working = undefined));
  }

  stop(): void {
    this.isStopped = true;
    this.cancelAgain();
  }

  async state(): Promise<SecretsState> {
    const { keys } = this.options.keys;
    const [keyId = "", ...olderKeyIds] = keys.map(({ id }) => id);
    return { keyId, olderKeyIds, ...(await this.options.store.countSealed()) };
  }

  /** Makes a new key and begins to seal everything with it; {@link Resealing.state} tells how far that is. */
  async rotate(): Promise<SecretsState> {
    const { keys, ledger } = this.options;
    if (this.isAdding || keys.keys.length > 1) {
      throw new ConflictError("the secrets key is being rotated already; wait until the older key is gone");
    }
    this.isAdding = true;
    try {
      await keys.add();
      const text = `everything secret is sealed anew with key ${keys.keys[0]!.id}`;
      await ledger.commit([...this.options.keyChanged(), ...this.options.tell("secretsRotating", text)]);
    } finally {
      this.isAdding = false;
    }
    const state = await this.state();
    this.start();
    return state;
  }

  private async work(): Promise<void> {
    try {
      await this.sealAll();
    } catch (error) {
      if (this.isStopped) return;
      this.options.onTrouble(messageOf(error));
      this.cancelAgain = this.options.clock.after(againAfterMs, () => this.start());
    }
  }

  private async sealAll(): Promise<void> {
    const { ledger, store, keys } = this.options;
    for (let vanished = 0; ;) {
      const keyId = keys.keys[0]!.id;
      // What was written with an older key by a write that was under way counts too.
      await ledger.settled();
      if (this.isStopped) return;
      const names = await store.rowsToSeal(batchRows);
      if (names.length > 0) {
        const changes = this.rowsOf(names);
        // Rows may go between the question and now, but not again and again.
        vanished = changes.length === 0 ? vanished + 1 : 0;
        if (vanished > vanishedMax) throw new BugError(`the store has ${describe(names)}, and memory has not`);
        await ledger.commit(changes);
      } else if (keys.keys[0]!.id === keyId) break;
    }
    if (keys.keys.length === 1) return;
    // Whoever has only the newest key must be known by it.
    await ledger.commit(this.options.keyChanged());
    await keys.dropOlder();
    await ledger.commit(
      this.options.tell("secretsRotated", `everything secret is sealed with key ${keys.keys[0]!.id}`),
    );
  }

  /** As they are now; those that are gone meanwhile need nothing. */
  private rowsOf(names: readonly RowName[]): Change[] {
    const { state } = this.options.ledger;
    return names.flatMap(({ table, id }) => {
      const row = state.row(table, id);
      return row === undefined ? [] : [putOf(table, row)];
    });
  }
}

const vanishedMax = 10;

function describe(names: readonly RowName[]): string {
  return `${names[0]!.table} ${names[0]!.id}`;
}
