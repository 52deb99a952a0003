/**
 * What one provider process knows of the update it serves: which definitions the program declares, and which of them
 * have been written. It answers three questions that no single resource can:
 * is a name used twice in this update, which definitions will exist when this one is written, and is it worth waiting
 * because something is still on its way. Names written as plain text give the engine no order, so it may come out
 * of order; references through outputs never do.
 */
import type { Clock } from "../../runtime/model/clock";
import type { DefinitionKind } from "../../runtime/model/config";
import type { Properties } from "../resource-kernel";

/** A definition as it travels: the document as declared, and who declared it. */
export interface Declared {
  readonly kind: DefinitionKind;
  readonly doc: Properties;
  readonly owner: string;
}

/** As the preview knows it: `doc` without values that only the update will bring. */
export interface DeclaredInUpdate extends Declared {
  readonly hasUnknowns: boolean;
}

export interface Reference {
  readonly kind: DefinitionKind;
  readonly name: string;
}

export class UpdateProgress {
  private readonly declared = new Map<string, DeclaredInUpdate>();
  private readonly written = new Set<string>();
  private removalsRunning = 0;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly clock: Clock) {}

  /** Adds a checked definition. Returns the owner that declared the same name before, if it is another one. */
  declare(name: string, declared: DeclaredInUpdate): string | undefined {
    const key = keyOf({ kind: declared.kind, name });
    const before = this.declared.get(key);
    if (before !== undefined && before.owner !== declared.owner) return before.owner;
    this.declared.set(key, declared);
    return undefined;
  }

  /** Everything declared so far except this one, what it refers to first. */
  pendingFor(own: Reference, references: readonly Reference[]): Declared[] {
    const referred = new Set(references.map(keyOf));
    const others = [...this.declared].filter(([key]) => key !== keyOf(own));
    const sorted = [...others.filter(([key]) => referred.has(key)), ...others.filter(([key]) => !referred.has(key))];
    return sorted.map(([, { kind, doc, owner }]) => ({ kind, doc, owner }));
  }

  /** Is it declared in this update with values that are not known yet? The runtime can't judge it or rely on it. */
  hasUnknowns(reference: Reference): boolean {
    return this.declared.get(keyOf(reference))?.hasUnknowns ?? false;
  }

  /** Its write has ended, well or not: nobody needs to wait for it any more. */
  noteWritten(reference: Reference): void {
    this.written.add(keyOf(reference));
    this.announce();
  }

  isOnItsWay(references: readonly Reference[]): boolean {
    return references.map(keyOf).some((key) => this.declared.has(key) && !this.written.has(key));
  }

  /** Counts a removal as running while `run` runs. */
  async removing<Result>(run: () => Promise<Result>): Promise<Result> {
    this.removalsRunning += 1;
    try {
      return await run();
    } finally {
      this.removalsRunning -= 1;
      this.announce();
    }
  }

  /** Is anything being removed besides the caller's own? */
  get othersAreBeingRemoved(): boolean {
    return this.removalsRunning > 1;
  }

  /** Resolves after the next write or removal, after `delayMs`, or when the signal is aborted. */
  async next(delayMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        stopTimer();
        this.listeners.delete(end);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const stopTimer = this.clock.after(delayMs, end);
      this.listeners.add(end);
      signal.addEventListener("abort", end);
    });
  }

  private announce(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

function keyOf({ kind, name }: Reference): string {
  return `${kind}/${name}`;
}
