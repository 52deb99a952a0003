/** Journal entries, newest first, with what says the same again and again in one line. */
import type { DecisionView } from "../../runtime/api/contracts";
import { foldDecisions, type FoldedDecisions } from "../model/fold";
import { linkToSubject } from "../model/place";
import { Empty } from "./answered";
import { Table, type Column } from "./table";
import { Clock } from "./time";

interface Props {
  readonly newestFirst: readonly DecisionView[];
  /** All entries are about the same thing, which needs no column. */
  readonly isOfOne?: boolean;
}

export function Journal({ newestFirst, isOfOne = false }: Props) {
  if (newestFirst.length === 0) return <Empty>The journal has nothing of that.</Empty>;
  const shown = isOfOne ? columns.filter(({ title }) => title !== "About") : columns;
  return (
    <Table
      caption="Journal"
      items={foldDecisions(newestFirst)}
      columns={shown}
      keyOf={({ newest }) => newest.decisionId}
    />
  );
}

const columns: readonly Column<FoldedDecisions>[] = [
  {
    title: "Time",
    cell: ({ newest, oldest, count }) => (
      <>
        <Clock atMs={newest.atMs} />
        {count > 1 && (
          <span class="quiet">
            {" "}
            since <Clock atMs={oldest.atMs} />
          </span>
        )}
      </>
    ),
  },
  {
    title: "About",
    cell: ({ newest: { subject, subjectId }, count }) => {
      const link = linkToSubject(subject, subjectId);
      const name = `${subject} ${subjectId}`;
      return (
        <>
          {link ? <a href={link}>{name}</a> : name}
          {count > 1 && <span class="times"> × {count}</span>}
        </>
      );
    },
  },
  { title: "Event", cell: ({ newest }) => newest.event },
  {
    title: "Why",
    isWide: true,
    cell: ({ newest: { reason }, count }) => (
      <span title={numbersOf(reason.numbers)}>
        {reason.text}
        {count > 1 && <span class="unseen">, {count} times</span>}
      </span>
    ),
  },
];

function numbersOf(numbers: DecisionView["reason"]["numbers"]): string {
  return Object.entries(numbers)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
}
