/** What a lane is at, in one word. */
import type { LaneView } from "../../runtime/api/lane-contracts";

type Shown = Pick<LaneView, "desiredRevision" | "appliedRevision" | "openRevision" | "takesNodes" | "trouble">;

export function laneState({ desiredRevision, appliedRevision, openRevision, takesNodes, trouble }: Shown): string {
  if (trouble) return "trouble";
  if (openRevision !== undefined) return takesNodes ? "openedAhead" : "updating";
  return appliedRevision < desiredRevision ? "behind" : "resting";
}
