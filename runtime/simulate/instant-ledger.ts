/** A ledger without a disk: what is committed is in memory and durable at once. */
import type { Change } from "../model/changes";
import { HotState } from "../store/hot-state";
import type { DocumentReader } from "../model/unreadable";
import type { Ledger } from "../store/store";

export class InstantLedger implements Ledger {
  readonly state: HotState;

  constructor(
    read: DocumentReader,
    private readonly options: {
      /** Sees each commit before it is applied, and answers what belongs into it too. */
      readonly accompany: (changes: readonly Change[], before: HotState) => readonly Change[];
      /** Sees each commit right after it was applied; must not commit itself. */
      readonly watch: (changes: readonly Change[]) => void;
    },
  ) {
    this.state = new HotState(read);
  }

  commit(changes: readonly Change[]): Promise<void> {
    if (changes.length > 0) {
      const whole = [...changes, ...this.options.accompany(changes, this.state)];
      this.state.apply(whole);
      this.options.watch(whole);
    }
    return Promise.resolve();
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }
}
