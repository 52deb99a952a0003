/** How long sessions waited for their node, of late and now. */
import { useSignal } from "@preact/signals";
import type { WaitsView } from "../model/answers";
import { useApp } from "../data/app";
import { useAnswer } from "../data/use-answer";
import { formatClock, formatCount, formatNumber, formatWait } from "../model/clock-text";
import { linkTo } from "../model/place";
import { Answered, Empty } from "./answered";
import { Choice } from "./choice";
import { Facts } from "./facts";

/** Asked anew from time to time: more seldom where more of the journal is read. */
const spans = { hour: { ms: 3_600_000, everyMs: 30_000 }, day: { ms: 86_400_000, everyMs: 300_000 } } as const;
type Span = keyof typeof spans;

export function Waits({ config }: { config?: string }) {
  const span = useSignal<Span>("hour");
  return (
    <section class="card">
      <div class="card-head">
        <h2>Waits</h2>
        <Choice
          label="Of the last"
          options={Object.keys(spans) as Span[]}
          chosen={span.value}
          onChoose={(chosen) => (span.value = chosen)}
        />
      </div>
      <OfSpan key={span.value} span={span.value} {...(config === undefined ? {} : { config })} />
    </section>
  );
}

function OfSpan({ span, config }: { span: Span; config?: string }) {
  const { live } = useApp();
  const { ms, everyMs } = spans[span];
  // In steps, so that the question is another one no more often than it is asked.
  const fromMs = Math.floor((live.nowMs.value - ms) / everyMs) * everyMs;
  const query = new URLSearchParams({ from: String(fromMs), ...(config === undefined ? {} : { config }) });
  const reading = useAnswer<WaitsView>(`/api/v1/waits?${query}`, { everyMs });
  return <Answered reading={reading}>{(waits) => <Told waits={waits} span={span} />}</Answered>;
}

function Told({ waits, span }: { waits: WaitsView; span: Span }) {
  const { settings } = useApp();
  const { sessions, unknown, waited, p50Ms, p95Ms, longestMs, longestSession, waitingNow, countedFromMs } = waits;
  return (
    <>
      {sessions === 0 && <Empty>No session got a node in the last {span}.</Empty>}
      <Facts
        facts={[
          ["Sessions that got a node", sessions > 0 && formatCount(sessions, "session")],
          ["Waited a second or more", sessions > unknown && shareText(waited, sessions - unknown)],
          ["Half waited at most", formatWait(p50Ms)],
          ["95 of 100 waited at most", formatWait(p95Ms)],
          [
            "The longest wait",
            longestSession === undefined ? (
              formatWait(longestMs)
            ) : (
              <a href={linkTo("sessions", longestSession)}>{formatWait(longestMs)}</a>
            ),
          ],
          ["Waits of which nothing is known", unknown > 0 && formatCount(unknown, "session")],
          [
            "Waiting now",
            waitingNow && waitingNow.sessions > 0 && (
              <a href={linkTo("queue")}>
                {formatCount(waitingNow.sessions, "session")}, the longest for {formatWait(waitingNow.longestMs)}
              </a>
            ),
          ],
        ]}
      />
      {countedFromMs !== undefined && (
        <p class="quiet small">
          There were too many to count them all: from {formatClock(countedFromMs, waits.nowMs, settings.timeZone)} on.
        </p>
      )}
    </>
  );
}

function shareText(waited: number, of: number): string {
  return `${formatCount(waited, "session")}, ${formatNumber((100 * waited) / of)} %`;
}
