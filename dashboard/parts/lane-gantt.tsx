/** Updates of lanes over time. Each bar leads to what its engine wrote. */
import { useSignal } from "@preact/signals";
import type { DecisionView } from "../../runtime/api/contracts";
import type { LaneView } from "../../runtime/api/lane-contracts";
import { useApp } from "../data/app";
import { useAnswer } from "../data/use-answer";
import { formatClock, formatCount, formatSpan } from "../model/clock-text";
import { ganttRows, place, updateEndedCode, type DrawnBar, type GanttRow } from "../model/lane-gantt";
import { linkTo } from "../model/place";
import { Answered, Empty } from "./answered";
import { Choice } from "./choice";

const spans = { "15 minutes": 900_000, hour: 3_600_000, "6 hours": 21_600_000 } as const;
type Span = keyof typeof spans;
/** More would not be read; the table below has all lanes. */
const rowsMax = 40;
const marks = { succeeded: "", failed: "✕", runs: "▸", waits: "…" } as const;
const words = { succeeded: "succeeded", failed: "failed", runs: "runs", waits: "waits for nodes" } as const;

export function LaneGantt({ lanes }: { lanes: readonly LaneView[] }) {
  const { live } = useApp();
  const span = useSignal<Span>("hour");
  const reading = useAnswer<{ decisions: readonly DecisionView[] }>(
    `/api/v1/decisions?subject=lane&code=${updateEndedCode}&order=newest&limit=1000`,
    { topics: ["lane"], everyMs: 15_000 },
  );
  const toMs = live.nowMs.value;
  const time = { fromMs: toMs - spans[span.value], toMs };
  return (
    <section class="card">
      <div class="card-head">
        <h2>Updates</h2>
        <Choice
          label="Time span"
          options={Object.keys(spans) as Span[]}
          chosen={span.value}
          onChoose={(chosen) => (span.value = chosen)}
        />
      </div>
      <Answered reading={reading}>
        {({ decisions }) => <Rows rows={ganttRows(decisions, lanes, time)} time={time} span={span.value} />}
      </Answered>
    </section>
  );
}

interface RowsProps {
  readonly rows: readonly GanttRow[];
  readonly time: { readonly fromMs: number; readonly toMs: number };
  readonly span: Span;
}

function Rows({ rows, time, span }: RowsProps) {
  const { settings } = useApp();
  const clock = (atMs: number): string => formatClock(atMs, time.toMs, settings.timeZone);
  if (rows.length === 0) return <Empty>No lane had an update in the last {span}.</Empty>;
  return (
    <>
      <p class="legend">
        {(Object.keys(words) as (keyof typeof words)[]).map((outcome) => (
          <span key={outcome}>
            <span class={`gantt-key gantt-${outcome}`} aria-hidden="true">
              {marks[outcome]}
            </span>
            {words[outcome]}
          </span>
        ))}
      </p>
      <ul class="gantt">
        {rows.slice(0, rowsMax).map(({ laneId, bars }) => (
          <li key={laneId} class="gantt-row">
            <a class="gantt-name" href={linkTo("lanes", laneId)}>
              {laneId}
            </a>
            <div class="gantt-line">
              {bars.map((bar) => (
                <Bar key={`${bar.fromMs} ${bar.revision}`} laneId={laneId} bar={place(bar, time)} clock={clock} />
              ))}
            </div>
          </li>
        ))}
      </ul>
      <p class="quiet small gantt-axis">
        <span>{clock(time.fromMs)}</span>
        <span>{rows.length > rowsMax ? `and ${formatCount(rows.length - rowsMax, "lane")} more` : ""}</span>
        <span>now, {clock(time.toMs)}</span>
      </p>
    </>
  );
}

function Bar({ laneId, bar, clock }: { laneId: string; bar: DrawnBar; clock: (atMs: number) => string }) {
  const { fromMs, toMs, text, outcome, revision, left, width } = bar;
  const told = toMs === undefined ? `since ${clock(fromMs)}` : `${clock(fromMs)}, ${formatSpan(toMs - fromMs)}`;
  return (
    <a
      class={`gantt-bar gantt-${outcome}`}
      style={{ left: `${left}%`, width: `${width}%` }}
      href={linkTo("lanes", laneId, { revision: revision === undefined ? undefined : String(revision) })}
      title={`${text}; ${told}`}
      aria-label={`${laneId}: ${text}; ${told}`}
    >
      <span aria-hidden="true">{marks[outcome]}</span>
    </a>
  );
}
