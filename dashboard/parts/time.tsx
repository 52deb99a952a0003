/** Times and spans that stay true while one looks at them. */
import { useApp } from "../data/app";
import { formatClock, formatDistance, formatSpan } from "../model/clock-text";

/** `14:05:10, 3 min ago`. */
export function Moment({ atMs }: { atMs: number }) {
  const { live, settings } = useApp();
  const nowMs = live.nowMs.value;
  return (
    <time dateTime={new Date(atMs).toISOString()}>
      {formatClock(atMs, nowMs, settings.timeZone)}
      <span class="quiet">, {formatDistance(atMs, nowMs)}</span>
    </time>
  );
}

/** `14:05:10`. */
export function Clock({ atMs }: { atMs: number }) {
  const { live, settings } = useApp();
  return <time dateTime={new Date(atMs).toISOString()}>{formatClock(atMs, live.nowMs.value, settings.timeZone)}</time>;
}

/** For how long since then: `3 min`. */
export function Since({ atMs }: { atMs: number }) {
  const { live } = useApp();
  return <span>{formatSpan(live.nowMs.value - atMs)}</span>;
}
