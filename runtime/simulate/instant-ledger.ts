/** A ledger without a disk: what is committed is in memory and durable at once. */
import type { Change } from "../model/changes";
import { HotState } from "../store/hot-state";
import type { DocumentReader } from "../model/unreadable";
import type { Ledger } from "../store/store";

export class InstantLedger implements Ledger {
  readonly state: HotState;

  /** @param watch Sees each commit right after it was applied; must not commit itself. */
  constructor(
    read: DocumentReader,
    private readonly watch: (changes: readonly Change[]) => void,
  ) {
    this.state = new HotState(read);
  }

  commit(changes: readonly Change[]): Promise<void> {
    if (changes.length > 0) {
      this.state.apply(changes);
      this.watch(changes);
    }
    return Promise.resolve();
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }
}
