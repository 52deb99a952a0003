/**
 * Deliberate bugs of the runtime, one for each rule that matters. Each must be caught, by the simulation or by the tests
 * named here; one that survives shows a rule that nobody watches.
 */

export interface Mutant {
  readonly name: string;
  /** What it breaks, as a user would say it. */
  readonly rule: string;
  /** Source file below `runtime/`, without extension. */
  readonly file: string;
  /** Must occur in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Test files below `test/`, asked when the simulation did not find it. */
  readonly tests: readonly string[];
  /** False when the simulation can't see it, e.g. because it has no such cloud. Default true. */
  readonly bySimulation?: boolean;
}
