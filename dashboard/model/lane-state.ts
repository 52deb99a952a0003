/** What a lane is at, in one word. */

/** Of a lane, what its page reads. */
export interface ShownLane {
  readonly desiredRevision: number;
  readonly appliedRevision: number;
  readonly openRevision?: number | undefined;
  readonly takesNodes?: boolean | undefined;
  readonly trouble?: { readonly message: string } | undefined;
  readonly retryAtMs?: number;
  readonly slot?: { readonly position: number; readonly waiting: number };
  readonly lastUpdate?: {
    readonly kind: string;
    readonly startedAtMs: number;
    readonly endedAtMs: number;
    readonly result: string;
    readonly class?: string;
    readonly message?: string;
    readonly creates?: number;
    readonly deletes?: number;
  };
}

export function laneState({ desiredRevision, appliedRevision, openRevision, takesNodes, trouble }: ShownLane): string {
  if (trouble) return "trouble";
  if (openRevision !== undefined) return takesNodes ? "openedAhead" : "updating";
  return appliedRevision < desiredRevision ? "behind" : "resting";
}
