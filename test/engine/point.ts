/** One thing that is compared of what an engine did. */
import type { Json } from "./notation";

/** One comparable fact of a recording: where it is, and its value without anything that differs by chance. */
export interface Point {
  /** Kinds that a recording does not hold at all (the given ones hold no event details) are not compared. */
  readonly kind: string;
  readonly label: string;
  readonly value: Json;
}

/** The last parts of a URN, which say enough in a line of text. */
export function shortUrn(urn: string): string {
  return urn.startsWith("urn:pulumi:") ? urn.split("::").slice(2).join("::") : urn;
}
