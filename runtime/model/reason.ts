/** Why something was decided, for people and programs. */

/** A machine-readable reason with its numbers; `text` is the sentence an operator reads. */
export interface Reason {
  /** e.g. `queue`, `standby`, `floor`, `excess`, `schedule`, `cap`, `noCheckin`. */
  readonly code: string;
  readonly text: string;
  readonly numbers: Readonly<Record<string, number | string | boolean>>;
}
