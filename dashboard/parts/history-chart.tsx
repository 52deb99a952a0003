/** Demand and what there is for it, for an hour, a day or a week: of everything, a pool or a config. */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { HistoryView } from "../model/answers";
import { useApp } from "../data/app";
import { useAnswer } from "../data/use-answer";
import { chartOf, chartUnits, type ChartUnit } from "../model/chart-data";
import { nameZone } from "../model/clock-text";
import { Answered } from "./answered";
import { Chart } from "./chart";
import { Choice } from "./choice";

const spans = { hour: 3600, day: 86_400, week: 604_800 } as const;
type Span = keyof typeof spans;

export function HistoryChart({
  of,
  label,
  first = "nodes",
}: {
  of: Readonly<Record<string, string>>;
  label: string;
  first?: ChartUnit;
}) {
  const { live, settings } = useApp();
  const unit = useSignal<ChartUnit>(first);
  const span = useSignal<Span>("day");
  // From a whole minute on, so that the question is another one only once a minute.
  const fromMs = Math.floor(live.nowMs.value / 60_000) * 60_000 - spans[span.value] * 1000;
  const query = new URLSearchParams({ ...of, from: String(fromMs) });
  const reading = useAnswer<HistoryView>(`/api/v1/history?${query}`, { everyMs: 60_000 });
  return (
    <section class="card">
      <div class="card-head">
        <h2>{label}</h2>
        <Choice label="Unit" options={chartUnits} chosen={unit.value} onChoose={(chosen) => (unit.value = chosen)} />
        <Choice
          label="Time span"
          options={Object.keys(spans) as Span[]}
          chosen={span.value}
          onChoose={(chosen) => (span.value = chosen)}
        />
      </div>
      <Answered reading={reading}>
        {(history) => <Drawn history={history} unit={unit.value} label={`${label}, ${unit.value}`} />}
      </Answered>
      <p class="quiet small">
        Times in {nameZone(settings.timeZone, live.nowMs.value)}. Where a line is broken nobody led, and nothing is
        known.
      </p>
    </section>
  );
}

function Drawn({ history, unit, label }: { history: HistoryView; unit: ChartUnit; label: string }) {
  const { live, settings } = useApp();
  const data = useMemo(() => chartOf(history, unit), [history, unit]);
  return data.lines.length === 0 ? (
    <p class="empty">Nothing is recorded of this time yet; a sample is taken each minute.</p>
  ) : (
    <Chart
      data={data}
      label={label}
      timeZone={settings.timeZone}
      look={settings.look.value}
      nowMs={live.nowMs.peek()}
    />
  );
}
