/** How many rows have each value of something, kept while rows come and go. */
import type { Index } from "./table";

export class Tally<Row> implements Index<Row> {
  private readonly counts = new Map<string, number>();

  constructor(private readonly valueIn: (row: Row) => string) {}

  /** Values that no row has are not there. */
  all(): Record<string, number> {
    return Object.fromEntries(this.counts);
  }

  follow(_id: string, before: Row | undefined, after: Row | undefined): void {
    const [old, now] = [before && this.valueIn(before), after && this.valueIn(after)];
    if (old === now) return;
    if (old !== undefined) this.add(old, -1);
    if (now !== undefined) this.add(now, 1);
  }

  private add(value: string, more: number): void {
    const count = (this.counts.get(value) ?? 0) + more;
    if (count === 0) this.counts.delete(value);
    else this.counts.set(value, count);
  }
}
