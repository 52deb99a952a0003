/** What this runtime is now, leader or standby, and word of each change. */
import type { Leader, Standby } from "./backend";

export class Role {
  private readonly listeners = new Set<() => void>();

  constructor(private present: Leader | Standby) {}

  get current(): Leader | Standby {
    return this.present;
  }

  become(next: Leader | Standby): void {
    this.present = next;
    for (const tell of [...this.listeners]) tell();
  }

  /** Calls `tell` after each change, until the returned function is called. */
  onChange(tell: () => void): () => void {
    this.listeners.add(tell);
    return () => this.listeners.delete(tell);
  }
}
