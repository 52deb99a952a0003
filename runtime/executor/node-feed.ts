/**
 * The nodes of one update that was opened ahead, on their way into its program.
 *
 * open: what is given is declared at once → closed: what existed before is declared, and the program ends → over.
 *
 * What exists comes last, so that nothing new ever waits for its comparison; and it always comes, because the engine
 * deletes what a program that ended well did not declare. A program whose feed breaks off ends with an error instead,
 * and then nothing is deleted.
 */
import type { DesiredNode } from "../model/state";

export class NodeFeed {
  private readonly given: DesiredNode[] = [];
  private declared = 0;
  private isClosed = false;
  private broken: Error | undefined;
  private wake: () => void = () => undefined;

  /** @param existing Nodes that are in the stack already. */
  constructor(private existing: readonly DesiredNode[]) {}

  /** The nodes that are in the stack already, where they are known only now: before anything is given or read. */
  standOn(existing: readonly DesiredNode[]): void {
    this.existing = existing;
  }

  /** All nodes: those that were given in their order, then those that existed. */
  get nodes(): readonly DesiredNode[] {
    return [...this.given, ...this.existing];
  }

  /** Those of the given nodes that the program has got. */
  get taken(): readonly DesiredNode[] {
    return this.given.slice(0, this.declared);
  }

  give(nodes: readonly DesiredNode[]): void {
    if (this.isClosed) throw new Error("nodes were given to an update that is closed");
    this.given.push(...nodes);
    this.wake();
  }

  close(): void {
    this.isClosed = true;
    this.wake();
  }

  /** The engine is gone: whoever still reads gets this error. */
  breakOff(error: Error): void {
    this.broken = error;
    this.wake();
  }

  /** For the program, once. */
  async *batches(): AsyncGenerator<readonly DesiredNode[], void> {
    for (;;) {
      if (this.broken) throw this.broken;
      const batch = this.given.slice(this.declared);
      this.declared = this.given.length;
      if (batch.length > 0) yield batch;
      else if (this.isClosed) break;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
    yield this.existing;
  }
}
