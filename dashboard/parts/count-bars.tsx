/** How many entries the journal has got in each step of the last hour. */
import { useApp } from "../data/app";
import { useAnswer } from "../data/use-answer";
import { formatClock, formatCount } from "../model/clock-text";

interface Counts {
  readonly stepSeconds: number;
  readonly timesMs: readonly number[];
  readonly total: readonly number[];
}

export function CountBars({ query }: { query: string }) {
  const { live, settings } = useApp();
  const { body } = useAnswer<Counts>(`/api/v1/decisions/counts${query === "" ? "" : `?${query}`}`, { everyMs: 30_000 });
  if (!body || body.total.length === 0) return null;
  const most = Math.max(1, ...body.total);
  const sum = body.total.reduce((whole, count) => whole + count, 0);
  const clock = (atMs: number): string => formatClock(atMs, live.nowMs.peek(), settings.timeZone);
  const label = `${formatCount(sum, "entry")} in the last hour, at most ${most} in ${body.stepSeconds / 60} min`;
  return (
    <figure class="count-bars">
      <svg viewBox={`0 0 ${body.total.length * 4} 40`} preserveAspectRatio="none" role="img" aria-label={label}>
        {body.total.map((count, index) => (
          <rect
            key={body.timesMs[index]}
            x={index * 4}
            width="3"
            y={40 - (40 * count) / most}
            height={(40 * count) / most}
          >
            <title>{`${clock(body.timesMs[index]!)}: ${count}`}</title>
          </rect>
        ))}
      </svg>
      <figcaption class="quiet small">{label}</figcaption>
    </figure>
  );
}
