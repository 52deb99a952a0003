/** What the simulation exists to find. */
import type { Timeline } from "./timeline";

export interface Violation {
  /** Name of the rule that was broken. */
  readonly rule: string;
  readonly text: string;
  /** Events dispatched when it was seen. */
  readonly event: number;
  readonly atMs: number;
}

/** Collects violations; the run ends at the first event that has one. */
export class Verdict {
  readonly violations: Violation[] = [];

  constructor(private readonly timeline: Timeline) {}

  broken(rule: string, text: string): void {
    this.violations.push({ rule, text, event: this.timeline.events, atMs: this.timeline.nowMs });
  }

  check(holds: boolean, rule: string, text: () => string): void {
    if (!holds) this.broken(rule, text());
  }
}
