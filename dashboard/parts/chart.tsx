/** Stepped lines over time, drawn by uPlot. What it shows is also a sentence, and a table for whoever wants the numbers. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { describeChart, type ChartData } from "../model/chart-data";
import { formatClock, formatNumber } from "../model/clock-text";

/** Rows of the table; the chart has them all. */
const tableRowsMax = 30;

interface Props {
  readonly data: ChartData;
  readonly label: string;
  readonly timeZone: string;
  /** Whose colours are read from the style sheet. */
  readonly look: "light" | "dark";
  /** Times of other days are told with their day. */
  readonly nowMs: number;
}

export function Chart({ data, label, timeZone, look, nowMs }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  // A chart is made anew when its lines or colours are others, and told new numbers otherwise.
  const form = `${data.lines.map((line) => line.label).join()} ${timeZone} ${look}`;
  useEffect(() => {
    const element = frame.current;
    if (!element || data.lines.length === 0) return;
    const made = new uPlot(optionsOf(data, element, timeZone), columnsOf(data), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: chartHeight }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [form]);
  useEffect(() => plot.current?.setData(columnsOf(data)), [data]);
  return (
    <figure class="chart">
      <Legend data={data} />
      <div ref={frame} role="img" aria-label={`${label}: ${describeChart(data)}`} />
      <details>
        <summary>The numbers</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {data.lines.map((line) => (
                <th key={line.label} scope="col" class="number">
                  {line.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {thinned(data.times.length).map((index) => (
              <tr key={index}>
                <td>{formatClock(data.times[index]! * 1000, nowMs, timeZone)}</td>
                {data.lines.map((line) => (
                  <td key={line.label} class="number">
                    {formatNumber(line.values[index])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

const chartHeight = 220;

function Legend({ data }: { data: ChartData }) {
  return (
    <figcaption class="legend">
      {data.lines.map(({ label, colour, isDashed }) => (
        <span key={label}>
          <svg viewBox="0 0 24 8" width="24" height="8" aria-hidden="true" class={`line-${colour}`}>
            <path d="M0 4h24" stroke="currentColor" stroke-width="3" stroke-dasharray={isDashed ? "5 3" : undefined} />
          </svg>
          {label}
        </span>
      ))}
    </figcaption>
  );
}

function columnsOf({ times, lines }: ChartData): uPlot.AlignedData {
  return [times as number[], ...lines.map(({ values }) => values as (number | null)[])];
}

function optionsOf({ lines }: ChartData, element: HTMLElement, timeZone: string): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const stepped = uPlot.paths.stepped!({ align: 1 });
  const axis = {
    stroke: colour("quiet"),
    grid: { stroke: colour("edge"), width: 1 },
    ticks: { stroke: colour("edge") },
  };
  return {
    width: element.clientWidth,
    height: chartHeight,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timeZone),
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      { ...axis, values: timeLabels },
      { ...axis, size: 44 },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: colour(`line-${line.colour}`),
        width: 2,
        paths: stepped,
        points: { show: false },
        ...(line.isDashed ? { dash: [6, 4] } : {}),
        ...(line.isArea ? { fill: colour(`area-${line.colour}`) } : {}),
      })),
    ],
  };
}

/** 24 hours, the day below where it begins. */
const timeLabels: (string | number | null)[][] = [
  [86_400, "{D} {MMM}", null, null, null, null, null, null, 1],
  [3600, "{HH}:{mm}", null, null, "\n{D} {MMM}", null, null, null, 1],
  [60, "{HH}:{mm}", null, null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", null, null, "\n{D} {MMM}", null, null, null, 1],
];

/** Indices spread over all, the last one among them. */
function thinned(count: number): number[] {
  const step = Math.max(1, Math.ceil(count / tableRowsMax));
  const indices: number[] = [];
  for (let index = count - 1; index >= 0; index -= step) indices.push(index);
  return indices;
}
