/** The password of a node's computer record, for one join. */
import type { Rng } from "../model/clock";
import { joinPasswordLength } from "../model/node-script";

/** No letter or digit that looks like another one, and nothing that a shell or PowerShell reads. */
const kinds = ["abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789"] as const;
const all = kinds.join("");

/** Of each kind of characters one at least, as password policies want it; more than 120 bits of chance. */
export function makeJoinPassword(rng: Rng): string {
  const pick = (from: string) => from[rng.below(from.length)]!;
  const characters = kinds.map(pick);
  while (characters.length < joinPasswordLength) characters.push(pick(all));
  return characters.join("");
}
