/** What the explanation of anything consists of, for people: whole sentences, and what would change it. */
import type { Decision } from "../../model/state";
import { formatSpan } from "../../model/units";
import { adviceFor, formatTime } from "./advice";

export interface Story {
  readonly sentences: string[];
  /** Each can be read after "What would change it:". */
  readonly wouldChange: string[];
}

/** Of what is not there any more, from its journal, oldest entry first. */
export function tellGone(journal: readonly Decision[]): Story {
  const [first, last] = [journal[0]!, journal.at(-1)!];
  const lifeMs = last.atMs - first.atMs;
  const sentences = [
    `The first entry about it is from ${formatTime(first.atMs)} (${first.event}): ${first.reason.text}.`,
    `The last one is from ${formatTime(last.atMs)} (${last.event}), ${formatSpan(lifeMs)} later: ${last.reason.text}.`,
  ];
  const why = journal.findLast(({ event }) => ["draining", "failed", "dead", "deleting"].includes(event));
  if (why && why !== last)
    sentences.push(`It went because at ${formatTime(why.atMs)} it became ${why.event}: ${why.reason.text}.`);
  return { sentences, wouldChange: [] };
}

/** Of a request that never became a session. */
export function tellRefused({ atMs, reason }: Decision): Story {
  const { workspace, userId, requestedZone } = reason.numbers;
  const zone = requestedZone === undefined ? "" : ` in zone "${requestedZone}"`;
  const advice = adviceFor(reason);
  return {
    sentences: [
      `At ${formatTime(atMs)} user "${userId}" asked for workspace "${workspace}"${zone}.`,
      `It was refused, not queued, because as things were declared then nothing could ever have served it: ${reason.text}.`,
    ],
    wouldChange: advice ? [advice] : [],
  };
}
