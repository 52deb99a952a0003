/** Journal entries for people: those that say the same again and again become one line with a count; a failure never does. */
import type { DecisionView } from "../../runtime/api/contracts";

export interface FoldedDecisions {
  /** The newest of them, which the line shows. */
  readonly newest: DecisionView;
  readonly oldest: DecisionView;
  readonly count: number;
}

/** Events that somebody must see each time. */
const neverFolded: ReadonlySet<string> = new Set(["failed", "dead", "refused", "missing", "orphan", "callRefused"]);

/** @param newestFirst as the API gives them */
export function foldDecisions(newestFirst: readonly DecisionView[]): FoldedDecisions[] {
  const folded: FoldedDecisions[] = [];
  for (const decision of newestFirst) {
    const last = folded.at(-1);
    if (last && saysTheSame(last.newest, decision)) {
      folded[folded.length - 1] = { ...last, oldest: decision, count: last.count + 1 };
    } else folded.push({ newest: decision, oldest: decision, count: 1 });
  }
  return folded;
}

/** The same kind of thing for the same reason; of whom, differs among nodes and sessions. */
function saysTheSame(a: DecisionView, b: DecisionView): boolean {
  if (neverFolded.has(a.event) || a.event !== b.event || a.subject !== b.subject) return false;
  const isSameSubject = a.subjectId === b.subjectId || a.subject === "node" || a.subject === "session";
  return (
    isSameSubject && a.reason.code === b.reason.code && withoutNumbers(a.reason.text) === withoutNumbers(b.reason.text)
  );
}

/** Ids and numbers differ where the sentence is the same. */
function withoutNumbers(text: string): string {
  return text.replace(/\b[\w-]*\d[\w.:-]*/g, "#");
}
